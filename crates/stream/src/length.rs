//! The length of a step, and the largest number of steps of a sample: a lower bound on `data.dt_ms`.
//!
//! A step takes memory even without events, so a step far too short for its data (0.00001 ms) would allocate
//! gigabytes of empty steps. A sample that is too long is detected from its last time, before any step is
//! made. The reader has its own bound on memory ([`saturn_data::MAX_STEPS`]); networks need far fewer steps.

use std::path::Path;

use saturn_cell::range::Numbers;
use saturn_data::{DataError, MAX_STEPS, TimeError};

/// Allowed lengths of a step, ms.
pub const DT_MS: Numbers = Numbers::POSITIVE;

/// The most steps of a sample: nets are trained through whole samples.
pub const MOST_STEPS: f64 = 1e7;

/// An error if sample `index` of the file at `path`, whose last event is at `last_s`, has too many steps.
pub(super) fn check_sample(
    path: &Path,
    index: usize,
    last_s: f64,
    dt_ms: f64,
) -> Result<(), DataError> {
    let steps = last_s * 1e3 / dt_ms;
    if steps < MOST_STEPS {
        return Ok(());
    }
    Err(DataError::Unusable {
        path: path.to_owned(),
        detail: format!(
            "sample {index} lasts {last_s:.3} s, {steps:.3e} steps of {dt_ms} ms, and nets are trained through at most \
             {MOST_STEPS:.0}: `data.dt_ms` must be at least {}",
            at_least(last_s)
        ),
        hint: "make `data.dt_ms` larger; if the times are not in seconds, declare their unit with `data.times`",
    })
}

/// An error if sample `index` of the file at `path`, which ends at `duration_s` and has `steps` steps, exceeds the
/// memory limit.
pub(super) fn check_memory(
    path: &Path,
    index: usize,
    duration_s: f64,
    steps: u64,
    dt_ms: f64,
) -> Result<(), DataError> {
    if steps <= MAX_STEPS {
        return Ok(());
    }
    Err(TimeError::TooManySteps {
        path: path.to_owned(),
        index,
        duration_s,
        steps,
        dt_ms,
    }
    .into())
}

/// The shortest step in ms, rounded up to a thousandth, in which `last_s` seconds have fewer than the most steps.
fn at_least(last_s: f64) -> f64 {
    (last_s * 1e6 / MOST_STEPS * 1.001).ceil() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_too_short_for_the_data_is_named_with_its_bound() {
        let path = Path::new("a.h5");
        assert!(check_sample(path, 3, 1.2, 10.0).is_ok());
        assert!(check_sample(path, 3, 1.2, 0.01).is_ok());
        let error = check_sample(path, 3, 1.2, 1e-5).unwrap_err().to_string();
        assert!(
            error.contains("sample 3 lasts 1.200 s, 1.200e8 steps of 0.00001 ms"),
            "{error}"
        );
        assert!(
            error.contains("`data.dt_ms` must be at least 0.001"),
            "{error}"
        );
        // The bound that is named is one that will do.
        assert!(check_sample(path, 3, 1.2, 0.001).is_ok());
    }
}
