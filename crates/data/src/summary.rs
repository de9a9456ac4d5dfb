//! Statistics of an event file, as `saturn data inspect` prints and draws them.
//!
//! One pass over the file, in memory that does not grow with the number of events. A pair (bin, channel) is
//! *active* if at least one event falls into it; the share is taken over the bins from a sample's start to
//! its last event, summed over the samples. Bins are the steps of [`crate::steps`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::error::DataError;
use crate::event_file::EventFile;
use crate::notices::Notices;
use crate::recording::Recording;
use crate::steps::{Grid, Steps, Stored};

/// One class of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCount {
    /// Its label.
    pub label: usize,
    /// Its name.
    pub name: String,
    /// How many samples it has.
    pub samples: usize,
}

/// How a quantity is spread over the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// The smallest.
    pub min: f64,
    /// 5 % lie below.
    pub q05: f64,
    /// Half lie below.
    pub median: f64,
    /// 95 % lie below.
    pub q95: f64,
    /// The largest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

impl Quantiles {
    /// Quantiles of `values`, by nearest rank; all zero if there are none.
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = values.len().saturating_sub(1) as f64;
            values
                .get((share * last).round() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        Self {
            min: at(0.0),
            q05: at(0.05),
            median: at(0.5),
            q95: at(0.95),
            max: at(1.0),
            mean: values.iter().sum::<f64>() / values.len().max(1) as f64,
        }
    }
}

/// Statistics of an event file.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub file_bytes: u64,
    /// How many good samples it has.
    pub samples: usize,
    /// How many channels it was opened with.
    pub channels: usize,
    /// The classes, by label.
    pub classes: Vec<ClassCount>,
    /// Samples of each speaker; empty where the file names none.
    pub speakers: BTreeMap<u32, usize>,
    /// Time of each sample's last event, in seconds.
    pub duration_s: Quantiles,
    /// Events of each sample.
    pub events: Quantiles,
    /// Events of all samples.
    pub total_events: u64,
    /// Events a second of each channel, over all samples (`channels` entries, Hz).
    pub channel_rates_hz: Vec<f64>,
    /// Share of the (bin, channel) cells that are active, in bins of 1 ms.
    pub active_share_1ms: f64,
    /// The same in bins of 10 ms.
    pub active_share_10ms: f64,
    /// Type and unit of the stored times.
    pub stored: Stored,
    /// Width of a stored time in bits.
    pub time_bits: usize,
    /// Resolution of the stored times at the median duration, in seconds.
    pub time_step_s: f64,
    /// The grid that all times lie on, beyond chance.
    pub grid: Option<Grid>,
    /// A sample of median size, for a raster.
    pub example: Recording,
    /// What the reader repaired or left out.
    pub notices: Notices,
}

/// Reads `file` once and summarises it.
pub fn summarise(file: &EventFile) -> Result<Summary, DataError> {
    let mut durations_s = Vec::with_capacity(file.len());
    let mut events = Vec::with_capacity(file.len());
    let mut counts = vec![0_u64; file.channels()];
    let mut fine = ActiveCells::new(file.steps(1.0), file.channels());
    let mut coarse = ActiveCells::new(file.steps(10.0), file.channels());
    for position in 0..file.len() {
        let recording = file.read(position)?;
        durations_s.push(recording.duration_s());
        events.push(recording.len() as f64);
        for unit in &recording.units {
            counts[*unit as usize] += 1;
        }
        fine.add(&recording);
        coarse.add(&recording);
    }

    let mut classes: Vec<ClassCount> = file
        .class_names()
        .iter()
        .enumerate()
        .map(|(label, name)| ClassCount {
            label,
            name: name.clone(),
            samples: 0,
        })
        .collect();
    for label in file.labels() {
        classes[*label].samples += 1;
    }
    let mut speakers = BTreeMap::new();
    for speaker in file.speakers().iter().flatten() {
        *speakers.entry(*speaker).or_insert(0) += 1;
    }

    let total_s: f64 = durations_s.iter().sum();
    let event_quantiles = Quantiles::of(events.clone());
    let typical = nearest(&events, event_quantiles.median);
    let duration_s = Quantiles::of(durations_s);
    Ok(Summary {
        path: file.path().to_owned(),
        file_bytes: file.file_bytes(),
        samples: file.len(),
        channels: file.channels(),
        classes,
        speakers,
        events: event_quantiles,
        total_events: counts.iter().sum(),
        channel_rates_hz: counts
            .iter()
            .map(|count| *count as f64 / total_s.max(f64::MIN_POSITIVE))
            .collect(),
        active_share_1ms: fine.share(),
        active_share_10ms: coarse.share(),
        stored: file.stored(),
        time_bits: file.time_bits(),
        time_step_s: file.stored().spacing_s(duration_s.median),
        duration_s,
        grid: file.found_grid(),
        example: file.read(typical)?,
        notices: file.notices().clone(),
    })
}

/// Position of the value that is nearest to `target`.
fn nearest(values: &[f64], target: f64) -> usize {
    let mut best = 0;
    for (position, value) in values.iter().enumerate() {
        if (value - target).abs() < (values[best] - target).abs() {
            best = position;
        }
    }
    best
}

/// Counts active cells at one bin width.
struct ActiveCells {
    steps: Steps,
    /// Sample and bin of each channel's latest event.
    latest: Vec<Option<(usize, u64)>>,
    samples: usize,
    active: u64,
    bins: u64,
}

impl ActiveCells {
    fn new(steps: Steps, channels: usize) -> Self {
        Self {
            steps,
            latest: vec![None; channels],
            samples: 0,
            active: 0,
            bins: 0,
        }
    }

    fn add(&mut self, recording: &Recording) {
        for (time_s, unit) in recording.times_s.iter().zip(&recording.units) {
            let cell = Some((self.samples, self.steps.of(*time_s)));
            if self.latest[*unit as usize] != cell {
                self.latest[*unit as usize] = cell;
                self.active += 1;
            }
        }
        self.bins += self.steps.of(recording.duration_s()) + 1;
        self.samples += 1;
    }

    fn share(&self) -> f64 {
        self.active as f64 / (self.bins as f64 * self.latest.len() as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_once() {
        let mut cells = ActiveCells::new(Steps::new(10.0), 2);
        // Bins 0 0 1 on channel 0, bin 1 on channel 1: three active cells of two bins by two.
        cells.add(&Recording {
            times_s: vec![0.001, 0.002, 0.011, 0.012],
            units: vec![0, 0, 0, 1],
            label: 0,
            speaker: None,
            index: 0,
        });
        assert!((cells.share() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let quantiles = Quantiles::of((0..=100).rev().map(f64::from).collect());
        assert!((quantiles.q05 - 5.0).abs() < 1e-12);
        assert!((quantiles.median - 50.0).abs() < 1e-12);
        assert!((quantiles.mean - 50.0).abs() < 1e-12);
    }
}
