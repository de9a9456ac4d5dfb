//! `none`, or a value.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, Unexpected, Visitor,
};
use serde::ser::{Serialize, Serializer};

/// The value of a key that can be switched off by `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrNone<T> {
    /// `none`.
    None,
    /// Anything else.
    Value(T),
}

impl<T> OrNone<T> {
    /// The value, unless it is `none`.
    pub fn as_option(&self) -> Option<&T> {
        match self {
            Self::None => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T: Serialize> Serialize for OrNone<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrNone<T> {
    // By hand, since an untagged enum loses the position and the reason of an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = OrNone<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("`none` or a value")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<OrNone<T>, E> {
                match word {
                    "none" => Ok(OrNone::None),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<OrNone<T>, E> {
                T::deserialize(n.into_deserializer()).map(OrNone::Value)
            }

            fn visit_i64<E: Error>(self, n: i64) -> Result<OrNone<T>, E> {
                T::deserialize(n.into_deserializer()).map(OrNone::Value)
            }

            fn visit_f64<E: Error>(self, x: f64) -> Result<OrNone<T>, E> {
                T::deserialize(x.into_deserializer()).map(OrNone::Value)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OrNone<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(OrNone::Value)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for OrNone<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrNone", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "const": "none" }, generator.subschema_for::<T>()] })
    }
}
