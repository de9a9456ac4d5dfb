//! Instruments: what the state of a net does over a long stream.
//!
//! A [`Monitor`] watches one cell. It is shown drive and state at the steps that the caller chooses,
//! and closes a [`WindowStats`] when the caller asks for it. Which instrument looks at which rows
//! follows from the kinds of the cell's fields ([`saturn_cell::FieldKind`]):
//!
//! | instrument | looks at | says |
//! |---|---|---|
//! | [`pinned`](on_states::pinned) | tanh, gates | the share of values at their ends |
//! | [`gates`](on_states::gates) | gates | quantiles |
//! | [`bound`](on_states::bound) | complex states and their drive | how much of the possible range is used |
//! | [`spikes`](on_states::spikes) | spikes | rates, silent and always-on neurons |
//! | [`membrane`](on_states::membrane) | membranes | mean and quantiles, in units of the threshold |
//! | [`rank`](on_states::rank) | all of the state but spikes | the effective number of dimensions |
//! | [`norm`](on_states::norm) | every field of the state | root mean square, and what is not finite |
//! | [`intervals`](on_states::intervals) | spikes, where asked for | inter-spike intervals |
//! | [`quantiles`](on_states::quantiles) | all of the state but spikes, where asked for | quantiles |
//! | [`drift`](on_states::drift) | all of the state but spikes, where asked for | distance from the stream's first window |
//!
//! and [`calibration`](on_answers::calibration) and [`change_points`](on_answers::change_points), where asked for,
//! at the answers. [`definition`] says what an instrument is; the list below is all that knows of each.
//! [`rank`](on_states::rank) and [`bound`](on_states::bound) are on a whole cell and not on a field, so [`Monitor`]
//! has them by name.
//!
//! Memory does not grow with the stream. The cost of an observation is a pass over drive and state, but
//! for `rank`, which is S^2 a lane: observe every tenth step, say. Only [`Monitor::track`] wants every
//! step, and it costs nothing where the cell has no bound.
//!
//! [`contraction`] stands apart: it looks at an experiment of its own, not at a stream.

pub mod contraction;
pub mod definition;
mod histogram;
pub mod on_answers;
pub mod on_fields;
pub mod on_states;
#[macro_use]
mod registry;
pub mod shown;
pub(crate) mod sketch;
#[cfg(test)]
mod toy;

use saturn_cell::{Cell, Real, View};
use serde::{Deserialize, Serialize};

use definition::Setting;
use on_fields::Fields;
use on_states::bound::{Bound, BoundUse};
use on_states::rank::{EffectiveRank, Rank};

instruments! {
    always {
        /// Share of pinned values, 0..1, of each tanh and gate field.
        pinned: on_states::pinned::Pinned,
        /// Quantiles of each gate field.
        gates: on_states::gates::Gates,
        /// Rates of each spike field.
        spikes: on_states::spikes::Spikes,
        /// Each membrane, in units of the threshold.
        membrane: on_states::membrane::Membrane,
        /// Size of each field of the state.
        norm: on_states::norm::Norm,
    }
    states {
        /// Inter-spike intervals: mean, variation, bursts, quantiles. A pass over the spikes of the watched lanes
        /// in every step.
        intervals: Intervals(on_states::intervals::Intervals),
        /// Quantiles of every field of the state. A logarithm a value in every watched step.
        quantiles: Quantiles(on_states::quantiles::Quantiles),
        /// How far each unit's distribution has moved since the stream's first window, with a test. A pass over
        /// the state in every watched step, 16 KiB a unit.
        drift: Drift(on_states::drift::Drift),
    }
    answers {
        /// Calibration of the probabilities, overall and by stream position. A pass over the classes a segment.
        calibration: Calibration(on_answers::calibration::Calibration),
        /// Where along the stream accuracy changes, with a test. 4,000 passes over 256 numbers.
        change_points: ChangePoints(on_answers::change_points::ChangePoints),
    }
    experiments {
        /// How much the output depends on what lies further back than k steps. About 300,000 steps of the net.
        FarPast,
        /// The gradient of the output by the state of k steps before. About 45,000 steps of the net forward and
        /// 130,000 in reverse.
        GradientLag,
    }
}

