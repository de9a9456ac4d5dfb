//! Collects the findings of a check, with their positions.

use super::node::Node;
use super::problem::Problem;
use super::warning::{Warning, WarningKind};
use saturn_cell::range::OutOfRange;
use saturn_eval::precision::PrecisionConfig;

/// The most problems that are listed, each of which takes a search for its place.
const LISTED: usize = 100;

/// The longest list whose entries are compared with each other.
const LONGEST_LIST: usize = 10_000;

/// The findings of a check.
pub(super) struct Diagnostics<'a> {
    root: &'a Node,
    pub(super) problems: Vec<Problem>,
    /// Problems that are not listed.
    more: usize,
    pub(super) warnings: Vec<Warning>,
}

impl<'a> Diagnostics<'a> {
    pub(super) fn new(root: &'a Node) -> Self {
        Self {
            root,
            problems: Vec::new(),
            more: 0,
            warnings: Vec::new(),
        }
    }

    fn note(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem {
            place: self.root.place_of(path),
            path: path.into(),
            message: message.into(),
        }
    }

    /// Notes a problem, of which [`LISTED`] are listed and the others counted.
    pub(super) fn problem(&mut self, path: &str, message: impl Into<String>) {
        if self.problems.len() == LISTED {
            self.more += 1;
            return;
        }
        let problem = self.note(path, message);
        self.problems.push(problem);
    }

    /// The problems, the last of them with the number of further ones, and the warnings.
    pub(super) fn finish(mut self) -> (Vec<Problem>, Vec<Warning>) {
        if let (1.., Some(last)) = (self.more, self.problems.last_mut()) {
            last.message = format!("{}\nand {} more problems", last.message, self.more);
        }
        (self.problems, self.warnings)
    }

    /// Warns about the value at `path`, which is `found`.
    pub(super) fn warning(
        &mut self,
        kind: WarningKind,
        path: &str,
        found: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.warnings.len() == LISTED {
            return;
        }
        self.warnings.push(Warning {
            kind,
            place: self.root.place_of(path),
            path: path.into(),
            found: found.into(),
            why: why.into(),
            remedy: remedy.into(),
        });
    }

    /// A problem with the formats at `path`, if they cannot be.
    pub(super) fn precision(&mut self, path: &str, config: &PrecisionConfig) {
        if let Err(e) = config.check() {
            let place = match e.key() {
                "" => path.to_owned(),
                key => format!("{path}.{key}"),
            };
            self.problem(&place, e.to_string());
        }
    }

    /// A problem for each setting below `path` that is out of its range.
    pub(super) fn out_of_range(&mut self, path: &str, found: impl IntoIterator<Item = OutOfRange>) {
        for wrong in found {
            self.problem(&format!("{path}.{}", wrong.key), wrong.to_string());
        }
    }

    /// A problem unless `fits`, the result of checking whether `value` is `allowed`.
    pub(super) fn number(
        &mut self,
        path: &str,
        value: f64,
        fits: impl Fn(f64) -> bool,
        allowed: &str,
    ) {
        // No comparison holds for NaN.
        if !fits(value) {
            self.problem(
                path,
                format!("`{value}` is out of range: it must be {allowed}"),
            );
        }
    }

    pub(super) fn positive(&mut self, path: &str, value: f64) {
        self.number(path, value, |x| x > 0.0 && x.is_finite(), "above 0");
    }

    pub(super) fn at_least_zero(&mut self, path: &str, value: f64) {
        self.number(path, value, |x| x >= 0.0 && x.is_finite(), "0 or more");
    }

    pub(super) fn at_least(&mut self, path: &str, value: u64, least: u64) {
        if value < least {
            self.problem(
                path,
                format!("`{value}` is out of range: it must be {least} or more"),
            );
        }
    }

    /// A problem unless `value` is at least `least` and at most `most`.
    pub(super) fn within(&mut self, path: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.problem(
                path,
                format!("`{value}` is out of range: it must be {least} to {most}"),
            );
        }
    }

    pub(super) fn not_empty<T>(&mut self, path: &str, list: &[T], what: &str) {
        if list.is_empty() {
            self.problem(path, format!("the list is empty: give at least one {what}"));
        }
    }

    /// A problem for the first duplicate entry of the list, or with a list that is too long.
    pub(super) fn distinct<T: PartialEq>(&mut self, path: &str, list: &[T]) {
        if list.len() > LONGEST_LIST {
            let message = format!(
                "the list has {} entries: give at most {LONGEST_LIST}",
                list.len()
            );
            return self.problem(path, message);
        }
        if let Some(i) = (1..list.len()).find(|&i| list[..i].contains(&list[i])) {
            self.problem(&format!("{path}.{i}"), "duplicate entry");
        }
    }

    /// A problem for each name that cannot be part of a file's name.
    pub(super) fn names<'n>(
        &mut self,
        path: &str,
        names: impl ExactSizeIterator<Item = &'n str>,
        what: &str,
    ) {
        if names.len() == 0 {
            self.problem(
                path,
                format!("there is no {what}: give at least one, as `name: ...`"),
            );
        }
        for name in names {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
            let trimmed = name.trim_matches([' ', '.']);
            if name.is_empty() || trimmed != name || name.len() > 64 || !name.chars().all(fits) {
                self.problem(
                    &format!("{path}.{name}"),
                    format!("`{name}` names files: use up to 64 letters, digits, `_`, `-`, and inside dots and spaces"),
                );
            }
        }
    }
}
