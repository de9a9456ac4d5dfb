//! A reset every so many steps, independent of samples: a timer in the field can do this.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Action, Policy, PolicyConfig, PolicyError, Seen};

/// Every so many steps: a number, or `{every: .., offset: ..}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periodic {
    /// Steps from one reset to the next; at least 1.
    pub every: u64,
    /// Steps of the stream before the first reset; below `every`.
    pub offset: u64,
}

/// [`Periodic`] as a mapping.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Period {
    /// Steps from one reset to the next; at least 1. More: rarer resets.
    every: u64,
    /// Steps of the stream before the first reset; below `every`, default 0.
    #[serde(default)]
    offset: u64,
}

impl<'de> Deserialize<'de> for Periodic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Periodic;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number of steps, or `{every: .., offset: ..}`")
            }

            fn visit_u64<E: Error>(self, every: u64) -> Result<Periodic, E> {
                Ok(Periodic { every, offset: 0 })
            }

            /// A whole number may be written as 1e3.
            fn visit_f64<E: Error>(self, every: f64) -> Result<Periodic, E> {
                if every.fract() == 0.0 && (0.0..9e15).contains(&every) {
                    return self.visit_u64(every as u64);
                }
                Err(E::invalid_value(Unexpected::Float(every), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Periodic, A::Error> {
                let Period { every, offset } =
                    Period::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Periodic { every, offset })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl Serialize for Periodic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { every, offset } = *self;
        match offset {
            0 => every.serialize(serializer),
            _ => Period { every, offset }.serialize(serializer),
        }
    }
}

impl JsonSchema for Periodic {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Periodic".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                generator.subschema_for::<Period>(),
            ]
        })
    }
}

impl fmt::Display for Periodic {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.offset {
            0 => write!(f, "periodic_{}", self.every),
            offset => write!(f, "periodic_{}_from_{offset}", self.every),
        }
    }
}

impl PolicyConfig for Periodic {
    fn label(&self) -> String {
        match self.offset {
            0 => format!("reset every {} steps", self.every),
            offset => format!("reset every {} steps from {offset} on", self.every),
        }
    }

    fn check(&self) -> Result<(), PolicyError> {
        if self.every == 0 {
            return Err(PolicyError::NoPeriod);
        }
        let allowed = || format!("below `every`, which is {}", self.every);
        let fits = self.offset < self.every;
        PolicyError::unless(fits, "offset", self.offset as f64, allowed())
    }

    fn build(&self, _seed: u64, _lane: u64) -> Box<dyn Policy> {
        Box::new(*self)
    }
}

impl Policy for Periodic {
    fn decide(&mut self, seen: &Seen) -> Action {
        if seen.step % self.every == self.offset {
            Action::Reset
        } else {
            Action::Leave
        }
    }
}
