//! `saturn submit`: scripts that do a comparison or a search on many machines.
//!
//! | module | what |
//! |---|---|
//! | this one | from a scenario to a [`Plan`]: what is left to do, in tasks with requests |
//! | [`write`] | from a plan to scripts, the same bytes for the same plan |
//!
//! The scripts rely on no exit code of a scheduler, some of which end with 0 after cancelled jobs: what is left is what
//! `compare --list --todo` says at the end.

mod write;

use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use anyhow::{Context, Result};

use super::error::CommandError;
use super::memory::MIB;
use super::print::print;
use super::run::listed;
use super::tune::workers;
use saturn_cell::kernel::Isa;
use saturn_sim::run::entry::entries;
use saturn_sim::run::paths::paths_of;
use saturn_sim::run::select::Selection;
use saturn_sim::run::tasks::{Array, Need, arrays, memory};
use saturn_sim::run::trials::Store;
use saturn_sim::scenario::Scenario;
use saturn_store::Progress;
use saturn_store::folder::write_beside;
pub use write::Scheduler;
use write::{Plan, Work, scripts};

/// What `submit` was asked for.
pub struct SubmitOptions<'a> {
    /// The scenario's file.
    pub scenario: &'a Path,
    /// What will run the scripts.
    pub to: Scheduler,
    /// The run's folder.
    pub out: &'a Path,
    /// The folder of scripts; the next free one by default.
    pub scripts: Option<&'a Path>,
    /// Overrides, `key=value`.
    pub set: &'a [String],
    /// The test split, not the validation split.
    pub last: bool,
    /// Which trials: patterns of `MODEL.ARM.SEED`.
    pub only: &'a [String],
    /// A search instead of a comparison: how many tasks take part, and the file for what is found.
    pub tune: Option<(usize, &'a Path)>,
    /// Cores of a task.
    pub cpus: usize,
    /// How long a task takes at least, where there are enough trials.
    pub task_time: Duration,
    /// About how many tasks there are at most.
    pub tasks: usize,
    /// The longest time that is requested.
    pub time_limit: Option<Duration>,
    /// Options of sbatch.
    pub sbatch: &'a [String],
    /// The instruction set of all tasks; that of its machine for each by default.
    pub isa: Option<Isa>,
}

/// Bytes that each trial takes when trials are collected; measured.
const COLLECTED: f64 = 0.35 * MIB;
/// The same, of the program.
const COLLECTING: f64 = 300.0 * MIB;
/// Seconds that it takes for each trial, with a margin, and minutes for all others; measured.
const COLLECTED_SECONDS: f64 = 0.1;
const COLLECTING_MINUTES: u64 = 30;

/// Writes the scripts and prints where they are.
pub fn submit(options: &SubmitOptions, progress: &Progress) -> Result<()> {
    if options.to != Scheduler::Slurm && !options.sbatch.is_empty() {
        return Err(CommandError::OptionOfOther {
            option: "--sbatch",
            goes_with: "--to slurm",
        }
        .into());
    }
    if let Some(odd) = options.sbatch.iter().find(|o| !write::is_option(o)) {
        return Err(CommandError::BadSbatch {
            option: odd.clone(),
        }
        .into());
    }
    let scenario = Scenario::load(options.scenario, options.set)?;
    // Made once, here, rather than by every task.
    paths_of(&scenario, progress)?;
    let (arrays, trials) = match options.tune {
        Some((tasks, _)) => (vec![search(&scenario, options, tasks)?], 0),
        None => comparison(&scenario, options)?,
    };
    if arrays.is_empty() {
        return print(&format!(
            "all trials are done; `saturn compare {} --out {} --collect` draws the figures and the report",
            options.scenario.display(),
            options.out.display()
        ));
    }
    let folder = folder(options)?;
    let plan = plan(&scenario, options, &folder, arrays)?;
    for (name, text) in scripts(&plan) {
        write_beside(&folder.join(name), text.as_bytes())?;
    }
    let seconds: f64 = (plan.arrays.iter())
        .flat_map(|array| array.tasks.iter().map(|task| task.seconds))
        .sum();
    let what = match plan.work {
        Work::Compare { .. } => format!("{trials} trials in {} tasks", plan.tasks()),
        Work::Tune { .. } => format!("a search by {} tasks", plan.tasks()),
    };
    print(&format!(
        "{what}, about {:.1} hours of {} on a machine like this one\nstart them: bash {}",
        seconds / 3_600.0,
        if options.cpus == 1 {
            "a core".to_owned()
        } else {
            format!("{} cores", options.cpus)
        },
        folder.join(plan.to.start()).display()
    ))
}

