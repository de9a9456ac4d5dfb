//! Messages about mismatches, in the terms of a scenario.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::path::Path;
use crate::scenario::problem::{Place, nearest, quoted, short};
use crate::scenario::schema::home_of;

/// A message and, as soon as it is known, its place and path.
#[derive(Debug)]
pub(super) struct DecodeError {
    pub(super) message: String,
    /// A key that belongs behind the path.
    pub(super) key: Option<String>,
    /// The keys that are allowed, where the error is about one that is not.
    pub(super) allowed: Option<&'static [&'static str]>,
    /// Whether a key, or the one key of a choice, is missing.
    pub(super) missing: bool,
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
}

/// The message about the key `name` if only `allowed` are possible.
pub(super) fn unknown_key(name: &str, allowed: &[&str]) -> String {
    match (nearest(name, allowed), home_of(name)) {
        (None, Some(home)) => format!(
            "unknown key: it belongs under `{home}`, indented further than that; allowed here: {}",
            quoted(allowed)
        ),
        _ => not_allowed("unknown key", name, allowed),
    }
}

fn not_allowed(what: &str, name: &str, allowed: &[&str]) -> String {
    match nearest(name, allowed) {
        Some(near) => format!("{what}, nearest `{near}`; allowed: {}", quoted(allowed)),
        None => format!("{what}; allowed: {}", quoted(allowed)),
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
            allowed: None,
            missing: false,
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
        let mut error = Self::custom(unknown_key(field, expected));
        error.key = Some(short(field));
        error.allowed = Some(expected);
        error
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let what = format!("unknown choice `{}`", short(variant));
        Self::custom(not_allowed(&what, variant, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::custom(format!("the key `{field}` is missing"));
        error.missing = true;
        error
    }
}

/// serde's names of types in the terms of a scenario.
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
