//! `saturn tune`: a search for settings by successive halving, on the validation split alone.
//!
//! Many candidates train for a short while, one in `halving` of them goes on and trains `halving` times as
//! long, and so on until the last ones train in full. A training begins afresh in every round, since the
//! schedule of the learning rate depends on its length. The score of a candidate is the mean over its nets
//! and all streams of the summed accuracy without resets, on the validation split; the test split is not
//! opened.
//!
//! Several processes may search together in one folder: each does what no other one is doing, and waits at the end of a
//! round for what others do. All end with the same result.
//!
//! Source: K. Jamieson and A. Talwalkar, *Non-stochastic Best Arm Identification and Hyperparameter
//! Optimization*, AISTATS 2016.

mod space;
mod workers;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::error::CommandError;
use super::inputs::{checksums, data_key, fingerprints};
use super::print::print;
use saturn_cell::kernel::Isa;
use saturn_sim::run::Interrupted;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::entry::{Entry, entries};
use saturn_sim::run::matrix::{Budget, Matrix, Wanted};
use saturn_sim::run::paths::paths_of;
use saturn_sim::run::select::Selection;
use saturn_sim::run::trials::{Events, Shared, Store};
use saturn_sim::scenario::{Arm, Scenario, written_yaml};
use saturn_store::Progress;
use saturn_store::checkpoint::Keeping;
use saturn_store::folder::{Folder, FolderError, write_beside};
use saturn_store::refuse_same_file;
use space::{Assignment, Space, rounds};
pub use workers::workers;

/// Between two looks at candidates that another process is working on.
const LOOK: Duration = Duration::from_secs(1);

/// What `tune` was asked for.
pub struct TuneOptions<'a> {
    /// The scenario's file.
    pub scenario: &'a Path,
    /// Where the scenario that was found goes.
    pub out: &'a Path,
    /// Where everything that was tried is kept.
    pub folder: &'a Path,
    /// Overrides, `key=value`.
    pub set: &'a [String],
    /// Which nets: patterns of `MODEL.ARM.SEED`.
    pub only: &'a [String],
    /// Only a list of them.
    pub list: bool,
}

/// One candidate with what became of it.
#[derive(Clone, Debug, Serialize)]
struct Tried {
    /// Its number; 0 has the scenario's own settings.
    candidate: usize,
    /// The settings, as `--set` takes them.
    settings: Assignment,
    /// The last round that it was in, from 1 on.
    round: usize,
    /// The share of the epochs that it trained for there.
    share: f64,
    /// Its score there, 0..1; `None` where a net failed.
    score: Option<f64>,
}

