//! From a tree to typed keys, through serde, with the position and the path of every value that does not fit.
//!
//! Beyond serde's own rules:
//!
//! - where a list is expected, one value means a list of one: `fill: silence`;
//! - where a choice with settings is expected, its name alone means all its defaults: `optimizer: adam` is
//!   `optimizer: {adam: {}}`;
//! - a number such as `1e6` is whole;
//! - a key without a value is an error: leave it out instead.

mod decoder;
mod faulty;
mod mismatch;
mod path;

use serde::de::DeserializeOwned;

use decoder::{Decoded, Decoder};
use faulty::{Unknown, take};
use mismatch::DecodeError;
use path::Path;

use super::node::Node;
use super::problem::{Place, Problem};

/// The most unknown keys that are listed; the others are counted.
const LISTED: usize = 20;

/// The typed keys of a tree. All unknown keys are reported together, and with them values of other kinds.
pub(super) fn decode<T: DeserializeOwned>(root: &Node) -> Result<T, Vec<Problem>> {
    let mut error = match attempt(root) {
        Ok(keys) => return Ok(keys),
        Err(error) => error,
    };
    // Each round removes one faulty value, so that the next one finds others.
    let mut rest = root.clone();
    let mut found = Unknown::default();
    for _ in 0..LISTED {
        let (place, path) = located(&error, root);
        if let Some(allowed) = error.allowed {
            let above = path.rsplit_once('.').map_or("", |(above, _)| above);
            above.clone_into(&mut found.above);
            found.recorded = false;
            found.strip(&mut rest, &place, allowed);
            if !found.recorded {
                break;
            }
        } else {
            // A missing value may have been removed in an earlier round.
            if !(found.taken && error.missing) {
                found.problems.push(Problem {
                    place: place.clone(),
                    path,
                    message: error.message,
                });
            }
            found.taken = true;
            if !take(&mut rest, &place) {
                break;
            }
        }
        match attempt::<T>(&rest) {
            Ok(_) => break,
            Err(next) => error = next,
        }
    }
    Err(found.problems())
}

fn attempt<T: DeserializeOwned>(root: &Node) -> Decoded<T> {
    T::deserialize(Decoder {
        node: root,
        path: Path::Root,
    })
}

fn located(error: &DecodeError, root: &Node) -> (Place, String) {
    let at = error.at.clone();
    at.unwrap_or_else(|| (root.place.clone(), String::new()))
}
