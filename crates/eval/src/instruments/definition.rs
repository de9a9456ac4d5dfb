//! What an instrument is: what it observes, what it returns, how it merges, and what reports show of it.
//!
//! There are two kinds, with one [`Definition`]:
//!
//! | trait | observes | copies | returns | merges |
//! |---|---|---|---|---|
//! | [`OnStates`] | a field of a cell, step by step | one a field | [`OnStates::Stats`] of each window | never: a shard of lanes shares it |
//! | [`OnAnswers`] | the answers to segments | one a lane | [`OnAnswers::Report`] of the stream | lanes, in order |
//!
//! An instrument is what a checkpoint keeps of it, so it is `Serialize` and `Deserialize`. It is registered by a line in
//! the list of [`mod@crate::instruments`]; results, tables, figures and committed trials follow.

use saturn_cell::{Field, Real, View, column};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// An instrument on a field of a cell's state, or of its drive.
pub trait OnStates: Clone + Serialize + DeserializeOwned {
    /// What it returns of a window.
    type Stats: 'static;

    /// What reports show of it.
    const DEFINITION: Definition<Self::Stats>;

    /// One for the field at `place`; `None` where the field is of another kind.
    fn on(place: &Place) -> Option<Self>;

    /// The field's values `[rows, B]` after a step: every step, in order.
    fn follow<R: Real>(&mut self, _values: View<R>) {}

    /// The values `[rows]` of one lane at a look.
    fn lane<R: Real>(&mut self, _values: &[R]) {}

    /// The field's values `[rows, B]` at a look: lane by lane, unless an instrument needs them together.
    fn observe<R: Real>(&mut self, values: View<R>) {
        (0..values.ncols()).for_each(|lane| self.lane(column(&values, lane)));
    }

    /// Closes the window, of steps of `dt_ms`, and begins the next one; `None` where there is nothing to report.
    fn take(&mut self, dt_ms: f64) -> Option<Self::Stats>;
}

/// A field that an instrument may observe.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The field.
    pub field: &'a Field,
    /// Whether it is one of the drive or of the state.
    pub side: Side,
    /// Its number among those of its side.
    pub number: usize,
    /// The cell and its stream.
    pub setting: Setting,
}

/// Where a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// In the drive.
    Drive,
    /// In the state.
    State,
}

/// A cell in its net, and the stream that it runs on.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The stream's seed.
    pub seed: u64,
    /// The cell's number in its net.
    pub layer: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
}

impl Place<'_> {
    /// A number that no other field of a net's states has, for random numbers of the instrument's own.
    pub fn index(&self) -> u64 {
        (self.setting.layer as u64) << 32 | self.number as u64
    }
}

/// An instrument on the answers to the segments of one lane.
pub trait OnAnswers: Clone + Serialize + DeserializeOwned {
    /// What it returns of a stream.
    type Report: 'static;

    /// What reports show of it.
    const DEFINITION: Definition<Self::Report>;

    /// Nothing observed yet, on a lane of `stream`.
    fn on(stream: &Stream) -> Self;

    /// The answer to a segment of known boundaries, in order.
    fn segment(&mut self, _answer: &Answer) {}

    /// Whether the detector was right about a segment that ended at `step`.
    fn detected(&mut self, _step: u64, _right: bool) {}

    /// Adds what was observed on the next lane of the same stream.
    fn merge(&mut self, other: &Self);

    /// What all lanes gave; the same for the same seed.
    fn report(&self, stream: &Stream) -> Self::Report;

    /// Leaves out of a report all but what tables need: what a committed trial keeps where there is little room.
    fn thin(_report: &mut Self::Report) {}
}

/// The stream that answers are given on.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Steps of each lane.
    pub steps: u64,
    /// Windows of stream position.
    pub windows: usize,
    /// Its seed.
    pub seed: u64,
}

/// The answer to a segment of known boundaries.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The segment's last step.
    pub step: u64,
    /// Its class.
    pub label: usize,
    /// Probabilities summed over the segment `[C]`.
    pub summed: &'a [f64],
    /// Probabilities at its last step `[C]`.
    pub last: &'a [f32],
    /// Whether the first give the class.
    pub right: bool,
}

/// What reports show of an instrument that returns `S`.
#[derive(Debug)]
pub struct Definition<S: 'static> {
    /// What it measures, in a table's heading: `inter-spike intervals`.
    pub title: &'static str,
    /// Columns of the tables in the report and in the terminal.
    pub columns: &'static [Column<S>],
    /// Panels of the figure `saturation`, window by window; of instruments on states.
    pub panels: &'static [Panel<S>],
}

/// For any `S`: a definition has no value of it.
impl<S> Clone for Definition<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Definition<S> {}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column<S: 'static> {
    /// Its heading, with the unit.
    pub head: &'static str,
    /// What is in it.
    pub read: Read<S>,
}

/// What is in a column.
#[derive(Clone, Copy, Debug)]
pub enum Read<S: 'static> {
    /// A number with so many places; the mean over layers, fields and seeds.
    Number(usize, fn(&S) -> Option<f64>),
    /// A text, seed by seed.
    Text(fn(&S) -> String),
}

/// A panel of a figure.
#[derive(Clone, Copy, Debug)]
pub struct Panel<S: 'static> {
    /// Its title, with the unit.
    pub title: &'static str,
    /// Ends of its axis, where they are fixed.
    pub range: Option<(f64, f64)>,
    /// A line across it, with its name.
    pub level: Option<(f64, &'static str)>,
    /// Whether each field has a panel of its own.
    pub by_field: bool,
    /// What is drawn.
    pub curve: Curve<S>,
}

/// What is drawn in a panel.
#[derive(Clone, Copy, Debug)]
pub enum Curve<S: 'static> {
    /// A line.
    Line(fn(&S) -> Option<f64>),
    /// A line between the ends of a band, in this order, after what the band is: `5 to 95 %`.
    Band(&'static str, fn(&S) -> [f64; 3]),
}

impl<S: 'static> Column<S> {
    /// A number with so many places.
    pub const fn number(head: &'static str, places: usize, of: fn(&S) -> Option<f64>) -> Self {
        let read = Read::Number(places, of);
        Self { head, read }
    }

    /// A text.
    pub const fn text(head: &'static str, of: fn(&S) -> String) -> Self {
        let read = Read::Text(of);
        Self { head, read }
    }
}

impl<S: 'static> Panel<S> {
    const fn new(title: &'static str, curve: Curve<S>) -> Self {
        Self {
            title,
            range: None,
            level: None,
            by_field: false,
            curve,
        }
    }

    /// A line.
    pub const fn line(title: &'static str, of: fn(&S) -> Option<f64>) -> Self {
        Self::new(title, Curve::Line(of))
    }

    /// A line between the ends of a band.
    pub const fn band(title: &'static str, band: &'static str, of: fn(&S) -> [f64; 3]) -> Self {
        Self::new(title, Curve::Band(band, of))
    }

    /// With an axis from the first number to the second.
    #[must_use]
    pub const fn over(mut self, range: (f64, f64)) -> Self {
        self.range = Some(range);
        self
    }

    /// With a line across.
    #[must_use]
    pub const fn crossed(mut self, level: f64, name: &'static str) -> Self {
        self.level = Some((level, name));
        self
    }

    /// One for each field.
    #[must_use]
    pub const fn by_field(mut self) -> Self {
        self.by_field = true;
        self
    }
}
