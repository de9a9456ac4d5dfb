//! What does not fit, in the words of a scenario.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::Path;
use crate::scenario::problem::{Place, nearest, quoted};

/// A message and, as soon as it is known, its place and path.
#[derive(Debug)]
pub(super) struct DecodeError {
    pub(super) message: String,
    /// A key that belongs behind the path.
    pub(super) key: Option<String>,
    pub(super) at: Option<(Place, String)>,
}

impl DecodeError {
    /// Notes the place, unless something further inside already did.
    pub(super) fn at(mut self, place: &Place, path: &Path) -> Self {
        if self.at.is_none() {
            let mut path = path.to_string();
            if let Some(key) = self.key.take() {
                if !path.is_empty() {
                    path.push('.');
                }
                path += &key;
            }
            self.at = Some((place.clone(), path));
        }
        self
    }

    fn not_allowed(what: &str, name: &str, allowed: &[&str]) -> String {
        match nearest(name, allowed) {
            Some(near) => format!("{what}, nearest `{near}`; allowed: {}", quoted(allowed)),
            None => format!("{what}; allowed: {}", quoted(allowed)),
        }
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            key: None,
            at: None,
        }
    }

    fn invalid_type(seen: Unexpected, expected: &dyn Expected) -> Self {
        Self::custom(format!(
            "expected {}, found {}",
            in_words(expected),
            seen_by_serde(seen)
        ))
    }

    fn invalid_value(seen: Unexpected, expected: &dyn Expected) -> Self {
        Self::invalid_type(seen, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut error = Self::custom(Self::not_allowed("unknown key", field, expected));
        error.key = Some(field.into());
        error
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(Self::not_allowed(
            &format!("unknown choice `{variant}`"),
            variant,
            expected,
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format!("the key `{field}` is missing"))
    }
}

/// serde's names of types in the words of a scenario.
pub(super) fn in_words(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number, 0 or more".into(),
        "isize" | "i64" | "i32" => "a whole number".into(),
        "f64" | "f32" => "a number".into(),
        "a boolean" => "`true` or `false`".into(),
        "a string" | "path string" => "text".into(),
        "a sequence" => "a list".into(),
        "a map" => "a mapping (`key: value`)".into(),
        other if other.starts_with("struct ") => "a mapping (`key: value`)".into(),
        other => other.replace("an array of length", "a list of"),
    }
}

fn seen_by_serde(seen: Unexpected) -> String {
    match seen {
        Unexpected::Bool(b) => format!("`{b}`"),
        Unexpected::Unsigned(n) => format!("`{n}`"),
        Unexpected::Signed(n) => format!("`{n}`"),
        Unexpected::Float(x) => format!("`{x}`"),
        Unexpected::Str(s) => format!("the text `{s}`"),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a mapping (`key: value`)".into(),
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        other => other.to_string(),
    }
}
