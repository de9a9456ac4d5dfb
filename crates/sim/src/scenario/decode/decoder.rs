//! serde's questions to a value of the tree.

mod access;

use serde::de::{self, Deserializer, Expected, Visitor};
use serde::forward_to_deserialize_any;

use access::{Choice, Entries, Items};

use super::mismatch::{DecodeError, in_words};
use super::path::Path;
use crate::scenario::node::{Entry, Node, Scalar, Value};
use crate::scenario::problem::quoted;

pub(super) type Decoded<T> = Result<T, DecodeError>;

/// A value with its path.
#[derive(Clone, Copy)]
pub(super) struct Decoder<'a> {
    pub(super) node: &'a Node,
    pub(super) path: Path<'a>,
}

impl Decoder<'_> {
    fn error(&self, message: String) -> DecodeError {
        <DecodeError as de::Error>::custom(message).at(&self.node.place, &self.path)
    }

    /// Errors inside get at least this position.
    fn here<T>(&self, result: Decoded<T>) -> Decoded<T> {
        result.map_err(|e| e.at(&self.node.place, &self.path))
    }

    fn mismatch(&self, expected: &dyn Expected) -> DecodeError {
        let expected = in_words(expected);
        let message = match &self.node.value {
            Value::Null if expected.contains("mapping") => format!(
                "no value: give {expected}, or leave the key out (what belongs to it is indented further)"
            ),
            Value::Null => format!("no value: give {expected}, or leave the key out"),
            Value::Absent => match self.path {
                Path::Key(_, name) => {
                    format!("`{name}` needs a value, {expected}: write `{{{name}: ...}}`")
                }
                _ => format!("no value: give {expected}"),
            },
            _ => format!(
                "expected {expected}, found {}{}",
                self.node.seen(),
                self.hint(&expected)
            ),
        };
        self.error(message)
    }

    /// What to write instead, where the reason is YAML's.
    fn hint(&self, expected: &str) -> String {
        let Value::Scalar(raw, Scalar::Text { quoted }) = &self.node.value else {
            return String::new();
        };
        let digits = raw.trim_start_matches(['0', '_']);
        if expected.contains("`true`") {
            let word = raw.to_lowercase();
            return match word.as_str() {
                "no" | "off" | "n" => format!(" (`{raw}` is text in YAML 1.2: write `false`)"),
                "yes" | "on" | "y" => format!(" (`{raw}` is text in YAML 1.2: write `true`)"),
                "true" | "false" if *quoted => " (leave the quotes out)".into(),
                _ => String::new(),
            };
        }
        if !expected.contains("number") {
            String::new()
        } else if *quoted && raw.parse::<f64>().is_ok() {
            " (leave the quotes out)".into()
        } else if raw.starts_with('0')
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
        {
            format!(" (a leading zero is ambiguous: write `{digits}`)")
        } else {
            String::new()
        }
    }

    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        let n = match self.node.value {
            Value::Scalar(_, Scalar::Int(n)) => n,
            // Every f64 below 2^53 that has no fraction is exactly one whole number.
            Value::Scalar(_, Scalar::Float(x)) if x.fract() == 0.0 && x.abs() < 9.0e15 => x as i128,
            _ => return Err(self.mismatch(&visitor)),
        };
        let result = if let Ok(n) = u64::try_from(n) {
            visitor.visit_u64(n)
        } else if let Ok(n) = i64::try_from(n) {
            visitor.visit_i64(n)
        } else {
            return Err(self.error(format!("`{n}` is too large")));
        };
        self.here(result)
    }

    fn real<'de, V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match self.node.value {
            Value::Scalar(_, Scalar::Int(n)) => self.here(visitor.visit_f64(n as f64)),
            Value::Scalar(_, Scalar::Float(x)) => self.here(visitor.visit_f64(x)),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn list<'de, V: Visitor<'de>>(&self, items: &[Node], visitor: V) -> Decoded<V::Value> {
        let path = self.path;
        self.here(visitor.visit_seq(Items {
            nodes: items,
            path: &path,
            next: 0,
            alone: false,
        }))
    }

    fn entries<'de, V: Visitor<'de>>(&self, entries: &[Entry], visitor: V) -> Decoded<V::Value> {
        let path = self.path;
        self.here(visitor.visit_map(Entries {
            pairs: entries,
            path: &path,
            next: 0,
        }))
    }
}

