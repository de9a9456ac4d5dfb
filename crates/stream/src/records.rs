//! Records: long and continuous, with labels valid in short stretches, and gaps between these.
//!
//! A file of records stores them in pieces that tile them, one per label ([`saturn_data::Place`]). Here the
//! pieces are concatenated again, so that a stream runs through the original record.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;
use saturn_cell::rng::ChaCha8Rng;
use saturn_data::{DataError, EventFile, FrameFile, Place, Steps};

use super::content::{Bins, Content};
use super::hash::{Digest, Hash};
use super::length;
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

/// The records of an event file: samples of one speaker belong together, at the positions `places`. Labels
/// are valid in `window_ms` around their marks, or as the file states.
pub(super) fn of_events(
    file: &EventFile,
    places: Option<&[Place]>,
    dt_ms: f64,
    window_ms: Option<[f64; 2]>,
    rows: usize,
) -> Result<Vec<Record>, DataError> {
    let places = needed(file, places)?;
    // Marks and places are f64 seconds, independent of the type of the events.
    let steps = Steps::new(dt_ms);
    let step = |terms_s: &[f64]| steps.of_sum(terms_s) as usize;
    let mut known: BTreeMap<Option<u32>, Vec<Stretch>> = BTreeMap::new();
    for position in 0..file.len().min(rows) {
        let place = places[file.index(position)];
        let start_s = place.start_s;
        let [from, until] = match (window_ms, place.mark_s) {
            (Some(window_ms), Some(mark_s)) => {
                window_ms.map(|ms| step(&[start_s, mark_s, ms / 1e3]))
            }
            (Some(_), None) => {
                return Err(unusable(
                    file,
                    "it contains no marks of its samples",
                    "leave out `data.records.window_ms`, or convert the records again with `saturn data \
                     convert wfdb --whole`",
                ));
            }
            (None, _) => place.known_s.map(|known_s| step(&[start_s, known_s])),
        };
        let end_s = start_s + place.known_s[1].max(place.mark_s.unwrap_or(0.0));
        length::check_memory(file, position, end_s, until as u64, dt_ms)?;
        let steps = from..until;
        let stretches = known.entry(file.speakers()[position]).or_default();
        // A stretch ends where the next begins.
        if let Some(last) = stretches.last_mut() {
            last.steps.end = last.steps.end.min(steps.start);
        }
        stretches.push(Stretch {
            label: file.labels()[position],
            steps,
        });
    }
    let mut records = lay_events(file, Some(places), dt_ms, rows)?;
    for (record, stretches) in records.iter_mut().zip(known.into_values()) {
        if let Some(stretch) = stretches.iter().find(|stretch| stretch.steps.is_empty()) {
            return Err(unusable(
                file,
                &format!(
                    "a label is valid for less than a step, {:.2} s from a record's start",
                    stretch.steps.start as f64 * dt_ms / 1e3
                ),
                "use a smaller `data.dt_ms`, or a `data.records.window_ms` that is longer",
            ));
        }
        let end = stretches.last().map_or(0, |stretch| stretch.steps.end);
        if let Content::Events(bins) = &mut record.content {
            bins.reach(end);
        }
        record.stretches = stretches;
    }
    Ok(records)
}

/// The recordings of an event file, without labels: samples of one speaker belong together, at the positions
/// `places`.
pub(super) fn lay_events(
    file: &EventFile,
    places: Option<&[Place]>,
    dt_ms: f64,
    rows: usize,
) -> Result<Vec<Record>, DataError> {
    /// The speaker, and a recording's number if there is no speaker.
    type Whose = (Option<u32>, usize);
    let places = needed(file, places)?;
    let mut laid: BTreeMap<Whose, Vec<(u32, u32)>> = BTreeMap::new();
    // If samples have no speaker, one that starts before the last begins a new recording.
    let (mut number, mut last_s) = (0, 0.0);
    let steps = file.steps(dt_ms);
    for position in 0..file.len().min(rows) {
        let recording = file.read(position)?;
        let start_s = places[recording.index].start_s;
        number += usize::from(recording.speaker.is_none() && start_s < last_s);
        last_s = start_s;
        let events = laid.entry((recording.speaker, number)).or_default();
        let end = steps
            .of_sum(&[start_s, recording.duration_s()])
            .saturating_add(1);
        length::check_memory(file, position, start_s + recording.duration_s(), end, dt_ms)?;
        for (&t_s, &unit) in recording.times_s.iter().zip(&recording.units) {
            events.push((steps.of_sum(&[start_s, t_s]) as u32, unit));
        }
    }
    let record = |mut events: Vec<(u32, u32)>| {
        events.sort_unstable();
        Record {
            content: Content::Events(Bins::from_sorted(&events, 0)),
            stretches: Vec::new(),
        }
    };
    Ok(laid.into_values().map(record).collect())
}

/// The places, one a sample in the file.
fn needed<'a>(file: &EventFile, places: Option<&'a [Place]>) -> Result<&'a [Place], DataError> {
    places.ok_or_else(|| {
        unusable(
            file,
            "it does not contain the positions of its samples in a recording",
            "convert the recordings again with this version: `saturn data convert wfdb --whole`, or `wav` \
             for background noise",
        )
    })
}

fn unusable(file: &EventFile, detail: &str, hint: &'static str) -> DataError {
    DataError::Unusable {
        path: file.path().to_owned(),
        detail: detail.to_owned(),
        hint,
    }
}

/// The records of a frame file: samples of one speaker that follow each other are one record.
pub(super) fn of_frames(file: &FrameFile, rows: usize) -> Result<Vec<Record>, DataError> {
    let mut records = Vec::new();
    let mut first = 0;
    let read = file.len().min(rows);
    for of_one in file.speakers()[..read].chunk_by(|a, b| a == b) {
        let (mut all, mut stretches) = (Vec::new(), Vec::new());
        for frames in file.read_range(first..first + of_one.len())? {
            let start = all.len() / file.channels();
            let onset = frames.mask.iter().position(|known| *known);
            let until = frames.mask.iter().rposition(|known| *known);
            if let (Some(onset), Some(until)) = (onset, until) {
                stretches.push(Stretch {
                    label: frames.label,
                    steps: start + onset..start + until + 1,
                });
            }
            all.extend(frames.values);
        }
        first += of_one.len();
        records.push(Record {
            content: Content::Frames {
                channels: file.channels(),
                values: all,
            },
            stretches,
        });
    }
    Ok(records)
}