/// What the instruments saw of one cell in one window. Maps go by the field's name; a field of the
/// drive that shares its name with one of the state is `drive.<name>`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowStats {
    /// Steps observed.
    pub steps: u64,
    /// Lanes observed at each.
    pub lanes: usize,
    /// What the instruments saw that always run.
    #[serde(flatten)]
    pub always: AlwaysStats,
    /// The state of a diagonal cell against its bound.
    pub bound: Option<BoundUse>,
    /// Effective rank of the state; `None` if the state did not vary.
    pub rank: Option<EffectiveRank>,
    /// What the instruments saw that run only where they are asked for.
    #[serde(default, rename = "asked")]
    pub optional: Option<OptionalStats>,
}

/// The instruments on one cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Monitor {
    dt_ms: f64,
    steps: u64,
    lanes: usize,
    always: Always,
    rank: Option<Rank>,
    bound: Option<Bound>,
    optional: Option<Optional>,
}

impl Monitor {
    /// The instruments that fit `cell`, the optional ones among them if they are `wanted`.
    pub fn new<R: Real>(cell: &dyn Cell<R>, setting: Setting, wanted: &[Instrument]) -> Self {
        let fields = Fields::of(cell);
        let optional = Optional::new(&fields, setting, wanted);
        Self {
            dt_ms: setting.dt_ms,
            steps: 0,
            lanes: 0,
            always: Always::new(&fields, setting, wanted),
            rank: Rank::new(&fields.state),
            bound: Bound::new(cell),
            optional: (!optional.is_empty()).then_some(optional),
        }
    }

