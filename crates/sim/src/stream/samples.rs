//! Recordings in bins: the one conversion from event times to steps.
//!
//! A *bin* is floor(t / dt) in f64. A sample runs from bin 0 to the bin of its last event; the label
//! mask runs from its first event to its last.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use saturn_data::{DataError, EventFile, ReadOptions, Recording};

/// One recording, binned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Where each step's events start, `[T + 1]`.
    offsets: Vec<u32>,
    units: Vec<u32>,
    counts: Vec<u16>,
    /// Its class.
    pub label: usize,
    /// Its index in the file.
    pub recording: usize,
    /// The first step with an event.
    pub onset: usize,
}

impl Sample {
    /// Bins a recording whose times are sorted.
    pub fn bin(recording: &Recording, dt_ms: f64) -> Self {
        let bin_of = |t_s: f64| (t_s * 1e3 / dt_ms).floor() as u32;
        let mut events: Vec<(u32, u32)> = recording
            .times_s
            .iter()
            .zip(&recording.units)
            .map(|(&t, &unit)| (bin_of(t), unit))
            .collect();
        events.sort_unstable();
        Self::from_sorted(&events, recording.label, recording.index)
    }

    /// From (bin, unit) pairs in ascending order; equal pairs are counted together.
    pub fn from_sorted(events: &[(u32, u32)], label: usize, recording: usize) -> Self {
        let steps = events.last().map_or(0, |&(bin, _)| bin as usize + 1);
        let mut sample = Self {
            offsets: Vec::with_capacity(steps + 1),
            label,
            recording,
            onset: events.first().map_or(0, |&(bin, _)| bin as usize),
            ..Self::default()
        };
        sample.offsets.push(0);
        for same in events.chunk_by(|a, b| a == b) {
            let (bin, unit) = same[0];
            while sample.offsets.len() <= bin as usize {
                sample.offsets.push(sample.units.len() as u32);
            }
            sample.units.push(unit);
            sample
                .counts
                .push(same.len().min(usize::from(u16::MAX)) as u16);
        }
        if steps > 0 {
            sample.offsets.push(sample.units.len() as u32);
        }
        // A split keeps thousands of samples.
        sample.units.shrink_to_fit();
        sample.counts.shrink_to_fit();
        sample
    }

    /// T, its steps.
    pub fn steps(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Units and counts of step `t`, in ascending order of units.
    pub fn step(&self, t: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = self.offsets[t] as usize..self.offsets[t + 1] as usize;
        let counts = self.counts[range.clone()].iter().map(|&c| f32::from(c));
        self.units[range].iter().copied().zip(counts)
    }

    /// Every event as a (bin, unit) pair, in ascending order.
    pub fn events(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..self.steps()).flat_map(move |t| {
            self.step(t)
                .flat_map(move |(unit, count)| (0..count as usize).map(move |_| (t as u32, unit)))
        })
    }

    fn bytes(&self) -> usize {
        self.offsets.len() * 4 + self.units.len() * 6 + size_of::<Self>()
    }
}

/// One split of a data set: samples by index, kept in memory as far as a budget goes and read again from
/// the file beyond it.
pub struct Split {
    file: EventFile,
    dt_ms: f64,
    lengths: Vec<usize>,
    cache: Mutex<Cache>,
}

struct Cache {
    samples: Vec<Option<Arc<Sample>>>,
    bytes_left: usize,
}

impl Split {
    /// How much of a split is kept in memory.
    pub const CACHE_BYTES: usize = 2 << 30;

    /// Opens `path` and reads it once: every sample is checked, its length taken, and kept if it fits.
    pub fn open(path: &Path, options: &ReadOptions, dt_ms: f64) -> Result<Self, DataError> {
        Self::from_file(EventFile::open(path, options)?, dt_ms, Self::CACHE_BYTES)
    }

    /// [`Self::open`] on an open file with a budget of `cache_bytes`.
    pub fn from_file(file: EventFile, dt_ms: f64, cache_bytes: usize) -> Result<Self, DataError> {
        let mut split = Self {
            lengths: Vec::with_capacity(file.len()),
            cache: Mutex::new(Cache {
                samples: vec![None; file.len()],
                bytes_left: cache_bytes,
            }),
            file,
            dt_ms,
        };
        for i in 0..split.file.len() {
            let steps = split.sample(i)?.steps();
            split.lengths.push(steps);
        }
        Ok(split)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// Whether there is no sample; opening such a split is an error.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file behind it.
    pub fn file(&self) -> &EventFile {
        &self.file
    }

    /// Steps of each sample.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Bytes of the samples that are kept in memory.
    pub fn cached_bytes(&self) -> usize {
        let cache = self.lock();
        cache.samples.iter().flatten().map(|s| s.bytes()).sum()
    }

    /// Sample `i`.
    pub fn sample(&self, i: usize) -> Result<Arc<Sample>, DataError> {
        if let Some(sample) = &self.lock().samples[i] {
            return Ok(Arc::clone(sample));
        }
        let sample = Arc::new(Sample::bin(&self.file.read(i)?, self.dt_ms));
        let mut cache = self.lock();
        if sample.bytes() <= cache.bytes_left && cache.samples[i].is_none() {
            cache.bytes_left -= sample.bytes();
            cache.samples[i] = Some(Arc::clone(&sample));
        }
        Ok(sample)
    }

    /// Mean events a step of each channel, `[I]`, over all samples.
    pub fn mean_counts(&self, channels: usize) -> Result<Vec<f64>, DataError> {
        let mut sums = vec![0.0; channels];
        let mut steps = 0;
        for i in 0..self.len() {
            let sample = self.sample(i)?;
            steps += sample.steps();
            for (unit, count) in sample.units.iter().zip(&sample.counts) {
                sums[*unit as usize] += f64::from(*count);
            }
        }
        for sum in &mut sums {
            *sum /= steps.max(1) as f64;
        }
        Ok(sums)
    }

    /// The share of (step, channel) cells with an event, over all samples.
    pub fn density(&self, channels: usize) -> Result<f64, DataError> {
        let (mut active, mut cells) = (0, 0);
        for i in 0..self.len() {
            let sample = self.sample(i)?;
            active += sample.units.len();
            cells += sample.steps() * channels;
        }
        Ok(active as f64 / cells.max(1) as f64)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        // A cache is whole between statements, so a panic elsewhere leaves it usable.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
