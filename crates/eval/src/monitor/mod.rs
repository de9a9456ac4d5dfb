//! Instruments: what the state of a net does over a long stream.
//!
//! A [`Monitor`] watches one cell. It is shown drive and state at the steps that the caller chooses,
//! and closes a [`WindowStats`] when the caller asks for it. Which instrument looks at which rows
//! follows from the kinds of the cell's fields ([`saturn_cell::FieldKind`]):
//!
//! | instrument | looks at | says |
//! |---|---|---|
//! | [`pinned`] | tanh, gates | the share of values at their ends |
//! | [`gates`] | gates | quantiles |
//! | [`bound`] | complex states and their drive | how much of the possible range is used |
//! | [`spikes`] | spikes | rates, silent and always-on neurons |
//! | [`membrane`] | membranes | mean and quantiles, in units of the threshold |
//! | [`rank`] | all of the state but spikes | the effective number of dimensions |
//! | [`norm`] | every field of the state | root mean square, and what is not finite |
//! | [`intervals`] | spikes, where asked for | inter-spike intervals |
//! | [`quantiles`] | all of the state but spikes, where asked for | quantiles |
//! | [`drift`] | all of the state but spikes, where asked for | distance from the stream's first window |
//!
//! Memory does not grow with the stream. The cost of an observation is a pass over drive and state, but
//! for `rank`, which is S^2 a lane: observe every tenth step, say. Only [`Monitor::track`] wants every
//! step, and it costs nothing where the cell has no bound.
//!
//! [`contraction`] stands apart: it looks at an experiment of its own, not at a stream.

pub mod asked;
pub mod bound;
pub mod contraction;
pub mod drift;
pub mod gates;
mod histogram;
mod instrument;
pub mod intervals;
pub mod membrane;
pub mod norm;
pub mod pinned;
pub mod quantiles;
pub mod rank;
pub(crate) mod sketch;
pub mod spikes;
#[cfg(test)]
mod toy;

use std::collections::BTreeMap;
use std::ops::Range;

use saturn_cell::{Cell, Field, FieldKind, Real, View, column};
use serde::{Deserialize, Serialize};

pub use instrument::Instrument;

use asked::{Asked, AskedStats, Asking};
use bound::{Bound, BoundUse};
use gates::{GateQuantiles, Gates};
use membrane::{Membrane, MembraneStats};
use norm::{Norm, NormStats};
use pinned::Pinned;
use rank::{EffectiveRank, Rank};
use spikes::{SpikeStats, Spikes};

/// What the instruments saw of one cell in one window. Maps go by the field's name; a field of the
/// drive that shares its name with one of the state is `drive.<name>`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowStats {
    /// Steps observed.
    pub steps: u64,
    /// Lanes observed at each.
    pub lanes: usize,
    /// Share of pinned values, 0..1, of each tanh and gate field.
    pub pinned: BTreeMap<String, f64>,
    /// Quantiles of each gate field.
    pub gates: BTreeMap<String, GateQuantiles>,
    /// The state of a diagonal cell against its bound.
    pub bound: Option<BoundUse>,
    /// Rates of each spike field.
    pub spikes: BTreeMap<String, SpikeStats>,
    /// Each membrane, in units of the threshold.
    pub membrane: BTreeMap<String, MembraneStats>,
    /// Effective rank of the state; `None` if the state did not vary.
    pub rank: Option<EffectiveRank>,
    /// Size of each field of the state.
    pub norm: BTreeMap<String, NormStats>,
    /// What the instruments saw that run only where they are asked for.
    #[serde(default)]
    pub asked: Option<AskedStats>,
}

/// The instruments on one cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Monitor {
    dt_ms: f64,
    steps: u64,
    lanes: usize,
    pinned: Vec<Watched<Pinned>>,
    gates: Vec<Watched<Gates>>,
    spikes: Vec<Watched<Spikes>>,
    membrane: Vec<Watched<Membrane>>,
    norm: Vec<Watched<Norm>>,
    rank: Option<Rank>,
    bound: Option<Bound>,
    asked: Option<Asked>,
}

/// An instrument with the rows that it looks at.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Watched<I> {
    name: String,
    side: Side,
    rows: Range<usize>,
    instrument: I,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Side {
    Drive,
    State,
}

