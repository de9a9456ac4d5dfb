//! The instruments that run only where they are asked for, on the fields of one cell.

use std::collections::BTreeMap;
use std::ops::Range;

use saturn_cell::{Field, FieldKind, Real, View, column};
use serde::{Deserialize, Serialize};

use super::drift::{Drift, DriftStats};
use super::intervals::{IntervalStats, Intervals};
use super::quantiles::{Quantiles, StateQuantiles};
use crate::monitor::Instrument;

/// What they saw of one cell in one window, by field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AskedStats {
    /// Intervals of each spike field that had any.
    #[serde(default)]
    pub intervals: BTreeMap<String, IntervalStats>,
    /// Quantiles of each field but spikes.
    #[serde(default)]
    pub quantiles: BTreeMap<String, StateQuantiles>,
    /// Each field but spikes against the stream's first window; none in that window.
    #[serde(default)]
    pub drift: BTreeMap<String, DriftStats>,
}

/// Which instruments are asked for, and where their random numbers come from.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The instruments.
    pub instruments: &'a [Instrument],
    /// Seed of reservoirs.
    pub seed: u64,
    /// The cell's number in its net.
    pub layer: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
}

/// The instruments on one cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Asked {
    intervals: Vec<OnField<Intervals>>,
    quantiles: Vec<OnField<Quantiles>>,
    drift: Vec<OnField<Drift>>,
}

/// An instrument with its rows of the state.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OnField<I> {
    name: String,
    rows: Range<usize>,
    instrument: I,
}

impl Asked {
    /// Those that are asked for and find a field of their kind; `None` if none does.
    pub fn new(fields: &[Field], asking: Asking) -> Option<Self> {
        let wants = |instrument: Instrument| asking.instruments.contains(&instrument);
        let asked = Self {
            intervals: on(fields, |_, field| {
                let spikes = field.kind == FieldKind::Spikes && wants(Instrument::Intervals);
                spikes.then(|| Intervals::new(field.rows.len(), asking.dt_ms))
            }),
            quantiles: on(fields, |_, field| {
                Quantiles::new(field.kind).filter(|_| wants(Instrument::Quantiles))
            }),
            drift: on(fields, |i, field| {
                let index = (asking.layer as u64) << 32 | i as u64;
                Drift::new(field.kind, field.rows.len(), asking.seed, index)
                    .filter(|_| wants(Instrument::Drift))
            }),
        };
        let none =
            asked.intervals.is_empty() && asked.quantiles.is_empty() && asked.drift.is_empty();
        (!none).then_some(asked)
    }

    /// Shows the `state [S, B]` after a step, every step in order.
    pub fn follow<R: Real>(&mut self, state: View<R>) {
        for one in &mut self.intervals {
            one.instrument
                .follow(state.rows(one.rows.start, one.rows.len()));
        }
    }

    /// Shows the `state [S, B]` after a step that is looked at.
    pub fn observe<R: Real>(&mut self, state: View<R>) {
        for one in &mut self.quantiles {
            for lane in 0..state.ncols() {
                one.instrument
                    .observe(&column(&state, lane)[one.rows.clone()]);
            }
        }
        for one in &mut self.drift {
            one.instrument
                .observe(state.rows(one.rows.start, one.rows.len()));
        }
    }

    /// Closes the window and begins the next one.
    pub fn take(&mut self) -> AskedStats {
        AskedStats {
            intervals: read(&mut self.intervals, Intervals::take),
            quantiles: read(&mut self.quantiles, Quantiles::take),
            drift: read(&mut self.drift, Drift::take),
        }
    }
}

/// An instrument on each field, by its number, that `make` gives one.
fn on<I>(fields: &[Field], make: impl Fn(usize, &Field) -> Option<I>) -> Vec<OnField<I>> {
    let each = |(i, field): (usize, &Field)| {
        Some(OnField {
            name: field.name.to_owned(),
            rows: field.rows.clone(),
            instrument: make(i, field)?,
        })
    };
    fields.iter().enumerate().filter_map(each).collect()
}

/// Closes the window of each.
fn read<I, T>(on: &mut [OnField<I>], take: impl Fn(&mut I) -> Option<T>) -> BTreeMap<String, T> {
    (on.iter_mut())
        .filter_map(|one| Some((one.name.clone(), take(&mut one.instrument)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use saturn_cell::view;

    use super::super::toy::field;
    use super::*;

    const ALL: [Instrument; 3] = [
        Instrument::Intervals,
        Instrument::Quantiles,
        Instrument::Drift,
    ];

    fn asked(instruments: &[Instrument]) -> Option<Asked> {
        let fields = [
            field("v", 0..2, FieldKind::Membrane),
            field("s", 2..4, FieldKind::Spikes),
        ];
        let asking = Asking {
            instruments,
            seed: 1,
            layer: 0,
            dt_ms: 10.0,
        };
        Asked::new(&fields, asking)
    }

    #[test]
    fn each_sees_its_fields_and_nothing_runs_unasked() {
        assert!(asked(&[Instrument::FarPast]).is_none());
        let mut all = asked(&ALL).unwrap();
        for window in 0..2u32 {
            for t in 0..40u32 {
                let spike = f64::from(u8::from(t.is_multiple_of(5)));
                let state = [f64::from(t), 1.0, spike, 0.0];
                all.follow(view(&state, 4, 1));
                all.observe(view(&state, 4, 1));
            }
            let stats = all.take();
            assert!((stats.intervals["s"].mean_ms - 50.0).abs() < 1e-9);
            assert!((stats.quantiles["v"].max - 39.0).abs() < 1e-12);
            assert_eq!(stats.quantiles.len(), 1);
            assert_eq!(stats.drift.contains_key("v"), window == 1);
        }
    }
}