/// Searches, prints what was tried, and writes the scenario that was found.
pub fn tune(options: &TuneOptions, progress: &Progress) -> Result<()> {
    refuse_same_file("--out", options.scenario, options.out)?;
    let scenario = Scenario::load(options.scenario, options.set)?;
    let nets = nets(&scenario, options.only)?;
    if options.list {
        let names: Vec<String> = nets.iter().map(|e| e.place.to_string()).collect();
        return print(&names.join("\n"));
    }
    let names: Vec<(&str, &str)> = nets.iter().map(|e| (e.place.model, e.place.arm)).collect();
    let space = Space::of(&scenario, &names);
    if space.keys().next().is_none() {
        return Err(CommandError::NothingToSearch.into());
    }
    let paths = paths_of(&scenario, progress)?;
    // The test split has no part in this, not even by its checksum.
    let gaps = scenario.data.gap_recordings.as_deref();
    let judged = [&*paths.train, &*paths.valid];
    let data = data_key(&checksums(judged.into_iter().chain(gaps))?)?;
    let search = Search {
        options,
        nets: nets.iter().map(|e| e.place.to_string()).collect(),
        paths,
        data,
        progress,
    };
    let rounds = rounds(scenario.tune.candidates, scenario.tune.halving);
    let work: usize = rounds.iter().map(|(n, _)| n).sum();
    progress.total(work as u64);
    let mut tried: Vec<Tried> = (space.candidates(scenario.tune.candidates, scenario.seed))
        .into_iter()
        .enumerate()
        .map(|(candidate, settings)| Tried {
            candidate,
            settings,
            round: 0,
            share: 0.0,
            score: None,
        })
        .collect();
    for (k, &(size, share)) in rounds.iter().enumerate() {
        let mut open: Vec<usize> = (0..size).collect();
        loop {
            let mut left = Vec::new();
            for i in open {
                let one = &tried[i];
                progress.doing(&format!(
                    "round {} of {}, candidate {}",
                    k + 1,
                    rounds.len(),
                    one.candidate
                ));
                let Scored::Done(score) = search.score(one, k, share)? else {
                    left.push(i);
                    continue;
                };
                let one = &mut tried[i];
                (one.score, one.round, one.share) = (score, k + 1, share);
                progress.line(&format!(
                    "round {} of {}, candidate {}: {}",
                    k + 1,
                    rounds.len(),
                    one.candidate,
                    words(one)
                ));
                progress.advance(1);
            }
            if left.is_empty() {
                break;
            }
            open = left;
            progress.doing("waiting for another saturn process");
            std::thread::sleep(LOOK);
            if progress.stopped() {
                return Err(Interrupted.into());
            }
        }
        // The best first; of equals the earlier candidate.
        tried[..size].sort_by(|a, b| {
            let of = |t: &Tried| t.score.unwrap_or(f64::NEG_INFINITY);
            of(b).total_cmp(&of(a)).then(a.candidate.cmp(&b.candidate))
        });
    }
    let best = &tried[0];
    if best.score.is_none() {
        return Err(CommandError::NothingFound.into());
    }
    let bytes = serde_json::to_vec_pretty(&tried).context("encoding what was tried")?;
    write_beside(&options.folder.join("tried.json"), &bytes)?;
    write_beside(options.out, found(options, best, tried.len())?.as_bytes())?;
    let mut lines = table(&tried);
    lines.push(format!("the scenario found is {}", options.out.display()));
    progress.aside(|| print(&lines.join("\n")))?;
    Ok(())
}

/// The nets that are judged: those of `only`, or every model in the first arm with the adaptive loss, or in
/// the last arm, with the scenario's seed.
fn nets<'a>(s: &'a Scenario, only: &[String]) -> Result<Vec<Entry<'a>>> {
    let all = entries(s, &[s.seed]);
    if !only.is_empty() {
        let selection = Selection {
            only: only.to_vec(),
            numbers: Vec::new(),
        };
        return Ok(selection.of(all)?);
    }
    let adaptive = |arm: &Arm| matches!(arm.loss, saturn_loss::LossConfig::Adaptive(_));
    let arm = (s.arms.iter().find(|(_, arm)| adaptive(arm)))
        .or_else(|| s.arms.iter().last())
        .map(|(name, _)| name.to_owned());
    Ok(all
        .into_iter()
        .filter(|e| Some(e.place.arm) == arm.as_deref())
        .collect())
}

/// What became of a candidate in a round.
enum Scored {
    /// It has this score; none if a net failed.
    Done(Option<f64>),
    /// Another process is working on it.
    Elsewhere,
}

/// What all candidates share.
struct Search<'a> {
    options: &'a TuneOptions<'a>,
    /// Places of the nets.
    nets: Vec<String>,
    paths: Paths,
    data: String,
    progress: &'a Progress,
}

