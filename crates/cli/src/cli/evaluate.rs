//! The options of `saturn evaluate`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::numbers::{share, within};
use super::times::TimeArgs;
use crate::command::evaluate;
use saturn_eval::evaluate::{LANES, STEPS};
use saturn_eval::instruments::Instrument;
use saturn_eval::reset::StateReset;
use saturn_sim::evaluate::{
    AskedPrecision, GapSteps, Options, read_fill, read_instrument, read_policy, read_precisions,
};
use saturn_sim::scenario::Fill;
use saturn_store::Progress;

/// The precisions of one option.
#[derive(Clone)]
struct Precisions(Vec<AskedPrecision>);

fn precisions(text: &str) -> Result<Precisions, String> {
    read_precisions(text).map(Precisions)
}

#[derive(Args)]
pub struct EvaluateArgs {
    /// A finished network: a run's, such as `runs/quickstart/lif.adaptive.1`, a weights file that describes itself, or a
    /// folder with such a `weights.safetensors`
    model: PathBuf,
    /// Recordings: an HDF5 file of events or frames, or a folder with test.h5 or valid.h5
    #[arg(long, value_name = "FILE|FOLDER")]
    data: PathBuf,
    #[command(flatten)]
    times: TimeArgs,
    /// Steps of one evaluation, over all lanes [default: the run's `evaluate.steps`, or 100000]
    #[arg(long, value_name = "N", value_parser = within::<{ STEPS.least }, { STEPS.most }>)]
    steps: Option<u64>,
    /// Lanes that share the steps [default: the run's `evaluate.lanes`, or 16]
    #[arg(long, value_name = "N", value_parser = within::<{ LANES.least }, { LANES.most }>)]
    lanes: Option<u64>,
    /// Steps of the gaps between recordings, or none [default: those of the run's first stream, or 10..60]
    #[arg(long, value_name = "MIN..MAX|none", value_parser = GapSteps::read)]
    gap: Option<GapSteps>,
    /// Contents of gaps: silence, noise or shuffled [default: those of the run's first stream, or silence]
    #[arg(long, value_name = "FILL", value_parser = read_fill)]
    fill: Option<Fill>,
    /// Reset policy as in a scenario, such as none, oracle or periodic=100; may be repeated [default: none and oracle]
    #[arg(long, value_name = "POLICY", value_parser = read_policy)]
    state_reset: Vec<StateReset>,
    /// Seed of the stream [default: the network's, or 1]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// f32 or f64: numbers that the network computes with [default: those of its training]. Formats such as int8,
    /// int8/f32 (weights/states) or bf16 are evaluated in addition: simulated low precision; may be repeated
    #[arg(long, value_name = "FORMAT,...", value_parser = precisions)]
    precision: Vec<Precisions>,
    /// Recordings that ranges of low-precision states are taken from: a file, or a folder with valid.h5 [default: the
    /// validation split of the network's run]
    #[arg(long, value_name = "FILE|FOLDER", requires = "precision")]
    ranges: Option<PathBuf>,
    /// Optional instrument as in a scenario, such as calibration; may be repeated
    #[arg(long, value_name = "NAME", value_parser = read_instrument)]
    instrument: Vec<Instrument>,
    /// The detector's threshold, 0 to 1 [default: as chosen by the run, or 0.5]
    #[arg(long, value_name = "P", value_parser = share)]
    threshold: Option<f64>,
    /// Folder for the results; one with other results is refused [default: runs/NAME-evaluate]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print summary.json instead of a table
    #[arg(long)]
    json: bool,
}

impl EvaluateArgs {
    pub fn run(self, progress: &Progress) -> Result<()> {
        let mut instruments = self.instrument;
        let mut seen = Vec::new();
        instruments.retain(|one| {
            let new = !seen.contains(one);
            seen.push(*one);
            new
        });
        let options = Options {
            model: &self.model,
            data: &self.data,
            times: self.times.times(),
            steps: self.steps,
            lanes: self.lanes.map(|lanes| lanes as usize),
            gap: self.gap,
            fill: self.fill,
            state_reset: self.state_reset,
            seed: self.seed,
            precision: self.precision.into_iter().flat_map(|p| p.0).collect(),
            ranges: self.ranges.as_deref(),
            instruments,
            threshold: self.threshold,
            out: self.out.as_deref(),
        };
        evaluate(&options, self.json, progress)
    }
}
