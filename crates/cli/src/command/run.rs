//! `saturn run` and `saturn compare`: the matrix, its figures and its report.

mod job;
mod list;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use serde::Serialize;
use thiserror::Error;

use super::budget::Limits;
use super::error::CommandError;
use super::finish::{finish_all, write_summary};
use super::inputs::{Input, all_checksums, data_key, files, fingerprints, judged_key};
use job::{Job, collected};
use list::print_list;
pub use list::{Listed, Listing, listed};
use saturn_cell::kernel::Isa;
use saturn_sim::fault::Fault;
use saturn_sim::run::dataset::Paths;
use saturn_sim::run::entry::{Entry, entries};
use saturn_sim::run::matrix::{Group, collect, summarise};
use saturn_sim::run::mixed_isa::refuse_mixed;
use saturn_sim::run::other_events;
use saturn_sim::run::paths::{paths_if_there, paths_of};
use saturn_sim::run::select::Selection;
use saturn_sim::run::summary::{ReferenceArg, Roles};
use saturn_sim::run::trials::archive::is_archive;
use saturn_sim::run::trials::{ArchiveError, Store};
use saturn_sim::scenario::{Scenario, to_yaml};
use saturn_store::Progress;
use saturn_store::checkpoint::Keeping;
use saturn_store::folder::{Folder, FolderError};
use saturn_store::operation::Operation;

/// What `run` and `compare` were asked for.
#[allow(clippy::struct_excessive_bools)] // Each is a switch of the command line.
pub struct RunOptions<'a> {
    /// The scenario's file.
    pub scenario: &'a Path,
    /// The run's folder.
    pub out: &'a Path,
    /// Overrides, `key=value`.
    pub set: &'a [String],
    /// Every seed of the scenario, not the first alone.
    pub all_seeds: bool,
    /// The test split, not the validation split.
    pub last: bool,
    /// Only what is done already, here and in these folders: a report of a run that has not ended, or of
    /// one that others did.
    pub collect: Option<&'a [PathBuf]>,
    /// Which trials.
    pub selection: Selection,
    /// A folder that finished trials are read from and written to, in addition to the run's; or a packed file, which is
    /// only read.
    pub cells: Option<&'a Path>,
    /// Only a list of the trials.
    pub list: Option<Listing>,
    /// Whether to wait for trials that another process is working on.
    pub wait: bool,
    /// How often unfinished work is kept, and how many times.
    pub keeping: Keeping,
    /// Whether there must be a run to go on with.
    pub resume: bool,
    /// How many at once.
    pub limits: Limits,
    /// What differences are measured from; the usual reference of the scenario where it is `None`.
    pub reference: Option<ReferenceArg>,
    /// Whether trials of instruction sets that round differently are compared.
    pub mixed_isa: bool,
}

impl RunOptions<'_> {
    /// Whether it is a part of a comparison, of which others do the rest, without a report.
    fn is_part(&self) -> bool {
        !self.selection.is_all() && self.collect.is_none()
    }
}

/// Trials failed, and the others are done.
#[derive(Debug, Error)]
#[error(
    "{failed} of {all} trials failed; finished ones are kept\nhint: the reasons are above and in the report; run the same command again to retry them"
)]
pub struct CellsFailed {
    failed: usize,
    all: usize,
    /// The run's, unless the input of every one of them was wrong.
    pub(crate) fault: Fault,
}

/// Another process is working on trials, which may end without them.
#[derive(Debug, Error)]
#[error(
    "{elsewhere} of {all} trials are left to another saturn process, which is working on them\nhint: run the same command \
     again when it has ended, or with --wait"
)]
pub struct LeftToOthers {
    elsewhere: usize,
    all: usize,
}

/// Nothing was found where finished trials were to be collected.
#[derive(Debug, Error)]
#[error(
    "{folders}: no finished trial of this scenario, and its data were not found\nhint: give folders or files of trials after --collect; a trial with other settings does not count"
)]
pub struct NothingDone {
    folders: String,
}

/// Where a run came from, for whoever repeats it.
#[derive(Serialize)]
struct Manifest<'a> {
    saturn: &'a str,
    scenario: String,
    seeds: &'a [u64],
    split: &'a str,
    started: String,
    finished: String,
    threads: usize,
    system: &'a str,
    processor: &'a str,
    isa: &'a str,
    inputs: Vec<Input>,
}

impl<'a> Manifest<'a> {
    /// That of a run which ends now.
    fn of(options: &RunOptions, seeds: &'a [u64], started: SystemTime, inputs: Vec<Input>) -> Self {
        Self {
            saturn: env!("CARGO_PKG_VERSION"),
            scenario: options.scenario.display().to_string(),
            seeds,
            split: split(options),
            started: humantime::format_rfc3339_seconds(started).to_string(),
            finished: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            threads: rayon::current_num_threads(),
            system: std::env::consts::OS,
            processor: std::env::consts::ARCH,
            isa: Isa::current().name(),
            inputs,
        }
    }
}

