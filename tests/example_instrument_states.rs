//! The worked example of `CONTRIBUTING.md`: an instrument on states as it would be in
//! `crates/eval/src/instruments/on_states/flips.rs`, and the tests that it comes with.
//!
//! Flips: how often a value changes its sign from one look to the next. With x_t the values of a field's units over
//! the lanes, and n the pairs of looks in a window:
//!
//! ```text
//! (1) flips = share of x_{t-1} x_t < 0, over units, lanes and n      0..1
//! ```
//!
//! A state that decays never flips, one that turns does so twice a turn. Cost: a pass over the state a look, and one
//! value for each unit and lane.

use saturn_cell::{FieldKind, Real, View, column};
use saturn_eval::instruments::definition::{Column, Definition, OnStates, Panel, Place};
use serde::{Deserialize, Serialize};

/// The flips of one field in a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlipStats {
    /// (1), 0..1.
    pub share: f64,
}

/// Counts the flips of one field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flips {
    /// x_{t-1}, `[H, B]`; empty before the first look.
    last: Vec<f64>,
    changed: u64,
    pairs: u64,
}

impl OnStates for Flips {
    type Stats = FlipStats;

    const DEFINITION: Definition<Self::Stats> = Definition {
        title: "changes of sign",
        columns: &[Column::number("flips, %", 1, |s| Some(100.0 * s.share))],
        panels: &[Panel::line("flips, %", |s| Some(100.0 * s.share))],
    };

    /// Spikes have no sign.
    fn on(place: &Place) -> Option<Self> {
        (place.field.kind != FieldKind::Spikes).then(|| Self {
            last: Vec::new(),
            changed: 0,
            pairs: 0,
        })
    }

    fn observe<R: Real>(&mut self, values: View<R>) {
        let first = self.last.is_empty();
        // Once: no look allocates but the first.
        self.last.resize(values.len(), 0.0);
        let rows = values.nrows().max(1);
        for (lane, last) in self.last.chunks_exact_mut(rows).enumerate() {
            for (x, last) in column(&values, lane).iter().zip(last) {
                // (1)
                self.changed += u64::from(x.wide() * *last < 0.0);
                *last = x.wide();
            }
        }
        self.pairs += if first { 0 } else { values.len() as u64 };
    }

    /// The last look stays known.
    fn take(&mut self, _dt_ms: f64) -> Option<Self::Stats> {
        let (flips, pairs) = (
            std::mem::take(&mut self.changed),
            std::mem::take(&mut self.pairs),
        );
        (pairs > 0).then(|| FlipStats {
            share: flips as f64 / pairs as f64,
        })
    }
}

/// What the line in the list of `crates/eval/src/instruments/mod.rs` makes of it.
#[allow(dead_code, reason = "a list is made whole")]
mod registered {
    use super::Flips;

    saturn_eval::instruments! {
        always {}
        states {
            /// How often values change their sign. A pass over the state in every watched step.
            flips: Flips(Flips),
        }
        answers {}
        experiments {}
    }
}

mod tests {
    use saturn_cell::{Field, view};
    use saturn_eval::instruments::definition::Setting;
    use saturn_eval::instruments::on_fields::Fields;
    use saturn_eval::instruments::shown::Values;
    use saturn_network::{Network, NetworkConfig, build};
    use saturn_store::checkpoint::{decode, encode};

    use super::registered::{Instrument, Optional, OptionalStats};
    use super::*;

    const SETTING: Setting = Setting {
        seed: 1,
        layer: 0,
        dt_ms: 10.0,
    };

    #[test]
    fn the_line_is_the_one_that_contributors_read() {
        let line = "flips: Flips(";
        assert!(include_str!("example_instrument_states.rs").contains(line));
        assert!(include_str!("../CONTRIBUTING.md").contains(line));
    }

    /// A value that turns by 90 degrees a look flips at every second one; over the end of a window, too.
    #[test]
    fn a_turning_state_flips_twice_a_turn() {
        let field = Field {
            name: "h".into(),
            rows: 0..1,
            kind: FieldKind::Value,
        };
        let fields = Fields {
            drive: Vec::new(),
            state: vec![field],
        };
        let mut flips = Optional::new(&fields, SETTING, &[Instrument::Flips]);
        let turning = [1.0f32, 2.0, -2.0, -1.0];
        for (from, share) in [(0, 3.0 / 7.0), (8, 4.0 / 8.0)] {
            for t in from..from + 8 {
                let state = [turning[t % 4]];
                flips.observe(view(&[], 0, 1), view(&state, 1, 1));
            }
            let stats = flips.take(10.0);
            assert!((stats.flips["h"].share - share).abs() < 1e-12, "{stats:?}");
        }
        assert!(flips.take(10.0).flips.is_empty(), "nothing was observed");
        assert!(Optional::new(&fields, SETTING, &[]).is_empty());
    }

    /// Its key, results, column and panel follow from the line, and a checkpoint resumes it bit for bit.
    #[test]
    fn it_runs_on_a_network_and_is_shown() {
        let key: Instrument = serde_json::from_str("\"flips\"").unwrap();
        let layers = serde_saphyr::from_str("[{gru: {hidden: 8}}]").unwrap();
        let net: Network<f32> = build("m", &NetworkConfig::new(layers), 6, 2, 10.0, 1).unwrap();
        let fields = Fields::of(net.cells()[0].as_ref());
        let mut flips = Optional::new(&fields, SETTING, &[key]);
        let state = |t: usize| -> Vec<f32> {
            let values = (0..16).map(|k| if (t + k).is_multiple_of(3) { -0.5 } else { 0.5 });
            values.collect()
        };
        let drive = vec![0.0f32; 2 * net.cells()[0].widths().drive];
        let look = |flips: &mut Optional, t: usize| {
            let drive = view(&drive, drive.len() / 2, 2);
            flips.observe(drive, view(&state(t), 8, 2));
        };
        (0..5).for_each(|t| look(&mut flips, t));
        let kept = encode("key", &flips).unwrap();
        let mut resumed: Optional = decode("key", &kept).unwrap();
        for flips in [&mut flips, &mut resumed] {
            (5..9).for_each(|t| look(flips, t));
        }
        let stats = flips.take(10.0);
        assert_eq!(stats, resumed.take(10.0));
        let text = serde_json::to_string(&stats).unwrap();
        assert!(text.starts_with("{\"flips\":{\"h\":{\"share\":"), "{text}");
        assert_eq!(serde_json::from_str::<OptionalStats>(&text).unwrap(), stats);
        let columns = OptionalStats::columns();
        let Values::Numbers(1, read) = &columns[0].values else {
            panic!("a number with one place");
        };
        let share = 100.0 * stats.flips["h"].share;
        assert_eq!((columns[0].head, read(&stats)), ("flips, %", vec![share]));
        let panels = OptionalStats::panels();
        assert_eq!((panels.len(), panels[0].title), (1, "flips, %"));
        let drawn = (panels[0].values)(&stats);
        assert_eq!((drawn[0].0.as_str(), drawn[0].1[0]), ("h", share));
    }
}
