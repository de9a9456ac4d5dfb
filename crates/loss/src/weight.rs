//! The weight of a loss's second term relative to the first: a number, a ramp, or learnt.
//!
//! ```text
//! L = L_1 + λ L_2                                                (1)   a number
//! λ = from + (to - from) min(1, k / (over n))                    (2)   a ramp, update k of n
//!
//! L = exp(-s_1) L_1 + s_1/2 + exp(-s_2) L_2 + s_2/2              (3)   learnt
//! dL/ds_i = 1/2 - exp(-s_i) L_i                                  (3)ᵀ
//! ```
//!
//! In (3) each s_i is the logarithm of a variance: the assumed noise of the task, the same for all inputs
//! (*homoscedastic*). A term that stays large gets a smaller weight. Both start at 0, where (3) is (1) with λ
//! = 1, and are updated by the network's optimiser; a term without any step in an update leaves its s_i
//! unchanged. At the optimum exp(-s_i) = 1 / (2 L_i), so the weight of a term that goes to 0 keeps growing,
//! at a speed set by the learning rate.
//!
//! | symbol | field | what | unit |
//! |---|---|---|---|
//! | λ | `kl_weight` | weight of the second term | 1 |
//! | s | `log_variances` | learnt log variances | 1 |
//! | k / n | `progress` | share of the updates that are done | 1 |
//!
//! Source: A. Kendall, Y. Gal and R. Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses"
//! (2018), equation (7) for two terms that are likelihoods of classes, with s = log σ².

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

use crate::{LossError, Parts, Totals};

/// λ: a number, `{linear: {...}}` or `learned`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Weight {
    /// The same in all updates, equation (1); 0 and above.
    Fixed(f64),
    /// Another in each update.
    Varying(Varying),
}

/// A λ that changes during training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, DeriveDeserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Varying {
    /// Along a straight line and then constant, equation (2).
    Linear(Ramp),
    /// Determined by the values of the terms, equation (3).
    Learned,
}

/// A straight line over a share of the updates, then constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, DeriveDeserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ramp {
    /// λ of the first update. Default 0, range 0 and above.
    pub from: f64,
    /// λ at the end of the ramp. Default 1, range 0 and above.
    pub to: f64,
    /// Share of all updates that the ramp takes. Default 1, range 0 to 1. Larger: slower.
    pub over: f64,
}

impl Default for Ramp {
    fn default() -> Self {
        Self {
            from: 0.0,
            to: 1.0,
            over: 1.0,
        }
    }
}

/// The weights of the two terms in one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Balance {
    /// Of the first term.
    pub ce: f64,
    /// Of the second term.
    pub kl: f64,
}

impl Default for Weight {
    fn default() -> Self {
        Self::Fixed(1.0)
    }
}

impl Weight {
    /// Whether every number is in its range.
    ///
    /// # Errors
    /// If one is not; the error names it.
    pub fn check(&self) -> Result<(), LossError> {
        let weights = match *self {
            Self::Fixed(weight) => vec![("kl_weight", weight)],
            Self::Varying(Varying::Learned) => vec![],
            Self::Varying(Varying::Linear(ramp)) => {
                if !(0.0..=1.0).contains(&ramp.over) {
                    return Err(LossError::OutOfRange {
                        key: "kl_weight.linear.over",
                        value: ramp.over,
                        allowed: "0 to 1",
                    });
                }
                vec![
                    ("kl_weight.linear.from", ramp.from),
                    ("kl_weight.linear.to", ramp.to),
                ]
            }
        };
        for (key, value) in weights {
            LossError::unless_at_least_zero(key, value)?;
        }
        Ok(())
    }

    /// Whether it is learnt, so that log variances must be stored and updated.
    pub fn is_learned(&self) -> bool {
        matches!(self, Self::Varying(Varying::Learned))
    }

    /// The weights of the terms when a share `progress` of the updates is done; `log_variances` are s_1 and
    /// s_2, and are read if the weight is learnt.
    pub fn balance(&self, progress: f64, log_variances: [f64; 2]) -> Balance {
        let fixed = |kl| Balance { ce: 1.0, kl };
        match *self {
            Self::Fixed(weight) => fixed(weight), // (1)
            Self::Varying(Varying::Linear(Ramp { from, to, over })) => {
                let share = if progress < over {
                    progress / over
                } else {
                    1.0
                };
                fixed(from + (to - from) * share) // (2)
            }
            Self::Varying(Varying::Learned) => Balance {
                ce: (-log_variances[0]).exp(),
                kl: (-log_variances[1]).exp(),
            },
        }
    }
}

