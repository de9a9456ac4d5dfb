//! A YAML document as a tree in which every value has its position.

use super::problem::Place;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `key:` without a value.
    Null,
    /// A scalar, as written (after escapes) and as resolved.
    Scalar(String, Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// The implicit value of a name alone, like that of `adam` in `optimizer: adam`.
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

    /// The first key of `path` (keys with dots between) and the rest. A key of this mapping may contain dots
    /// itself: the one that resolves furthest is meant, and the longest of those.
    pub(super) fn first_key<'p>(&self, path: &'p str) -> (&'p str, &'p str) {
        let known = self
            .known_keys(path)
            .min_by_key(|&(key, below)| (self.unknown(key, below), below.len()));
        known.unwrap_or_else(|| path.split_once('.').unwrap_or((path, "")))
    }

    /// Every way to read the beginning of `path` as a key of this mapping or list, with the rest.
    fn known_keys<'p>(&self, path: &'p str) -> impl Iterator<Item = (&'p str, &'p str)> {
        let ends = path.match_indices('.').map(|(at, _)| at);
        ends.chain([path.len()])
            .map(|end| (&path[..end], path[end..].trim_start_matches('.')))
            .filter(|(key, _)| self.child(key).is_some())
    }

    /// The length of the rest of `below` at which no key fits any more, under `key`.
    fn unknown(&self, key: &str, below: &str) -> usize {
        let node = match self.child(key) {
            Some(child) => child,
            // One value means a list of one.
            None if key == "0" => self,
            None => return below.len() + 1,
        };
        if below.is_empty() {
            return 0;
        }
        let (key, below) = node.first_key(below);
        node.unknown(key, below)
    }

    /// The position of the value at `path`, or of its nearest ancestor.
    pub(super) fn place_of(&self, path: &str) -> Place {
        let (mut node, mut rest) = (self, path);
        while !rest.is_empty() {
            let (key, below) = node.first_key(rest);
            match node.child(key) {
                Some(child) => node = child,
                // One value means a list of one.
                None if key == "0" => {}
                None => break,
            }
            rest = below;
        }
        node.place.clone()
    }

    /// The value as shown in a message.
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
            Value::Absent => "only a name".into(),
        }
    }
}
