//! The owner of a run's folder: `run.json`, the scenario and the data of its results.
//!
//! Results of other settings or other data do not go into the same folder: each difference is listed with its
//! old and new value. The test file is treated separately: training and validation do not depend on it, so a
//! folder without results on the test split accepts any.

use std::collections::BTreeMap;

use saturn_cell::kernel::Isa;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Checksums of data files by what they are for: `train`, `valid`, `test`, `gap_recordings`.
pub type Files = BTreeMap<String, String>;

/// The most differences listed.
const LISTED: usize = 12;

/// The owner of a folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// The run's name.
    pub name: String,
    /// Checksum of its settings.
    pub fingerprint: String,
    /// Its data; empty in folders of earlier versions, and before any work was done.
    #[serde(default, skip_serializing_if = "Files::is_empty")]
    pub data: Files,
    /// The instruction set of its results (see [`saturn_cell::kernel::Isa`]); `None` in folders of earlier versions, and
    /// before any work was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isa: Option<String>,
}

impl Owner {
    /// The instruction set of the results here, if it gives other bits than `now`. A name that is not known does.
    pub fn other_isa(&self, now: Isa) -> Option<&str> {
        let there = self.isa.as_deref()?;
        let same = |isa: Isa| isa.has_bits_of(now);
        (!there.parse().is_ok_and(same)).then_some(there)
    }

    /// The data of `now` that differ from those of the results here; the test file counts only if `tested`.
    pub fn other_data(&self, now: &Files, tested: bool) -> Vec<String> {
        let short = |sum: &str| sum.chars().take(12).collect::<String>();
        let counts = |key: &str| tested || key != "test";
        (self.data.iter())
            .filter(|(key, _)| counts(key))
            .filter_map(|(key, before)| match now.get(key) {
                Some(after) if after != before => Some(format!(
                    "the {key} file: sha256 {}... there, {}... now",
                    short(before),
                    short(after)
                )),
                _ => None,
            })
            .collect()
    }
}

/// The settings that differ between two scenarios with every default written out, `key: before there, after
/// now`.
pub fn differences(before: &str, after: &str) -> Vec<String> {
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap_or_default();
    let mut found = Vec::new();
    compare("", &read(before), &read(after), &mut found);
    let more = found.len().saturating_sub(LISTED);
    found.truncate(LISTED);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

/// Keys that no result depends on.
const IRRELEVANT: [&str; 5] = ["about", "seed", "seeds", "plots", "tune"];

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().collect();
            keys.extend(b.keys().filter(|key| !a.contains_key(*key)));
            for key in keys {
                if path.is_empty() && IRRELEVANT.contains(&key.as_str()) {
                    continue;
                }
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let at = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or_default()
                };
                compare(&inner, &at(a), &at(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}.{i}"), a, b, found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(format!("{path}: {} there, {} now", shown(a), shown(b))),
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_keys_and_both_values() {
        let before = "name: x\nseeds: [1]\ntrain: {epochs: 2, lr: 0.1}\nmodels: {a: {layers: [{lif: {hidden: 8}}]}}";
        let after = "name: x\nseeds: [1, 2]\ntrain: {epochs: 3, lr: 0.1}\nmodels: {a: {layers: [{lif: {hidden: 9}}]}, b: {}}";
        assert_eq!(
            differences(before, after),
            [
                "train.epochs: 2 there, 3 now",
                "models.a.layers.0.lif.hidden: 8 there, 9 now",
                "models.b: nothing there, {} now",
            ]
        );
        assert!(differences(before, before).is_empty());
    }

    #[test]
    fn sets_with_the_same_bits_share_a_folder() {
        let owner = |isa: Option<&str>| Owner {
            name: "x".to_owned(),
            fingerprint: String::new(),
            data: Files::new(),
            isa: isa.map(str::to_owned),
        };
        assert_eq!(owner(None).other_isa(Isa::Neon), None);
        assert_eq!(owner(Some("avx2")).other_isa(Isa::Avx512), None);
        assert_eq!(owner(Some("avx2")).other_isa(Isa::Plain), Some("avx2"));
        assert_eq!(
            owner(Some("avx1024")).other_isa(Isa::Avx512),
            Some("avx1024")
        );
    }

    #[test]
    fn the_test_file_counts_where_there_are_results_on_it() {
        let files = |test: &str| -> Files {
            [("train", "aaaa"), ("test", test)]
                .map(|(key, sum)| (key.to_owned(), sum.to_owned()))
                .into()
        };
        let owner = Owner {
            name: "x".to_owned(),
            fingerprint: String::new(),
            data: files("bbbb"),
            isa: None,
        };
        assert!(owner.other_data(&files("cccc"), false).is_empty());
        let found = owner.other_data(&files("cccc"), true);
        assert_eq!(found, ["the test file: sha256 bbbb... there, cccc... now"]);
        assert!(owner.other_data(&files("bbbb"), true).is_empty());
        // A file that is not named now is not compared.
        assert!(owner.other_data(&Files::new(), true).is_empty());
    }
}
