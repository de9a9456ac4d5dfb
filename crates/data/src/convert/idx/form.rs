//! Conversion of an image.
//!
//! With grey values g_t from 0 to 1 in the order of reading, g_{-1} = 0, and thresholds
//! theta_k = (k + 1/2) / K, the pixel t has
//!
//! ```text
//! an event on channel 2k      where g_{t-1} < theta_k <= g_t       (1)
//! an event on channel 2k + 1  where g_t < theta_k <= g_{t-1}       (2)
//! ```
//!
//! as in the sequential MNIST of spiking nets (Bellec et al. 2018, *Long short-term memory and
//! learning-to-learn in networks of spiking neurons*). An event is placed in the middle of its pixel's step,
//! so that no rounding moves it to another one.

use std::fmt;

/// How an image becomes a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Frames: a step a row, a channel a column.
    Rows,
    /// Frames: a step a pixel, row after row, in one channel.
    Pixels,
    /// Events: a step a pixel, where the grey value crosses one of the thresholds; two channels each.
    Events {
        /// How many thresholds there are.
        thresholds: usize,
    },
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows => f.write_str("rows"),
            Self::Pixels => f.write_str("pixels"),
            Self::Events { thresholds } => write!(f, "events at {thresholds} thresholds"),
        }
    }
}

/// Times in seconds and channels of the crossings of an image, equations (1) and (2).
pub(super) fn crossings(image: &[u8], thresholds: usize, step_s: f64) -> (Vec<f64>, Vec<u32>) {
    // theta_k <= g where k + 1/2 <= K g: the number of thresholds up to g is floor(K g + 1/2), in whole
    // numbers floor((2 K v + 255) / 510) for v of 255.
    let below = |grey: u8| (2 * thresholds * usize::from(grey) + 255) / 510;
    let (mut times_s, mut units) = (Vec::new(), Vec::new());
    let mut before = 0;
    for (step, grey) in image.iter().enumerate() {
        let now = below(*grey);
        let time_s = (step as f64 + 0.5) * step_s;
        let up = (before..now).map(|k| 2 * k);
        let down = (now..before).map(|k| 2 * k + 1);
        for unit in up.chain(down) {
            times_s.push(time_s);
            units.push(unit as u32);
        }
        before = now;
    }
    (times_s, units)
}
