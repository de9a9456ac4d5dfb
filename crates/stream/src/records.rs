//! Records: long and continuous, with labels valid in short stretches, and gaps between these.
//!
//! A file of records stores them in pieces that tile them, one per label ([`saturn_data::Place`]). Here the
//! pieces are concatenated again, so that a stream runs through the original record.

#[cfg(feature = "hdf5")]
pub(super) mod files;

use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;
use saturn_cell::rng::ChaCha8Rng;

use super::content::Content;
use super::hash::{Digest, Hash};
use super::sample::Sample;

/// Where a label holds in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The class.
    pub label: usize,
    /// The steps.
    pub steps: Range<usize>,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// All of it.
    pub content: Content,
    /// Where labels hold, in ascending order, each with a step at least.
    pub stretches: Vec<Stretch>,
}

impl Record {
    /// Bytes in memory, about.
    pub fn bytes(&self) -> usize {
        self.content.bytes() + self.stretches.len() * size_of::<Stretch>()
    }

    /// A hash of its input and labels.
    pub(super) fn digest(&self) -> Digest {
        let mut hash = Hash::default();
        hash.number(self.stretches.len());
        for stretch in &self.stretches {
            hash.number(stretch.label);
            hash.number(stretch.steps.start);
            hash.number(stretch.steps.end);
        }
        self.content.hash(&mut hash);
        hash.finish()
    }

    /// The step at which the gap before stretch `i` begins.
    pub fn gap_start(&self, i: usize) -> usize {
        i.checked_sub(1).map_or(0, |i| self.stretches[i].steps.end)
    }
}

/// The records of a split, and their stretches as its samples.
pub struct Records {
    records: Vec<Record>,
    /// (record, stretch) of each sample.
    samples: Vec<(u32, u32)>,
}

impl Records {
    /// Of these records.
    pub fn new(records: Vec<Record>) -> Self {
        let samples = records
            .iter()
            .enumerate()
            .flat_map(|(r, record)| (0..record.stretches.len()).map(move |i| (r as u32, i as u32)));
        Self {
            samples: samples.collect(),
            records,
        }
    }

    /// All records.
    pub fn all(&self) -> &[Record] {
        &self.records
    }

    /// Stretches of the record that has most.
    pub fn longest(&self) -> usize {
        let stretches = self.records.iter().map(|record| record.stretches.len());
        stretches.max().unwrap_or(0)
    }

    pub(super) fn all_mut(&mut self) -> &mut [Record] {
        &mut self.records
    }

    /// Steps of each sample with the gap before it.
    pub(super) fn lengths(&self) -> Vec<usize> {
        let length = |&(r, i): &(u32, u32)| {
            let record = &self.records[r as usize];
            record.stretches[i as usize].steps.end - record.gap_start(i as usize)
        };
        self.samples.iter().map(length).collect()
    }

    /// The record of sample `i` and its stretch.
    pub fn stretch(&self, i: usize) -> (usize, &Stretch) {
        let (r, i) = self.samples[i];
        let stretch = &self.records[r as usize].stretches[i as usize];
        (r as usize, stretch)
    }

    /// The steps of the gap before sample `i`, and their record.
    pub fn gap_before(&self, i: usize) -> (&Record, Range<usize>) {
        let (r, i) = self.samples[i];
        let (record, i) = (&self.records[r as usize], i as usize);
        (record, record.gap_start(i)..record.stretches[i].steps.start)
    }

    /// Sample `i`, cut out. Its recording is the record: neighbouring samples of a record are not
    /// independent.
    pub fn sample(&self, i: usize) -> Sample {
        let (record, stretch) = self.stretch(i);
        let content = self.records[record].content.cut(stretch.steps.clone());
        Sample::cut(content, stretch.label, record)
    }

    /// The samples of an epoch: runs of `run` neighbours in a record, the runs in random order. Where the
    /// runs of a record begin is drawn too; fewer than `run` samples at either of its ends are left out.
    pub fn runs(&self, run: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
        let mut runs = Vec::new();
        for record in (0..self.samples.len() as u32)
            .collect::<Vec<_>>()
            .chunk_by(|a, b| self.samples[*a as usize].0 == self.samples[*b as usize].0)
        {
            let first = rng.random_range(0..=(record.len() % run));
            runs.extend(record[first..].chunks_exact(run).map(<[u32]>::to_vec));
        }
        runs.shuffle(rng);
        runs.concat()
    }
}
