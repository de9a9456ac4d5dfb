//! A YAML document as a tree in which every value knows where it was written.

use super::problem::Place;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `key:` and nothing after it.
    Null,
    /// A scalar, as written (after escapes) and as resolved.
    Scalar(String, Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// The value of a name that stands alone, like that of `adam` in `optimizer: adam`.
    Absent,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Bool(bool),
    Int(i128),
    Float(f64),
    Text { quoted: bool },
}

/// One `key: value` of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Node,
}

impl Node {
    /// The value under `key` of a mapping or at a position of a list.
    pub(super) fn child(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.value),
            Value::List(items) => key.parse::<usize>().ok().and_then(|i| items.get(i)),
            _ => None,
        }
    }

    /// The first key of `path` (keys with dots between) and what follows it. A key of this mapping may
    /// have dots itself: the longest that fits is meant.
    pub(super) fn first_key<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        let known = match &self.value {
            Value::Map(entries) => entries
                .iter()
                .map(|e| e.key.len())
                .filter(|&len| {
                    path.get(..len).is_some_and(|key| self.child(key).is_some())
                        && (path.len() == len || path[len..].starts_with('.'))
                })
                .max(),
            _ => None,
        };
        match known {
            Some(len) => (&path[..len], path[len..].trim_start_matches('.')),
            None => path.split_once('.').unwrap_or((path, "")),
        }
    }

    /// The place of what stands at `path`, or of what stands nearest above it.
    pub(super) fn place_of(&self, path: &str) -> Place {
        let (mut node, mut rest) = (self, path);
        while !rest.is_empty() {
            let (key, below) = node.first_key(rest);
            match node.child(key) {
                Some(child) => node = child,
                // One value stands for a list of one.
                None if key == "0" => {}
                None => break,
            }
            rest = below;
        }
        node.place.clone()
    }

    /// What a reader sees, for a message.
    pub(super) fn seen(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Scalar(raw, Scalar::Text { quoted: false }) => format!("the text `{raw}`"),
            Value::Scalar(raw, Scalar::Text { quoted: true }) => {
                format!("the text '{raw}' in quotes")
            }
            Value::Scalar(raw, _) => format!("`{raw}`"),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(_) => "a mapping (`key: value`)".into(),
            Value::Absent => "a name alone".into(),
        }
    }
}
