//! A bounded sample of windows of a stream: for traces, and for the net's twin.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How windows lie in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Evenly on a logarithmic axis: close together early on.
    #[default]
    Logarithmic,
    /// Evenly from the first step to the last.
    Even,
    /// Half of them so, half of them so.
    Both,
}

/// Steps from the stream's start to the second of the windows that are spread logarithmically.
const SECOND: f64 = 1_000.0;

impl Spread {
    /// The first steps of at most `windows` windows of `steps` steps in a stream of `length`, ascending, at
    /// multiples of `align`. None overlaps another; where two would, the later one is left out.
    pub fn starts(self, length: u64, windows: usize, steps: u64, align: u64) -> Vec<u64> {
        let Some(last) = length.checked_sub(steps) else {
            return Vec::new();
        };
        let part = |k: usize, n: usize| k as f64 / (n.max(2) - 1) as f64;
        let even = |n: usize| (0..n).map(move |k| (last as f64 * part(k, n)).floor() as u64);
        let logarithmic = |n: usize| {
            let from = SECOND.max(steps as f64).min(last.max(1) as f64);
            let at = move |k| from * (last.max(1) as f64 / from).powf(part(k, n - 1));
            let later = (0..n.saturating_sub(1)).map(move |k| at(k).round() as u64);
            (0..n.min(1) as u64).chain(later)
        };
        let mut starts: Vec<u64> = match self {
            Self::Even => even(windows).collect(),
            Self::Logarithmic => logarithmic(windows).collect(),
            Self::Both => {
                let half = windows / 2;
                even(half).chain(logarithmic(windows - half)).collect()
            }
        };
        for start in &mut starts {
            *start = (*start).min(last) / align * align;
        }
        starts.sort_unstable();
        let mut free = 0;
        starts.retain(|&start| {
            let fits = start >= free;
            free = if fits { start + steps } else { free };
            fits
        });
        starts
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn windows_are_spread_as_asked_and_never_overlap() {
        let log = Spread::Logarithmic.starts(1_000_200, 5, 200, 1);
        assert_eq!(log, [0, 1_000, 10_000, 100_000, 1_000_000]);
        let even = Spread::Even.starts(1_000_200, 5, 200, 64);
        assert_eq!(even, [0, 249_984, 499_968, 749_952, 1_000_000]);
        let both = Spread::Both.starts(1_000_200, 6, 200, 1);
        assert_eq!(both, [0, 1_000, 500_000, 1_000_000]);
        for spread in [Spread::Logarithmic, Spread::Even, Spread::Both] {
            for length in [1, 100, 200, 201, 999, 5_000, 1 << 40] {
                for windows in [1, 2, 3, 16] {
                    let starts = spread.starts(length, windows, 200, 64);
                    assert!(starts.len() <= windows);
                    assert!(starts.iter().all(|s| s + 200 <= length && s % 64 == 0));
                    assert!(starts.windows(2).all(|pair| pair[0] + 200 <= pair[1]));
                    assert_eq!(starts.is_empty(), length < 200);
                }
            }
        }
    }
}
