//! A split of a data set: its samples or records, kept in memory within a budget.

#[cfg(feature = "hdf5")]
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rand::seq::SliceRandom;
use saturn_cell::rng::generator;
use saturn_data::DataError;
#[cfg(feature = "hdf5")]
use saturn_data::ReadOptions;
use saturn_data::checksum::hex;

use super::background::Background;
use super::columns::Form;
use super::content::Content;
use super::file::File;
use super::hash::{Digest, Hash};
use super::memory::Memory;
use super::noise::Noise;
use super::records::{Record, Records};
use super::sample::Sample;
use super::scale::{Moments, Scale};

/// One split of a data set: samples by index, kept in memory within a budget and otherwise read again from
/// the file; or whole records, kept in memory.
pub struct Split {
    file: File,
    dt_ms: f64,
    /// Position in the file of each sample.
    positions: Vec<u32>,
    lengths: Vec<usize>,
    /// How many samples there are where only some were read.
    all: usize,
    records: Option<Records>,
    background: Option<Background>,
    scale: Option<Scale>,
    /// Of the samples or records, as they are in the file.
    hash: Digest,
    cache: Mutex<Cache>,
}

struct Cache {
    samples: Vec<Option<Arc<Sample>>>,
    bytes_left: usize,
}

impl Split {
    /// The part of a split that is kept in memory.
    pub const CACHE_BYTES: usize = 2 << 30;

    /// Opens the events at `path` and reads them once: every sample is checked, its length taken, and
    /// kept if it fits.
    #[cfg(feature = "hdf5")]
    pub fn open(path: &Path, options: &ReadOptions, dt_ms: f64) -> Result<Self, DataError> {
        let file = File::events(path, options)?;
        Self::from_file(file, dt_ms, None, Self::CACHE_BYTES)
    }

    /// Of recordings in memory.
    pub fn of_memory(memory: Memory, dt_ms: f64) -> Result<Self, DataError> {
        Self::from_file(File::Memory(memory), dt_ms, None, Self::CACHE_BYTES)
    }

    /// At most `rows` samples of those that [`Self::from_file`] would give, in runs from all over the file: what
    /// its steps are like, by a bounded number of reads.
    pub fn glimpse(
        file: File,
        dt_ms: f64,
        limit: Option<usize>,
        rows: usize,
    ) -> Result<Self, DataError> {
        let positions = chosen(file.len(), limit);
        let all = positions.len();
        let some = glimpsed(&positions, rows);
        Self::of_positions(file, dt_ms, some, all, Self::CACHE_BYTES)
    }

    /// The samples of an open file, or `limit` of them drawn at random, always the same, with a
    /// budget of `cache_bytes`.
    pub fn from_file(
        file: File,
        dt_ms: f64,
        limit: Option<usize>,
        cache_bytes: usize,
    ) -> Result<Self, DataError> {
        let positions = chosen(file.len(), limit);
        let all = positions.len();
        Self::of_positions(file, dt_ms, positions, all, cache_bytes)
    }

    fn of_positions(
        file: File,
        dt_ms: f64,
        positions: Vec<u32>,
        all: usize,
        cache_bytes: usize,
    ) -> Result<Self, DataError> {
        let mut split = Self {
            lengths: Vec::with_capacity(positions.len()),
            cache: Mutex::new(Cache {
                samples: vec![None; positions.len()],
                bytes_left: cache_bytes,
            }),
            file,
            dt_ms,
            positions,
            all,
            records: None,
            background: None,
            scale: None,
            hash: Digest::default(),
        };
        let (mut read, mut hash) = (0, Hash::default());
        split
            .file
            .each(&split.positions, dt_ms, &mut |sample, digest| {
                split.lengths.push(sample.steps());
                hash.bytes(&digest);
                let mut cache = split.cache.lock().unwrap_or_else(PoisonError::into_inner);
                if sample.bytes() <= cache.bytes_left {
                    cache.bytes_left -= sample.bytes();
                    cache.samples[read] = Some(Arc::new(sample));
                }
                read += 1;
            })?;
        split.hash = hash.finish();
        Ok(split)
    }

