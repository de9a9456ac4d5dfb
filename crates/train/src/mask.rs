//! The mask that a network trains on where it is not that of the labels: estimated from the input, or wrong on
//! purpose.

use rand::seq::SliceRandom;
use saturn_cell::rng::generator;
use saturn_data::DataError;
use saturn_loss::{Estimator, LossConfig, LossError, MaskConfig, MaskFault, MaskReport};
use saturn_stream::{Gap, Noise, Source, Split};
use serde::{Deserialize, Serialize};

use super::arm::Streams;
use super::batch::{Batch, Epoch, Masking};

/// Samples of a split that an estimated mask is fitted or judged on.
pub const MASK_SAMPLES: usize = 500;

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

/// A mask against the labels.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MaskReports {
    /// The threshold that was set; `None` for a mask that is wrong on purpose.
    pub threshold: Option<f64>,
    /// On training streams.
    pub train: MaskReport,
    /// On validation streams.
    pub valid: MaskReport,
}

/// Replacement of the label mask; none if that itself is used.
#[derive(Default)]
pub struct Mask {
    /// Estimates it from the input, its threshold set on training streams.
    pub estimator: Option<Estimator>,
    /// How well it matches the labels.
    pub reports: Option<MaskReports>,
}

/// What a mask is fitted on.
#[derive(Clone, Copy)]
pub struct Fitting<'a> {
    /// Training samples.
    pub train: &'a Split,
    /// Validation samples, which it is judged on.
    pub valid: &'a Split,
    /// Noise of gaps.
    pub noise: &'a Noise,
    /// Gaps, if there are any.
    pub gap: Option<&'a Gap>,
    /// I.
    pub channels: usize,
    /// Samples of a sequence.
    pub samples: usize,
    /// Mean events a step of each channel of the training set, `[I]`.
    pub mean_counts: &'a [f64],
    /// Seed of the sequences.
    pub seed: u64,
}

impl Fitting<'_> {
    /// The mask that `loss` trains on, in place of that of the labels.
    pub fn mask(&self, loss: &LossConfig) -> Result<Mask, MaskError> {
        let config: &MaskConfig = loss.mask();
        if let Some(mut estimator) = config.estimator(self.mean_counts)? {
            let train = self.compose(self.train, None)?;
            let valid = self.compose(self.valid, None)?;
            let on_train = estimator.fit(&[train.example()])?;
            let reports = MaskReports {
                threshold: Some(estimator.threshold()),
                train: on_train,
                valid: estimator.agreement(&[valid.example()]).report(),
            };
            return Ok(Mask {
                estimator: Some(estimator),
                reports: Some(reports),
            });
        }
        let Some(fault) = loss.mask_error() else {
            return Ok(Mask::default());
        };
        let spoilt = |split| -> Result<MaskReport, DataError> {
            let labels = self.compose(split, None)?;
            let spoilt = self.compose(split, Some(fault))?;
            Ok(labels.agreement(&spoilt).report())
        };
        Ok(Mask {
            estimator: None,
            reports: Some(MaskReports {
                threshold: None,
                train: spoilt(self.train)?,
                valid: spoilt(self.valid)?,
            }),
        })
    }

    /// Concatenated samples of `split`, drawn at random.
    fn compose(&self, split: &Split, fault: Option<MaskFault>) -> Result<Batch<f32>, DataError> {
        let mut batch = Batch::default();
        let source = Source {
            split,
            noise: self.noise,
            gap: self.gap,
        };
        let epoch = Epoch::new(self.seed, 0, split.len());
        let mut order: Vec<usize> = (0..split.len()).collect();
        order.shuffle(&mut generator(self.seed, "mask", 0));
        order.truncate(MASK_SAMPLES);
        let lanes: Vec<Vec<usize>> = order.chunks(self.samples).map(<[usize]>::to_vec).collect();
        let masking = Masking {
            estimator: None,
            fault,
        };
        let streams = Streams::Concatenated;
        batch.compose(&epoch, &lanes, streams, source, self.channels, masking)?;
        Ok(batch)
    }
}
