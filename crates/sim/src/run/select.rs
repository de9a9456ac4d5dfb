//! Selecting trials of the matrix.

use glob::Pattern;
use thiserror::Error;

use super::entry::Entry;

/// Trials by pattern or by number; all of them without either.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Patterns of `MODEL.ARM.SEED`: `*` is any text, `?` any character, `[ab]` one of these.
    pub only: Vec<String>,
    /// A number, from 1 on, in the order of the matrix.
    pub cell: Option<usize>,
}

/// Why a selection matches no trial.
#[derive(Debug, Error)]
pub enum SelectionError {
    /// The pattern cannot be read.
    #[error(
        "--only {pattern}: {source}\nhint: `lif.*.1` is the net `lif` in every arm with seed 1"
    )]
    Pattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        source: glob::PatternError,
    },
    /// No trial matches.
    #[error(
        "--only {pattern}: no trial matches; the first one is `{first}`\nhint: `--list` prints all"
    )]
    Nothing {
        /// As it was given.
        pattern: String,
        /// A trial's name.
        first: String,
    },
    /// There is no such number.
    #[error("--trial {number}: trials are numbered from 1 to {cells}\nhint: `--list` prints all")]
    Number {
        /// As it was given.
        number: usize,
        /// How many there are.
        cells: usize,
    },
}

impl Selection {
    /// Whether it is all of the matrix.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.cell.is_none()
    }

    /// The selected entries.
    pub fn of<'a>(&self, entries: Vec<Entry<'a>>) -> Result<Vec<Entry<'a>>, SelectionError> {
        if let Some(number) = self.cell {
            let cells = entries.len();
            let found = entries.into_iter().find(|e| e.number == number);
            return match found {
                Some(entry) => Ok(vec![entry]),
                None => Err(SelectionError::Number { number, cells }),
            };
        }
        if self.only.is_empty() {
            return Ok(entries);
        }
        let mut wanted = vec![false; entries.len()];
        for text in &self.only {
            let pattern = Pattern::new(text).map_err(|source| SelectionError::Pattern {
                pattern: text.clone(),
                source,
            })?;
            let mut any = false;
            for (entry, wanted) in entries.iter().zip(&mut wanted) {
                let fits = pattern.matches(&entry.place.to_string());
                *wanted |= fits;
                any |= fits;
            }
            if !any {
                return Err(SelectionError::Nothing {
                    pattern: text.clone(),
                    first: (entries.first()).map_or(String::new(), |e| e.place.to_string()),
                });
            }
        }
        let chosen = entries
            .into_iter()
            .zip(wanted)
            .filter(|(_, wanted)| *wanted);
        Ok(chosen.map(|(entry, _)| entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::scenario;
    use crate::run::entry::entries;

    #[test]
    fn cells_are_chosen_by_pattern_and_by_number() {
        let s = scenario(&["lif", "gru"], &["classic", "carry"]);
        let chosen = |only: &[&str], cell| {
            let selection = Selection {
                only: only.iter().map(ToString::to_string).collect(),
                cell,
            };
            let entries = selection.of(entries(&s, &[1, 12]));
            entries.map(|e| e.iter().map(|e| e.place.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[], None).unwrap().len(), 8);
        assert_eq!(
            chosen(&["gru.*.12"], None).unwrap(),
            ["gru.classic.12", "gru.carry.12"]
        );
        // Two patterns, in the order of the matrix, no duplicates.
        let both = ["*.carry.1", "lif.*.1"];
        assert_eq!(
            chosen(&both, None).unwrap(),
            ["lif.classic.1", "lif.carry.1", "gru.carry.1"]
        );
        assert_eq!(chosen(&[], Some(5)).unwrap(), ["lif.classic.12"]);
        for (only, cell, words) in [
            (&["rnn*"][..], None, "lif.classic.1"),
            (&["[a"], None, "hint"),
            (&[], Some(9), "from 1 to 8"),
            (&[], Some(0), "from 1 to 8"),
        ] {
            let error = chosen(only, cell).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
