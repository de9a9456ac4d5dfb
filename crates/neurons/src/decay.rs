//! Time constants of leaky integrators, and the bounded map by which they are learnt.
//!
//! A leaky integrator forgets by a factor a in every step. What is stored and learnt is not a but a number
//! rho without bounds for each neuron, from which tau follows by the map of [`crate::bounded`]:
//!
//! ```text
//! (1) a = exp(-dt / tau)
//! (2) da/drho = a (dt / tau) d ln tau / d rho
//! ```
//!
//! So no step of an optimiser can make a neuron unstable or memoryless.
//!
//! | symbol | meaning                      | unit | shape |
//! |--------|------------------------------|------|-------|
//! | rho    | learnt parameter             | 1    | `[H]`   |
//! | tau    | time constant                | ms   | `[H]`   |
//! | a      | decay in one step, in (0, 1) | 1    | `[H]`   |
//! | dt     | length of a step             | ms   |       |

use std::fmt;

use nalgebra::DMatrix;
use saturn_cell::kernel::each;
use saturn_cell::{ConfigError, Kind, Params, Real, rng::ChaCha8Rng};
use schemars::JsonSchema;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;

/// Time constants of a layer, in ms: one for all neurons, or a range to draw from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TimeConstants {
    /// All neurons start with this one, in ms; greater than 0.
    Same(f64),
    /// Each neuron draws its own, log-uniformly from `[low, high]`, in ms; 0 < low <= high.
    Range([f64; 2]),
}

impl TimeConstants {
    /// Checks that the time constants are positive and in order; `key` is their name in the scenario.
    pub fn check(&self, key: &'static str) -> Result<(), ConfigError> {
        let [low, high] = self.range();
        ConfigError::unless_positive(key, low)?;
        ConfigError::unless_positive(key, high)?;
        if low > high {
            return Err(ConfigError::OutOfRange {
                key,
                value: low,
                allowed: "a range [low, high] with its lower end first",
            });
        }
        Ok(())
    }

    /// The ends of the range, in ms.
    pub fn range(&self) -> [f64; 2] {
        match *self {
            Self::Same(tau) => [tau, tau],
            Self::Range(range) => range,
        }
    }
}