/// Runs a scenario and leaves its folder.
pub fn run(options: &RunOptions, progress: &Progress) -> Result<()> {
    let started = SystemTime::now();
    let scenario = Scenario::load(options.scenario, options.set)?;
    for warning in &scenario.warnings {
        progress.alert(&format!("warning: {}", warning.line(scenario.file())));
    }
    let reference = Roles::of(&scenario).reference(options.reference.as_ref())?;
    let seeds = scenario.seeds_for(options.all_seeds);
    let all = entries(&scenario, &seeds);
    let chosen = options.selection.of(all.clone())?;
    let store = store(options)?;
    if let Some(listing) = options.list {
        return print_list(&scenario, &chosen, &store, (options, listing));
    }
    check_collected(options)?;
    if options.resume {
        Folder::must_exist(options.out)?;
    }
    // Others may be at work on other cells of the same folder.
    let shared = !options.selection.is_all();
    let prints = fingerprints(&scenario)?;
    let folder = Folder::open_any(options.out, &scenario.name, &prints, shared)
        .map_err(|e| e.with_differences(&to_yaml(&scenario)))?;
    folder.write(Path::new("scenario.yaml"), to_yaml(&scenario).as_bytes())?;
    refuse_mixture(&scenario, &chosen, &store, options)?;
    let keep = kept_in(options)?;
    let paths = match options.collect {
        None => Some(paths_of(&scenario, progress)?),
        Some(_) => data_if_there(&scenario)?,
    };
    let (inputs, mut groups) = match &paths {
        Some(paths) => {
            let inputs = all_checksums(&scenario, paths)?;
            let data = data_key(&inputs)?;
            folder.hold_data(&files(&inputs), options.last)?;
            if options.collect.is_none() {
                folder.hold_isa(Isa::current(), options.mixed_isa)?;
            }
            let job = Job {
                scenario: &scenario,
                folder: &folder,
                options,
                store,
                keep,
                progress,
            };
            let judged = judged_key(&inputs)?;
            let own = job.matrix(&chosen, paths, data, judged)?;
            let groups = if options.is_part() {
                vec![own]
            } else {
                job.with_others(&chosen, own)?
            };
            (inputs, groups)
        }
        None => (
            Vec::new(),
            collected(&scenario, &chosen, &folder, &store, options)?,
        ),
    };
    if !options.mixed_isa {
        for group in &groups {
            refuse_mixed(&group.found.cells, None)?;
        }
    }
    let main = groups.remove(0);
    let failed = main.found.failures.len();
    let elsewhere = main.found.elsewhere;
    let fault = if failed > 0 && main.found.wrong_input == failed {
        Fault::Input
    } else {
        Fault::Run
    };
    if options.is_part() {
        progress.line(&format!(
            "{} of {} trials done; `--collect` draws the figures and the report",
            main.found.finished,
            all.len()
        ));
    } else {
        let of = |group: Group| summarise(&scenario, &group.shared, &reference, group.found);
        other_events::clear(folder.path())?;
        for group in groups {
            let path = other_events::folder(folder.path(), &group.shared.short());
            write_summary(&path, &of(group))?;
        }
        let summary = of(main);
        folder.write_json(Path::new("summary.json"), &summary)?;
        let manifest = Manifest::of(options, &seeds, started, inputs);
        folder.write_json(Path::new("manifest.json"), &manifest)?;
        finish_all(&scenario, &folder, &summary, progress)?;
    }
    let all = chosen.len();
    if failed > 0 {
        return Err(CellsFailed { failed, all, fault }.into());
    }
    if elsewhere > 0 {
        return Err(LeftToOthers { elsewhere, all }.into());
    }
    Ok(())
}

/// An error if trials from elsewhere do not go with those of the run's folder, to which they would be copied, and with
/// those that this process would compute: before work of days, not after it.
fn refuse_mixture(
    scenario: &Scenario,
    chosen: &[Entry],
    store: &Store,
    options: &RunOptions,
) -> Result<()> {
    let elsewhere =
        options.cells.is_some() || options.collect.is_some_and(|paths| !paths.is_empty());
    if options.mixed_isa || options.is_part() || !elsewhere {
        return Ok(());
    }
    let groups = collect(scenario, chosen, store, split(options))?;
    for (_, known) in groups {
        let computes = options.collect.is_none() && known.len() < chosen.len();
        let now = computes.then(Isa::current);
        refuse_mixed(known.iter().map(|known| &known.cell), now)?;
    }
    Ok(())
}

/// An error if something after `--collect` does not exist.
fn check_collected(options: &RunOptions) -> Result<(), CommandError> {
    let mut all = options.collect.into_iter().flatten();
    match all.find(|path| !path.is_dir() && !is_archive(path)) {
        Some(path) => Err(CommandError::no_folder("--collect", path)),
        None => Ok(()),
    }
}

/// The folder that finished trials are also written to, which is created; `None` for a packed file, which is only read.
fn kept_in<'a>(options: &RunOptions<'a>) -> Result<Option<&'a Path>> {
    let Some(cells) = options.cells.filter(|cells| !is_archive(cells)) else {
        return Ok(None);
    };
    if cells.exists() && !cells.is_dir() {
        return Err(CommandError::no_folder("--trials", cells).into());
    }
    std::fs::create_dir_all(cells).map_err(|source| FolderError::Io {
        path: cells.to_owned(),
        what: Operation::CreateFolder,
        source,
    })?;
    Ok(Some(cells))
}

/// The paths of data that are all there.
fn data_if_there(scenario: &Scenario) -> Result<Option<Paths>> {
    if scenario.find_data().is_err() {
        return Ok(None);
    }
    paths_if_there(scenario)
}

/// Where finished cells may be, the run's own folder first.
fn folders(options: &RunOptions) -> Vec<PathBuf> {
    let mut folders = vec![options.out.to_owned()];
    folders.extend(options.cells.map(Path::to_owned));
    folders.extend(options.collect.into_iter().flatten().cloned());
    folders
}

fn store(options: &RunOptions) -> Result<Store, ArchiveError> {
    let mut folders = folders(options).into_iter();
    // The run's own comes first, and is a folder.
    Store::new(folders.next()).and(folders)
}

fn split(options: &RunOptions) -> &'static str {
    if options.last { "test" } else { "valid" }
}
