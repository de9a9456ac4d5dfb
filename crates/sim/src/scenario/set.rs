//! `--set key.path=value`: one value of the tree replaced before anything is checked.
//!
//! The value is YAML, so lists and mappings can be given too: `--set seeds=[1,2]`. Keys that the file omits
//! are created on the way; whether they are allowed is checked with all the others.

use std::sync::Arc;

use super::node::{Entry, Node, Value};
use super::problem::{Place, ScenarioError};
use super::read::read;

/// Replaces or adds one value.
pub(super) fn set(root: &mut Node, argument: &str) -> Result<(), ScenarioError> {
    let fail = |message: String| ScenarioError::Override {
        argument: argument.into(),
        message,
    };
    let Some((path, value)) = argument.split_once('=') else {
        return Err(fail(
            "expected `key=value`, such as `train.epochs=2`".into(),
        ));
    };
    let path = path.trim();
    if path.split('.').any(str::is_empty) {
        return Err(fail(format!(
            "`{path}` is not a key: expected names with dots between"
        )));
    }
    let place = Place::Set(Arc::from(argument));
    let value = read(value, Some(place.clone())).map_err(|e| fail(e.message))?;
    if matches!(root.value, Value::Null) {
        root.value = Value::Map(Vec::new());
    }
    let (mut node, mut rest) = (root, path);
    while !rest.is_empty() {
        let above = path[..path.len() - rest.len()].trim_end_matches('.');
        let (key, below) = node.first_key(rest);
        node = step(node, key, above, &place).map_err(fail)?;
        rest = below;
    }
    *node = value;
    Ok(())
}

/// The node under `key`, created if it does not exist; `above` is the path of `node`.
fn step<'a>(
    node: &'a mut Node,
    key: &str,
    above: &str,
    place: &Place,
) -> Result<&'a mut Node, String> {
    // `adam` alone means `{adam: {}}`.
    if matches!(&node.value, Value::Scalar(name, _) if name == key) {
        *node = Node {
            value: Value::Map(Vec::new()),
            place: place.clone(),
        };
    }
    let seen = node.seen();
    match &mut node.value {
        Value::Map(entries) => {
            let at = entries
                .iter()
                .position(|e| e.key == key)
                .unwrap_or_else(|| {
                    entries.push(Entry {
                        key: key.into(),
                        place: place.clone(),
                        value: Node {
                            value: Value::Map(Vec::new()),
                            place: place.clone(),
                        },
                    });
                    entries.len() - 1
                });
            Ok(&mut entries[at].value)
        }
        Value::List(items) => {
            let len = items.len();
            key.parse()
                .ok()
                .and_then(|i: usize| items.get_mut(i))
                .ok_or_else(|| match len {
                    0 => format!("`{above}` is an empty list"),
                    _ => format!(
                        "`{above}` is a list of {len}: `{key}` should be 0 to {}",
                        len - 1
                    ),
                })
        }
        _ => Err(format!("`{above}` is {seen}: it has no key `{key}`")),
    }
}
