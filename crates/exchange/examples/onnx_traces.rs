//! Writes networks of every exported kind of layer as ONNX, with what they do when run live, for `.ci/onnx`:
//!
//! ```sh
//! cargo run -p saturn-exchange --example onnx_traces FOLDER STEPS
//! ```
//!
//! `FOLDER/NAME.onnx` is the model, `NAME.json` names its states, and `NAME.f32` has, step by step, the input, the states
//! before it and the scores after it. Networks with int8 weights are compared with the evaluation that simulates them.

#[path = "../tests/common/nets.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod nets;

use std::error::Error;
use std::fs;
use std::path::Path;

use nets::{DT_MS, INPUTS, Net, batch, dense, events, states};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::Input;
use saturn_eval::precision::{Format, PrecisionConfig, with_stored_weights};
use saturn_exchange::step::Precision;
use saturn_exchange::step::lower;
use saturn_exchange::to_onnx;
use saturn_network::{Network, NetworkStream};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (folder, steps) = (arguments.next(), arguments.next());
    let (folder, steps) = (
        folder.ok_or("no folder")?,
        steps.ok_or("no number of steps")?,
    );
    let (folder, steps) = (Path::new(&folder), steps.parse()?);
    fs::create_dir_all(folder)?;
    for net in nets::nets::<f32>() {
        let stored = PrecisionConfig {
            weights: Format::Int8,
            ..PrecisionConfig::default()
        };
        let int8 = with_stored_weights(&net.net, &stored);
        write(folder, &net, &net.net, Precision::F32, steps)?;
        write(folder, &net, &int8, Precision::Int8, steps)?;
    }
    Ok(())
}

/// Writes `net` as ONNX, and what `live`, the same with weights as they are stored, does.
fn write(
    folder: &Path,
    net: &Net<f32>,
    live: &Network<f32>,
    precision: Precision,
    steps: usize,
) -> Result<(), Box<dyn Error>> {
    let program = lower(&net.config, &net.net, DT_MS)?;
    let kind = format!("{precision:?}").to_lowercase();
    let path = |end: &str| folder.join(format!("{}.{kind}.{end}", net.name));
    fs::write(path("onnx"), to_onnx::export(&program, &[], precision))?;
    let about = |state: &saturn_exchange::step::program::State<f32>| json!({"name": state.name, "len": state.start.len(), "spikes": state.spikes});
    let about: Vec<_> = program.states.iter().map(about).collect();
    let about = json!({"inputs": INPUTS, "outputs": program.outputs(), "states": about});
    fs::write(path("json"), about.to_string())?;

    let mut stream = NetworkStream::new(live, 1);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut trace: Vec<f32> = Vec::new();
    for _ in 0..steps {
        let units = events(INPUTS, &mut rng);
        trace.extend(dense::<f32>(INPUTS, &units));
        trace.extend(states(live, &stream, &program).concat());
        let batch = batch(INPUTS, &units);
        trace.extend(stream.step(live, Input::Events(batch.view())).iter());
    }
    let bytes: Vec<u8> = trace.iter().flat_map(|x| x.to_le_bytes()).collect();
    fs::write(path("f32"), bytes)?;
    Ok(())
}
