//! Splitting recordings into training, validation and test.
//!
//! Recordings of one group (a speaker, a patient) stay together, so that a network is never tested on a voice
//! or a patient from its training set. Groups are named by the user, or drawn: ordered by a hash of their
//! names (FNV-1a with a final mix), they fill the test split until it has its share of the recordings, then
//! the validation split, each with at least one group. So the draw depends only on the names.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::DataError;
use crate::synthetic::Split;

/// How recordings are split.
#[derive(Debug, Clone, PartialEq)]
pub struct Division {
    /// Share of the recordings to validate on, above 0; about, as groups are not cut.
    pub valid_share: f64,
    /// Share of the recordings to test on, above 0; about, as groups are not cut.
    pub test_share: f64,
    /// Groups for validation; drawn if empty.
    pub valid: Vec<String>,
    /// Groups for test; drawn if empty.
    pub test: Vec<String>,
}

impl Default for Division {
    fn default() -> Self {
        Self {
            valid_share: 0.1,
            test_share: 0.1,
            valid: Vec::new(),
            test: Vec::new(),
        }
    }
}

impl Division {
    /// The split of each group of `sizes` (recordings by group), of the data at `input`.
    pub(crate) fn divide(
        &self,
        input: &Path,
        sizes: &BTreeMap<String, usize>,
    ) -> Result<BTreeMap<String, Split>, DataError> {
        for (option, share) in [
            ("the share for validation", self.valid_share),
            ("the share for test", self.test_share),
        ] {
            if !(share > 0.0 && share < 0.5) {
                return Err(DataError::BadOption {
                    option,
                    found: share.to_string(),
                    expected: "above 0 and below 0.5".to_owned(),
                });
            }
        }
        let mut splits = BTreeMap::new();
        for (names, split) in [(&self.valid, Split::Valid), (&self.test, Split::Test)] {
            for name in names {
                let known: Vec<&str> = sizes.keys().take(12).map(String::as_str).collect();
                if !sizes.contains_key(name) {
                    let more = if sizes.len() > known.len() {
                        ", ..."
                    } else {
                        ""
                    };
                    return Err(DataError::BadOption {
                        option: "a group to separate",
                        found: format!("`{name}`"),
                        expected: format!("one of {}{more}", known.join(", ")),
                    });
                }
                if splits.insert(name.clone(), split).is_some() {
                    return Err(DataError::BadOption {
                        option: "a group to separate",
                        found: format!("`{name}`, twice"),
                        expected: "in one split".to_owned(),
                    });
                }
            }
        }
        let mut drawn: Vec<&String> = sizes
            .keys()
            .filter(|name| !splits.contains_key(*name))
            .collect();
        drawn.sort_by_key(|name| (hash(name), *name));
        let total: usize = sizes.values().sum();
        let mut drawn = drawn.into_iter().peekable();
        for (share, split, named) in [
            (self.test_share, Split::Test, &self.test),
            (self.valid_share, Split::Valid, &self.valid),
        ] {
            let wanted = if named.is_empty() {
                share * total as f64
            } else {
                0.0
            };
            let mut held = 0;
            while (held as f64) < wanted {
                let Some(name) = drawn.peek() else { break };
                // One group more, only where that comes nearer to the share.
                let size = sizes[*name];
                if held > 0 && (held + size) as f64 - wanted > wanted - held as f64 {
                    break;
                }
                splits.insert((*name).clone(), split);
                held += size;
                drawn.next();
            }
        }
        splits.extend(drawn.map(|name| (name.clone(), Split::Train)));
        for split in Split::ALL {
            if !splits.values().any(|found| *found == split) {
                return Err(DataError::Unusable {
                    path: input.to_owned(),
                    detail: format!(
                        "its {} groups leave {} empty",
                        sizes.len(),
                        split.file_name()
                    ),
                    hint: "there must be at least three speakers, records or recordings: one for each split",
                });
            }
        }
        Ok(splits)
    }
}

/// FNV-1a, then the finish of MurmurHash3, which spreads the last letters to all bits.
fn hash(name: &str) -> u64 {
    let mut hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Numbers for the names of groups: if all names are numbers, each is its own number.
pub(crate) fn number_groups<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, u32> {
    let names: Vec<&String> = names.collect();
    let numbers: Option<Vec<u32>> = names.iter().map(|name| name.parse().ok()).collect();
    let numbers = numbers.unwrap_or_else(|| (0..names.len() as u32).collect());
    names.into_iter().cloned().zip(numbers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(groups: usize) -> BTreeMap<String, usize> {
        (0..groups)
            .map(|group| (format!("g{group}"), 10 + group % 3))
            .collect()
    }

    fn held(splits: &BTreeMap<String, Split>, split: Split) -> usize {
        splits.values().filter(|found| **found == split).count()
    }

    #[test]
    fn the_shares_are_met_and_no_group_is_cut() {
        let splits = Division::default()
            .divide(Path::new("x"), &sizes(200))
            .unwrap();
        assert_eq!(splits.len(), 200);
        assert!((18..=22).contains(&held(&splits, Split::Test)));
        assert!((18..=22).contains(&held(&splits, Split::Valid)));
        // Few groups: one each.
        let splits = Division::default()
            .divide(Path::new("x"), &sizes(5))
            .unwrap();
        assert_eq!(
            (held(&splits, Split::Test), held(&splits, Split::Valid)),
            (1, 1)
        );
    }

    #[test]
    fn groups_may_be_named() {
        let division = Division {
            test: vec!["g1".into(), "g3".into()],
            ..Division::default()
        };
        let splits = division.divide(Path::new("x"), &sizes(6)).unwrap();
        assert_eq!((splits["g1"], splits["g3"]), (Split::Test, Split::Test));
        assert_eq!(
            (held(&splits, Split::Test), held(&splits, Split::Valid)),
            (2, 1)
        );
        let unknown = Division {
            valid: vec!["g9".into()],
            ..Division::default()
        };
        let message = unknown.divide(Path::new("x"), &sizes(2)).unwrap_err();
        assert!(
            message.to_string().contains("it must be one of g0, g1"),
            "{message}"
        );
    }

    #[test]
    fn too_few_groups_are_refused() {
        let message = Division::default()
            .divide(Path::new("x"), &sizes(2))
            .unwrap_err();
        assert!(message.to_string().contains("leave"), "{message}");
        let share = Division {
            test_share: 0.7,
            ..Division::default()
        };
        assert!(share.divide(Path::new("x"), &sizes(9)).is_err());
    }

    #[test]
    fn numbers_stand_for_themselves() {
        let names = ["7".to_owned(), "100".to_owned()];
        assert_eq!(number_groups(names.iter())["100"], 100);
        let names = ["eve".to_owned(), "100".to_owned()];
        assert_eq!(number_groups(names.iter())["100"], 1);
    }
}
