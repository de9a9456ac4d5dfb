//! A record in pieces, one a beat.

use super::annotation::Beat;
use super::lead::Lead;
use super::record::Record;
use super::{Form, WfdbOptions, decimal, delta};
use crate::error::DataError;
use crate::frames::Frames;
use crate::place::Place;
use crate::recording::Recording;
use crate::write::Cut;

/// One beat with what lies around it.
pub(super) struct Piece {
    frames: Frames,
    times_s: Vec<f64>,
    units: Vec<u32>,
    place: Place,
}

impl Piece {
    pub(super) fn into_frames(self) -> Frames {
        self.frames
    }

    pub(super) fn into_events(self) -> Cut {
        let Frames {
            label,
            speaker,
            index,
            ..
        } = self.frames;
        Cut {
            recording: Recording {
                times_s: self.times_s,
                units: self.units,
                label,
                speaker,
                index,
            },
            place: Some(self.place),
        }
    }
}

/// An event of a lead.
#[derive(Debug, Clone, Copy)]
struct Event {
    /// In samples of its lead.
    at: f64,
    unit: u32,
    per_frame: f64,
}

impl Event {
    /// In frames of the record.
    fn frame(&self) -> f64 {
        self.at / self.per_frame
    }
}

/// The pieces of a record, one after the other.
pub(super) struct Pieces {
    /// `[leads][frames]`, if frames are requested.
    values: Vec<Vec<f32>>,
    /// Ascending in time.
    events: Vec<Event>,
    /// Events before the next piece.
    passed: usize,
    beats: Vec<Beat>,
    next: usize,
    frames: u64,
    /// Frames a second are `rate.0 / rate.1`, both whole.
    rate: (f64, f64),
    /// In frames.
    before: u64,
    after: u64,
    form: Form,
    number: u32,
}

impl Pieces {
    pub(super) fn new(
        leads: &[Lead],
        record: &Record,
        options: &WfdbOptions,
    ) -> Result<Self, DataError> {
        let (mut events, mut values) = (Vec::new(), Vec::new());
        match options.form {
            Form::Frames => values = leads.iter().map(Lead::frames).collect(),
            Form::Events { delta_mv, .. } => {
                // The options were checked.
                let delta = decimal::of_f64(delta_mv).unwrap_or_default();
                for (number, lead) in leads.iter().enumerate() {
                    let changes = delta::changes(lead, &delta).map_err(|error| {
                        DataError::Unusable {
                            path: record.path.clone(),
                            detail: format!(
                                "lead {number} ({}) makes more than {} events in {} samples",
                                lead.name,
                                error.limit,
                                lead.counts.len()
                            ),
                            hint: "its gain or its units are wrong, or the change that makes an event is too \
                                   small: check the header, or raise --delta-mv",
                        }
                    })?;
                    events.extend(changes.into_iter().map(|change| Event {
                        at: change.at,
                        unit: 2 * number as u32 + u32::from(!change.up),
                        per_frame: lead.per_frame as f64,
                    }));
                }
                events.sort_by(|a, b| a.frame().total_cmp(&b.frame()));
            }
        }
        let rate_hz = decimal::to_f64(&record.rate);
        Ok(Self {
            values,
            events,
            passed: 0,
            beats: record.beats.clone(),
            next: 0,
            frames: record.frames,
            rate: decimal::to_parts(&record.rate),
            before: (options.before_s * rate_hz).round() as u64,
            after: (options.after_s * rate_hz).round() as u64,
            form: options.form,
            number: record.number,
        })
    }

    /// The nearest f64 to the time of `samples` of a lead with `per_frame` in a frame.
    fn time_s(&self, samples: f64, per_frame: f64) -> f64 {
        samples * self.rate.1 / (self.rate.0 * per_frame)
    }

    /// First frame of piece `index`: in the middle between two beats.
    fn boundary(&self, index: usize) -> u64 {
        if index == 0 {
            return 0;
        }
        match self.beats.get(index) {
            Some(beat) => (self.beats[index - 1].sample + beat.sample).div_ceil(2),
            None => self.frames,
        }
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let index = self.next;
        let beat = *self.beats.get(index)?;
        self.next += 1;
        let (start, end) = (self.boundary(index), self.boundary(index + 1));
        let known_from = beat.sample.saturating_sub(self.before).max(start);
        let known_to = (beat.sample + self.after + 1).min(end);

        let mut frames = Frames {
            values: Vec::new(),
            mask: Vec::new(),
            label: beat.label,
            speaker: Some(self.number),
            index,
        };
        let (mut times_s, mut units) = (Vec::new(), Vec::new());
        let mut first = start;
        if let Form::Events { whole, .. } = self.form {
            let mut last = end;
            if !whole {
                (first, last) = (known_from, known_to);
            }
            let upcoming = &self.events[self.passed..];
            let passed = upcoming.partition_point(|event| event.frame() < end as f64);
            for event in &upcoming[..passed] {
                if (first as f64..last as f64).contains(&event.frame()) {
                    let since = event.at - first as f64 * event.per_frame;
                    times_s.push(self.time_s(since, event.per_frame));
                    units.push(event.unit);
                }
            }
            self.passed += passed;
        } else {
            for sample in start..end {
                let values = self.values.iter().map(|lead| lead[sample as usize]);
                frames.values.extend(values);
                frames.mask.push((known_from..known_to).contains(&sample));
            }
        }
        let time_s = |frame: u64| self.time_s(frame as f64, 1.0);
        Some(Piece {
            frames,
            times_s,
            units,
            place: Place {
                start_s: time_s(first),
                known_s: [time_s(known_from - first), time_s(known_to - first)],
                mark_s: Some(time_s(beat.sample) - time_s(first)),
            },
        })
    }
}