/// What (3) adds for the log variances `s` themselves, and the gradient of the loss in them. `parts` and
/// `totals` are those of the whole batch.
pub fn log_variances(s: [f64; 2], parts: &Parts, totals: &Totals) -> (f64, [f64; 2]) {
    let terms = [(s[0], parts.ce, totals.ce), (s[1], parts.kl, totals.kl)];
    let of = |(s, loss, steps): (f64, f64, f64)| {
        if steps > 0.0 {
            (0.5 * s, 0.5 - (-s).exp() * loss) // (3)ᵀ
        } else {
            (0.0, 0.0)
        }
    };
    let [first, second] = terms.map(of);
    (first.0 + second.0, [first.1, second.1])
}

impl<'de> Deserialize<'de> for Weight {
    // By hand, since an untagged enum loses the position and the reason of an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Weight;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number, `{linear: {from: .., to: .., over: ..}}` or `learned`")
            }

            fn visit_f64<E: Error>(self, weight: f64) -> Result<Weight, E> {
                Ok(Weight::Fixed(weight))
            }

            fn visit_u64<E: Error>(self, weight: u64) -> Result<Weight, E> {
                Ok(Weight::Fixed(weight as f64))
            }

            fn visit_i64<E: Error>(self, weight: i64) -> Result<Weight, E> {
                Ok(Weight::Fixed(weight as f64))
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Weight, E> {
                match word {
                    "learned" => Ok(Weight::Varying(Varying::Learned)),
                    "linear" => Ok(Weight::Varying(Varying::Linear(Ramp::default()))),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Weight, A::Error> {
                Varying::deserialize(MapAccessDeserializer::new(map)).map(Weight::Varying)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned() -> Weight {
        Weight::Varying(Varying::Learned)
    }

    #[test]
    fn a_ramp_rises_over_its_share_and_stays() {
        let ramp = Weight::Varying(Varying::Linear(Ramp {
            from: 1.0,
            to: 3.0,
            over: 0.5,
        }));
        for (progress, weight) in [(0.0, 1.0), (0.25, 2.0), (0.5, 3.0), (0.9, 3.0)] {
            let balance = ramp.balance(progress, [9.0; 2]);
            assert_eq!((balance.ce, balance.kl), (1.0, weight));
        }
        let at_once = Weight::Varying(Varying::Linear(Ramp {
            over: 0.0,
            ..Ramp::default()
        }));
        assert_eq!(at_once.balance(0.0, [0.0; 2]).kl, 1.0);
    }

    #[test]
    fn learnt_weights_have_exact_gradients() {
        let parts = Parts {
            ce: 0.8,
            kl: 0.1,
            total: 0.0,
        };
        let totals = Totals {
            ce: 5.0,
            kl: 3.0,
            steps: 8.0,
        };
        let value = |s: [f64; 2]| {
            let balance = learned().balance(0.0, s);
            balance.ce * parts.ce + balance.kl * parts.kl + log_variances(s, &parts, &totals).0
        };
        let s = [0.3, -0.7];
        let (_, analytic) = log_variances(s, &parts, &totals);
        for i in 0..2 {
            let mut moved = [s, s];
            moved[0][i] += 1e-5;
            moved[1][i] -= 1e-5;
            let numeric = (value(moved[0]) - value(moved[1])) / 2e-5;
            let error = (analytic[i] - numeric).abs() / analytic[i].abs();
            assert!(error < 1e-8 && analytic[i] != 0.0, "{i}: {error:.1e}");
        }
    }

    #[test]
    fn at_rest_a_weight_is_one_over_twice_its_term() {
        let parts = Parts {
            ce: 0.8,
            kl: 0.1,
            total: 0.0,
        };
        let totals = Totals {
            ce: 1.0,
            kl: 0.0,
            steps: 1.0,
        };
        let s = [(2.0 * parts.ce).ln(), 0.4];
        let (offset, slope) = log_variances(s, &parts, &totals);
        assert!(slope[0].abs() < 1e-15);
        assert!((learned().balance(0.0, s).ce - 0.5 / parts.ce).abs() < 1e-15);
        // No step has a second term: its log variance is not read.
        assert_eq!((offset, slope[1]), (0.5 * s[0], 0.0));
    }

    #[test]
    fn scenarios_name_weights() {
        let read = serde_json::from_str::<Weight>;
        assert_eq!(read("2").unwrap(), Weight::Fixed(2.0));
        assert_eq!(read("0.5").unwrap(), Weight::Fixed(0.5));
        assert_eq!(read(r#""learned""#).unwrap(), learned());
        let ramp = read(r#"{"linear": {"to": 2, "over": 0.3}}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&ramp).unwrap(),
            r#"{"linear":{"from":0.0,"to":2.0,"over":0.3}}"#
        );
        assert!(read(r#""leaned""#).is_err());
        let odd = read(r#"{"linear": {"over": 1.5}}"#).unwrap();
        assert_eq!(
            odd.check().unwrap_err().to_string(),
            "`kl_weight.linear.over` is 1.5: it must be 0 to 1"
        );
    }
}
