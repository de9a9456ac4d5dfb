//! Training.

use std::sync::mpsc::channel;

use pyo3::prelude::*;
use saturn::Trainer;
use saturn::training::Arm;

use crate::dataset::Dataset;
use crate::error::{SaturnError, of_library, read, wrong};
use crate::held::{Held, Net};
use crate::network::Network;
use crate::tensors::Number;
use crate::watched::{Ask, Callbacks, watched};

/// Train a network in place; return the kept epoch, the seconds and a record of every epoch, as JSON.
#[pyfunction]
#[pyo3(signature = (net, data, arm, samples, seed, progress=None, callback=None))]
#[allow(clippy::too_many_arguments)] // They are keyword arguments in Python.
pub fn train(
    py: Python<'_>,
    net: &Network,
    data: &Dataset,
    arm: &str,
    samples: usize,
    seed: u64,
    progress: Option<Bound<'_, PyAny>>,
    callback: Option<Bound<'_, PyAny>>,
) -> PyResult<(usize, f64, Vec<String>)> {
    let arm: Arm = read("training", arm)?;
    if let Some(out) = arm.train.out_of_range().into_iter().next() {
        return Err(wrong(format!("{}: {out}", out.key)));
    }
    let settings = arm.train.settle();
    let trainer = Trainer::new(arm.loss.clone())
        .regime(arm)
        .settings(settings)
        .samples(samples)
        .seed(seed);
    let callbacks = Callbacks {
        progress,
        epoch: callback,
    };
    // The network is trained as a copy, so that an error or an interrupt leaves it as it was, and other threads may use
    // it meanwhile.
    match net.net() {
        Net::F32(held) => {
            let (trained, history) = fit(py, held, data, trainer, &callbacks)?;
            net.replace(Net::F32(trained));
            Ok(history)
        }
        Net::F64(held) => {
            let (trained, history) = fit(py, held, data, trainer, &callbacks)?;
            net.replace(Net::F64(trained));
            Ok(history)
        }
    }
}

/// The kept epoch, from 1, the seconds, and a record of every epoch.
type History = (usize, f64, Vec<String>);

fn fit<R: Number>(
    py: Python<'_>,
    held: Held<R>,
    data: &Dataset,
    trainer: Trainer,
    callbacks: &Callbacks<'_>,
) -> PyResult<(Held<R>, History)> {
    let (mut net, data) = ((*held.net).clone(), &*data.data);
    let has_callback = callbacks.epoch.is_some();
    let history = watched(py, callbacks, |progress, ask| {
        let trainer = trainer.stopped_by(progress.stop());
        let history = trainer.fit_watched(&mut net, data, |record| {
            progress.doing(&format!("epoch {}", record.epoch));
            if !has_callback {
                return true;
            }
            let (answer, answered) = channel();
            // A record of numbers and their names is written without fail.
            let record = serde_json::to_string(record).unwrap_or_default();
            // Without an answer, the thread that gives it was interrupted.
            ask.send(Ask::Epoch(record, answer)).is_ok() && answered.recv().unwrap_or(false)
        })?;
        let cells = net.inner().cells().iter();
        let is_finite = cells
            .flat_map(|cell| cell.params().tensors())
            .all(|tensor| R::all_finite(tensor.value.as_slice()));
        Ok::<_, saturn::Error>((net, history, is_finite))
    })?;
    let (net, history, is_finite) = history.map_err(of_library)?;
    if !is_finite {
        return Err(SaturnError::new_err(
            "training left parameters that are NaN or infinite; the network is as it was\nhint: lower `lr`",
        ));
    }
    let records = history.epochs.iter().map(serde_json::to_string);
    let records = records
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(e.to_string()))?;
    Ok((
        Held::new(net),
        (history.kept_epoch, history.seconds, records),
    ))
}
