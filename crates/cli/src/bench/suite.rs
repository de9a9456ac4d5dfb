//! A choice of tasks, nets, densities and cores, one figure after another.

use std::path::{Path, PathBuf};

use saturn_data::Synthetic;

use super::BenchError;
use super::figure::Figure;
use super::floor::{Need, Pass, Shares};
use super::limit::Limits;
use super::pipeline::Pipeline;
use super::sample::{Effort, sample};
use super::task::{Inference, Live, TrainStep, hidden_rate, on_cores, shares};
use super::work::{Net, Work};

/// A task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[clap(rename_all = "UPPER")]
pub enum Task {
    /// A training step: 64 lanes, T = 100, hidden 256
    A,
    /// Streaming: one lane, one step at a time
    B,
    /// Inference: 64 lanes, T = 1,000
    C,
    /// A training step: 32 lanes, T = 100, hidden 1,024
    D,
    /// The whole pipeline, from HDF5 to a trained epoch
    E,
}

impl Task {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    /// The letter.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
        }
    }

    /// The nets that it is timed with unless others are asked for.
    pub fn nets(self) -> &'static [Net] {
        match self {
            Self::A => &Net::TRAINED,
            Self::B | Self::C => &Net::ALL,
            Self::D => &[Net::LifRecurrent, Net::LifWindow, Net::LifSparse, Net::Ssm],
            Self::E => &[Net::LifRecurrent],
        }
    }

    /// The densities that it is timed at unless others are asked for; E has those of its data.
    pub fn densities(self) -> &'static [f64] {
        match self {
            Self::A => &[0.015, 0.13],
            Self::B | Self::C | Self::D => &[0.015],
            Self::E => &[f64::NAN],
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What to time. Where a list is empty, a task's own stands in for it.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// The nets.
    pub nets: Vec<Net>,
    /// Threads; B runs on one core alone.
    pub cores: Vec<usize>,
    /// Shares of (step, channel) cells with an event.
    pub densities: Vec<f64>,
    /// How long each figure is sampled.
    pub effort: Effort,
    /// Lanes of one shard.
    pub shard_lanes: Option<usize>,
}

/// One figure to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    /// The task.
    pub task: Task,
    /// The net.
    pub net: Net,
    /// The density; no number for E.
    pub density: f64,
    /// Threads.
    pub cores: usize,
}

impl Choice {
    /// The nets that were asked for, or all.
    pub fn nets(&self) -> Vec<Net> {
        if self.nets.is_empty() {
            Net::ALL.to_vec()
        } else {
            self.nets.clone()
        }
    }

    /// The figures to come, in order.
    pub fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for &task in &self.tasks {
            let nets: &[Net] = if self.nets.is_empty() {
                task.nets()
            } else {
                &self.nets
            };
            let densities: &[f64] = if self.densities.is_empty() || task == Task::E {
                task.densities()
            } else {
                &self.densities
            };
            for &density in densities {
                for &net in nets {
                    for &cores in &self.cores {
                        // One lane is one core's work.
                        if task != Task::B || cores == 1 {
                            jobs.push(Job {
                                task,
                                net,
                                density,
                                cores,
                            });
                        }
                    }
                }
            }
        }
        jobs
    }
}

/// Steps of one sample of B.
const LIVE_STEPS: usize = 10_000;

/// Times one figure of A to D. `limits` are those of as many cores.
pub fn time(
    job: Job,
    shard_lanes: Option<usize>,
    effort: Effort,
    limits: &Limits,
) -> Result<Figure, BenchError> {
    let mut work = match job.task {
        Task::B => Work::stream(job.net, job.density),
        Task::C => Work::infer(job.net, job.density),
        Task::D => Work::train_wide(job.net, job.density),
        Task::A | Task::E => Work::train(job.net, job.density),
    };
    if let Some(lanes) = shard_lanes {
        work.shard_lanes = lanes;
    }
    on_cores(job.cores, || match job.task {
        Task::A | Task::D => train_step(job, work, effort, limits),
        Task::B => live(job, work, effort, limits),
        Task::C => inference(job, work, effort, limits),
        Task::E => unreachable!("E has files, see `pipeline`"),
    })?
}

fn train_step(job: Job, work: Work, effort: Effort, limits: &Limits) -> Result<Figure, BenchError> {
    let mut train = TrainStep::new(work)?;
    let parameters = train.parameters();
    let (rate, active) = shares(&work, &work.network()?);
    let loss = TrainStep::loss_after(work, 20)?;
    let times = train.samples(effort);
    let columns = (work.steps * work.lanes) as f64;
    let need = Need::of(
        &work,
        Pass::Train,
        columns,
        Shares::of(rate, active),
        parameters,
    );
    Ok(Figure {
        task: job.task.name().to_owned(),
        model: job.net.name(),
        density: job.density,
        cores: job.cores,
        unit: "ms",
        minimum: 1e3 * times.minimum(),
        median: 1e3 * times.median(),
        floor: 1e3 * need.seconds(limits),
        hidden_rate: rate,
        active_share: active,
        parameters,
        loss_after_20_steps: Some(loss),
    })
}

