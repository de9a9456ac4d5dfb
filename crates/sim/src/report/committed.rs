//! The tables of `README.md` and `docs/` that make a claim, made from committed trials.
//!
//! A document marks where a table goes, and which:
//!
//! ```text
//! <!-- trials: spoken-digits readings noise -->
//! ...
//! <!-- end -->
//! ```
//!
//! names the scenario, whose trials are in `results/SCENARIO.jsonl.gz`, the kind of the table (see
//! `blocks.rs`) and its arguments. `cargo run --release --example results` rewrites the text between the
//! marks; a test checks that the documents match, so that every number in them comes from the trials. Trials
//! on different events have separate tables: that of the group with most trials on known events comes first,
//! each with a line that names its events and the meaning of its intervals.

mod blocks;
mod text;
mod updates;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::figures::scope::NEVER;
use crate::run::summary::{CellSummary, Reference, Roles, Row, table};
use crate::run::trials::{ArchiveError, Shared, archive};
use crate::scenario::{Arm, ArmRole, Named, Regime, Scenario, ScenarioError, regimes};

/// Beginning and end of a block.
const BEGIN: &str = "<!-- trials: ";
const CLOSE: &str = " -->";
const END: &str = "<!-- end -->";

/// Why a document cannot be filled.
#[derive(Debug, Error)]
pub enum CommittedError {
    /// Trials cannot be read.
    #[error(transparent)]
    Trials(#[from] ArchiveError),
    /// A scenario cannot be read.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A mark names an unknown table.
    #[error(
        "`{mark}`: {what}\nhint: the kinds of tables are listed in crates/sim/src/report/committed/blocks.rs"
    )]
    Mark {
        /// The mark.
        mark: String,
        /// What is wrong with it.
        what: String,
    },
}

/// Trials of one scenario on the same events.
#[derive(Clone)]
pub struct Group {
    /// Their common data.
    pub shared: Shared,
    /// The trials, in the scenario's order.
    pub cells: Vec<CellSummary>,
    /// What differences are measured from: the usual reference.
    pub reference: Reference,
    /// Their table, with differences from it.
    pub rows: Vec<Row>,
    /// Meaning of the names.
    pub roles: Roles,
    /// Arms of several lengths of training, and the one without updates.
    pub regimes: (Vec<Regime>, Option<String>),
    /// The regime of each arm.
    pub arms: Named<Arm>,
}

impl Group {
    /// The table with differences from another arm or policy.
    pub fn against(&self, arm: &str, state_reset: &str) -> Vec<Row> {
        let reference = Reference {
            arm: arm.to_owned(),
            state_reset: state_reset.to_owned(),
        };
        table(&self.cells, &reference)
    }

    /// The arm of `role`, if its nets have been never reset.
    pub fn arm(&self, role: ArmRole) -> Option<&str> {
        let arm = self.roles.arm(role)?;
        let has = |row: &Row| row.arm == arm && row.state_reset == NEVER;
        self.rows.iter().any(has).then_some(arm)
    }

    /// The row of the reference.
    pub fn of_reference(&self, model: &str, stream: &str) -> Option<&Row> {
        self.row(
            model,
            &self.reference.arm,
            stream,
            &self.reference.state_reset,
        )
    }

    /// The models in the scenario's order.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !models.contains(&&*row.model) {
                models.push(&row.model);
            }
        }
        models
    }

    /// The row of a place.
    pub fn row(&self, model: &str, arm: &str, stream: &str, state_reset: &str) -> Option<&Row> {
        find(&self.rows, model, arm, stream, state_reset)
    }
}

/// The row of a place among `rows`.
fn find<'a>(
    rows: &'a [Row],
    model: &str,
    arm: &str,
    stream: &str,
    state_reset: &str,
) -> Option<&'a Row> {
    rows.iter().find(|row| {
        (&*row.model, &*row.arm, &*row.stream, &*row.state_reset)
            == (model, arm, stream, state_reset)
    })
}

/// A repository with committed trials, read as they are needed.
pub struct Committed {
    root: PathBuf,
    known: BTreeMap<String, Vec<Group>>,
}

