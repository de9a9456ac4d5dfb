//! Descending into lists, mappings and choices.

use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use super::super::mismatch::DecodeError;
use super::super::path::Path;
use super::{Decoded, Decoder};
use crate::scenario::node::{Entry, Node, Value};
use crate::scenario::problem::Place;

pub(super) struct Items<'a> {
    pub(super) nodes: &'a [Node],
    pub(super) path: &'a Path<'a>,
    pub(super) next: usize,
    /// Whether this is one value used as a list of one.
    pub(super) alone: bool,
}

impl<'de> de::SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Decoded<Option<T::Value>> {
        let Some(node) = self.nodes.get(self.next) else {
            return Ok(None);
        };
        let path = if self.alone {
            *self.path
        } else {
            Path::Index(self.path, self.next)
        };
        self.next += 1;
        located(seed, node, path).map(Some)
    }
}

/// Decodes `node` with `seed`, so that an error has at least this place.
fn located<'de, T: DeserializeSeed<'de>>(seed: T, node: &Node, path: Path) -> Decoded<T::Value> {
    seed.deserialize(Decoder { node, path })
        .map_err(|e| e.at(&node.place, &path))
}

pub(super) struct Entries<'a> {
    pub(super) pairs: &'a [Entry],
    pub(super) path: &'a Path<'a>,
    pub(super) next: usize,
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Decoded<Option<K::Value>> {
        let Some(entry) = self.pairs.get(self.next) else {
            return Ok(None);
        };
        let key: de::value::StrDeserializer<DecodeError> = entry.key.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|e| e.at(&entry.place, self.path))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Decoded<V::Value> {
        let entry = &self.pairs[self.next];
        self.next += 1;
        located(seed, &entry.value, Path::Key(self.path, &entry.key))
    }
}

/// A name, alone or with a value.
pub(super) struct Choice<'a> {
    pub(super) name: &'a str,
    pub(super) place: &'a Place,
    pub(super) value: Option<&'a Node>,
    pub(super) at: Decoder<'a>,
}

impl Choice<'_> {
    /// Decodes the value; if there is none, as an empty one.
    fn value<T>(self, decode: impl FnOnce(Decoder) -> Decoded<T>) -> Decoded<T> {
        let absent = Node {
            value: Value::Absent,
            place: self.place.clone(),
        };
        let above = self.at.path;
        let path = Path::Key(&above, self.name);
        let node = self.value.unwrap_or(&absent);
        decode(Decoder { node, path }).map_err(|e| e.at(&node.place, &path))
    }
}

impl<'de> de::EnumAccess<'de> for Choice<'_> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Decoded<(V::Value, Self)> {
        let name: de::value::StrDeserializer<DecodeError> = self.name.into_deserializer();
        let variant = seed
            .deserialize(name)
            .map_err(|e| e.at(self.place, &self.at.path))?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Choice<'_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Decoded<()> {
        let name = self.name;
        self.value(|at| match &at.node.value {
            Value::Absent => Ok(()),
            Value::Map(entries) if entries.is_empty() => Ok(()),
            _ => Err(at.error(format!("`{name}` takes no settings: write only its name"))),
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Decoded<T::Value> {
        self.value(|at| seed.deserialize(at))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Decoded<V::Value> {
        self.value(|at| at.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        self.value(|at| at.deserialize_map(visitor))
    }
}
