//! `saturn run` and `saturn compare`: the matrix, its figures and its report.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use saturn_data::checksum::sha256;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use super::budget::{Limits, budget, costs, too_little};
use super::described::described;
use super::error::CommandError;
use super::print::{self, print};
use saturn_sim::fault::Fault;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::entry::{Entry, entries};
use saturn_sim::run::matrix::{Group, Keys, Matrix, Wanted, collect, key, summarise};
use saturn_sim::run::other_events;
use saturn_sim::run::paths::{paths_if_there, paths_of};
use saturn_sim::run::select::Selection;
use saturn_sim::run::summary::{ReferenceArg, Roles, Summary};
use saturn_sim::run::trials::archive::is_archive;
use saturn_sim::run::trials::{ArchiveError, Events, Shared, Store};
use saturn_sim::scenario::{DataSource, Scenario, to_yaml};
use saturn_sim::{figures, report};
use saturn_store::Progress;
use saturn_store::checkpoint::Keeping;
use saturn_store::folder::{Folder, FolderError, read_json, write_beside};
use saturn_store::operation::Operation;
use saturn_store::owner::Files;

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
    pub list: bool,
    /// How often unfinished work is kept, and how many times.
    pub keeping: Keeping,
    /// Whether there must be a run to go on with.
    pub resume: bool,
    /// How many at once.
    pub limits: Limits,
    /// What differences are measured from; the usual reference of the scenario where it is `None`.
    pub reference: Option<ReferenceArg>,
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
    inputs: Vec<Input>,
}

/// One input file.
#[derive(Serialize)]
pub struct Input {
    path: String,
    sha256: String,
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
    if options.list {
        return list(&scenario, &chosen, &store, options);
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
            (inputs, job.with_others(&chosen, own)?)
        }
        None => (
            Vec::new(),
            collected(&scenario, &chosen, &folder, &store, options)?,
        ),
    };
    let main = groups.remove(0);
    let failed = main.found.failures.len();
    let fault = if failed > 0 && main.found.wrong_input == failed {
        Fault::Input
    } else {
        Fault::Run
    };
    if options.selection.is_all() || options.collect.is_some() {
        let of = |group: Group| summarise(&scenario, &group.shared, &reference, group.found);
        other_events::clear(folder.path())?;
        for group in groups {
            let path = other_events::folder(folder.path(), &group.shared.short());
            write_summary(&path, &of(group))?;
        }
        let summary = of(main);
        folder.write_json(Path::new("summary.json"), &summary)?;
        let manifest = Manifest {
            saturn: env!("CARGO_PKG_VERSION"),
            scenario: options.scenario.display().to_string(),
            seeds: &seeds,
            split: &summary.split,
            started: humantime::format_rfc3339_seconds(started).to_string(),
            finished: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            threads: rayon::current_num_threads(),
            system: std::env::consts::OS,
            processor: std::env::consts::ARCH,
            inputs,
        };
        folder.write_json(Path::new("manifest.json"), &manifest)?;
        finish_all(&scenario, &folder, &summary, progress)?;
    } else {
        progress.line(&format!(
            "{} of {} trials done; `--collect` draws the figures and the report",
            main.found.cells.len(),
            all.len()
        ));
    }
    if failed > 0 {
        let all = chosen.len();
        return Err(CellsFailed { failed, all, fault }.into());
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

/// A scenario with where it goes.
struct Job<'a> {
    scenario: &'a Scenario,
    folder: &'a Folder,
    options: &'a RunOptions<'a>,
    store: Store,
    /// The folder that finished trials are also written to.
    keep: Option<&'a Path>,
    progress: &'a Progress,
}