impl Committed {
    /// Of the repository in `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            known: BTreeMap::new(),
        }
    }

    /// The groups of the trials of `scenario`.
    pub fn groups(&mut self, scenario: &str) -> Result<&[Group], CommittedError> {
        if !self.known.contains_key(scenario) {
            let groups = self.read(scenario)?;
            self.known.insert(scenario.to_owned(), groups);
        }
        Ok(self.known[scenario].as_slice())
    }

    fn read(&self, name: &str) -> Result<Vec<Group>, CommittedError> {
        let yaml = self.root.join("scenarios").join(format!("{name}.yaml"));
        let scenario = Scenario::load(&yaml, &[""; 0])?;
        let file = (self.root.join("results")).join(format!("{name}{}", archive::ENDING));
        let mut groups: Vec<(Shared, Vec<CellSummary>)> = Vec::new();
        for line in archive::read_all(&file)? {
            let trial = line.trial;
            match groups
                .iter_mut()
                .find(|(shared, _)| *shared == trial.shared)
            {
                Some((_, cells)) => cells.push(trial.cell),
                None => groups.push((trial.shared, vec![trial.cell])),
            }
        }
        groups.sort_by_key(|(shared, cells)| (shared.events.is_none(), usize::MAX - cells.len()));
        let roles = Roles::of(&scenario);
        let order = |cell: &CellSummary| {
            (
                scenario.models.names().position(|name| name == cell.model),
                scenario.arms.names().position(|name| name == cell.arm),
                cell.seed,
            )
        };
        let group = |(shared, mut cells): (Shared, Vec<CellSummary>)| {
            cells.sort_by_key(order);
            let reference = roles.usual_reference();
            let rows = table(&cells, &reference);
            Group {
                shared,
                cells,
                reference,
                rows,
                roles: roles.clone(),
                regimes: regimes(&scenario),
                arms: scenario.arms.clone(),
            }
        };
        Ok(groups.into_iter().map(group).collect())
    }

    /// `document` with the text between its marks rewritten.
    pub fn fill(&mut self, document: &str) -> Result<String, CommittedError> {
        let mut filled = String::new();
        let mut rest = document;
        while let Some(at) = rest.find(BEGIN) {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let line = from.lines().next().unwrap_or_default();
            let wrong = |what: &str| CommittedError::Mark {
                mark: line.to_owned(),
                what: what.to_owned(),
            };
            let mark = (line.strip_prefix(BEGIN))
                .and_then(|mark| mark.strip_suffix(CLOSE))
                .ok_or_else(|| wrong("does not end with ` -->`"))?;
            let end = from
                .find(END)
                .ok_or_else(|| wrong("has no `<!-- end -->`"))?;
            let made = self.block(mark)?;
            filled.push_str(line);
            filled.push_str("\n\n");
            filled.push_str(made.trim_end());
            filled.push_str("\n\n");
            filled.push_str(END);
            rest = &from[end + END.len()..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The text for a mark.
    fn block(&mut self, mark: &str) -> Result<String, CommittedError> {
        let wrong = |what: String| CommittedError::Mark {
            mark: mark.to_owned(),
            what,
        };
        let words: Vec<&str> = mark.split_whitespace().collect();
        let [scenario, kind, about @ ..] = &words[..] else {
            return Err(wrong("names a scenario and a kind of table".to_owned()));
        };
        // The table of updates compares with the trials of another scenario.
        if let ("updates", [.., other]) = (*kind, about) {
            self.groups(other)?;
        }
        self.groups(scenario)?;
        let groups = &self.known[*scenario];
        if let ("updates", [stream, reading, policy, other]) = (*kind, about) {
            let from_start = self.known[*other].first();
            let about = [*stream, *reading, *policy];
            return updates::updates(groups, from_start, about).map_err(wrong);
        }
        if groups.is_empty() {
            return Err(wrong("has no committed trials".to_owned()));
        }
        blocks::block(groups, kind, about).map_err(wrong)
    }
}

#[cfg(test)]
mod tests;