impl Monitor {
    /// The instruments that fit `cell`, on streams with steps of `dt_ms`.
    pub fn new<R: Real>(cell: &dyn Cell<R>, dt_ms: f64) -> Self {
        let state = cell.fields();
        let all = Fields {
            drive: cell.drive_fields(),
            state: state.clone(),
        };
        let is = |kind: FieldKind| move |field: &Field| field.kind == kind;
        Self {
            dt_ms,
            steps: 0,
            lanes: 0,
            pinned: all.watch(|field| Pinned::new(field.kind)),
            gates: all.watch(|field| is(FieldKind::Gate)(field).then(Gates::new)),
            spikes: all
                .watch(|field| is(FieldKind::Spikes)(field).then(|| Spikes::new(field.rows.len()))),
            membrane: all.watch(|field| is(FieldKind::Membrane)(field).then(Membrane::new)),
            norm: Fields {
                drive: Vec::new(),
                state,
            }
            .watch(|field| Some(Norm::new(field.kind))),
            rank: Rank::new(&all.state),
            bound: Bound::new(cell),
            asked: None,
        }
    }

    /// The same with the instruments of `cell` that are asked for.
    #[must_use]
    pub fn asked<R: Real>(mut self, cell: &dyn Cell<R>, asking: Asking) -> Self {
        self.asked = Asked::new(&cell.fields(), asking);
        self
    }

    /// Shows the `state [S, B]` after a step, every step in order, to what follows spikes from step to step.
    pub fn follow<R: Real>(&mut self, state: View<R>) {
        if let Some(asked) = &mut self.asked {
            asked.follow(state);
        }
    }

    /// Shows the bound a step that is not observed: `drive [D, B]`, as the kernels left it. Without
    /// this the bound rests on the observed steps alone, and the state may seem to pass it.
    pub fn track<R: Real>(&mut self, drive: View<R>) {
        if let Some(bound) = &mut self.bound {
            bound.track(drive);
        }
    }

    /// Shows the instruments a step: `drive [D, B]`, as the kernels left it, and the `state [S, B]`
    /// after it.
    pub fn observe<R: Real>(&mut self, drive: View<R>, state: View<R>) {
        self.steps += 1;
        self.lanes = state.ncols();
        show(&mut self.pinned, drive, state, Pinned::observe);
        show(&mut self.gates, drive, state, Gates::observe);
        show(&mut self.spikes, drive, state, Spikes::observe);
        show(&mut self.membrane, drive, state, Membrane::observe);
        show(&mut self.norm, drive, state, Norm::observe);
        if let Some(rank) = &mut self.rank {
            (0..state.ncols()).for_each(|lane| rank.observe(column(&state, lane)));
        }
        if let Some(bound) = &mut self.bound {
            bound.track(drive);
            bound.observe(state);
        }
        if let Some(asked) = &mut self.asked {
            asked.observe(state);
        }
    }

    /// Closes the window and begins the next one. What runs since the stream's start (the sup of the
    /// bound's drive) goes on.
    pub fn take(&mut self) -> WindowStats {
        let dt_ms = self.dt_ms;
        WindowStats {
            steps: std::mem::take(&mut self.steps),
            lanes: self.lanes,
            pinned: read(&mut self.pinned, Pinned::take),
            gates: read(&mut self.gates, Gates::take),
            bound: self.bound.as_mut().and_then(Bound::take),
            spikes: read(&mut self.spikes, |s| s.take(dt_ms)),
            membrane: read(&mut self.membrane, Membrane::take),
            rank: self.rank.as_mut().and_then(Rank::take),
            norm: read(&mut self.norm, Norm::take),
            asked: self.asked.as_mut().map(Asked::take),
        }
    }
}

struct Fields {
    drive: Vec<Field>,
    state: Vec<Field>,
}

impl Fields {
    /// The fields that `instrument` wants.
    fn watch<I>(&self, instrument: impl Fn(&Field) -> Option<I>) -> Vec<Watched<I>> {
        let drive = self.drive.iter().map(|field| (Side::Drive, field));
        let state = self.state.iter().map(|field| (Side::State, field));
        (drive.chain(state))
            .filter_map(|(side, field)| {
                let taken = self.state.iter().any(|other| other.name == field.name);
                let prefix = if side == Side::Drive && taken {
                    "drive."
                } else {
                    ""
                };
                Some(Watched {
                    name: format!("{prefix}{}", field.name),
                    side,
                    rows: field.rows.clone(),
                    instrument: instrument(field)?,
                })
            })
            .collect()
    }
}

