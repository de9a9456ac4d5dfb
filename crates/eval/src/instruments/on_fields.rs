//! An instrument on each field of a cell that it is made for.

use std::collections::BTreeMap;
use std::ops::Range;

use saturn_cell::{Cell, Field, Real, View};
use serde::{Deserialize, Serialize};

use super::definition::{OnStates, Place, Setting, Side};

/// The fields of a cell.
#[derive(Clone, Debug)]
pub struct Fields {
    /// Of the drive.
    pub drive: Vec<Field>,
    /// Of the state.
    pub state: Vec<Field>,
}

impl Fields {
    /// Those of `cell`.
    pub fn of<R: Real>(cell: &dyn Cell<R>) -> Self {
        Self {
            drive: cell.drive_fields(),
            state: cell.fields(),
        }
    }
}

/// Which sides of a cell an instrument observes.
pub trait Sides: Copy + Sized {
    /// The value for a field of `side`; `None` where such fields are not observed.
    fn on(side: Side) -> Option<Self>;

    /// The side's values.
    fn of<'a, V>(self, drive: &'a V, state: &'a V) -> &'a V;
}

/// Drive and state.
impl Sides for Side {
    fn on(side: Side) -> Option<Self> {
        Some(side)
    }

    fn of<'a, V>(self, drive: &'a V, state: &'a V) -> &'a V {
        match self {
            Self::Drive => drive,
            Self::State => state,
        }
    }
}

/// The state alone, of which nothing is stored.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct StateOnly;

impl Sides for StateOnly {
    fn on(side: Side) -> Option<Self> {
        (side == Side::State).then_some(Self)
    }

    fn of<'a, V>(self, _drive: &'a V, state: &'a V) -> &'a V {
        state
    }
}

/// An instrument on each of its fields, in the order of drive and state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OnFields<I, S>(Vec<OnField<I, S>>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct OnField<I, S> {
    name: String,
    side: S,
    rows: Range<usize>,
    instrument: I,
}

impl<I, S> Default for OnFields<I, S> {
    /// On none.
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<I: OnStates, S: Sides> OnFields<I, S> {
    /// On those of `fields` that it is made for. A field of the drive that shares its name with one of the state is
    /// `drive.<name>`.
    pub fn new(fields: &Fields, setting: Setting) -> Self {
        let drive = fields.drive.iter().enumerate();
        let drive = drive.map(|one| (Side::Drive, one));
        let state = fields.state.iter().enumerate();
        let state = state.map(|one| (Side::State, one));
        let on = |(side, (number, field)): (Side, (usize, &Field))| {
            let place = Place {
                field,
                side,
                number,
                setting,
            };
            let taken = fields.state.iter().any(|other| other.name == field.name);
            let prefix = if side == Side::Drive && taken {
                "drive."
            } else {
                ""
            };
            Some(OnField {
                name: format!("{prefix}{}", field.name),
                side: S::on(side)?,
                rows: field.rows.clone(),
                instrument: I::on(&place)?,
            })
        };
        Self(drive.chain(state).filter_map(on).collect())
    }

    /// Whether it has no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Shows `drive [D, B]` and the `state [S, B]` after a step, every step in order.
    pub fn follow<R: Real>(&mut self, drive: View<R>, state: View<R>) {
        for one in &mut self.0 {
            let from = one.side.of(&drive, &state);
            one.instrument
                .follow(from.rows(one.rows.start, one.rows.len()));
        }
    }

    /// Shows the same of a look.
    pub fn observe<R: Real>(&mut self, drive: View<R>, state: View<R>) {
        for one in &mut self.0 {
            let from = one.side.of(&drive, &state);
            one.instrument
                .observe(from.rows(one.rows.start, one.rows.len()));
        }
    }

    /// Closes the window of each, by the field's name.
    pub fn take(&mut self, dt_ms: f64) -> BTreeMap<String, I::Stats> {
        (self.0.iter_mut())
            .filter_map(|one| Some((one.name.clone(), one.instrument.take(dt_ms)?)))
            .collect()
    }
}