impl Search<'_> {
    /// The score of a candidate that trains for `share` of its epochs, `None` if a net failed.
    fn score(&self, one: &Tried, round: usize, share: f64) -> Result<Scored> {
        let with = |more: &[String]| {
            let own = one
                .settings
                .iter()
                .map(|(key, value)| format!("{key}={value}"));
            let sets: Vec<String> = (self.options.set.iter().cloned())
                .chain(own)
                .chain(more.iter().cloned())
                .collect();
            Scenario::load(self.options.scenario, &sets)
        };
        let mut accuracies = Vec::new();
        let plain = with(&[])?;
        for net in self.entries(&plain) {
            let (model, arm) = (net.place.model, net.place.arm);
            let train = plain.train_for(net.model, net.arm);
            let (key, length) = match train.steps {
                Some(steps) => ("steps", steps),
                None => ("epochs", train.epochs),
            };
            let length = (length as f64 * share).round().max(1.0);
            // Of an arm, which goes before everything else; forgetting is not what is judged.
            let s = with(&[
                format!("arms.{arm}.train.{key}={length}"),
                "evaluate.state_reset=[none]".to_owned(),
                "evaluate.contraction={samples: 2, lead_steps: 1, gap_steps: 1, realisations: 1}"
                    .to_owned(),
            ])?;
            let name = format!("candidate-{}", one.candidate);
            let candidate = self.options.folder.join(name);
            std::fs::create_dir_all(&candidate)
                .with_context(|| format!("creating {}", candidate.display()))?;
            let folder = candidate.join(format!("round-{}.{model}.{arm}", round + 1));
            match self.accuracy(&s, &folder, &net.place.to_string()) {
                Ok(Some(accuracy)) => accuracies.push(accuracy),
                Ok(None) => return Ok(Scored::Done(None)),
                Err(e) if is_busy(&e) => return Ok(Scored::Elsewhere),
                Err(e) => return Err(e),
            }
        }
        let mean = saturn_sim::figures::scope::mean(accuracies);
        Ok(Scored::Done(mean))
    }

    fn entries<'s>(&self, s: &'s Scenario) -> Vec<Entry<'s>> {
        let all = entries(s, &[s.seed]).into_iter();
        all.filter(|e| self.nets.contains(&e.place.to_string()))
            .collect()
    }

    /// The accuracy of one net, mean over the streams; `None` if it failed.
    fn accuracy(&self, s: &Scenario, path: &Path, place: &str) -> Result<Option<f64>> {
        let folder = Folder::open_any(path, &s.name, &fingerprints(s)?, false)?;
        folder.hold_isa(Isa::current(), false)?;
        let dataset = Dataset::open(s, &self.paths, false)?;
        let quiet = self.progress.hidden();
        let matrix = Matrix {
            scenario: s,
            dataset: &dataset,
            shared: Shared {
                split: "valid".to_owned(),
                classes: dataset.classes.clone(),
                dt_ms: dataset.dt_ms,
                data: self.data.clone(),
                events: Events::of(&dataset),
            },
            judged: self.data.clone(),
            folder: &folder,
            store: Store::new([path.to_owned()]),
            keep: None,
            keeping: Keeping::default(),
            progress: &quiet,
        };
        let wanted = Wanted {
            done: false,
            whole: false,
            budget: Budget::one(),
            counted: false,
            wait: false,
        };
        let mut chosen = self.entries(s);
        chosen.retain(|e| e.place.to_string() == place);
        let found = matrix.run(&chosen, &[0.0], &wanted)?;
        for failure in &found.failures {
            self.progress.alert(&format!("{place}: {}", failure.reason));
        }
        let evaluations = found.cells.iter().flat_map(|cell| &cell.evaluations);
        let summed = evaluations.filter_map(|e| e.evaluation.summed.map(|s| s.value));
        Ok(saturn_sim::figures::scope::mean(summed))
    }
}

/// Whether another process is using a folder.
fn is_busy(e: &anyhow::Error) -> bool {
    matches!(
        e.downcast_ref::<FolderError>(),
        Some(FolderError::Busy { .. })
    )
}

/// Score and settings of a candidate.
fn words(one: &Tried) -> String {
    let score = one
        .score
        .map_or_else(|| "failed".to_owned(), |s| format!("{:.1} %", 100.0 * s));
    if one.settings.is_empty() {
        return format!("{score}, the scenario's own settings");
    }
    let settings = one
        .settings
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    format!("{score}, {}", settings.collect::<Vec<_>>().join(" "))
}

/// A line a candidate, those that came furthest first.
fn table(tried: &[Tried]) -> Vec<String> {
    let head = "candidate  round  epochs  score".to_owned();
    let line = |one: &Tried| {
        let share = format!("{:.0} %", 100.0 * one.share);
        format!(
            "{:>9}  {:>5}  {share:>6}  {}",
            one.candidate,
            one.round,
            words(one)
        )
    };
    [head].into_iter().chain(tried.iter().map(line)).collect()
}

/// The text of the scenario that was found: the keys as they were written, with those that were found, below
/// a line that says where they come from.
fn found(options: &TuneOptions, best: &Tried, candidates: usize) -> Result<String> {
    let own = best
        .settings
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let sets: Vec<String> = options.set.iter().cloned().chain(own).collect();
    let found = Scenario::load(options.scenario, &sets)?;
    let name = options.scenario.file_name().unwrap_or_default();
    Ok(format!(
        "# The best of {candidates} candidates around {}, by the validation split alone: {}\n{}",
        name.display(),
        words(best),
        written_yaml(&found)
    ))
}
