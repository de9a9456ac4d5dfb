//! A record in pieces, one a beat.

use super::{Beat, Form, Record, WfdbOptions, delta};
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

/// The pieces of a record, one after the other.
pub(super) struct Pieces {
    leads: Vec<Vec<f32>>,
    /// Time in samples and channel of every event, ascending.
    events: Vec<(f64, u32)>,
    /// Events before the next piece.
    passed: usize,
    beats: Vec<Beat>,
    next: usize,
    rate_hz: f64,
    /// In samples.
    before: u64,
    after: u64,
    form: Form,
    number: u32,
}

impl Pieces {
    pub(super) fn new(
        rate_hz: f64,
        leads: Vec<Vec<f32>>,
        record: &Record,
        options: &WfdbOptions,
    ) -> Self {
        let mut events = Vec::new();
        if let Form::Events { delta_mv, .. } = options.form {
            for (lead, values) in leads.iter().enumerate() {
                let changes = delta::changes(values, delta_mv);
                let unit = |up: bool| 2 * lead as u32 + u32::from(!up);
                events.extend(changes.into_iter().map(|(time, up)| (time, unit(up))));
            }
            events.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Self {
            leads,
            events,
            passed: 0,
            beats: record.beats.clone(),
            next: 0,
            rate_hz,
            before: (options.before_s * rate_hz).round() as u64,
            after: (options.after_s * rate_hz).round() as u64,
            form: options.form,
            number: record.number,
        }
    }

    /// First sample of piece `index`: in the middle between two beats.
    fn boundary(&self, index: usize) -> u64 {
        if index == 0 {
            return 0;
        }
        match self.beats.get(index) {
            Some(beat) => (self.beats[index - 1].sample + beat.sample).div_ceil(2),
            None => self.leads.first().map_or(0, Vec::len) as u64,
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
            let passed = upcoming.partition_point(|(time, _)| *time < end as f64);
            for (time, unit) in &upcoming[..passed] {
                if (first as f64..last as f64).contains(time) {
                    times_s.push((time - first as f64) / self.rate_hz);
                    units.push(*unit);
                }
            }
            self.passed += passed;
        } else {
            for sample in start..end {
                let values = self.leads.iter().map(|lead| lead[sample as usize]);
                frames.values.extend(values);
                frames.mask.push((known_from..known_to).contains(&sample));
            }
        }
        let time_s = |sample: u64| sample as f64 / self.rate_hz;
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
