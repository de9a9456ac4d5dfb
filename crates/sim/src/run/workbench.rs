//! What all cells of a matrix share: the opened data, the noise, the fitted masks.

use std::path::PathBuf;

use rand::seq::SliceRandom;
use saturn_cell::rng::generator;
use saturn_data::{DataError, ReadOptions};
use saturn_loss::{Estimator, LossError, MaskConfig};

use super::summary::MaskReports;
use crate::scenario::{Arm, Gap, Scenario, Streams};
use crate::stream::{Noise, Source, Split};
use crate::train::batch::{Batch, Epoch, Masking};

/// Samples of a split that an estimated mask is fitted or judged on.
pub const MASK_SAMPLES: usize = 500;

/// Paths of the three splits.
#[derive(Clone, Debug)]
pub struct Paths {
    /// For training.
    pub train: PathBuf,
    /// For choosing.
    pub valid: PathBuf,
    /// To be read once, at the end.
    pub test: PathBuf,
}

/// The opened data of a scenario.
pub struct Workbench {
    /// Training samples.
    pub train: Split,
    /// Validation samples.
    pub valid: Split,
    /// Test samples, opened for a final evaluation alone.
    pub test: Option<Split>,
    /// Noise at the training set's mean rates.
    pub noise: Noise,
    /// Mean events a step of each channel, `[I]`.
    pub mean_counts: Vec<f64>,
    /// I.
    pub channels: usize,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Milliseconds a step.
    pub dt_ms: f64,
}

impl Workbench {
    /// Opens the training and validation splits, and the test split for a final evaluation.
    pub fn open(scenario: &Scenario, paths: &Paths, last: bool) -> Result<Self, DataError> {
        let (channels, dt_ms) = (scenario.data.channels, scenario.data.dt_ms);
        let mut options = ReadOptions {
            channels,
            classes: scenario.data.classes,
            on_bad_sample: scenario.data.on_bad_sample.into(),
        };
        let train = Split::open(&paths.train, &options, dt_ms)?;
        let classes = train.file().class_names().to_vec();
        // What training has not seen, the others may not have either.
        options.classes = Some(classes.len());
        let valid = Split::open(&paths.valid, &options, dt_ms)?;
        let test = if last {
            Some(Split::open(&paths.test, &options, dt_ms)?)
        } else {
            None
        };
        let mean_counts = train.mean_counts(channels)?;
        Ok(Self {
            noise: Noise::new(&mean_counts),
            train,
            valid,
            test,
            mean_counts,
            channels,
            classes,
            dt_ms,
        })
    }

    /// What the reader had to mend or leave out, a line a file.
    pub fn notices(&self) -> Vec<String> {
        [Some(&self.train), Some(&self.valid), self.test.as_ref()]
            .into_iter()
            .flatten()
            .filter(|split| !split.file().notices().is_empty())
            .map(|split| {
                format!(
                    "{}: {}",
                    split.file().path().display(),
                    split.file().notices()
                )
            })
            .collect()
    }

    /// A stream's source on `split`.
    pub fn source<'a>(&'a self, split: &'a Split, gap: Option<&'a Gap>) -> Source<'a> {
        Source {
            split,
            noise: &self.noise,
            gap,
        }
    }

    /// The estimate of the mask that `arm` trains on, its threshold set on training streams; `None` for
    /// the label mask.
    pub fn mask(
        &self,
        scenario: &Scenario,
        arm: &Arm,
        seed: u64,
    ) -> Result<Option<(Estimator, MaskReports)>, MaskError> {
        let config: &MaskConfig = arm.loss.mask();
        let Some(mut estimator) = config.estimator(&self.mean_counts)? else {
            return Ok(None);
        };
        let compose = |split| -> Result<Batch<f32>, DataError> {
            let mut batch = Batch::default();
            let source = self.source(split, scenario.stream.gap.as_ref());
            let epoch = Epoch::new(seed, 0, split.len());
            let mut order: Vec<usize> = (0..split.len()).collect();
            order.shuffle(&mut generator(seed, "mask", 0));
            order.truncate(MASK_SAMPLES);
            let lanes: Vec<Vec<usize>> = order
                .chunks(scenario.stream.samples)
                .map(<[usize]>::to_vec)
                .collect();
            let streams = Streams::Concatenated;
            let labels = Masking::default();
            batch.compose(&epoch, &lanes, streams, source, self.channels, labels)?;
            Ok(batch)
        };
        let (train, valid) = (compose(&self.train)?, compose(&self.valid)?);
        let on_train = estimator.fit(&[train.example()])?;
        let reports = MaskReports {
            threshold: estimator.threshold(),
            train: on_train,
            valid: estimator.agreement(&[valid.example()]).report(),
        };
        Ok(Some((estimator, reports)))
    }
}

/// A mask that cannot be estimated.
#[derive(Debug, thiserror::Error)]
pub enum MaskError {
    /// A sample could not be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The estimate cannot be fitted.
    #[error(transparent)]
    Loss(#[from] LossError),
}
