//! The options of `saturn bench`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::numbers::{density, seconds, up_to_1024};
use crate::bench::figure::Form;
use crate::bench::memory::Probe;
use crate::bench::sample::Effort;
use crate::bench::suite::{Choice, Task};
use crate::bench::work::Net;
use crate::command;
use saturn_store::Progress;

#[derive(Args)]
pub struct BenchArgs {
    /// Tasks: A trains, B streams, C infers, D trains wide networks, E goes from a file to a trained epoch
    #[arg(long, value_delimiter = ',', value_name = "TASKS", default_values_t = Task::ALL)]
    task: Vec<Task>,
    /// Networks, such as lif_recurrent,gru [default: those of each task]
    #[arg(long, value_delimiter = ',', value_name = "NETS")]
    model: Vec<Net>,
    /// Numbers of threads to measure [default: one, and one per core]
    #[arg(long, value_delimiter = ',', value_name = "CORES", value_parser = up_to_1024)]
    cores: Vec<usize>,
    /// Event densities: the share of (step, channel) pairs with an event, above 0 and up to 1 [default: those of
    /// each task]
    #[arg(long, value_delimiter = ',', value_name = "SHARES", value_parser = density)]
    density: Vec<f64>,
    /// Time for each measurement, seconds
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = seconds)]
    seconds: f64,
    /// Lanes that one thread computes together
    #[arg(long, value_name = "LANES", value_parser = up_to_1024)]
    shard_lanes: Option<usize>,
    /// Print one JSON object per measurement
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print rows of a Markdown table
    #[arg(long)]
    markdown: bool,
    /// Vary T, lanes, hidden units, density and threads one at a time; draw a figure of each
    #[arg(long, requires = "out", conflicts_with_all = ["task", "cores", "density", "shard_lanes"])]
    scaling: bool,
    /// Print the peak memory of one training step, for --scaling
    #[arg(long, hide = true)]
    memory_of: Option<Probe>,
    /// Folder for the figures of --scaling
    #[arg(long, value_name = "DIR", requires = "scaling")]
    out: Option<PathBuf>,
}

impl BenchArgs {
    /// Measures.
    pub fn run(self, progress: &Progress) -> Result<()> {
        let form = match (self.json, self.markdown) {
            (true, _) => Form::Json,
            (_, true) => Form::Markdown,
            _ => Form::Plain,
        };
        let choice = Choice {
            tasks: self.task,
            nets: self.model,
            cores: if self.cores.is_empty() {
                one_and_all()
            } else {
                self.cores
            },
            densities: self.density,
            effort: Effort {
                seconds: self.seconds,
            },
            shard_lanes: self.shard_lanes,
        };
        if let Some(probe) = self.memory_of {
            return command::bench_memory(probe);
        }
        match self.out {
            Some(out) => command::bench_scaling(&choice, form, &out, progress),
            None => command::bench(&choice, form, progress),
        }
    }
}

/// One core, and as many as the machine has.
fn one_and_all() -> Vec<usize> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    if all > 1 { vec![1, all] } else { vec![1] }
}
