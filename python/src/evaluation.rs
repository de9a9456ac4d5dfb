//! Evaluation on endless streams, and analysis.

use std::path::PathBuf;

use pyo3::prelude::*;
use saturn::{AnalysisOptions, Evaluation, EvaluationReport, Instrument, StateReset};
use saturn_plots::{Figure, Look, Role};
use saturn_sim::evaluate::{read_instrument, read_policy};
use saturn_sim::figures;

use crate::dataset::Dataset;
use crate::error::{SaturnError, of_library, read, wrong};
use crate::held::{Net, either};
use crate::network::Network;
use crate::threads::released;
use crate::watched::{Callbacks, watched, watched_apart};

/// Evaluate a network on a stream of samples and gaps; return the result as JSON.
#[pyfunction]
#[pyo3(signature = (net, data, policy, steps, lanes, windows, instruments, seed, test, progress=None))]
#[allow(clippy::too_many_arguments)] // They are keyword arguments in Python.
pub fn evaluate(
    py: Python<'_>,
    net: &Network,
    data: &Dataset,
    policy: &str,
    steps: u64,
    lanes: usize,
    windows: usize,
    instruments: Vec<String>,
    seed: u64,
    test: bool,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    let policy: StateReset = read_policy(policy).map_err(|e| wrong(format!("state_reset: {e}")))?;
    let read =
        |name: &String| read_instrument(name).map_err(|e| wrong(format!("instruments: {e}")));
    let instruments: Vec<Instrument> = instruments.iter().map(read).collect::<PyResult<_>>()?;
    let data = data.data.clone();
    let net = net.net();
    let callbacks = Callbacks {
        progress,
        epoch: None,
    };
    let found = watched(py, &callbacks, |progress, _| {
        let mut evaluation = Evaluation::new(&data)
            .state_reset(policy)
            .steps(steps)
            .lanes(lanes)
            .windows(windows)
            .seed(seed);
        for instrument in instruments {
            evaluation = evaluation.instrument(instrument);
        }
        if test {
            evaluation = evaluation.on_test();
        }
        either!(&net, held => evaluation.run_with(&held.net, progress))
    })?;
    serde_json::to_string(&found.map_err(of_library)?).map_err(|e| wrong(e.to_string()))
}

/// Draw accuracy by position in the stream, a line for each (name, evaluation as JSON), to `stem`, `.svg` and `.png`.
#[pyfunction]
pub fn plot_accuracy(
    py: Python<'_>,
    evaluations: Vec<(String, String)>,
    stem: PathBuf,
) -> PyResult<()> {
    let read = |(name, json): &(String, String)| {
        Ok((name.clone(), read::<EvaluationReport>("evaluation", json)?))
    };
    let reports: Vec<(String, EvaluationReport)> =
        evaluations.iter().map(read).collect::<PyResult<_>>()?;
    let drawn = released(py, || {
        let lines: Vec<(&str, &EvaluationReport)> = reports
            .iter()
            .map(|(name, report)| (&name[..], report))
            .collect();
        saturn::plot_accuracy(&lines, stem)
    })?;
    drawn.map(|_| ()).map_err(of_library)
}

/// Analyse a network in f64; return the result as JSON. With `figure`, draws it to that path, `.svg` and `.png`.
#[pyfunction]
#[pyo3(signature = (net, data, exponents, steps, starts, seed, figure=None, progress=None))]
#[allow(clippy::too_many_arguments)] // They are keyword arguments in Python.
pub fn analyse(
    py: Python<'_>,
    net: &Network,
    data: Option<&Dataset>,
    exponents: usize,
    steps: usize,
    starts: usize,
    seed: u64,
    figure: Option<PathBuf>,
    progress: Option<Bound<'_, PyAny>>,
) -> PyResult<String> {
    for (key, value, most) in [
        ("exponents", exponents, 64),
        ("steps", steps, 1_000_000),
        ("starts", starts, 64),
    ] {
        if !(1..=most).contains(&value) {
            return Err(wrong(format!(
                "{key}: `{value}` is out of range: it must be 1 to {most}"
            )));
        }
    }
    let options = AnalysisOptions {
        exponents,
        steps,
        starts,
        seed,
    };
    let data = data.map(|data| data.data.clone());
    let net = net.net();
    let callbacks = Callbacks {
        progress,
        epoch: None,
    };
    let found = watched_apart(
        py,
        &callbacks,
        move |say| either!(&net, held => held.net.analyse_watched(data.as_deref(), &options, say)),
    )?;
    let found = found.map_err(of_library)?;
    if let Some(stem) = figure {
        let draw = || figures::analyse::figure(&found, Look::of(Role::Other(0))).draw(&stem);
        let drawn = released(py, draw)?;
        drawn.map_err(|e| SaturnError::new_err(e.to_string()))?;
    }
    serde_json::to_string(&found).map_err(|e| wrong(e.to_string()))
}
