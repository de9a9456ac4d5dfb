//! The trials of a matrix, in groups on the same events: done now, or collected from what others did.

use std::path::Path;

use anyhow::Result;

use super::{NothingDone, RunOptions, folders, split};
use crate::command::budget::{budget, costs, too_little, usual_jobs};
use crate::command::described::described;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::entry::Entry;
use saturn_sim::run::matrix::{Group, Matrix, Wanted, collect};
use saturn_sim::run::trials::{Events, Shared, Store};
use saturn_sim::scenario::Scenario;
use saturn_store::Progress;
use saturn_store::folder::Folder;

/// A scenario with where it goes.
pub(super) struct Job<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) folder: &'a Folder,
    pub(super) options: &'a RunOptions<'a>,
    pub(super) store: Store,
    /// The folder that finished trials are also written to.
    pub(super) keep: Option<&'a Path>,
    pub(super) progress: &'a Progress,
}

impl Job<'_> {
    /// Does what of `chosen` is not done, on the data in `paths`.
    pub(super) fn matrix(
        &self,
        chosen: &[Entry],
        paths: &Paths,
        data: String,
        judged: String,
    ) -> Result<Group> {
        let (scenario, options, progress) = (self.scenario, self.options, self.progress);
        let dataset = Dataset::open(scenario, paths, options.last)?;
        for notice in dataset.notices()? {
            progress.line(&notice);
        }
        let (about, odd) = described(scenario, &dataset);
        progress.line(&about);
        for warning in odd {
            progress.alert(&format!("warning: {}", warning.line(scenario.file())));
        }
        let shared = Shared {
            split: split(options).to_owned(),
            classes: dataset.classes.clone(),
            dt_ms: dataset.dt_ms,
            data,
            events: Events::of(&dataset),
        };
        let costs = costs(scenario, &dataset, paths, chosen)?;
        if let Some(notice) = too_little(&options.limits, &costs) {
            progress.line(&notice);
        }
        let seeds = scenario.seeds_for(options.all_seeds).len();
        let usual = usual_jobs(scenario, options.all_seeds);
        let wanted = Wanted {
            done: options.collect.is_some(),
            whole: seeds == 1,
            budget: budget(&options.limits, usual, &costs),
            counted: options.is_part(),
            wait: options.wait,
        };
        let matrix = Matrix {
            scenario,
            dataset: &dataset,
            shared,
            judged,
            folder: self.folder,
            store: self.store.clone(),
            keep: self.keep.map(Path::to_owned),
            keeping: options.keeping,
            progress,
        };
        let found = matrix.run(chosen, &costs.cells, &wanted)?;
        let shared = matrix.shared;
        Ok(Group { shared, found })
    }

    /// `own` trials, and after them those on other events, a group each. Where there is nothing but others, as
    /// where trials are collected that were made before the data changed, they stand alone.
    pub(super) fn with_others(&self, chosen: &[Entry], own: Group) -> Result<Vec<Group>> {
        let mut groups = Vec::new();
        // What failed is said so already, and a damaged file would end all others here.
        let failed = |entry: &Entry| {
            let mut failures = own.found.failures.iter();
            failures.any(|f| {
                (f.model.as_str(), f.arm.as_str(), f.seed)
                    == (entry.place.model, entry.place.arm, entry.place.seed)
            })
        };
        let sound: Vec<Entry> = chosen.iter().filter(|e| !failed(e)).copied().collect();
        let all = collect(self.scenario, &sound, &self.store, split(self.options))?;
        for (shared, trials) in all {
            if shared != own.shared {
                let keep = self.folder.path().join("cells").join(shared.short());
                groups.push(Group::kept(shared, trials, &keep)?);
            }
        }
        let nothing = own.found.cells.is_empty() && own.found.failures.is_empty();
        if self.options.collect.is_none() || !nothing || groups.is_empty() {
            groups.insert(0, own);
        }
        Ok(groups)
    }
}

/// What others did, without the data: the group of most trials on known events, and the others.
pub(super) fn collected(
    scenario: &Scenario,
    chosen: &[Entry],
    folder: &Folder,
    store: &Store,
    options: &RunOptions,
) -> Result<Vec<Group>> {
    let keep = folder.path().join("cells");
    let all = collect(scenario, chosen, store, split(options))?;
    if all.is_empty() {
        let folders = folders(options);
        let names: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
        let folders = names.join(", ");
        return Err(NothingDone { folders }.into());
    }
    let groups = all.into_iter().enumerate().map(|(k, (shared, trials))| {
        let keep = if k == 0 {
            keep.clone()
        } else {
            keep.join(shared.short())
        };
        Group::kept(shared, trials, &keep)
    });
    groups.collect()
}