/// Forwards the methods of all whole or all real types to one.
macro_rules! numbers {
    ($to:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
            self.$to(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = DecodeError;

    numbers!(whole: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8
        deserialize_i16 deserialize_i32 deserialize_i64);
    numbers!(real: deserialize_f32 deserialize_f64);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::Scalar(_, Scalar::Bool(b)) => self.here(visitor.visit_bool(*b)),
            Value::Scalar(_, Scalar::Int(_)) => self.whole(visitor),
            Value::Scalar(_, Scalar::Float(x)) => self.here(visitor.visit_f64(*x)),
            Value::Scalar(raw, Scalar::Text { .. }) => self.here(visitor.visit_str(raw)),
            Value::List(items) => self.list(items, visitor),
            Value::Map(entries) => self.entries(entries, visitor),
            Value::Null | Value::Absent => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::Scalar(_, Scalar::Bool(b)) => self.here(visitor.visit_bool(*b)),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::Scalar(raw, _) => self.here(visitor.visit_str(raw)),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::Absent => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Decoded<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::List(items) => self.list(items, visitor),
            Value::Null | Value::Absent => Err(self.mismatch(&visitor)),
            // A number in place of a list of numbers may be one of them or their count.
            Value::Scalar(raw, Scalar::Int(_) | Scalar::Float(_)) => {
                let several = match raw.parse::<usize>() {
                    Ok(n @ 2..=9) => (1..=n).map(|i| i.to_string()).collect(),
                    _ => vec![raw.clone(), "...".to_owned()],
                };
                Err(self.error(format!(
                    "expected a list, found `{raw}`: write `[{raw}]` for one value, or `[{}]` for several",
                    several.join(", ")
                )))
            }
            _ => {
                let path = self.path;
                visitor.visit_seq(Items {
                    nodes: std::slice::from_ref(self.node),
                    path: &path,
                    next: 0,
                    alone: true,
                })
            }
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::List(items) if items.len() == len => self.list(items, visitor),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        match &self.node.value {
            Value::Map(entries) => self.entries(entries, visitor),
            Value::Absent => self.entries(&[], visitor),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Decoded<V::Value> {
        let choice = match &self.node.value {
            Value::Scalar(name, _) => Choice {
                name,
                place: &self.node.place,
                value: None,
                at: self,
            },
            Value::Map(entries) => match entries.as_slice() {
                [one] => Choice {
                    name: &one.key,
                    place: &one.place,
                    value: Some(&one.value),
                    at: self,
                },
                [] => {
                    let mut error = self.error(format!("expected one of {}", quoted(variants)));
                    error.missing = true;
                    return Err(error);
                }
                [_, second, ..] => {
                    let keys: Vec<&str> = entries.iter().map(|e| e.key.as_str()).collect();
                    let message = format!(
                        "expected one of {}, found {} together",
                        quoted(variants),
                        quoted(&keys)
                    );
                    return Err(
                        <DecodeError as de::Error>::custom(message).at(&second.place, &self.path)
                    );
                }
            },
            Value::Null => {
                let message = format!(
                    "no value: give one of {}, or leave the key out",
                    quoted(variants)
                );
                return Err(self.error(message));
            }
            _ => {
                let message = format!(
                    "expected one of {}, found {}",
                    quoted(variants),
                    self.node.seen()
                );
                return Err(self.error(message));
            }
        };
        self.here(visitor.visit_enum(choice))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Decoded<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier
    }
}