impl Job<'_> {
    /// Does what of `chosen` is not done, on the data in `paths`.
    fn matrix(
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
        let wanted = Wanted {
            done: options.collect.is_some(),
            whole: seeds == 1,
            budget: budget(&options.limits, &costs),
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
    fn with_others(&self, chosen: &[Entry], own: Group) -> Result<Vec<Group>> {
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
fn collected(
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

/// One line a trial: number, model, arm, seed, whether it is done. Where the data are, a trial on other events does
/// not count; where they are not, one is said to be of the old binning if it does not know its events.
fn list(scenario: &Scenario, chosen: &[Entry], store: &Store, options: &RunOptions) -> Result<()> {
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

/// Draws the figures and writes the report of a finished matrix, and those of its trials on other events, each
/// group by itself.
pub fn finish_all(
    scenario: &Scenario,
    folder: &Folder,
    summary: &Summary,
    progress: &Progress,
) -> Result<()> {
    let others = others(scenario, folder)?;
    if !others.is_empty() {
        progress.aside(|| print(&head(summary)))?;
    }
    finish(scenario, folder.path(), summary, progress)?;
    for (path, summary) in &others {
        progress.aside(|| print(""))?;
        progress.aside(|| print(&head(summary)))?;
        finish(scenario, path, summary, progress)?;
    }
    Ok(())
}

/// What is above the tables of one of several groups.
pub fn head(summary: &Summary) -> String {
    let trials = summary.cells.len();
    let events = if summary.events.is_empty() {
        "old binning"
    } else {
        &summary.events
    };
    let s = if trials == 1 { "" } else { "s" };
    format!("{trials} trial{s} on {events}; trials on other events stand apart")
}

/// The summaries of trials on other events, each with its folder.
pub fn others(scenario: &Scenario, folder: &Folder) -> Result<Vec<(PathBuf, Summary)>> {
    let mut found = Vec::new();
    for path in other_events::folders(folder.path())? {
        if let Some(mut summary) = read_json::<Summary>(&path.join("summary.json"))? {
            summary.roles = Roles::of(scenario);
            found.push((path, summary));
        }
    }
    Ok(found)
}

/// Writes `summary.json` into the folder of a group of its own.
fn write_summary(path: &Path, summary: &Summary) -> Result<()> {
    let failed = |what| {
        let path = path.to_owned();
        move |source| FolderError::Io { path, what, source }
    };
    std::fs::create_dir_all(path).map_err(failed(Operation::CreateFolder))?;
    let bytes = serde_json::to_vec(summary)
        .map_err(std::io::Error::from)
        .map_err(failed(Operation::Encode))?;
    Ok(write_beside(&path.join("summary.json"), &bytes)?)
}

/// Draws the figures and writes the report of trials on the same events into `folder`.
fn finish(
    scenario: &Scenario,
    folder: &Path,
    summary: &Summary,
    progress: &Progress,
) -> Result<()> {
    progress.doing("drawing");
    let drawn = figures::draw(scenario, folder, summary)?;
    report::write(scenario, folder, summary, &drawn)?;
    for line in report::unmatched(summary) {
        progress.alert(&format!("warning: {line}"));
    }
    let width = print::width();
    let mut lines = report::table_lines(summary, width);
    lines.extend(report::precision_lines(summary));
    lines.extend(report::difference_lines(summary, width));
    lines.extend(report::verdict_lines(summary));
    lines.extend(report::instrument_lines(summary));
    let page = folder.join("report.html");
    lines.push(format!("the report is {}", page.display()));
    // Sentences above tables are broken to fit; tables have their own ways.
    let fit = |line: String| {
        if line.chars().count() > width && !line.contains("  ") {
            report::wrapped(&line, width)
        } else {
            vec![line]
        }
    };
    let lines: Vec<String> = lines.into_iter().flat_map(fit).collect();
    progress.aside(|| print(&lines.join("\n")))
}

/// What makes two runs the same run: the scenario less its seeds, its figures and the path of its test file, on
/// which nets do not depend; and the same by earlier versions, with that path.
pub fn fingerprints(scenario: &Scenario) -> Result<Vec<String>> {
    let with = |data: &Value| {
        key(&(
            &scenario.name,
            data,
            &scenario.stream,
            scenario.models.iter().collect::<Vec<_>>(),
            scenario.arms.iter().collect::<Vec<_>>(),
            &scenario.train,
            &scenario.evaluate,
        ))
    };
    let all = serde_json::to_value(&scenario.data).context("encoding the data's settings")?;
    let mut less = all.clone();
    for kind in ["Events", "Frames"] {
        if let Some(files) = less["source"].get_mut(kind).and_then(Value::as_object_mut) {
            files.remove("test");
        }
    }
    Ok(vec![with(&less)?, with(&all)?])
}

/// What results depend on of the data: their content.
pub fn data_key(inputs: &[Input]) -> Result<String> {
    key(&inputs.iter().map(|i| i.sha256.as_str()).collect::<Vec<_>>())
}

/// What training and validation depend on of the data: the content of all files but the test split's.
fn judged_key(inputs: &[Input]) -> Result<String> {
    let judged = inputs.iter().enumerate().filter(|(i, _)| *i != TEST);
    key(&judged
        .map(|(_, input)| input.sha256.as_str())
        .collect::<Vec<_>>())
}

/// The place of the test split among the inputs.
const TEST: usize = 2;

/// The checksums of inputs by what they are for.
fn files(inputs: &[Input]) -> Files {
    let names = ["train", "valid", "test", "gap_recordings"];
    let pairs = names.into_iter().zip(inputs);
    pairs
        .map(|(name, input)| (name.to_owned(), input.sha256.clone()))
        .collect()
}

/// The checksums of all files, the test split's too: a net that `compare` has trained is the one that
/// `compare --final` evaluates.
fn all_checksums(scenario: &Scenario, paths: &Paths) -> Result<Vec<Input>> {
    let splits = [&*paths.train, &*paths.valid, &*paths.test];
    let gaps = scenario.data.gap_recordings.as_deref();
    checksums(splits.into_iter().chain(gaps))
}

/// The checksums of `files`.
pub fn checksums<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in files {
        let sha256 = sha256(path).map_err(|source| FolderError::Io {
            path: path.to_owned(),
            what: Operation::Read,
            source,
        })?;
        inputs.push(Input {
            path: path.display().to_string(),
            sha256,
        });
    }
    Ok(inputs)
}
