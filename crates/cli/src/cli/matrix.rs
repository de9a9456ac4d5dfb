//! The options of `saturn run`, `saturn compare` and `saturn tune`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::numbers::{duration, mebibytes, trials, up_to_1024};
use crate::command::{self, Limits, Listing, RunOptions};
use saturn_sim::run::select::Selection;
use saturn_sim::run::summary::ReferenceArg;
use saturn_store::Progress;
use saturn_store::checkpoint::Keeping;

/// Options of both.
#[derive(Args)]
#[allow(clippy::struct_excessive_bools)] // Each is a switch of the command line.
struct Common {
    /// The scenario, YAML
    scenario: PathBuf,
    /// The run's folder [default: runs/ and the scenario's file name]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Override one key: `train.epochs=2`, `models.lif.layers.0.lif.hidden=64`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Evaluate on the test split instead of the validation split; do this once, at the end
    #[arg(long = "final")]
    last: bool,
    /// Run only matching trials: patterns of MODEL.ARM.SEED, such as `lif.*.1`
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the trials, one per line, and which are done; run nothing
    #[arg(long, conflicts_with = "collect")]
    list: bool,
    /// With --list: only trials that are not done
    #[arg(long, requires = "list")]
    todo: bool,
    /// With --list: print JSON, with the memory and the seconds of each trial
    #[arg(long, requires = "list")]
    json: bool,
    /// Fail unless a run exists to resume (an existing run is resumed even without this flag)
    #[arg(long)]
    resume: bool,
    /// Time between checkpoints of unfinished work, such as 30s or 5m; 0 writes and syncs one after every update and
    /// every evaluation chunk, which makes small networks many times slower
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    every: Duration,
    /// Number of checkpoints kept per piece of work
    #[arg(long, value_name = "K", default_value_t = 2, value_parser = up_to_1024)]
    keep: usize,
    /// Baseline of all differences: an arm and a state-reset policy, such as `classic,oracle` or
    /// `carry,periodic_100` [default: the arm that trains on single samples, with oracle resets]
    #[arg(long, value_name = "ARM,POLICY", value_parser = reference)]
    reference: Option<ReferenceArg>,
    /// Memory limit of the whole program, MiB [default: a share of the memory available]
    #[arg(long, value_name = "MIB", value_parser = mebibytes)]
    memory: Option<f64>,
    /// Maximum concurrent trials, memory permitting [default: the number of threads; 1 for `run` on streams of a million
    /// steps, whose memory and speed are measured]
    #[arg(long, value_name = "N", value_parser = up_to_1024)]
    jobs: Option<usize>,
    /// Compare trials of instruction sets that round differently, such as those of x86-64 and ARM, too
    #[arg(long)]
    allow_mixed_isa: bool,
}

#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Train and evaluate nothing: report on the finished trials
    #[arg(long)]
    collect: bool,
}

#[derive(Args)]
pub struct CompareArgs {
    #[command(flatten)]
    common: Common,
    /// Run only the trials of these numbers, such as 4 or 1-3,7; --list prints the numbers
    #[arg(
        long,
        visible_alias = "cell",
        value_name = "N",
        value_delimiter = ',',
        value_parser = trials,
        conflicts_with = "only"
    )]
    trial: Vec<RangeInclusive<usize>>,
    /// With --only or --trial: wait for trials that another process is working on, instead of skipping them
    #[arg(long)]
    wait: bool,
    /// Train and evaluate nothing: gather finished trials from the run's folder and from PATHs, which are run folders,
    /// folders of trials or files of `saturn pack`, and report on them
    #[arg(long, value_name = "PATH", num_args = 0..)]
    collect: Option<Vec<PathBuf>>,
    /// A second folder, in addition to the run's, from which finished trials are read and to which they are written; or
    /// a file of `saturn pack`, which is only read
    #[arg(long, visible_alias = "cells", value_name = "PATH")]
    trials: Option<PathBuf>,
}

#[derive(Args)]
pub struct TuneArgs {
    /// The scenario, YAML
    scenario: PathBuf,
    /// File for the best scenario [default: NAME.tuned.yaml next to the scenario]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Folder for all candidates [default: runs/NAME-tune]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Override one key: `tune.candidates=9`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Score candidates by these trials only: patterns of MODEL.ARM.SEED [default: every model in the first adaptive
    /// arm]
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the trials that score each candidate; search nothing
    #[arg(long)]
    list: bool,
}

impl TuneArgs {
    /// Searches.
    pub fn run(&self, progress: &Progress) -> Result<()> {
        let out = self
            .out
            .clone()
            .unwrap_or_else(|| self.scenario.with_extension("tuned.yaml"));
        let folder = self.folder.clone().unwrap_or_else(|| {
            let mut folder = default_folder(&self.scenario).into_os_string();
            folder.push("-tune");
            folder.into()
        });
        command::tune(
            &command::TuneOptions {
                scenario: &self.scenario,
                out: &out,
                folder: &folder,
                set: &self.set,
                only: &self.only,
                list: self.list,
            },
            progress,
        )
    }
}

/// An arm and a policy with a comma between.
fn reference(text: &str) -> Result<ReferenceArg, String> {
    match text.rsplit_once(',') {
        Some((arm, state_reset)) if !arm.is_empty() && !state_reset.is_empty() => {
            Ok(ReferenceArg {
                arm: arm.to_owned(),
                policy: state_reset.to_owned(),
            })
        }
        _ => Err("expected an arm and a policy, such as classic,oracle".to_owned()),
    }
}

/// `runs/` and the scenario's file name.
pub fn default_folder(scenario: &Path) -> PathBuf {
    Path::new("runs").join(scenario.file_stem().unwrap_or_default())
}

impl Common {
    fn options<'a>(&'a self, out: &'a Path) -> RunOptions<'a> {
        RunOptions {
            scenario: &self.scenario,
            out,
            set: &self.set,
            all_seeds: false,
            last: self.last,
            collect: None,
            selection: Selection {
                only: self.only.clone(),
                numbers: Vec::new(),
            },
            cells: None,
            wait: false,
            list: self.list.then_some(Listing {
                todo: self.todo,
                json: self.json,
            }),
            keeping: Keeping {
                every: self.every,
                keep: self.keep,
            },
            resume: self.resume,
            limits: Limits {
                memory_mib: self.memory,
                jobs: self.jobs,
            },
            reference: self.reference.clone(),
            mixed_isa: self.allow_mixed_isa,
        }
    }

    fn out(&self) -> PathBuf {
        let default = || default_folder(&self.scenario);
        self.out.clone().unwrap_or_else(default)
    }
}

impl RunArgs {
    /// Runs with one seed.
    pub fn run(&self, progress: &Progress) -> Result<()> {
        let out = self.common.out();
        let options = RunOptions {
            collect: self.collect.then_some(&[]),
            ..self.common.options(&out)
        };
        command::run(&options, progress)
    }
}

impl CompareArgs {
    /// Runs with all seeds.
    pub fn run(&self, progress: &Progress) -> Result<()> {
        let out = self.common.out();
        let options = RunOptions {
            all_seeds: true,
            collect: self.collect.as_deref(),
            selection: Selection {
                only: self.common.only.clone(),
                numbers: self.trial.clone(),
            },
            wait: self.wait,
            cells: self.trials.as_deref(),
            ..self.common.options(&out)
        };
        command::run(&options, progress)
    }
}
