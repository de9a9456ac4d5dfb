//! Deliberate errors of a mask, to measure how much accuracy a given error costs.
//!
//! ```text
//! flip p:     m_t <- 1 - m_t with probability p, each step by itself     (1)
//! shift k:    m_t <- m_{t-k}, 0 before the lane's beginning and end      (2)
//! dilate k:   m_t <- max_{|j|<=k} m_{t+j}                                (3)
//! erode k:    m_t <- min_{|j|<=k} m_{t+j}                                (4)
//! ```
//!
//! A gap step marked informative by error is labelled with the class of the nearest sample in its lane: half
//! of a gap goes to either side.
//!
//! (3) lets a sample begin k steps early and end k steps late; (4) the other way round. The faults of
//! (1) are redrawn for every lane of every epoch.

use rand::RngExt;
use saturn_cell::rng::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LossError;

/// An error of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaskFault {
    /// Share of the steps that are inverted; 0 to 1. Larger: worse.
    Flip(f64),
    /// Steps by which the mask is late; negative: early.
    Shift(i64),
    /// Steps that are added at both ends of each informative stretch; 0 and above. Larger: longer.
    Dilate(usize),
    /// Steps that are taken away at both ends of each informative stretch; 0 and above. Larger: shorter.
    Erode(usize),
}

impl MaskFault {
    /// Whether the share is one.
    ///
    /// # Errors
    /// If it is not in 0 to 1.
    pub fn check(&self) -> Result<(), LossError> {
        match *self {
            Self::Flip(share) if !(0.0..=1.0).contains(&share) => Err(LossError::OutOfRange {
                key: "mask_error.flip",
                value: share,
                allowed: "0 to 1",
            }),
            _ => Ok(()),
        }
    }

    /// Spoils the mask of one lane, `[T]`. Flips are drawn from `rng`.
    pub fn apply(&self, mask: &mut [f32], rng: &mut ChaCha8Rng) {
        match *self {
            Self::Flip(share) => {
                for m in mask {
                    if rng.random_bool(share) {
                        *m = 1.0 - *m; // (1)
                    }
                }
            }
            Self::Shift(late) => {
                let before = mask.to_vec();
                for (t, m) in mask.iter_mut().enumerate() {
                    let from = (t as i64).checked_sub(late).map(usize::try_from);
                    *m = match from {
                        Some(Ok(from)) => before.get(from).copied().unwrap_or(0.0), // (2)
                        _ => 0.0,
                    };
                }
            }
            Self::Dilate(k) => near(mask, k, f32::max), // (3)
            Self::Erode(k) => near(mask, k, f32::min),  // (4)
        }
    }
}

/// Every value becomes the `pick` of those at most `k` steps away.
fn near(mask: &mut [f32], k: usize, pick: fn(f32, f32) -> f32) {
    let before = mask.to_vec();
    for (t, m) in mask.iter_mut().enumerate() {
        let end = t.saturating_add(k).saturating_add(1).min(before.len());
        let window = &before[t.saturating_sub(k)..end];
        *m = window.iter().copied().fold(before[t], pick);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use saturn_cell::rng::generator;

    const MASK: [f32; 8] = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0];

    fn spoilt(fault: MaskFault) -> Vec<f32> {
        let mut mask = MASK.to_vec();
        fault.apply(&mut mask, &mut generator(1, "mask error", 0));
        mask
    }

    #[test]
    fn each_fault_by_hand() {
        for (fault, expected) in [
            (MaskFault::Shift(2), [0, 0, 0, 0, 1, 1, 1, 0]),
            (MaskFault::Shift(-2), [1, 1, 1, 0, 0, 0, 0, 0]),
            (MaskFault::Shift(i64::MIN), [0; 8]),
            (MaskFault::Shift(90), [0; 8]),
            (MaskFault::Dilate(1), [0, 1, 1, 1, 1, 1, 0, 0]),
            (MaskFault::Dilate(usize::MAX), [1; 8]),
            (MaskFault::Erode(1), [0, 0, 0, 1, 0, 0, 0, 0]),
            (MaskFault::Erode(0), [0, 0, 1, 1, 1, 0, 0, 0]),
            (MaskFault::Flip(0.0), [0, 0, 1, 1, 1, 0, 0, 0]),
            (MaskFault::Flip(1.0), [1, 1, 0, 0, 0, 1, 1, 1]),
        ] {
            assert_eq!(spoilt(fault), expected.map(|m| m as f32), "{fault:?}");
        }
    }

    #[test]
    fn flips_come_at_their_rate() {
        let mut mask = vec![0.25; 20_000];
        MaskFault::Flip(0.3).apply(&mut mask, &mut generator(2, "mask error", 0));
        let flipped = mask.iter().filter(|m| **m == 0.75).count() as f64 / 20_000.0;
        // Five standard errors.
        assert!((flipped - 0.3).abs() < 5.0 * (0.21_f64 / 20_000.0).sqrt());
    }

    #[test]
    fn a_share_beyond_one_is_refused() {
        let error = MaskFault::Flip(1.5).check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`mask_error.flip` is 1.5: it must be 0 to 1"
        );
    }
}
