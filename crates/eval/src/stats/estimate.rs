//! A number with its error, and the mean of a few.
//!
//! Between seeds there are few values and no clusters: there the mean and Student's t interval are used for
//! everything that is not a share. Accuracies, which are in 0..1 and depend on recordings too, use
//! [`super::crossed`].

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

pub use super::tally::{ByRecording, Tally};

/// A number with its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its standard error; `None` where a single cluster (or seed) leaves it open.
    pub standard_error: Option<f64>,
    /// The 95 % interval, lower and upper end; `None` as above.
    pub interval: Option<[f64; 2]>,
    /// How many independent units it rests on: recordings or seeds.
    pub units: usize,
}

/// The mean over seeds of a quantity that is not a share, with Student's t interval. `None` if there are no
/// values.
pub fn over_seeds(values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let standard_error = (n > 1).then(|| (variance(values, mean) / n as f64).sqrt());
    Some(Estimate {
        value: mean,
        standard_error,
        interval: standard_error.map(|se| around(mean, se, n - 1)),
        units: n,
    })
}

/// The one-sided 95 % bounds of the mean of `values`, from below and from above; `None` of fewer than two.
pub fn one_sided(values: &[f64]) -> Option<[f64; 2]> {
    let mean = over_seeds(values)?;
    let error = mean.standard_error?;
    Some(within(mean.value, error, values.len() - 1, 0.95))
}

/// The 95 % interval `value` ± t `standard_error`, t of Student's law with `freedom` degrees of freedom.
pub(super) fn around(value: f64, standard_error: f64, freedom: usize) -> [f64; 2] {
    within(value, standard_error, freedom, 0.975)
}

fn within(value: f64, standard_error: f64, freedom: usize, quantile: f64) -> [f64; 2] {
    // It fails only for zero degrees of freedom, which carry no information.
    let t = StudentsT::new(0.0, 1.0, freedom as f64)
        .map_or(f64::INFINITY, |law| law.inverse_cdf(quantile));
    [value - t * standard_error, value + t * standard_error]
}

/// The unbiased variance of two or more values around their mean.
fn variance(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance, "{a} is not {b} ± {tolerance}");
    }

    /// t for 4 degrees of freedom is 2.776, and 2.132 for one side (any table); mean and error of 1..=5 are 3 and
    /// sqrt(1/2).
    #[test]
    fn seeds_take_the_t_interval() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        let estimate = over_seeds(&values).unwrap();
        let error = 0.5f64.sqrt();
        close(estimate.value, 3.0, 1e-12);
        close(estimate.standard_error.unwrap(), error, 1e-12);
        close(estimate.interval.unwrap()[1], 3.0 + 2.776_445 * error, 1e-5);
        close(
            one_sided(&values).unwrap()[0],
            3.0 - 2.131_847 * error,
            1e-5,
        );
    }

    #[test]
    fn one_unit_has_no_error_and_none_no_value() {
        let alone = over_seeds(&[0.5]).unwrap();
        assert_eq!((alone.value, alone.standard_error), (0.5, None));
        assert_eq!((over_seeds(&[]), one_sided(&[0.5])), (None, None));
    }
}