fn live(job: Job, work: Work, effort: Effort, limits: &Limits) -> Result<Figure, BenchError> {
    let mut live = Live::new(work)?;
    let rate = hidden_rate(&Work { lanes: 64, ..work }, &work.network()?);
    let run = |live: &mut Live| {
        live.run(LIVE_STEPS);
        Ok::<(), BenchError>(())
    };
    let times = sample(effort, &mut live, |_| {}, run)?;
    let each = 1e6 / LIVE_STEPS as f64;
    let need = Need::of(&work, Pass::Stream, 1.0, Shares::of(rate, None), 0);
    Ok(Figure {
        task: job.task.name().to_owned(),
        model: job.net.name(),
        density: job.density,
        cores: job.cores,
        unit: "us",
        minimum: each * times.minimum(),
        median: each * times.median(),
        floor: 1e6 * need.seconds(limits),
        hidden_rate: rate,
        active_share: None,
        parameters: live.parameters(),
        loss_after_20_steps: None,
    })
}

fn inference(job: Job, work: Work, effort: Effort, limits: &Limits) -> Result<Figure, BenchError> {
    let mut inference = Inference::new(work)?;
    let rate = hidden_rate(&work, &work.network()?);
    let run = |inference: &mut Inference| {
        inference.run();
        Ok::<(), BenchError>(())
    };
    let times = sample(effort, &mut inference, |_| {}, run)?;
    let columns = (work.steps * work.lanes) as f64;
    let need = Need::of(&work, Pass::Infer, columns, Shares::of(rate, None), 0);
    let thousand_a_second = |seconds: f64| 1e-3 * columns / seconds;
    Ok(Figure {
        task: job.task.name().to_owned(),
        model: job.net.name(),
        density: job.density,
        cores: job.cores,
        unit: "klane-steps/s",
        minimum: thousand_a_second(times.minimum()),
        median: thousand_a_second(times.median()),
        floor: thousand_a_second(need.seconds(limits)),
        hidden_rate: rate,
        active_share: None,
        parameters: inference.parameters(),
        loss_after_20_steps: None,
    })
}

/// An event file that task E reads.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// The task's name with this file.
    pub task: &'static str,
    /// The training split.
    pub path: PathBuf,
}

/// The files of task E: a synthetic set, made in `folder`, and spoken digits, where `data` (the folder
/// that `SATURN_DATA` names) holds them.
pub fn data_files(folder: &Path, data: Option<&Path>) -> Result<Vec<DataFile>, BenchError> {
    let set = Synthetic {
        train: 1_000,
        valid: 1,
        test: 1,
        ..Synthetic::default()
    };
    let [train, ..] = set.write(folder, |_| {})?;
    let mut files = vec![DataFile {
        task: "E-synthetic",
        path: train,
    }];
    let digits = data.map(|folder| folder.join("spoken-digits-events/train.h5"));
    if let Some(path) = digits.filter(|path| path.exists()) {
        files.push(DataFile {
            task: "E-digits",
            path,
        });
    }
    Ok(files)
}

/// Times task E on one file. `limits` are those of as many cores.
pub fn pipeline(
    job: Job,
    file: &DataFile,
    effort: Effort,
    limits: &Limits,
) -> Result<Figure, BenchError> {
    let pipeline = Pipeline::new(job.net, &file.path)?;
    on_cores(job.cores, || {
        let tally = pipeline.run()?;
        let times = sample(effort, &mut (), |()| {}, |()| pipeline.run().map(drop))?;
        let work = Work {
            classes: tally.classes,
            ..Work::train(job.net, tally.density())
        };
        let rate = tally.hidden_rate();
        let need = Need::of(
            &work,
            Pass::Train,
            tally.columns as f64,
            Shares::of(rate, None),
            tally.parameters * tally.updates,
        );
        let samples = tally.samples as f64;
        Ok(Figure {
            task: file.task.to_owned(),
            model: job.net.name(),
            density: tally.density(),
            cores: job.cores,
            unit: "samples/s",
            minimum: samples / times.minimum(),
            median: samples / times.median(),
            floor: samples / need.seconds(limits),
            hidden_rate: rate,
            active_share: None,
            parameters: tally.parameters,
            loss_after_20_steps: None,
        })
    })?
}
