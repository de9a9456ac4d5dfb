//! Finished trials, in groups on the same events, and the summary of a group.

use std::path::Path;

use anyhow::Result;
use saturn_data::printable;

use super::{Found, Keys};
use crate::run::entry::Entry;
use crate::run::summary::{self, Reference, Roles, Summary};
use crate::run::trials::{Finished, Shared, Store};
use crate::scenario::Scenario;
use saturn_eval::stats::verdict::MARGIN;
use saturn_store::folder::FolderError;

/// Trials on the same data and events, which may share a table.
pub struct Group {
    /// The common data of a group.
    pub shared: Shared,
    /// What was found.
    pub found: Found,
}

/// The finished trials of `entries` in `store`, by their settings only: for tables without the data, and for
/// trials that were made on other events. Those on the same events are one group. Groups with known events
/// come first, and of these the one with most trials.
pub fn collect(
    scenario: &Scenario,
    entries: &[Entry],
    store: &Store,
    split: &str,
) -> Result<Vec<(Shared, Vec<Finished>)>> {
    let mut groups: Vec<(Shared, Vec<Finished>)> = Vec::new();
    for entry in entries {
        let keys = Keys::of(scenario, entry, split)?;
        for finished in store.find_all(entry.place, &keys.evaluated)? {
            match groups.iter_mut().find(|g| g.0 == finished.shared) {
                Some((_, trials)) => trials.push(finished),
                None => groups.push((finished.shared.clone(), vec![finished])),
            }
        }
    }
    let binned = |shared: &Shared| shared.events.is_none();
    groups.sort_by(|(a, these), (b, those)| {
        let by_events = binned(a).cmp(&binned(b));
        by_events.then(those.len().cmp(&these.len()))
    });
    Ok(groups)
}

impl Group {
    /// From finished trials, each of which is also written to `keep`.
    pub fn kept(shared: Shared, trials: Vec<Finished>, keep: &Path) -> Result<Self> {
        let mut found = Found::default();
        std::fs::create_dir_all(keep).map_err(|source| FolderError::Io {
            path: keep.to_owned(),
            what: saturn_store::operation::Operation::CreateFolder,
            source,
        })?;
        for finished in trials {
            finished.save_once(keep)?;
            found.finished += 1;
            found.cells.push(finished.cell);
        }
        Ok(Self { shared, found })
    }
}

/// The summary of the results.
pub fn summarise(s: &Scenario, shared: &Shared, reference: &Reference, found: Found) -> Summary {
    Summary {
        format: "saturn summary".into(),
        version: summary::VERSION,
        name: printable(&s.name).into_owned(),
        about: s
            .about
            .as_deref()
            .map(|about| printable(about).into_owned()),
        split: shared.split.clone(),
        events: shared.label(),
        chance: 1.0 / shared.classes.len() as f64,
        classes: shared.classes.clone(),
        dt_ms: shared.dt_ms,
        margin: MARGIN,
        reference: reference.clone(),
        roles: Roles::of(s),
        table: summary::table(&found.cells, reference),
        cells: found.cells,
        failures: found.failures,
    }
}
