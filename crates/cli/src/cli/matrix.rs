//! The options of `saturn run`, `saturn compare` and `saturn tune`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::command::{self, Limits, RunOptions};
use saturn_sim::run::select::Selection;
use saturn_sim::run::summary::ReferenceArg;
use saturn_store::Progress;
use saturn_store::checkpoint::Keeping;

/// Options of both.
#[derive(Args)]
struct Common {
    /// The scenario, YAML
    scenario: PathBuf,
    /// The run's folder; `runs/` and the scenario's file name by default
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Override one key: `train.epochs=2`, `models.lif.layers.0.lif.hidden=64`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Evaluate on the test split, not on the validation split; do this once, at the end
    #[arg(long = "final")]
    last: bool,
    /// Do these cells alone: patterns of MODEL.ARM.SEED, such as `lif.*.1`
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    only: Vec<String>,
    /// Go on with the run in the folder, which must be there; without this, one that is there is gone on with, too
    #[arg(long)]
    resume: bool,
    /// Time from one checkpoint of unfinished work to the next, such as 30s or 5m; 0 keeps one at every update and every chunk of an evaluation, and each is written and synced to disk: small nets then take many times as long
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    every: Duration,
    /// Checkpoints of a piece of work that are kept
    #[arg(long, value_name = "K", default_value_t = 2, value_parser = super::cores)]
    keep: usize,
    /// What differences are measured from: an arm and a policy of resets, such as `classic,oracle` or
    /// `carry,periodic_100` [default: the arm that trains on one sample at a time, with oracle resets]
    #[arg(long, value_name = "ARM,POLICY", value_parser = reference)]
    reference: Option<ReferenceArg>,
}

#[derive(Args)]
pub struct RunArgs {
    #[command(flatten)]
    common: Common,
    /// Train and evaluate nothing: report on what is done already
    #[arg(long)]
    collect: bool,
}

#[derive(Args)]
pub struct CompareArgs {
    #[command(flatten)]
    common: Common,
    /// Print the cells of the matrix, a line each, with what is done; do nothing
    #[arg(long, conflicts_with = "collect")]
    list: bool,
    /// Do the cell of this number alone: see --list
    #[arg(long, value_name = "N", conflicts_with = "only")]
    cell: Option<usize>,
    /// Train and evaluate nothing: gather finished trials from here and from other run folders, folders of
    /// trials or files of `saturn pack`, and report on them
    #[arg(long, value_name = "PATH", num_args = 0..)]
    collect: Option<Vec<PathBuf>>,
    /// A folder that finished trials are read from and written to, in addition to the run's own; or a file of
    /// `saturn pack`, which is only read
    #[arg(long, value_name = "PATH")]
    cells: Option<PathBuf>,
    /// Memory for the whole program, in MiB; a share of what the system has to spare by default
    #[arg(long, value_name = "MIB", value_parser = mebibytes)]
    memory: Option<f64>,
    /// Cells at once, at most, if there is memory; as many as there are threads by default
    #[arg(long, value_name = "N", value_parser = super::cores)]
    jobs: Option<usize>,
}

#[derive(Args)]
pub struct TuneArgs {
    /// The scenario, YAML
    scenario: PathBuf,
    /// Where the scenario that is found goes; beside the scenario by default, as `NAME.tuned.yaml`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where all that was tried is kept; `runs/` and the scenario's file name with `-tune` by default
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Override one key: `tune.candidates=9`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Judge these nets: patterns of MODEL.ARM.SEED; by default every model in the first adaptive arm
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    only: Vec<String>,
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

/// A time such as `30s`, or 0.
fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(text).map_err(|e| format!("{e}; a time such as 30s or 5m is wanted"))
}

/// MiB above 0.
fn mebibytes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(mib) if mib > 0.0 && f64::is_finite(mib) => Ok(mib),
        _ => Err("a number of MiB above 0 is wanted".to_owned()),
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
                cell: None,
            },
            cells: None,
            list: false,
            keeping: Keeping {
                every: self.every,
                keep: self.keep,
            },
            resume: self.resume,
            limits: Limits::default(),
            reference: self.reference.clone(),
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
                cell: self.cell,
            },
            cells: self.cells.as_deref(),
            list: self.list,
            limits: Limits {
                memory_mib: self.memory,
                jobs: Some(self.jobs.unwrap_or_else(rayon::current_num_threads)),
            },
            ..self.common.options(&out)
        };
        command::run(&options, progress)
    }
}
