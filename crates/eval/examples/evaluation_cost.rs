//! What an evaluation costs beyond the network's own steps: a stream without state resets, with all instruments that
//! run by default, against the same lanes alone, in turns in one run.
//!
//! ```sh
//! cargo run --release -p saturn-eval --example evaluation_cost [steps a lane]
//! ```
//!
//! Both compose the same stream and run the same chunks of eight lanes on one thread. An evaluation adds
//! probabilities, the detector at 40 thresholds, and the instruments of every cell.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::error::Error;
use std::time::Instant;

use saturn_data::{Synthetic, SyntheticSet};
use saturn_eval::detector::DetectorConfig;
use saturn_eval::evaluate::{Extras, Plan, evaluate};
use saturn_eval::lanes::Lanes;
use saturn_eval::position::Spacing;
use saturn_eval::reset::StateReset;
use saturn_network::{Network, NetworkConfig, build};
use saturn_store::Progress;
use saturn_stream::{Fill, Gap, Memory, Noise, Source, Split};

const LANES: usize = 8;
const DT_MS: f64 = 10.0;
/// Turns, of which the shortest counts.
const TURNS: usize = 5;
const NETS: [(&str, &str); 3] = [
    (
        "lif",
        "[{lif: {hidden: 128, recurrent: true}}, {lif: {hidden: 128, recurrent: true}}]",
    ),
    ("gru", "[{gru: {hidden: 128}}]"),
    (
        "ssm",
        "[{ssm_block: {width: 96, states: 64, dt_min: 0.02}}, {ssm_block: {width: 96, states: 64, dt_min: 0.02}}]",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let each: u64 = match std::env::args().nth(1) {
        Some(steps) => steps.parse()?,
        None => 20_000,
    };
    let spec = Synthetic::default();
    let set = SyntheticSet::new(&spec)?;
    let recordings = (0..200).map(|i| set.sample(saturn_data::Split::Valid, i));
    let names = set.class_names();
    let memory = Memory::events(recordings.collect(), spec.channels, names.clone())?;
    let split = Split::of_memory(memory, DT_MS)?;
    let noise = Noise::new(&split.mean_counts(spec.channels)?);
    let gap = Gap {
        steps: [10, 60],
        fill: vec![Fill::Silence, Fill::Noise(1.0)],
    };
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    println!(
        "model  network, us a step  evaluation, us a step  ratio ({each} steps on each of {LANES} lanes)"
    );
    for (name, layers) in NETS {
        let config = NetworkConfig::new(serde_saphyr::from_str(layers)?);
        let net: Network<f32> = build(name, &config, spec.channels, names.len(), DT_MS, 1)?;
        let (mut bare, mut whole) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..TURNS {
            let began = Instant::now();
            alone(&net, source, spec.channels, each)?;
            bare = bare.min(began.elapsed().as_secs_f64());
            let plan = plan(source, spec.channels, each);
            let began = Instant::now();
            evaluate(&net, &plan, 0.5, &Progress::quiet())?;
            whole = whole.min(began.elapsed().as_secs_f64());
        }
        let us = 1e6 / (each * LANES as u64) as f64;
        println!(
            "{name:5} {:19.3} {:22.3} {:6.3}",
            bare * us,
            whole * us,
            whole / bare
        );
    }
    Ok(())
}

/// The lanes of [`plan`] alone.
fn alone(
    net: &Network<f32>,
    source: Source,
    channels: usize,
    each: u64,
) -> Result<(), Box<dyn Error>> {
    let never = StateReset::NEVER;
    let policy = never.config();
    let mut lanes = Lanes::new(net, source, policy, channels, "evaluation", 1, 0, LANES)?;
    let mut left = each;
    while left > 0 {
        let steps = left.min(lanes.longest() as u64);
        std::hint::black_box(lanes.run(steps as usize)?.logits);
        left -= steps;
    }
    Ok(())
}

fn plan(source: Source<'_>, channels: usize, each: u64) -> Plan<'_> {
    const NEVER: &StateReset = &StateReset::NEVER;
    Plan {
        source,
        state_reset: NEVER.config(),
        channels,
        purpose: "evaluation",
        seed: 1,
        steps: each * LANES as u64,
        lanes: LANES,
        shard_lanes: LANES,
        windows: 20,
        spacing: Spacing::Even,
        dt_ms: DT_MS,
        detector: DetectorConfig::default(),
        instruments: &[],
        extras: Extras::default(),
    }
}
