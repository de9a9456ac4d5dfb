//! `--list`: the trials, whether each is done, and with `--json` what each takes.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde::Serialize;

use super::{RunOptions, data_if_there, split};
use crate::command::check::ROWS;
use crate::command::demand::{Demand, Trained, demands};
use crate::command::inputs::{all_checksums, data_key};
use crate::command::print::print;
use saturn_sim::report;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::entry::Entry;
use saturn_sim::run::matrix::Keys;
use saturn_sim::run::trials::{Shared, Store};
use saturn_sim::scenario::{DataSource, Scenario};

/// What `--list` prints.
#[derive(Clone, Copy, Debug)]
pub struct Listing {
    /// Only trials that are not done.
    pub todo: bool,
    /// JSON, with what each takes.
    pub json: bool,
}

/// Whether a trial is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    /// On the data, or on any if there are none here.
    #[serde(rename = "done")]
    Done,
    /// On data in steps of another rule, and the data are not here.
    #[serde(rename = "old binning, done")]
    OldBinning,
    /// Nowhere.
    #[serde(rename = "not done")]
    NotDone,
    /// Not on these data.
    #[serde(rename = "on other events, not done")]
    OtherEvents,
}

impl State {
    /// Whether it need not be done.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::OldBinning)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::OldBinning => "old binning, done",
            Self::NotDone => "not done",
            Self::OtherEvents => "on other events, not done",
        }
    }
}

/// A trial of `--list --json`.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number for `--trial`, from 1 on.
    pub number: usize,
    /// The model's name.
    pub model: String,
    /// The arm's name.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// Whether it is done.
    pub state: State,
    /// What a process takes that does this trial alone.
    #[serde(flatten)]
    pub demand: Demand,
}

/// All of `--list --json`.
#[derive(Serialize)]
struct List {
    format: &'static str,
    version: u32,
    scenario: String,
    split: &'static str,
    /// Threads that `seconds` are of.
    threads: usize,
    trials: Vec<Listed>,
}

/// Each of `chosen` with its state, and the training times of what is done. Where the data are, a trial on other events
/// does not count; where they are not, one is said to be of the old binning if it does not know its events.
fn states(
    scenario: &Scenario,
    chosen: &[Entry],
    store: &Store,
    split: &str,
    paths: Option<&Paths>,
) -> Result<(Vec<State>, Trained)> {
    let data = match paths {
        Some(paths) => Some(data_key(&all_checksums(scenario, paths)?)?),
        None => None,
    };
    let mut states = Vec::new();
    let mut trained: Trained = HashMap::new();
    for entry in chosen {
        let keys = Keys::of(scenario, entry, split)?;
        let known = store.find_all(entry.place, &keys.evaluated)?;
        let shared: Vec<&Shared> = known.iter().map(|found| &found.shared).collect();
        states.push(state(scenario, &shared, data.as_deref()));
        let of = (entry.place.model.to_owned(), entry.place.arm.to_owned());
        let seconds = known.first().map(|found| found.cell.training.seconds);
        trained.entry(of).or_default().extend(seconds);
    }
    Ok((states, trained))
}

/// The trials of `chosen` with what each takes.
pub fn listed(
    scenario: &Scenario,
    chosen: &[Entry],
    store: &Store,
    split: &str,
) -> Result<Vec<Listed>> {
    let paths = data_if_there(scenario)?;
    let (states, trained) = states(scenario, chosen, store, split, paths.as_ref())?;
    let data = match paths {
        Some(paths) => Some((Dataset::glimpse(scenario, &paths, ROWS)?, paths)),
        None => None,
    };
    let data = data.as_ref().map(|(dataset, paths)| (dataset, paths));
    let demands = demands(scenario, data, chosen, &trained)?;
    let trials = chosen.iter().zip(states).zip(demands);
    Ok(trials
        .map(|((entry, state), demand)| Listed {
            number: entry.number,
            model: entry.place.model.to_owned(),
            arm: entry.place.arm.to_owned(),
            seed: entry.place.seed,
            state,
            demand,
        })
        .collect())
}

/// Prints a line a trial: number, model, arm, seed, whether it is done; or JSON.
pub(super) fn print_list(
    scenario: &Scenario,
    chosen: &[Entry],
    store: &Store,
    (options, listing): (&RunOptions, Listing),
) -> Result<()> {
    let split = split(options);
    let left = |state: State| !listing.todo || !state.is_done();
    if listing.json {
        let mut trials = listed(scenario, chosen, store, split)?;
        trials.retain(|trial| left(trial.state));
        let list = List {
            format: "saturn trials",
            version: 1,
            scenario: scenario.name.clone(),
            split,
            threads: rayon::current_num_threads(),
            trials,
        };
        return print(&serde_json::to_string_pretty(&list).context("encoding the list")?);
    }
    let paths = data_if_there(scenario)?;
    let (states, _) = states(scenario, chosen, store, split, paths.as_ref())?;
    let mut rows = Vec::new();
    for (entry, state) in chosen.iter().zip(states) {
        if left(state) {
            rows.push(vec![
                entry.number.to_string(),
                entry.place.model.to_owned(),
                entry.place.arm.to_owned(),
                entry.place.seed.to_string(),
                state.words().to_owned(),
            ]);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    print(&report::aligned(&rows, 5).join("\n"))
}

/// Whether one of the trials that `known` were made on counts, `data` being the data's checksum where they are.
fn state(scenario: &Scenario, known: &[&Shared], data: Option<&str>) -> State {
    let frames = matches!(scenario.data.source, DataSource::Frames { .. });
    let binned = |shared: &Shared| shared.is_binned_as_now(frames);
    let here = |shared: &&&Shared| data.is_none_or(|data| data == shared.data);
    let found: Vec<&Shared> = known.iter().filter(here).copied().collect();
    if found.iter().any(|shared| binned(shared)) {
        State::Done
    } else if data.is_none() && !found.is_empty() {
        State::OldBinning
    } else if known.is_empty() {
        State::NotDone
    } else {
        State::OtherEvents
    }
}
