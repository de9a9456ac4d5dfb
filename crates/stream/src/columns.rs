//! The input of many columns as it is composed: events, or dense frames.

use saturn_cell::{EventBatch, Input, Real, view};

/// Kind of a step of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Event counts of the channels that fired.
    #[default]
    Events,
    /// A value for each channel.
    Frames,
}

/// An input `[I, columns]` that grows column by column. Events stay sparse.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns<R: Real> {
    form: Form,
    channels: usize,
    events: EventBatch,
    /// `[I, columns]`, column by column.
    frames: Vec<R>,
}

impl<R: Real> Default for Columns<R> {
    fn default() -> Self {
        Self::new(Form::Events, 0)
    }
}

impl<R: Real> From<EventBatch> for Columns<R> {
    fn from(events: EventBatch) -> Self {
        Self {
            channels: events.view().channels(),
            events,
            ..Self::default()
        }
    }
}

impl<R: Real> Columns<R> {
    /// An empty input of `channels` rows and no column.
    pub fn new(form: Form, channels: usize) -> Self {
        Self {
            form,
            channels,
            events: EventBatch::new(channels),
            frames: Vec::new(),
        }
    }

    /// Clears all columns and keeps the memory.
    pub fn clear(&mut self, form: Form, channels: usize) {
        self.form = form;
        self.channels = channels;
        self.events.clear(channels);
        self.frames.clear();
    }

    /// Kind of a column.
    pub fn form(&self) -> Form {
        self.form
    }

    /// I.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Adds a column of events: units in ascending order, with their counts.
    ///
    /// # Panics
    /// If this input is frames.
    pub fn push_events(&mut self, events: impl IntoIterator<Item = (u32, f32)>) {
        assert_eq!(self.form, Form::Events, "a column of events");
        self.events.push_column(events);
    }

    /// Adds a column of narrow units, ascending, with their narrow counts.
    ///
    /// # Panics
    /// If this input is frames.
    #[inline]
    pub fn push_narrow(&mut self, units: &[u16], counts: &[u8]) {
        assert_eq!(self.form, Form::Events, "a column of events");
        self.events.push_narrow(units, counts);
    }

    /// Adds a column of the events that `fill` pushes, units in ascending order, without ending it.
    ///
    /// # Panics
    /// If this input is frames.
    #[inline]
    pub fn push_counted(&mut self, fill: impl FnOnce(&mut EventBatch)) {
        assert_eq!(self.form, Form::Events, "a column of events");
        fill(&mut self.events);
        self.events.end_column();
    }

    /// Adds a column of values, `[I]`.
    ///
    /// # Panics
    /// If this input is events, or of another width.
    pub fn push_frame(&mut self, frame: impl IntoIterator<Item = f32>) {
        assert_eq!(self.form, Form::Frames, "a column of values");
        let start = self.frames.len();
        let values = frame.into_iter().map(|x| R::of(f64::from(x)));
        self.frames.extend(values);
        assert_eq!(self.frames.len() - start, self.channels, "values of a step");
    }

    /// Adds a column without an event, or of zeros.
    pub fn push_empty(&mut self) {
        match self.form {
            Form::Events => self.events.end_column(),
            Form::Frames => {
                let length = self.frames.len() + self.channels;
                self.frames.resize(length, R::zero());
            }
        }
    }

    /// Adds column `j` of another input of the same form and width.
    pub fn push_from(&mut self, other: &Self, j: usize) {
        match self.form {
            Form::Events => {
                let (units, counts) = other.events.view().column(j);
                self.events.push_slices(units, counts);
            }
            Form::Frames => self.frames.extend(other.frame(j)),
        }
    }

    /// Adds column `j` of an input of the same form and width, which may be in other numbers.
    pub fn push_widened<S: Real>(&mut self, other: &Columns<S>, j: usize) {
        match self.form {
            Form::Events => {
                let (units, counts) = other.events.view().column(j);
                self.events.push_slices(units, counts);
            }
            Form::Frames => {
                let frame = other.frame(j).iter();
                self.frames.extend(frame.map(|x| R::of(x.wide())));
            }
        }
    }

    /// Adds copies of `len` columns from `start` on.
    pub fn repeat(&mut self, start: usize, len: usize) {
        match self.form {
            Form::Events => self.events.repeat(start, len),
            Form::Frames => {
                let range = start * self.channels..(start + len) * self.channels;
                self.frames.extend_from_within(range);
            }
        }
    }

    /// How much column `j` holds: its events, counted; of a frame the energy, Σ x².
    pub fn energy(&self, j: usize) -> f64 {
        match self.form {
            Form::Events => {
                let (_, counts) = self.events.view().column(j);
                counts.iter().map(|&n| f64::from(n)).sum()
            }
            Form::Frames => self.frame(j).iter().map(|x| x.wide() * x.wide()).sum(),
        }
    }

    /// The input of a network.
    pub fn input(&self) -> Input<'_, R> {
        match self.form {
            Form::Events => Input::Events(self.events.view()),
            Form::Frames => {
                let columns = self.frames.len() / self.channels.max(1);
                Input::Dense(view(&self.frames, self.channels, columns))
            }
        }
    }

    /// The events; no column of them where the input is frames.
    pub fn events(&self) -> &EventBatch {
        &self.events
    }

    /// Cells that hold something: all of them in frames.
    pub fn active(&self) -> usize {
        match self.form {
            Form::Events => self.events.view().active(),
            Form::Frames => self.frames.len(),
        }
    }

    /// Writes column `j` to `out [I]`.
    pub fn dense(&self, j: usize, out: &mut [f32]) {
        match self.form {
            Form::Events => {
                out.fill(0.0);
                let (units, counts) = self.events.view().column(j);
                for (&unit, &count) in units.iter().zip(counts) {
                    out[unit as usize] = count;
                }
            }
            Form::Frames => {
                for (out, x) in out.iter_mut().zip(self.frame(j)) {
                    *out = x.wide() as f32;
                }
            }
        }
    }

    /// The values of column `j`, `[I]`, of an input of frames.
    pub fn frame(&self, j: usize) -> &[R] {
        &self.frames[j * self.channels..(j + 1) * self.channels]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_repeat_and_tell_their_energy() {
        let mut events = Columns::<f64>::new(Form::Events, 4);
        events.push_events([(1, 2.0), (3, 1.0)]);
        events.push_empty();
        events.repeat(0, 2);
        let mut frames = Columns::<f64>::new(Form::Frames, 2);
        frames.push_frame([3.0, -4.0]);
        frames.push_empty();
        frames.repeat(0, 2);
        for (columns, energy) in [(&events, 3.0), (&frames, 25.0)] {
            assert_eq!(columns.input().columns(), 4);
            let found: Vec<f64> = (0..4).map(|j| columns.energy(j)).collect();
            assert_eq!(found, [energy, 0.0, energy, 0.0]);
            let (mut first, mut copy) = (vec![0.0; 4], vec![0.0; 4]);
            columns.dense(0, &mut first);
            columns.dense(2, &mut copy);
            assert_eq!(first, copy);
        }
    }
}
