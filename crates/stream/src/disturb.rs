//! Disturbances of a stream's input: occasional faults of a sensor or a line.
//!
//! The i-th disturbance of lane l lasts over the steps
//!
//! ```text
//! (1) (i + 1) every <= t < (i + 1) every + last,   of kind (i + l) mod kinds
//! ```
//!
//! so all lanes are disturbed at the same time, each by another kind. With x_c the value of channel c in a
//! step (the number of its events) and S the channels drawn for this disturbance:
//!
//! | kind | disturbed input |
//! |---|---|
//! | `noise_burst` | x_c + n_c; of events n_c ~ Poisson(rate r_c) with r_c the mean of training, of frames rate sigma_c g |
//! | `dead_sensor` | 0 in S |
//! | `stuck_channel` | in S 1 event; of frames the value of the disturbance's first step |
//! | `gain` | factor x_c; of events floor or ceil of it at random, with the correct mean |
//! | `dropped_frames` | 0 everywhere with probability `share`, step by step |
//!
//! Random numbers come only from (seed, lane, i), not from the stream's generator: with and without
//! disturbances a stream has the same samples and gaps.

mod settings;

use rand::RngExt;
use rand::seq::index;
use saturn_cell::Real;
use saturn_cell::rng::{ChaCha8Rng, generator};
use serde::{Deserialize, Serialize};

use super::columns::{Columns, Form};
use super::noise::Noise;
use super::tally::Tally;
pub use settings::{
    DeadSensor, DisturbConfig, Disturbance, DroppedFrames, Gain, NoiseBurst, StuckChannel,
};

/// Position of a step among the disturbances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the first.
    Before,
    /// In disturbance i.
    During(u64),
    /// Steps since the last step of disturbance i, from 1 on.
    After(u64, u64),
}

/// When disturbances come, and which.
#[derive(Clone, Copy, Debug)]
pub struct Schedule<'a> {
    /// The settings.
    pub config: &'a DisturbConfig,
    /// The lane.
    pub lane: u64,
}

impl Schedule<'_> {
    /// (1).
    pub fn phase(&self, t: u64) -> Phase {
        let DisturbConfig { every, last, .. } = self.config;
        let Some(i) = (t / every).checked_sub(1) else {
            return Phase::Before;
        };
        match (t % every).checked_sub(*last) {
            None => Phase::During(i),
            Some(since) => Phase::After(i, since + 1),
        }
    }

    /// The number of disturbance i's kind among `kinds`.
    pub fn kind(&self, i: u64) -> usize {
        ((i + self.lane) % self.config.kinds.len() as u64) as usize
    }
}

/// Disturbs the input of one lane.
pub struct Disturber<'a> {
    schedule: Schedule<'a>,
    noise: &'a Noise,
    seed: u64,
    open: Open,
    values: Vec<f32>,
    added: Vec<f32>,
    tally: Tally,
}

/// The active disturbance; also stored in checkpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Open {
    /// Its number.
    number: Option<u64>,
    rng: ChaCha8Rng,
    /// S.
    chosen: Vec<usize>,
    /// The values of its first step, `[I]`.
    held: Vec<f32>,
}