/// The arrays of what is left of a comparison, and how many trials that are.
fn comparison(scenario: &Scenario, options: &SubmitOptions) -> Result<(Vec<Array>, usize)> {
    let selection = Selection {
        only: options.only.to_vec(),
        numbers: Vec::new(),
    };
    let chosen = selection.of(entries(scenario, &scenario.seeds_for(true)))?;
    let store = Store::new([options.out.to_owned()]);
    let split = if options.last { "test" } else { "valid" };
    // Measured with as many threads as a task has.
    let listed = on_threads(options.cpus, || listed(scenario, &chosen, &store, split))??;
    let left = listed.iter().filter(|trial| !trial.state.is_done());
    let needs: Vec<Need> = left
        .map(|trial| Need {
            number: trial.number,
            memory_mib: trial.demand.memory_mib,
            seconds: trial.demand.seconds.unwrap_or_default(),
        })
        .collect();
    let seconds = options.task_time.as_secs_f64();
    let limit = limit_minutes(options);
    Ok((arrays(&needs, seconds, options.tasks, limit), needs.len()))
}

/// The array of the tasks of a search.
fn search(scenario: &Scenario, options: &SubmitOptions, tasks: usize) -> Result<Array> {
    let listed = on_threads(options.cpus, || {
        let all = entries(scenario, &[scenario.seed]);
        listed(scenario, &all, &Store::new([]), "valid")
    })??;
    workers(
        scenario,
        options.only,
        &listed,
        tasks,
        limit_minutes(options),
    )
}

/// The longest time to request, minutes.
fn limit_minutes(options: &SubmitOptions) -> Option<u64> {
    let limit = options.time_limit?;
    Some(limit.as_secs().div_ceil(60).max(1))
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.with_context(|| format!("--cpus {threads}: starting so many threads"))?;
    Ok(pool.install(work))
}

/// Creates the folder of scripts, which must be new: tasks of earlier scripts may still be waiting.
fn folder(options: &SubmitOptions) -> Result<PathBuf> {
    let create = |folder: &Path| {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))
    };
    if let Some(folder) = options.scripts {
        create(folder)?;
        let mut inside = std::fs::read_dir(folder)
            .with_context(|| format!("listing the folder {}", folder.display()))?;
        if inside.next().is_some() {
            return Err(CommandError::ScriptsExist {
                path: folder.to_owned(),
            }
            .into());
        }
        return Ok(absolute(folder)?);
    }
    let mut above = options.out.as_os_str().to_owned();
    above.push("-submit");
    let above = PathBuf::from(above);
    create(&above)?;
    for number in 1.. {
        let folder = above.join(number.to_string());
        match std::fs::create_dir(&folder) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => {
                made.with_context(|| format!("creating {}", folder.display()))?;
                return Ok(absolute(&folder)?);
            }
        }
    }
    unreachable!("there are more numbers than folders")
}

fn plan(
    scenario: &Scenario,
    options: &SubmitOptions,
    folder: &Path,
    arrays: Vec<Array>,
) -> Result<Plan> {
    let text = |path: &Path| -> Result<String> {
        let whole = absolute(path)?;
        let text = whole.to_str().filter(|text| !text.contains('\n'));
        Ok(text
            .map(str::to_owned)
            .ok_or_else(|| CommandError::OddPath {
                path: path.to_owned(),
            })?)
    };
    let mut arguments = vec![text(options.scenario)?];
    for set in options.set {
        arguments.extend(["--set".to_owned(), set.clone()]);
    }
    if let Some(isa) = options.isa {
        arguments.extend(["--isa".to_owned(), isa.name().to_owned()]);
    }
    let work = if let Some((_, found)) = options.tune {
        for pattern in options.only {
            arguments.extend(["--only".to_owned(), pattern.clone()]);
        }
        let (folder, found) = (text(options.out)?, text(found)?);
        Work::Tune { folder, found }
    } else {
        arguments.extend(["--out".to_owned(), text(options.out)?]);
        if options.last {
            arguments.push("--final".to_owned());
        }
        let all = entries(scenario, &scenario.seeds_for(true)).len();
        let bytes = COLLECTING + COLLECTED * all as f64;
        let minutes = COLLECTING_MINUTES + (COLLECTED_SECONDS * all as f64 / 60.0).ceil() as u64;
        let limit = limit_minutes(options).unwrap_or(u64::MAX);
        Work::Compare {
            collect_mib: memory(bytes / MIB),
            collect_minutes: minutes.min(limit),
            only: options.only.to_vec(),
        }
    };
    let program = std::env::current_exe().context("finding this program")?;
    Ok(Plan {
        to: options.to,
        name: scenario.name.clone(),
        program: text(&program)?,
        version: env!("CARGO_PKG_VERSION"),
        from: text(Path::new("."))?,
        scripts: text(folder)?,
        arguments,
        work,
        cpus: options.cpus,
        arrays,
        sbatch: options.sbatch.to_vec(),
    })
}
