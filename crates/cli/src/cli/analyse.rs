//! The options of `saturn analyse`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::command::{AnalyseOptions, analyse};
use saturn_store::Progress;

#[derive(Args)]
pub struct AnalyseArgs {
    /// A net that a run has trained: `runs/quickstart/lif.adaptive.1`, or its weights
    model: PathBuf,
    /// Lyapunov exponents of each layer
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=256))]
    exponents: u64,
    /// Steps of each input that exponents are measured over
    #[arg(long, value_name = "STEPS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(400..=10_000_000))]
    steps: u64,
    /// States that each input is run from, to find attractors side by side
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=64))]
    starts: u64,
    /// Seed of the streams; that of the net by default
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Use no data: silence is all that the net hears, and no two pasts are compared
    #[arg(long)]
    silence: bool,
    /// Where the results go, without their endings; RUN/analysis/NET by default
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
            silence: self.silence,
            out: self.out.as_deref(),
        };
        analyse(&options, progress)
    }
}
