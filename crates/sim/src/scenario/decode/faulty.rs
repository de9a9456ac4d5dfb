//! Taking faulty values away from a tree, so that the next round finds others.

use super::LISTED;
use super::mismatch::unknown_key;
use crate::scenario::node::{Entry, Node, Value};
use crate::scenario::problem::{Place, Problem, short};

/// Removes the value at `place` with its key, and with each mapping that becomes empty; false if there is
/// none.
pub(super) fn take(node: &mut Node, place: &Place) -> bool {
    match &mut node.value {
        Value::List(items) => items.iter_mut().any(|item| take(item, place)),
        Value::Map(entries) => {
            let gone = |entry: &mut Entry| {
                let value = &mut entry.value;
                value.place == *place
                    || (take(value, place)
                        && matches!(&value.value, Value::Map(left) if left.is_empty()))
            };
            let before = size(entries);
            entries.retain_mut(|entry| !gone(entry));
            size(entries) < before
        }
        _ => false,
    }
}

/// How many entries there are in mappings below mappings.
fn size(entries: &[Entry]) -> usize {
    let below = |entry: &Entry| match &entry.value.value {
        Value::Map(entries) => size(entries),
        Value::List(items) => items
            .iter()
            .map(|item| match &item.value {
                Value::Map(entries) => size(entries),
                _ => 0,
            })
            .sum(),
        _ => 0,
    };
    entries.iter().map(|entry| 1 + below(entry)).sum()
}

/// Unknown keys, as they are taken away from a tree.
#[derive(Default)]
pub(super) struct Unknown {
    pub(super) problems: Vec<Problem>,
    /// How many are not listed.
    more: usize,
    /// Whether a value was taken away that is of another kind than its key's.
    pub(super) taken: bool,
    /// The path of the mapping that they are in.
    pub(super) above: String,
    /// Whether those of this mapping are noted: an alias has them again.
    pub(super) recorded: bool,
}

impl Unknown {
    /// Takes all keys but `allowed` from the mapping that has a key at `place` which is not.
    pub(super) fn strip(&mut self, node: &mut Node, place: &Place, allowed: &[&str]) {
        let unknown = |entry: &Entry| !allowed.contains(&entry.key.as_str());
        match &mut node.value {
            Value::List(items) => {
                for item in items {
                    self.strip(item, place, allowed);
                }
            }
            Value::Map(entries) => {
                if entries.iter().any(|e| e.place == *place && unknown(e)) {
                    let gone = entries.extract_if(.., |entry| unknown(entry));
                    let gone: Vec<Entry> = gone.collect();
                    if !self.recorded {
                        self.record(&gone, allowed);
                    }
                }
                for entry in entries {
                    self.strip(&mut entry.value, place, allowed);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, gone: &[Entry], allowed: &[&str]) {
        self.recorded = true;
        let listed = gone.len().min(LISTED.saturating_sub(self.problems.len()));
        self.more += gone.len() - listed;
        for entry in &gone[..listed] {
            let key = short(&entry.key);
            self.problems.push(Problem {
                place: entry.place.clone(),
                path: match self.above.as_str() {
                    "" => key,
                    above => format!("{above}.{key}"),
                },
                message: unknown_key(&entry.key, allowed),
            });
        }
    }

    pub(super) fn problems(mut self) -> Vec<Problem> {
        if let (1.., Some(last)) = (self.more, self.problems.last_mut()) {
            last.message = format!("{}\nand {} more unknown keys", last.message, self.more);
        }
        self.problems
    }
}
