//! The options of `saturn analyse`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::command::{AnalyseOptions, analyse};
use saturn_store::Progress;

#[derive(Args)]
pub struct AnalyseArgs {
    /// A finished network: `runs/quickstart/lif.adaptive.1`, its weights, or a folder that `saturn import` wrote
    model: PathBuf,
    /// Number of Lyapunov exponents per layer
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=256))]
    exponents: u64,
    /// Steps of each input over which exponents are measured
    #[arg(long, value_name = "STEPS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(400..=10_000_000))]
    steps: u64,
    /// Initial states per input, to find coexisting attractors
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=64))]
    starts: u64,
    /// Seed of the streams [default: the network's]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Recordings to analyse it on, a file or a folder with test.h5 [default: its run's validation split]
    #[arg(long, value_name = "PATH", conflicts_with = "silence")]
    data: Option<PathBuf>,
    /// Use no data: the input is silence, and no two pasts are compared
    #[arg(long)]
    silence: bool,
    /// Path of the results without their endings [default: RUN/analysis/NET, or analysis/NET]
    #[arg(long, value_name = "STEM")]
    out: Option<PathBuf>,
}

impl AnalyseArgs {
    pub fn run(self, progress: &Progress) -> Result<()> {
        let options = AnalyseOptions {
            model: &self.model,
            exponents: self.exponents as usize,
            steps: self.steps as usize,
            starts: self.starts as usize,
            seed: self.seed,
            data: self.data.as_deref(),
            silence: self.silence,
            out: self.out.as_deref(),
        };
        analyse(&options, progress)
    }
}
