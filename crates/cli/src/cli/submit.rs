//! The options of `saturn submit`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use saturn_cell::kernel::Isa;

use super::matrix::default_folder;
use super::numbers::{duration, up_to_1024, within};
use crate::command::{self, Scheduler, SubmitOptions};
use saturn_store::Progress;

#[derive(Clone, Copy, ValueEnum)]
enum To {
    /// Job arrays
    Slurm,
    /// GNU parallel, on this machine or over ssh
    Parallel,
    /// A Snakefile
    Snakemake,
}

#[derive(Args)]
pub struct SubmitArgs {
    /// The scenario, YAML
    scenario: PathBuf,
    /// The program that will run the scripts
    #[arg(long, value_name = "SCHEDULER")]
    to: To,
    /// The run's folder, which all machines share [default: runs/ and the scenario's file name]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// New folder for the scripts, which all machines share [default: runs/NAME-submit/1, or the next number]
    #[arg(long, value_name = "DIR")]
    scripts: Option<PathBuf>,
    /// Override one key: `train.epochs=2`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Evaluate on the test split instead of the validation split; do this once, at the end
    #[arg(long = "final", conflicts_with = "tune")]
    last: bool,
    /// Only matching trials: patterns of MODEL.ARM.SEED, such as `lif.*.1`
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    only: Vec<String>,
    /// Search with `saturn tune` by this many tasks at once, instead of comparing
    #[arg(long, value_name = "TASKS", value_parser = up_to_1024)]
    tune: Option<usize>,
    /// With --tune: file for the best scenario [default: NAME.tuned.yaml next to the scenario]
    #[arg(long, value_name = "FILE", requires = "tune")]
    found: Option<PathBuf>,
    /// Processor cores, and threads, of a task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = up_to_1024)]
    cpus: usize,
    /// Put trials together until a task takes this long; 0: one trial a task
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration)]
    task_time: Duration,
    /// Maximum number of tasks, about: with more trials, each task takes longer
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = tasks)]
    tasks: usize,
    /// Longest time to request for a task; one that takes longer is stopped, queued again, and resumes
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time_limit: Option<Duration>,
    /// Option of sbatch without its dashes, such as `partition=long`; may be repeated
    #[arg(long = "sbatch", value_name = "OPTION")]
    sbatch: Vec<String>,
}

fn tasks(text: &str) -> Result<usize, String> {
    within::<1, 1_000_000>(text).map(|n| n as usize)
}

impl SubmitArgs {
    /// Writes the scripts, whose tasks compute with `isa`.
    pub fn run(&self, isa: Option<Isa>, progress: &Progress) -> Result<()> {
        let out = self.out.clone().unwrap_or_else(|| {
            let mut folder = default_folder(&self.scenario).into_os_string();
            if self.tune.is_some() {
                folder.push("-tune");
            }
            folder.into()
        });
        let found = self.found.clone();
        let found = found.unwrap_or_else(|| self.scenario.with_extension("tuned.yaml"));
        command::submit(
            &SubmitOptions {
                scenario: &self.scenario,
                to: match self.to {
                    To::Slurm => Scheduler::Slurm,
                    To::Parallel => Scheduler::Parallel,
                    To::Snakemake => Scheduler::Snakemake,
                },
                out: &out,
                scripts: self.scripts.as_deref(),
                set: &self.set,
                last: self.last,
                only: &self.only,
                tune: self.tune.map(|tasks| (tasks, found.as_path())),
                cpus: self.cpus,
                task_time: self.task_time,
                tasks: self.tasks,
                time_limit: self.time_limit,
                sbatch: &self.sbatch,
                isa,
            },
            progress,
        )
    }
}
