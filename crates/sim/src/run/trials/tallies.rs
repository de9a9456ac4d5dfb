//! The tallies of a trial: right answers by recording, of every evaluation and reading.
//!
//! ```text
//! "recordings": [TOTALS, ..]                     segments of each recording, one text a stream
//! "cell": {"evaluations": [{.., "right": {"of": 0, "summed": RIGHT, "last": RIGHT, "detector": RIGHT}}, ..]}
//! ```
//!
//! `of` is the place of the evaluation's TOTALS in the list. How both texts are made stands in
//! [`saturn_eval::stats::tally`]. Every segment has an answer in each reading, so that the three share their totals;
//! tallies that do not are left out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::run::summary::CellSummary;
use saturn_eval::reading::Reading;
use saturn_eval::stats::tally::{ByRecording, MOST, TallyError, totals};

/// The key of an evaluation's tallies.
const RIGHT: &str = "right";
/// The key of the place of its totals.
const OF: &str = "of";
/// The keys of the readings.
const READINGS: [(&str, Reading); 3] = [
    ("summed", Reading::Summed),
    ("last", Reading::Last),
    ("detector", Reading::Detector),
];

/// Adds the tallies of `cell` to `value`, its JSON without them, and returns the totals that they need.
pub fn put(cell: &CellSummary, value: &mut Value) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    let Some(evaluations) = value["evaluations"].as_array_mut() else {
        return lists;
    };
    for (named, value) in cell.evaluations.iter().zip(evaluations) {
        let summed = Reading::Summed.tallies(&named.evaluation);
        let Some(object) = value.as_object_mut().filter(|_| !summed.is_empty()) else {
            continue;
        };
        let totals = summed.totals();
        let mut right = Map::new();
        for (key, reading) in READINGS {
            let tallies = reading.tallies(&named.evaluation);
            if tallies.totals() == totals {
                right.insert(key.to_owned(), tallies.right().into());
            }
        }
        let place = lists.iter().position(|list| *list == totals);
        let place = place.unwrap_or_else(|| {
            lists.push(totals);
            lists.len() - 1
        });
        right.insert(OF.to_owned(), json!(place));
        object.insert(RIGHT.to_owned(), right.into());
    }
    lists
}

/// The tallies of one evaluation as its file has them.
pub type Found = BTreeMap<&'static str, ByRecording>;

/// Takes the tallies out of `value`, an unpacked cell, those of each evaluation in order; `lists` are the totals
/// that came with it.
pub fn take(value: &mut Value, lists: &[String]) -> Result<Vec<Found>, TallyError> {
    let mut left = MOST;
    let read = |text: &String| {
        let list = totals(text, left)?;
        left -= list.len();
        Ok(list)
    };
    let lists: Vec<Vec<u64>> = lists.iter().map(read).collect::<Result<_, TallyError>>()?;
    let Some(evaluations) = value["evaluations"].as_array_mut() else {
        return Ok(Vec::new());
    };
    let mut room = MOST;
    let mut all = Vec::new();
    for evaluation in evaluations {
        let mut found = Found::new();
        let right = (evaluation.as_object_mut()).and_then(|object| object.remove(RIGHT));
        let place = right.as_ref().and_then(|right| right[OF].as_u64());
        let list = place.and_then(|place| lists.get(usize::try_from(place).ok()?));
        if let (Some(right), Some(list)) = (&right, list) {
            for (key, _) in READINGS {
                let Some(text) = right[key].as_str() else {
                    continue;
                };
                // Many evaluations may name one long list.
                let left = room.checked_sub(list.len());
                room = left.ok_or(TallyError::TooMany { most: MOST })?;
                found.insert(key, ByRecording::from_text(list, text)?);
            }
        }
        all.push(found);
    }
    Ok(all)
}

/// Gives `cell` the tallies that [`take`] took out of its file.
pub fn give(cell: &mut CellSummary, found: Vec<Found>) {
    for (named, mut found) in cell.evaluations.iter_mut().zip(found) {
        for (key, reading) in READINGS {
            if let Some(tallies) = found.remove(key) {
                *reading.tallies_mut(&mut named.evaluation) = tallies;
            }
        }
    }
}
