//! What an evaluation takes as it goes on: resident memory and speed at positions that lie evenly on a
//! logarithmic axis, so that a list of them is short however long the stream is.
//!
//! ```text
//! (1) positions: 1,000 · 10^(k/4), k = 0, 1, .., and the last step
//! ```
//!
//! Speed is that of the first lanes since the position before, or since the run was resumed.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// The first position (1), lane steps.
const FIRST: f64 = 1_000.0;

/// Readings at the positions of one stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Gauge {
    /// (lane step, resident MiB); empty where the system does not tell.
    pub memory: Vec<(u64, f64)>,
    /// (lane step, lane steps a second).
    pub speed: Vec<(u64, f64)>,
    /// Resident MiB after a tenth of the stream and at its end.
    pub resident_mib: Option<[f64; 2]>,
    early: Option<f64>,
    /// Where the present stretch began.
    #[serde(skip)]
    since: Option<(u64, Instant)>,
}

impl Gauge {
    /// Reads where one of the positions lies between `before` and `after` steps of the `each` that `lanes` lanes
    /// have.
    pub fn pass(&mut self, (before, after): (u64, u64), each: u64, lanes: usize) {
        let (began, clock) = *self.since.get_or_insert_with(|| (before, Instant::now()));
        if self.early.is_none() && after >= each / 10 {
            self.early = resident_mib();
        }
        if after == each {
            self.resident_mib = self.early.zip(resident_mib()).map(|(a, b)| [a, b]);
        }
        if next_after(before) > after && after != each {
            return;
        }
        self.memory.extend(resident_mib().map(|mib| (after, mib)));
        let seconds = clock.elapsed().as_secs_f64();
        if after > began && seconds > 0.0 {
            let steps = (after - began) as f64 * lanes as f64;
            self.speed.push((after, steps / seconds));
        }
        self.since = Some((after, Instant::now()));
    }

    /// The clock starts here, `at` steps into the stream.
    pub fn start(&mut self, at: u64) {
        self.since = Some((at, Instant::now()));
    }
}

/// The first of the positions (1) that is larger than `step`.
fn next_after(step: u64) -> u64 {
    let at = |k: i32| (FIRST * 10f64.powf(f64::from(k) / 4.0)).round() as u64;
    let k = (4.0 * ((step.max(1) as f64) / FIRST).log10()).floor() as i32;
    let mut candidates = (k - 1).max(0)..;
    candidates
        .find_map(|k| Some(at(k)).filter(|&p| p > step))
        .unwrap_or(u64::MAX)
}

/// Resident memory of this process, MiB; `None` where the system does not tell.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_few_and_evenly_spaced_on_a_logarithmic_axis() {
        let mut positions = vec![next_after(0)];
        while *positions.last().unwrap() < 1_000_000_000 {
            positions.push(next_after(*positions.last().unwrap()));
        }
        assert_eq!(positions[..5], [1_000, 1_778, 3_162, 5_623, 10_000]);
        assert_eq!((positions.len(), positions[24]), (25, 1_000_000_000));
        let mut gauge = Gauge::default();
        let mut done = 0;
        while done < 64_001 {
            let now = (64_001 - done).min(64);
            gauge.pass((done, done + now), 64_001, 1);
            done += now;
        }
        let at: Vec<u64> = gauge.speed.iter().map(|(step, _)| *step).collect();
        assert_eq!(at.len(), 9, "{at:?}");
        assert_eq!((at[0], at[8]), (1_024, 64_001));
        assert!(gauge.speed.iter().all(|(_, rate)| *rate > 0.0));
        // Where the system tells of memory, it does so at the same positions.
        assert!(gauge.memory.is_empty() || gauge.memory.len() == at.len());
    }
}
