//! `--list`: the trials, and whether each is done.

use anyhow::Result;

use super::{RunOptions, data_if_there, split};
use crate::command::inputs::{all_checksums, data_key};
use crate::command::print::print;
use saturn_sim::report;
use saturn_sim::run::entry::Entry;
use saturn_sim::run::matrix::Keys;
use saturn_sim::run::trials::{Shared, Store};
use saturn_sim::scenario::{DataSource, Scenario};

/// One line a trial: number, model, arm, seed, whether it is done. Where the data are, a trial on other events does
/// not count; where they are not, one is said to be of the old binning if it does not know its events.
pub(super) fn list(
    scenario: &Scenario,
    chosen: &[Entry],
    store: &Store,
    options: &RunOptions,
) -> Result<()> {
    let data = match data_if_there(scenario)? {
        Some(paths) => Some(data_key(&all_checksums(scenario, &paths)?)?),
        None => None,
    };
    let mut rows = Vec::new();
    for entry in chosen {
        let keys = Keys::of(scenario, entry, split(options))?;
        let known = store.find_all(entry.place, &keys.evaluated)?;
        let shared: Vec<&Shared> = known.iter().map(|found| &found.shared).collect();
        let state = state(scenario, &shared, data.as_deref());
        rows.push(vec![
            entry.number.to_string(),
            entry.place.model.to_owned(),
            entry.place.arm.to_owned(),
            entry.place.seed.to_string(),
            state.to_owned(),
        ]);
    }
    print(&report::aligned(&rows, 5).join("\n"))
}

/// Whether one of the trials that `known` were made on counts, `data` being the data's checksum where they are.
fn state(scenario: &Scenario, known: &[&Shared], data: Option<&str>) -> &'static str {
    let frames = matches!(scenario.data.source, DataSource::Frames { .. });
    let binned = |shared: &Shared| shared.is_binned_as_now(frames);
    let here = |shared: &&&Shared| data.is_none_or(|data| data == shared.data);
    let found: Vec<&Shared> = known.iter().filter(here).copied().collect();
    if found.iter().any(|shared| binned(shared)) {
        "done"
    } else if data.is_none() && !found.is_empty() {
        "old binning, done"
    } else if known.is_empty() {
        "not done"
    } else {
        "on other events, not done"
    }
}
