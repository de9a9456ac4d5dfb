//! The stream composer: an endless, seeded concatenation of gaps and samples.
//!
//! The same seed and lane give the same stream. A composer reads only one split, so train, validation and
//! test never mix. Each pass over the split uses its samples in a new random order.
//!
//! Records are not composed: lane l runs through record l (modulo their number) unchanged, then through the
//! next. Steps without a valid label are gap.

use std::sync::Arc;

use rand::seq::SliceRandom;
use saturn_cell::Real;
use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::gap::Gap;
use super::open_gap::SavedGap;
use super::records::Record;
use super::tally::Tally;
use super::{Columns, OpenGap, Sample, Source};

/// Metadata of one step of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The sample that the step belongs to; `None` in a gap.
    pub segment: Option<Segment>,
    /// Steps since the last sample ended (0 inside a sample, and before the first).
    pub since_end: usize,
}

/// A sample's place at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its class.
    pub label: usize,
    /// Its recording, an index of the split.
    pub recording: usize,
    /// Steps since the sample's first.
    pub at: usize,
    /// Whether this is the sample's last step.
    pub last: bool,
    /// The label mask: in events from the first to the last.
    pub informative: bool,
}

/// One lane of a stream.
pub struct Composer<'a> {
    source: Source<'a>,
    rng: ChaCha8Rng,
    order: Vec<u32>,
    next: usize,
    piece: Piece,
    since_end: usize,
    started: bool,
    tally: Tally,
}

#[derive(Clone, Debug)]
enum Piece {
    Gap {
        gap: OpenGap,
        left: usize,
    },
    Sample {
        sample: Arc<Sample>,
        at: usize,
    },
    /// A record, a step of it, and the next of its stretches.
    Record {
        record: usize,
        at: usize,
        next: usize,
    },
}

/// A composer's state in a checkpoint: its position in the order, and its random numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedComposer {
    rng: ChaCha8Rng,
    order: Vec<u32>,
    next: usize,
    piece: SavedPiece,
    since_end: usize,
    started: bool,
}

/// The open piece; a sample is the last one that the order gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum SavedPiece {
    Gap {
        gap: SavedGap,
        left: usize,
    },
    Sample {
        at: usize,
    },
    Record {
        record: usize,
        at: usize,
        next: usize,
    },
}

impl<'a> Composer<'a> {
    /// Its state for a checkpoint.
    pub fn save(&self) -> SavedComposer {
        let piece = match &self.piece {
            Piece::Gap { gap, left } => SavedPiece::Gap {
                gap: gap.save(self.source.gap.unwrap_or(&Gap::default())),
                left: *left,
            },
            Piece::Sample { at, .. } => SavedPiece::Sample { at: *at },
            &Piece::Record { record, at, next } => SavedPiece::Record { record, at, next },
        };
        SavedComposer {
            rng: self.rng.clone(),
            order: self.order.clone(),
            next: self.next,
            piece,
            since_end: self.since_end,
            started: self.started,
        }
    }

    /// Restores `saved`, which was made on the same source.
    pub fn resume(&mut self, saved: SavedComposer) -> Result<(), DataError> {
        self.piece = match saved.piece {
            SavedPiece::Gap { gap, left } => {
                let open = self.source.gap.and_then(|all| OpenGap::restore(all, gap));
                let gap = open.expect("a gap of the same stream");
                Piece::Gap { gap, left }
            }
            SavedPiece::Sample { at } => {
                let index = saved.order[saved.next - 1] as usize;
                let sample = self.source.split.sample(index)?;
                Piece::Sample { sample, at }
            }
            SavedPiece::Record { record, at, next } => Piece::Record { record, at, next },
        };
        (self.rng, self.order, self.next) = (saved.rng, saved.order, saved.next);
        (self.since_end, self.started) = (saved.since_end, saved.started);
        Ok(())
    }

    /// Lane `lane` of the stream of `seed` for `purpose` (a short name, such as `"evaluation"`). It
    /// starts with a gap, if there are gaps.
    pub fn new(source: Source<'a>, purpose: &str, seed: u64, lane: u64) -> Result<Self, DataError> {
        let mut composer = Self {
            rng: generator(seed, purpose, lane),
            order: (0..source.split.len() as u32).collect(),
            next: source.split.len(),
            piece: Piece::Sample {
                sample: Arc::default(),
                at: 0,
            },
            since_end: 0,
            started: false,
            tally: Tally::default(),
            source,
        };
        composer.piece = match (source.split.records(), source.gap) {
            (Some(records), _) => Piece::Record {
                record: lane as usize % records.all().len(),
                at: 0,
                next: 0,
            },
            (None, Some(gap)) => composer.open_gap(gap),
            (None, None) => composer.open_sample()?,
        };
        Ok(composer)
    }

    /// Writes the next step as one column of `out`.
    pub fn step<R: Real>(&mut self, out: &mut Columns<R>) -> Result<Step, DataError> {
        loop {
            match &mut self.piece {
                Piece::Gap { gap, left } if *left > 0 => {
                    *left -= 1;
                    gap.step(self.source, &mut self.rng, &mut self.tally, out)?;
                    return Ok(self.nothing());
                }
                Piece::Gap { .. } => self.piece = self.open_sample()?,
                Piece::Sample { sample, at } if *at < sample.steps() => {
                    sample.content.push(*at, out);
                    let segment = Segment {
                        label: sample.label,
                        recording: sample.recording,
                        at: *at,
                        last: *at + 1 == sample.until,
                        informative: sample.informative(*at),
                    };
                    *at += 1;
                    if segment.at >= sample.until {
                        return Ok(self.nothing());
                    }
                    return Ok(self.something(segment));
                }
                Piece::Sample { .. } => {
                    self.piece = match self.source.gap {
                        Some(gap) => self.open_gap(gap),
                        None => self.open_sample()?,
                    };
                }
                Piece::Record { record, at, next } => {
                    let records = self.source.split.records().map_or(&[][..], |r| r.all());
                    let heard: &Record = &records[*record];
                    if *at == heard.content.steps() {
                        (*record, *at, *next) = ((*record + 1) % records.len(), 0, 0);
                        continue;
                    }
                    heard.content.push(*at, out);
                    let stretch = heard.stretches.get(*next);
                    let segment = stretch.filter(|s| s.steps.contains(at)).map(|s| Segment {
                        label: s.label,
                        recording: *record,
                        at: *at - s.steps.start,
                        last: *at + 1 == s.steps.end,
                        informative: true,
                    });
                    *at += 1;
                    *next += usize::from(segment.is_some_and(|s| s.last));
                    return Ok(match segment {
                        Some(segment) => self.something(segment),
                        None => self.nothing(),
                    });
                }
            }
        }
    }

    /// A step of a gap.
    fn nothing(&mut self) -> Step {
        self.since_end += usize::from(self.started);
        Step {
            segment: None,
            since_end: self.since_end,
        }
    }

    /// A step of a sample.
    fn something(&mut self, segment: Segment) -> Step {
        self.since_end = 0;
        self.started = true;
        Step {
            segment: Some(segment),
            since_end: 0,
        }
    }

    fn open_gap(&mut self, gap: &Gap) -> Piece {
        let (left, gap) = OpenGap::draw(gap, &mut self.rng);
        Piece::Gap { gap, left }
    }

    fn open_sample(&mut self) -> Result<Piece, DataError> {
        if self.next == self.order.len() {
            self.order.shuffle(&mut self.rng);
            self.next = 0;
        }
        let sample = self.source.split.sample(self.order[self.next] as usize)?;
        self.next += 1;
        Ok(Piece::Sample { sample, at: 0 })
    }
}