impl<'de> Deserialize<'de> for TimeConstants {
    // By hand, since an untagged enum loses the place and the reason of an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = TimeConstants;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a time in ms or a range [low, high] of two")
            }

            fn visit_f64<E: Error>(self, tau: f64) -> Result<TimeConstants, E> {
                Ok(TimeConstants::Same(tau))
            }

            fn visit_u64<E: Error>(self, tau: u64) -> Result<TimeConstants, E> {
                Ok(TimeConstants::Same(tau as f64))
            }

            fn visit_i64<E: Error>(self, tau: i64) -> Result<TimeConstants, E> {
                Ok(TimeConstants::Same(tau as f64))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TimeConstants, A::Error> {
                let mut range = [0.0; 2];
                for (i, end) in range.iter_mut().enumerate() {
                    *end = seq
                        .next_element()?
                        .ok_or_else(|| A::Error::invalid_length(i, &self))?;
                }
                match seq.next_element::<f64>()? {
                    Some(_) => Err(A::Error::invalid_length(3, &self)),
                    None => Ok(TimeConstants::Range(range)),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What an input is multiplied by on its way into a leaky integrator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputScale {
    /// 1: a constant input d settles at d / (1 - a).
    #[default]
    One,
    /// 1 - a: a constant input d settles at d for any time constant.
    Decay,
}

impl InputScale {
    /// Whether the gradient of a time constant reads the input, where it is `learnt`.
    pub fn is_read(self, learnt: bool) -> bool {
        learnt && self == Self::Decay
    }
}

/// The decays of a layer of H leaky integrators, and what an input is multiplied by.
#[derive(Clone, Debug)]
pub struct Decays<R: Real> {
    tau_ms: Bounded,
    /// Position of rho `[H, 1]` among the parameters, if it is learnt.
    at: Option<usize>,
    dt_ms: f64,
    input_scale: InputScale,
    decay: Vec<R>,
    slope: Vec<R>,
    gain: Vec<R>,
}

impl<R: Real> Decays<R> {
    /// H decays with time constants drawn from `config`, which has been checked, for steps of `dt_ms`.
    pub fn new(
        config: &TimeConstants,
        input_scale: InputScale,
        hidden: usize,
        dt_ms: f64,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, ConfigError> {
        ConfigError::unless_positive("dt_ms", dt_ms)?;
        let mut decays = Self {
            tau_ms: Bounded::draw(config.range(), hidden, rng),
            at: None,
            dt_ms,
            input_scale,
            decay: vec![R::zero(); hidden],
            slope: vec![R::zero(); hidden],
            gain: vec![R::one(); hidden],
        };
        decays.derive();
        Ok(decays)
    }

    /// Adds rho to `params` as `name`: from now on it is learnt.
    pub fn learn(&mut self, name: &'static str, params: &mut Params<R>) {
        self.at = Some(params.tensors().len());
        *params = std::mem::take(params).with(name, Kind::Dynamics, self.logits());
    }

    /// Position of rho among the parameters, if it is learnt.
    pub fn position(&self) -> Option<usize> {
        self.at
    }

    /// Follows a change of the parameters.
    pub fn refresh(&mut self, params: &Params<R>) {
        if let Some(at) = self.at {
            self.set_logits(&params[at]);
        }
    }

    /// rho `[H, 1]`.
    pub fn logits(&self) -> DMatrix<R> {
        self.tau_ms.logits()
    }

    /// Sets the time constants from rho `[H, 1]`, then what derives from them.
    pub fn set_logits(&mut self, logits: &DMatrix<R>) {
        self.tau_ms.set_logits(logits);
        self.derive();
    }

    /// Sets the time constants in ms `[H]`, then what derives from them, and rho in `params` if it is
    /// learnt. They must lie inside the range of rho's map; `key` is their name in the scenario.
    pub fn set_tau_ms(
        &mut self,
        tau_ms: &[f64],
        key: &'static str,
        params: &mut Params<R>,
    ) -> Result<(), ConfigError> {
        self.tau_ms.set(tau_ms, key)?;
        self.derive();
        if let Some(at) = self.at {
            params[at] = self.logits();
        }
        Ok(())
    }

    /// tau `[H]`, in ms.
    pub fn tau_ms(&self) -> &[f64] {
        self.tau_ms.values()
    }

    /// The shortest time constant that can be learnt, in ms.
    pub fn shortest_ms(&self) -> f64 {
        self.tau_ms.range()[0]
    }

    /// a `[H]`.
    pub fn decay(&self) -> &[R] {
        &self.decay
    }

    /// da/drho `[H]`.
    pub fn slope(&self) -> &[R] {
        &self.slope
    }

    /// g `[H]`: what an input is multiplied by, 1 or 1 - a.
    pub fn gain(&self) -> &[R] {
        &self.gain
    }

    /// dg/da: 0 or -1.
    pub fn gain_slope(&self) -> R {
        match self.input_scale {
            InputScale::One => R::zero(),
            InputScale::Decay => -R::one(),
        }
    }

    /// Adds the gradient of rho, if it is learnt, for states y_t = a p + g x with the adjoints `adj [H]`: p is `past`
    /// of the first two arrays, x is the third, each `[H]`.
    #[inline(always)]
    pub fn add_gradient(
        &self,
        grad: &mut Params<R>,
        adj: &[R],
        from: [&[R]; 3],
        past: impl Fn(R, R) -> R,
    ) {
        let Some(at) = self.at else {
            return;
        };
        let (d_rho, [y, s, x]) = (grad[at].as_mut_slice(), from);
        if self.reads_input() {
            let gain_slope = self.gain_slope();
            each(
                [d_rho],
                [self.slope(), adj, y, s, x],
                |[d_rho], [slope, adj, y, s, x]| {
                    [d_rho + slope * adj * (past(y, s) + gain_slope * x)]
                },
            );
        } else {
            each(
                [d_rho],
                [self.slope(), adj, y, s],
                |[d_rho], [slope, adj, y, s]| [d_rho + slope * adj * past(y, s)],
            );
        }
    }

    /// Whether [`Self::add_gradient`] reads x.
    pub fn reads_input(&self) -> bool {
        self.input_scale.is_read(self.at.is_some())
    }

    /// Divides row i of `weights [H, _]` by `gain[i]`, so that a layer starts with the same effective
    /// weights g W under either input scale.
    pub fn divide_by_gain(&self, mut weights: DMatrix<R>) -> DMatrix<R> {
        for (mut row, &g) in weights.row_iter_mut().zip(&self.gain) {
            row /= g;
        }
        weights
    }

    fn derive(&mut self) {
        for (i, &tau) in self.tau_ms.values().iter().enumerate() {
            let a = (-self.dt_ms / tau).exp(); // (1)
            let slope = a * (self.dt_ms / tau) * self.tau_ms.log_slope(tau); // (2)
            self.decay[i] = R::of(a);
            self.slope[i] = R::of(slope);
            self.gain[i] = match self.input_scale {
                InputScale::One => R::one(),
                InputScale::Decay => R::of(-(-self.dt_ms / tau).exp_m1()),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use saturn_cell::rng::generator;

    use super::*;

    fn decays(config: TimeConstants, hidden: usize) -> Decays<f64> {
        let mut rng = generator(1, "init", 0);
        Decays::new(&config, InputScale::Decay, hidden, 10.0, &mut rng).unwrap()
    }

    #[test]
    fn a_range_is_drawn_log_uniformly() {
        let d = decays(TimeConstants::Range([30.0, 300.0]), 4000);
        let taus = d.tau_ms();
        assert!(taus.iter().all(|tau| (30.0..=300.0).contains(tau)));
        let middle = 30.0 * 10.0_f64.sqrt();
        let below = taus.iter().filter(|tau| **tau < middle).count();
        assert!((1900..2100).contains(&below), "{below} of 4000");
    }

    #[test]
    fn the_map_is_undone_by_its_inverse_and_stays_in_range() {
        let mut d = decays(TimeConstants::Range([30.0, 200.0]), 9);
        let before = d.tau_ms().to_vec();
        let logits = d.logits();
        d.set_logits(&logits);
        for (a, b) in before.iter().zip(d.tau_ms()) {
            assert!((a / b - 1.0).abs() < 1e-12);
        }
        d.set_logits(&DMatrix::from_element(9, 1, 1e9));
        assert!((d.tau_ms()[0] - 600.0).abs() < 1e-9);
        d.set_logits(&DMatrix::from_element(9, 1, -1e9));
        assert!((d.tau_ms()[0] - 10.0).abs() < 1e-9);
        assert!((d.decay()[0] - (-1.0_f64).exp()).abs() < 1e-12);
    }

    #[test]
    fn one_time_constant_starts_in_the_middle_of_its_map() {
        let d = decays(TimeConstants::Same(20.0), 2);
        assert!(d.logits().amax() < 1e-12);
        assert!((d.decay()[1] - (-0.5_f64).exp()).abs() < 1e-15);
        assert!((d.gain()[1] - (1.0 - (-0.5_f64).exp())).abs() < 1e-15);
    }

    #[test]
    fn numbers_and_ranges_are_read_and_anything_else_says_what_is_wanted() {
        let read = |text: &str| serde_json::from_str::<TimeConstants>(text);
        assert_eq!(read("20").unwrap(), TimeConstants::Same(20.0));
        assert_eq!(read("2.5").unwrap(), TimeConstants::Same(2.5));
        let range = TimeConstants::Range([30.0, 200.0]);
        assert_eq!(read("[30, 200.0]").unwrap(), range);
        let message = |text: &str| {
            let whole = read(text).unwrap_err().to_string();
            whole
                .split(" at line")
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let wanted = "expected a time in ms or a range [low, high] of two";
        assert_eq!(
            message("\"slow\""),
            format!("invalid type: string \"slow\", {wanted}")
        );
        assert_eq!(message("[30]"), format!("invalid length 1, {wanted}"));
        assert_eq!(message("[1, 2, 3]"), format!("invalid length 3, {wanted}"));
    }

    #[test]
    fn a_range_must_be_positive_and_in_order() {
        let bad = |config: TimeConstants| config.check("tau_mem_ms").unwrap_err().to_string();
        assert_eq!(
            bad(TimeConstants::Same(0.0)),
            "`tau_mem_ms` is 0: it must be greater than 0"
        );
        assert_eq!(
            bad(TimeConstants::Range([200.0, 30.0])),
            "`tau_mem_ms` is 200: it must be a range [low, high] with its lower end first"
        );
    }
}