    /// Shows `drive [D, B]` and the `state [S, B]` after a step, every step in order, to what follows them from step to
    /// step.
    pub fn follow<R: Real>(&mut self, drive: View<R>, state: View<R>) {
        self.always.follow(drive, state);
        if let Some(optional) = &mut self.optional {
            optional.follow(drive, state);
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
        self.always.observe(drive, state);
        if let Some(rank) = &mut self.rank {
            rank.observe(state);
        }
        if let Some(bound) = &mut self.bound {
            bound.track(drive);
            bound.observe(state);
        }
        if let Some(optional) = &mut self.optional {
            optional.observe(drive, state);
        }
    }

    /// Closes the window and begins the next one. What runs since the stream's start (the sup of the
    /// bound's drive) goes on.
    pub fn take(&mut self) -> WindowStats {
        let dt_ms = self.dt_ms;
        WindowStats {
            steps: std::mem::take(&mut self.steps),
            lanes: self.lanes,
            always: self.always.take(dt_ms),
            bound: self.bound.as_mut().and_then(Bound::take),
            rank: self.rank.as_mut().and_then(Rank::take),
            optional: self.optional.as_mut().map(|optional| optional.take(dt_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use saturn_cell::view;

    use std::collections::BTreeMap;

    use super::toy::{Toy, field};
    use super::*;
    use saturn_cell::FieldKind;

    const SETTING: Setting = Setting {
        seed: 1,
        layer: 0,
        dt_ms: 10.0,
    };

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
        let mut monitor = Monitor::new(&cell(), SETTING, &[]);
        // Two lanes: drive [2, 2], state [5, 2].
        let drive = [0.01, 0.5, 0.99, 0.96];
        let state = [2.0, 1.0, 0.0, 0.99, 0.0, -2.0, 1.0, 0.0, -0.96, 0.2];
        monitor.observe(view(&drive, 2, 2), view(&state, 5, 2));
        monitor.track(view(&drive, 2, 2));
        let stats = monitor.take();
        assert_eq!((stats.steps, stats.lanes), (1, 2));
        let expected = [("drive.v".to_owned(), 0.75), ("h".to_owned(), 0.5)];
        assert_eq!(stats.always.pinned, BTreeMap::from(expected));
        assert_eq!(stats.always.gates.len(), 1);
        assert!((stats.always.spikes["s"].rate_hz - 50.0).abs() < 1e-9);
        assert!((stats.always.norm["v"].rms - 2.0).abs() < 1e-12);
        assert_eq!(stats.always.norm.len(), 3);
        assert!(stats.always.membrane["v"].mean.abs() < 1e-12);
        assert!((stats.rank.unwrap().participation_ratio - 1.0).abs() < 1e-12);
        assert_eq!(stats.bound, None);
    }

    #[test]
    fn a_window_forgets_the_last_one() {
        let mut monitor = Monitor::new(&cell(), SETTING, &[]);
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
        assert_eq!((empty.steps, empty.always.pinned.len()), (0, 0));
        assert_eq!((empty.rank, empty.always.norm.len()), (None, 0));
    }

    #[test]
    fn stats_survive_json() {
        let mut monitor = Monitor::new(&cell(), SETTING, &[]);
        let state = [f64::NAN, 1.0, 0.0, f64::INFINITY, 0.3];
        for _ in 0..2 {
            monitor.observe(view(&[0.1, 0.5], 2, 1), view(&state, 5, 1));
        }
        let stats = monitor.take();
        assert!((stats.always.norm["h"].not_finite - 0.5).abs() < 1e-12);
        let text = serde_json::to_string(&stats).unwrap();
        assert_eq!(serde_json::from_str::<WindowStats>(&text).unwrap(), stats);
    }

    #[test]
    fn optional_ones_see_their_fields_and_nothing_runs_unasked() {
        let none = Monitor::new(&cell(), SETTING, &[Instrument::FarPast]).take();
        assert!(none.optional.is_none());
        let all = [
            Instrument::Intervals,
            Instrument::Quantiles,
            Instrument::Drift,
        ];
        let mut monitor = Monitor::new(&cell(), SETTING, &all);
        for window in 0..2u32 {
            for t in 0..40u32 {
                let spike = f64::from(u8::from(t.is_multiple_of(5)));
                let state = [f64::from(t), spike, 0.0, 1.0, 0.5];
                monitor.follow(view(&[0.5, 0.5], 2, 1), view(&state, 5, 1));
                monitor.observe(view(&[0.5, 0.5], 2, 1), view(&state, 5, 1));
            }
            let stats = monitor.take().optional.unwrap();
            assert!((stats.intervals["s"].mean_ms - 50.0).abs() < 1e-9);
            assert!((stats.quantiles["v"].max - 39.0).abs() < 1e-12);
            let fields: Vec<&String> = stats.quantiles.keys().collect();
            assert_eq!(fields, ["h", "v"], "of the state alone");
            assert_eq!(stats.drift.contains_key("v"), window == 1);
        }
    }

    /// Keys in scenarios are those of results.
    #[test]
    fn an_instrument_has_one_key() {
        let key = |instrument: Instrument| serde_json::to_value(instrument).unwrap();
        let optional = serde_json::to_value(OptionalStats::default()).unwrap();
        for instrument in [
            Instrument::Intervals,
            Instrument::Quantiles,
            Instrument::Drift,
        ] {
            assert!(optional.get(key(instrument).as_str().unwrap()).is_some());
        }
        assert_eq!(key(Instrument::ChangePoints), "change_points");
    }

    /// What a list stores has the layout of the instruments one after another, and the state's side takes no room.
    #[test]
    fn checkpoints_keep_the_instruments_one_after_another() {
        let monitor = Monitor::new(&cell(), SETTING, &[Instrument::Quantiles]);
        let bytes = postcard::to_stdvec(&monitor).unwrap();
        let of = |text: &str| {
            let mut needle = vec![text.len() as u8];
            needle.extend_from_slice(text.as_bytes());
            needle
        };
        // The quantiles of `h`: its name, its rows, then whether it is complex.
        let mut quantiles = of("h");
        quantiles.extend_from_slice(&[3, 5, 0]);
        let found = bytes.windows(quantiles.len()).any(|w| w == quantiles);
        assert!(found, "{bytes:?}");
    }
}