/// Shows each instrument its rows, lane by lane.
fn show<R: Real, I>(
    watched: &mut [Watched<I>],
    drive: View<R>,
    state: View<R>,
    observe: impl Fn(&mut I, &[R]),
) {
    for one in watched {
        let from = if one.side == Side::Drive {
            &drive
        } else {
            &state
        };
        for lane in 0..from.ncols() {
            observe(&mut one.instrument, &column(from, lane)[one.rows.clone()]);
        }
    }
}

/// Closes the window of each instrument that has seen something.
fn read<I, T>(
    watched: &mut [Watched<I>],
    take: impl Fn(&mut I) -> Option<T>,
) -> BTreeMap<String, T> {
    (watched.iter_mut())
        .filter_map(|one| Some((one.name.clone(), take(&mut one.instrument)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use saturn_cell::view;

    use super::toy::{Toy, field};
    use super::*;

    /// A cell with a gate in its drive and a tanh, spikes and a membrane in its state, `v` in both.
    fn cell() -> Toy {
        Toy {
            state: vec![
                field("v", 0..1, FieldKind::Membrane),
                field("s", 1..3, FieldKind::Spikes),
                field("h", 3..5, FieldKind::Tanh),
            ],
            drive: vec![field("v", 0..2, FieldKind::Gate)],
            ..Toy::default()
        }
    }

    #[test]
    fn kinds_choose_the_instruments() {
        let mut monitor = Monitor::new(&cell(), 10.0);
        // Two lanes: drive [2, 2], state [5, 2].
        let drive = [0.01, 0.5, 0.99, 0.96];
        let state = [2.0, 1.0, 0.0, 0.99, 0.0, -2.0, 1.0, 0.0, -0.96, 0.2];
        monitor.observe(view(&drive, 2, 2), view(&state, 5, 2));
        monitor.track(view(&drive, 2, 2));
        let stats = monitor.take();
        assert_eq!((stats.steps, stats.lanes), (1, 2));
        let expected = [("drive.v".to_owned(), 0.75), ("h".to_owned(), 0.5)];
        assert_eq!(stats.pinned, BTreeMap::from(expected));
        assert_eq!(stats.gates.len(), 1);
        assert!((stats.spikes["s"].rate_hz - 50.0).abs() < 1e-9);
        assert!((stats.norm["v"].rms - 2.0).abs() < 1e-12);
        assert_eq!(stats.norm.len(), 3);
        assert!(stats.membrane["v"].mean.abs() < 1e-12);
        assert!((stats.rank.unwrap().participation_ratio - 1.0).abs() < 1e-12);
        assert_eq!(stats.bound, None);
    }

    #[test]
    fn a_window_forgets_the_last_one() {
        let mut monitor = Monitor::new(&cell(), 10.0);
        let second = |monitor: &mut Monitor| {
            for k in 0..10 {
                let x = f64::from(k) / 10.0;
                let state = [x, 1.0, 0.0, x * x, 0.3];
                monitor.observe(view(&[x, 0.5], 2, 1), view(&state, 5, 1));
            }
            monitor.take()
        };
        let fresh = second(&mut monitor.clone());
        monitor.observe(
            view(&[1.0, 1.0], 2, 1),
            view(&[9.0, 1.0, 1.0, 1.0, 1.0], 5, 1),
        );
        let first = monitor.take();
        assert_ne!(first, fresh);
        assert_eq!(second(&mut monitor), fresh);
        let empty = monitor.take();
        assert_eq!((empty.steps, empty.pinned.len()), (0, 0));
        assert_eq!((empty.rank, empty.norm.len()), (None, 0));
    }

    #[test]
    fn stats_survive_json() {
        let mut monitor = Monitor::new(&cell(), 10.0);
        let state = [f64::NAN, 1.0, 0.0, f64::INFINITY, 0.3];
        for _ in 0..2 {
            monitor.observe(view(&[0.1, 0.5], 2, 1), view(&state, 5, 1));
        }
        let stats = monitor.take();
        assert!((stats.norm["h"].not_finite - 0.5).abs() < 1e-12);
        let text = serde_json::to_string(&stats).unwrap();
        assert_eq!(serde_json::from_str::<WindowStats>(&text).unwrap(), stats);
    }
}
