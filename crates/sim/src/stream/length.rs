//! How many steps a sample or a record may have: `data.dt_ms` is bounded by the data.
//!
//! A step takes memory whether it has events or not, so a step that is far too short for its data (0.00001 ms) asks
//! for gigabytes of empty steps. What is too long is found from the last time in the file, before any step is made.

use std::path::Path;

use saturn_data::DataError;

/// The most steps of a sample: nets are trained through whole samples.
pub const MOST_STEPS: f64 = 1e6;
/// The most steps of a record: a day at 1 ms.
const MOST_RECORD_STEPS: f64 = 1e8;

/// An error if sample `index` of the file at `path`, whose last event is at `last_s`, has too many steps.
pub(super) fn check_sample(
    path: &Path,
    index: usize,
    last_s: f64,
    dt_ms: f64,
) -> Result<(), DataError> {
    check(path, ("sample", index), last_s, dt_ms, MOST_STEPS)
}

/// An error if the record that sample `index` of the file at `path` is part of has too many steps up to `last_s`.
pub(super) fn check_record(
    path: &Path,
    index: usize,
    last_s: f64,
    dt_ms: f64,
) -> Result<(), DataError> {
    let what = ("the record of sample", index);
    check(path, what, last_s, dt_ms, MOST_RECORD_STEPS)
}

fn check(
    path: &Path,
    (what, index): (&str, usize),
    last_s: f64,
    dt_ms: f64,
    most: f64,
) -> Result<(), DataError> {
    let steps = last_s * 1e3 / dt_ms;
    if steps < most {
        return Ok(());
    }
    Err(DataError::Unusable {
        path: path.to_owned(),
        detail: format!(
            "{what} {index} lasts {last_s:.3} s, {steps:.3e} steps of {dt_ms} ms, and at most {most:.0} can be \
             simulated: `data.dt_ms` must be at least {:.3}",
            at_least(last_s, most)
        ),
        hint: "make `data.dt_ms` larger; if the times are not in seconds, convert the file",
    })
}

/// The shortest step in ms, rounded up, in which `last_s` seconds have fewer than `most` steps.
fn at_least(last_s: f64, most: f64) -> f64 {
    (last_s * 1e6 / most * 1.001).ceil() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_too_short_for_the_data_is_named_with_its_bound() {
        let path = Path::new("a.h5");
        assert!(check_sample(path, 3, 1.2, 10.0).is_ok());
        assert!(check_sample(path, 3, 1.2, 0.01).is_ok());
        assert!(check_record(path, 3, 1_800.0, 1.0).is_ok());
        let error = check_sample(path, 3, 1.2, 1e-5).unwrap_err().to_string();
        assert!(
            error.contains("sample 3 lasts 1.200 s, 1.200e8 steps of 0.00001 ms"),
            "{error}"
        );
        assert!(
            error.contains("`data.dt_ms` must be at least 0.002"),
            "{error}"
        );
        // The bound that is named is one that will do.
        assert!(check_sample(path, 3, 1.2, 0.002).is_ok());
        assert!(check_record(path, 3, 1e9, 10.0).is_err());
    }
}