impl<'a> Disturber<'a> {
    /// For lane `lane` of the stream of `seed`.
    pub fn new(config: &'a DisturbConfig, noise: &'a Noise, seed: u64, lane: u64) -> Self {
        Self {
            schedule: Schedule { config, lane },
            noise,
            seed,
            open: Open {
                number: None,
                rng: generator(seed, "disturb", 0),
                chosen: Vec::new(),
                held: Vec::new(),
            },
            values: Vec::new(),
            added: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// State for a checkpoint.
    pub fn save(&self) -> Open {
        self.open.clone()
    }

    /// Restores `open`.
    pub fn resume(&mut self, open: Open) {
        self.open = open;
    }

    /// Adds column 0 of `from`, the lane's step `t`, to `out` after the disturbance. `scratch` may contain
    /// anything.
    pub fn push<R: Real>(
        &mut self,
        t: u64,
        from: &Columns<R>,
        out: &mut Columns<R>,
        scratch: &mut Columns<R>,
    ) {
        let Phase::During(i) = self.schedule.phase(t) else {
            return out.push_from(from, 0);
        };
        let channels = from.channels();
        self.values.resize(channels, 0.0);
        from.dense(0, &mut self.values);
        let kind = self.schedule.config.kinds[self.schedule.kind(i)];
        if self.open.number != Some(i) {
            self.begin(i, kind);
        }
        self.change(kind, from.form(), scratch);
        match from.form() {
            Form::Frames => out.push_frame(self.values.iter().copied()),
            Form::Events => {
                let fired = self.values.iter().enumerate().filter(|(_, n)| **n > 0.0);
                out.push_events(fired.map(|(unit, &n)| (unit as u32, n)));
            }
        }
    }

    /// Draws what disturbance `i` needs.
    fn begin(&mut self, i: u64, kind: Disturbance) {
        let open = &mut self.open;
        open.number = Some(i);
        open.rng = generator(self.seed, "disturb", self.schedule.lane << 32 | i);
        open.chosen.clear();
        open.held.clone_from(&self.values);
        let share = match kind {
            Disturbance::DeadSensor(dead) => dead.share,
            Disturbance::StuckChannel(stuck) => stuck.share,
            _ => return,
        };
        let channels = self.values.len();
        let n = ((share * channels as f64).round() as usize).clamp(1, channels);
        (open.chosen).extend(index::sample(&mut open.rng, channels, n));
    }

    /// What becomes of the values of a step.
    fn change<R: Real>(&mut self, kind: Disturbance, form: Form, scratch: &mut Columns<R>) {
        let (values, open) = (&mut self.values, &mut self.open);
        let rng = &mut open.rng;
        match kind {
            Disturbance::NoiseBurst(burst) => {
                scratch.clear(form, values.len());
                self.noise.step(burst.rate, rng, &mut self.tally, scratch);
                self.added.resize(values.len(), 0.0);
                scratch.dense(0, &mut self.added);
                if let Noise::Frames { mean, .. } = self.noise {
                    let means = self.added.iter_mut().zip(mean);
                    means.for_each(|(added, mean)| *added -= *mean as f32);
                }
                let both = values.iter_mut().zip(&self.added);
                both.for_each(|(value, added)| *value += added);
            }
            Disturbance::DeadSensor(_) => open.chosen.iter().for_each(|&c| values[c] = 0.0),
            Disturbance::StuckChannel(_) => {
                for &c in &open.chosen {
                    values[c] = match form {
                        Form::Events => 1.0,
                        Form::Frames => open.held[c],
                    };
                }
            }
            Disturbance::Gain(gain) => {
                let factor = gain.factor as f32;
                for value in values.iter_mut().filter(|v| **v != 0.0) {
                    *value *= factor;
                    let rest = value.fract();
                    if form == Form::Events && rest > 0.0 {
                        *value = value.floor() + f32::from(u8::from(rng.random::<f32>() < rest));
                    }
                }
            }
            Disturbance::DroppedFrames(dropped) => {
                if rng.random::<f64>() < dropped.share {
                    values.fill(0.0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNELS: usize = 40;

    fn config(kind: Disturbance) -> DisturbConfig {
        DisturbConfig {
            every: 500,
            last: 400,
            kinds: vec![kind],
        }
    }

    /// Disturbed steps 0..1000 of an input of `value` in each channel.
    fn heard(kind: Disturbance, form: Form, value: f32) -> Vec<Vec<f32>> {
        let config = config(kind);
        let noise = match form {
            Form::Events => Noise::new(&[0.5; CHANNELS]),
            Form::Frames => Noise::Frames {
                mean: vec![3.0; CHANNELS],
                std: vec![0.5; CHANNELS],
            },
        };
        let mut disturber = Disturber::new(&config, &noise, 1, 0);
        let (mut one, mut out) = (Columns::<f64>::default(), Columns::default());
        let mut scratch = Columns::default();
        (0..1_000)
            .map(|t| {
                one.clear(form, CHANNELS);
                // The frames' values are their step.
                let value = if form == Form::Frames {
                    value + t as f32
                } else {
                    value
                };
                match form {
                    Form::Events => one.push_events((0..CHANNELS as u32).map(|c| (c, value))),
                    Form::Frames => one.push_frame([value; CHANNELS]),
                }
                out.clear(form, CHANNELS);
                disturber.push(t, &one, &mut out, &mut scratch);
                let mut values = vec![0.0; CHANNELS];
                out.dense(0, &mut values);
                values
            })
            .collect()
    }

    /// Mean over the disturbed steps and the channels.
    fn mean(heard: &[Vec<f32>]) -> f64 {
        let disturbed = heard[500..900].iter().flatten();
        disturbed.map(|v| f64::from(*v)).sum::<f64>() / (400 * CHANNELS) as f64
    }

    #[test]
    fn times_are_told() {
        let config = DisturbConfig::default();
        let schedule = Schedule {
            config: &config,
            lane: 3,
        };
        for (t, phase) in [
            (4_999, Phase::Before),
            (5_000, Phase::During(0)),
            (5_199, Phase::During(0)),
            (5_200, Phase::After(0, 1)),
            (9_999, Phase::After(0, 4_800)),
            (10_000, Phase::During(1)),
        ] {
            assert_eq!(schedule.phase(t), phase);
        }
        assert_eq!((schedule.kind(0), schedule.kind(2)), (3, 0));
    }

    #[test]
    fn events_change_as_they_should() {
        let events = |kind| heard(kind, Form::Events, 2.0);
        let kinds = [
            (
                Disturbance::NoiseBurst(NoiseBurst { rate: 3.0 }),
                2.0 + 1.5,
                0.05,
            ),
            (
                Disturbance::DeadSensor(DeadSensor { share: 0.25 }),
                2.0 * 0.75,
                1e-9,
            ),
            (
                Disturbance::StuckChannel(StuckChannel { share: 0.25 }),
                2.0 * 0.75 + 0.25,
                1e-9,
            ),
            (Disturbance::Gain(Gain { factor: 1.3 }), 2.6, 0.02),
            (
                Disturbance::DroppedFrames(DroppedFrames { share: 0.5 }),
                1.0,
                0.15,
            ),
        ];
        for (kind, exact, near) in kinds {
            let heard = events(kind);
            assert!(
                (mean(&heard) - exact).abs() < near,
                "{} of {kind:?}",
                mean(&heard)
            );
            let outside = heard[..500].iter().chain(&heard[900..]);
            assert!(
                outside.flatten().all(|v| (v - 2.0).abs() < 1e-9),
                "{kind:?}"
            );
            assert!(heard.iter().flatten().all(|v| v.fract() == 0.0), "{kind:?}");
            assert_eq!(heard, events(kind), "the same seed");
        }
        // A dead channel is dead all the time.
        let dead = events(Disturbance::DeadSensor(DeadSensor { share: 0.001 }));
        let silent = (0..CHANNELS).filter(|&c| dead[500..900].iter().all(|v| v[c] == 0.0));
        assert_eq!(silent.count(), 1);
    }

    #[test]
    fn frames_change_as_they_should() {
        let plain = (500..900).sum::<i32>() as f64 / 400.0 - 1.0;
        let kinds = [
            (
                Disturbance::NoiseBurst(NoiseBurst { rate: 3.0 }),
                plain,
                0.05,
            ),
            (
                Disturbance::DeadSensor(DeadSensor { share: 0.5 }),
                plain / 2.0,
                1e-3,
            ),
            // The value of the first step stays.
            (
                Disturbance::StuckChannel(StuckChannel { share: 0.5 }),
                f64::midpoint(plain, 499.0),
                1e-3,
            ),
            (Disturbance::Gain(Gain { factor: -0.0 }), 0.0, 1e-9),
        ];
        for (kind, exact, near) in kinds {
            let heard = heard(kind, Form::Frames, -1.0);
            assert!(
                (mean(&heard) - exact).abs() < near,
                "{} of {kind:?}",
                mean(&heard)
            );
        }
    }
}
