//! Selecting trials of the matrix.

use std::ops::RangeInclusive;

use glob::Pattern;
use thiserror::Error;

use super::entry::Entry;

/// Trials by pattern or by number; all of them without either.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Patterns of `MODEL.ARM.SEED`: `*` is any text, `?` any character, `[ab]` one of these.
    pub only: Vec<String>,
    /// Numbers, from 1 on, in the order of the matrix; all of it where there are none.
    pub numbers: Vec<RangeInclusive<usize>>,
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
        self.only.is_empty() && self.numbers.is_empty()
    }

    /// The selected entries.
    pub fn of<'a>(&self, entries: Vec<Entry<'a>>) -> Result<Vec<Entry<'a>>, SelectionError> {
        if !self.numbers.is_empty() {
            let cells = entries.len();
            let ends = self.numbers.iter().flat_map(|r| [*r.start(), *r.end()]);
            if let Some(number) = ends.into_iter().find(|n| !(1..=cells).contains(n)) {
                return Err(SelectionError::Number { number, cells });
            }
            let wanted = |e: &Entry| self.numbers.iter().any(|r| r.contains(&e.number));
            return Ok(entries.into_iter().filter(wanted).collect());
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
        let chosen = |only: &[&str], numbers: &[RangeInclusive<usize>]| {
            let selection = Selection {
                only: only.iter().map(ToString::to_string).collect(),
                numbers: numbers.to_vec(),
            };
            let entries = selection.of(entries(&s, &[1, 12]));
            entries.map(|e| e.iter().map(|e| e.place.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[], &[]).unwrap().len(), 8);
        assert_eq!(
            chosen(&["gru.*.12"], &[]).unwrap(),
            ["gru.classic.12", "gru.carry.12"]
        );
        // Two patterns, in the order of the matrix, no duplicates.
        let both = ["*.carry.1", "lif.*.1"];
        assert_eq!(
            chosen(&both, &[]).unwrap(),
            ["lif.classic.1", "lif.carry.1", "gru.carry.1"]
        );
        assert_eq!(chosen(&[], &[5..=5]).unwrap(), ["lif.classic.12"]);
        assert_eq!(
            chosen(&[], &[7..=8, 1..=1]).unwrap(),
            ["lif.classic.1", "gru.classic.12", "gru.carry.12"]
        );
        for (only, numbers, words) in [
            (&["rnn*"][..], &[][..], "lif.classic.1"),
            (&["[a"], &[], "hint"),
            (&[], &[9..=9], "--trial 9: trials are numbered from 1 to 8"),
            (&[], &[1..=1, 8..=10], "--trial 10: "),
            (&[], &[0..=2], "from 1 to 8"),
        ] {
            let error = chosen(only, numbers).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