    /// The records of an open file, each whole, its stretches `window_ms` around the marks.
    pub fn of_records(
        file: File,
        dt_ms: f64,
        window_ms: Option<[f64; 2]>,
    ) -> Result<Self, DataError> {
        Self::of_some_records(file, dt_ms, window_ms, usize::MAX)
    }

    /// The same, of the first `rows` stretches in the file at most.
    pub fn of_some_records(
        file: File,
        dt_ms: f64,
        window_ms: Option<[f64; 2]>,
        rows: usize,
    ) -> Result<Self, DataError> {
        let records = Records::new(file.records(dt_ms, window_ms, rows)?);
        let lengths = records.lengths();
        let read = rows.min(file.len());
        let mut hash = Hash::default();
        for record in records.all() {
            hash.bytes(&record.digest());
        }
        Ok(Self {
            hash: hash.finish(),
            positions: Vec::new(),
            // Not every piece of a record has a stretch in which its label holds.
            all: lengths.len() * file.len() / read.max(1),
            lengths,
            cache: Mutex::new(Cache {
                samples: Vec::new(),
                bytes_left: 0,
            }),
            file,
            dt_ms,
            records: Some(records),
            background: None,
            scale: None,
        })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Number of samples in the file that it represents: more than [`Self::len`] if only some were read.
    pub fn all(&self) -> usize {
        self.all
    }

    /// Whether there are no samples; opening such a split is an error.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file behind it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// A hash of the networks' inputs and targets from this split, 64 hexadecimal digits: the samples or
    /// records in steps (labels, their intervals, units and counts, or the values of frames), and the fill of
    /// gaps. It does not depend on the storage format of the file, and changes if a single event falls into
    /// another step.
    pub fn events_hash(&self) -> String {
        let mut hash = Hash::default();
        hash.bytes(&self.hash);
        if let Some(background) = &self.background {
            hash.bytes(background.digest());
        }
        hex(&hash.finish())
    }

    /// What the reader repaired or left out, and times that are too coarse for these steps; `None` if there
    /// is nothing to report.
    pub fn notice(&self) -> Result<Option<String>, DataError> {
        self.file.notice(self.dt_ms)
    }

    /// Kind of a step.
    pub fn form(&self) -> Form {
        self.file.form()
    }

    /// Steps of each sample; in records with those since the sample before it.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The records, where the split is made of them.
    pub fn records(&self) -> Option<&Records> {
        self.records.as_ref()
    }

    /// What gaps may be filled with.
    pub fn background(&self) -> Option<&Background> {
        self.background.as_ref()
    }

    /// Sets what gaps may be filled with.
    pub fn set_background(&mut self, background: Background) {
        self.background = Some(background);
    }

    /// Class of sample `i`.
    pub fn label(&self, i: usize) -> usize {
        match &self.records {
            Some(records) => records.stretch(i).1.label,
            None => self.file.labels()[self.positions[i] as usize],
        }
    }

    /// Bytes of the samples in memory.
    pub fn cached_bytes(&self) -> usize {
        let cache = self.lock();
        let samples: usize = cache.samples.iter().flatten().map(|s| s.bytes()).sum();
        let records = self.records.iter().flat_map(Records::all);
        samples + records.map(Record::bytes).sum::<usize>()
    }

    /// Sample `i`.
    pub fn sample(&self, i: usize) -> Result<Arc<Sample>, DataError> {
        if let Some(records) = &self.records {
            return Ok(Arc::new(records.sample(i)));
        }
        if let Some(sample) = &self.lock().samples[i] {
            return Ok(Arc::clone(sample));
        }
        let mut sample = self.file.read(self.positions[i] as usize, self.dt_ms)?;
        if let Some(scale) = &self.scale {
            scale.apply(&mut sample.content);
        }
        let sample = Arc::new(sample);
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
        self.contents(&mut |content| {
            steps += content.steps();
            if let Content::Events(bins) = content {
                bins.count(&mut sums);
            }
        })?;
        for sum in &mut sums {
            *sum /= steps.max(1) as f64;
        }
        Ok(sums)
    }

    /// The share of (step, channel) cells with an event; 1 of frames.
    pub fn density(&self, channels: usize) -> Result<f64, DataError> {
        let (mut active, mut cells) = (0, 0);
        self.contents(&mut |content| {
            active += content.active();
            cells += content.steps() * channels;
        })?;
        Ok(active as f64 / cells.max(1) as f64)
    }

    /// Mean and standard deviation of each channel of frames over all steps of all samples.
    pub fn moments(&self, channels: usize) -> Result<Moments, DataError> {
        let mut moments = Moments::new(channels);
        self.contents(&mut |content| moments.add(content))?;
        Ok(moments)
    }

    /// Puts frames on mean 0 and deviation 1 of each of the `channels`; constant ones have mean 0. Returns that scale,
    /// for other splits, and the noise on it.
    pub fn standardise(&mut self, channels: usize) -> Result<(Scale, Noise), DataError> {
        let moments = self.moments(channels)?;
        let scale = Scale::new(&moments);
        self.set_scale(scale.clone());
        let deviation = |std| if Scale::is_still(std) { 0.0 } else { 1.0 };
        let noise = Noise::Frames {
            mean: vec![0.0; channels],
            std: moments.std().into_iter().map(deviation).collect(),
        };
        Ok((scale, noise))
    }

    /// Scales frames, and those that fill gaps, by `scale`, now and whenever they are read.
    pub fn set_scale(&mut self, scale: Scale) {
        let cache = self.cache.get_mut().unwrap_or_else(PoisonError::into_inner);
        for sample in cache.samples.iter_mut().flatten() {
            scale.apply(&mut Arc::make_mut(sample).content);
        }
        let records = self.records.iter_mut().flat_map(Records::all_mut);
        let background = self.background.iter_mut().flat_map(Background::all_mut);
        for content in records.map(|record| &mut record.content).chain(background) {
            scale.apply(content);
        }
        self.scale = Some(scale);
    }

    /// Visits the whole split, one record or sample at a time.
    fn contents(&self, hear: &mut dyn FnMut(&Content)) -> Result<(), DataError> {
        if let Some(records) = &self.records {
            records
                .all()
                .iter()
                .for_each(|record| hear(&record.content));
            return Ok(());
        }
        for i in 0..self.len() {
            hear(&self.sample(i)?.content);
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        // A cache is whole between statements, so a panic elsewhere leaves it usable.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The positions of all samples of a file of `len`, or of `limit` of them drawn at random, always the same.
fn chosen(len: usize, limit: Option<usize>) -> Vec<u32> {
    let mut positions: Vec<u32> = (0..len as u32).collect();
    if let Some(limit) = limit
        && limit < positions.len()
    {
        positions.shuffle(&mut generator(0, "limit", 0));
        positions.truncate(limit);
        positions.sort_unstable();
    }
    positions
}

/// Of `positions`, at most `rows`, in runs of neighbours that begin at even distances.
fn glimpsed(positions: &[u32], rows: usize) -> Vec<u32> {
    if positions.len() <= rows {
        return positions.to_vec();
    }
    let run = 16.min(rows);
    let runs = rows / run;
    (0..runs)
        .map(|k| k * (positions.len() - run) / runs.max(2).saturating_sub(1))
        .flat_map(|first| &positions[first..first + run])
        .copied()
        .collect()
}

#[cfg(test)]
mod glimpse {
    use super::glimpsed;

    #[test]
    fn a_glimpse_is_bounded_ascends_and_reaches_both_ends() {
        let all: Vec<u32> = (0..10_000).collect();
        for rows in [1, 15, 16, 40, 64, 256] {
            let some = glimpsed(&all, rows);
            assert!(some.len() <= rows && !some.is_empty(), "{rows}");
            assert!(some.windows(2).all(|pair| pair[0] < pair[1]), "{rows}");
            assert_eq!(some[0], 0);
        }
        assert_eq!(glimpsed(&all, 64).last(), Some(&9_999));
        assert_eq!(glimpsed(&all[..5], 64), [0, 1, 2, 3, 4]);
    }
}
