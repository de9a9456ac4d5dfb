//! Writes networks as NIR for every simulator and as state dicts, with their outputs, for `.ci/nir`.
//!
//! ```sh
//! cargo run -p saturn-exchange --example exported_files -- FOLDER
//! ```
//!
//! With `--same FOLDER OTHER`, files of OTHER, which another program has written again, must give the same networks.
//!
//! FOLDER/NET.TARGET.nir is a file, FOLDER/NET.json has the input and the output of each step, by Saturn in f32, and the step
//! in seconds. The last layer spikes, too. FOLDER/NET.safetensors is a state dict, whose JSON has the modules in place of the
//! step.

#![allow(clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::path::Path;

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Input, Real};
use saturn_exchange::Source;
use saturn_exchange::from_nir::{self, import};
use saturn_exchange::to_nir::{Options, Target, write};
use saturn_exchange::to_safetensors::{Numbers, Program, StateDictOptions, write_state_dict};
use saturn_network::{Layer, Network, NetworkConfig, NetworkStream, Readout, build};
use saturn_neurons::cuba_lif::CubaLifConfig;
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::gru::GruConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::lstm::LstmConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_neurons::spike_reset::SpikeReset;

const CHANNELS: usize = 10;
const OUTPUTS: usize = 6;
const STEPS: usize = 500;

fn lif(hidden: usize, recurrent: bool, tau_mem_ms: TimeConstants) -> Layer {
    let config = LifConfig {
        hidden,
        recurrent,
        tau_mem_ms,
        spike_reset: SpikeReset::Zero,
        input_gain: 2.5,
        recurrent_scale: 1.0,
        ..LifConfig::default()
    };
    config.into()
}

fn cuba(hidden: usize, recurrent: bool, [membrane, synapse]: [TimeConstants; 2]) -> Layer {
    let config = CubaLifConfig {
        hidden,
        recurrent,
        tau_mem_ms: membrane,
        tau_syn_ms: synapse,
        spike_reset: SpikeReset::Zero,
        synapse_scale: InputScale::Decay,
        input_gain: 2.0,
        ..CubaLifConfig::default()
    };
    config.into()
}

/// Networks by name: their layers, and milliseconds a step.
fn nets() -> Vec<(&'static str, Vec<Layer>, f64)> {
    let one = TimeConstants::Same(20.0);
    let many = TimeConstants::Range([5.0, 60.0]);
    let same = [one, TimeConstants::Same(5.0)];
    let drawn = [many, TimeConstants::Range([3.0, 12.0])];
    vec![
        (
            "lif",
            vec![lif(24, false, one), lif(OUTPUTS, false, one)],
            1.0,
        ),
        (
            "lif_taus",
            vec![lif(24, false, many), lif(OUTPUTS, false, many)],
            2.0,
        ),
        (
            "lif_loop",
            vec![lif(24, true, one), lif(OUTPUTS, true, one)],
            1.0,
        ),
        (
            "cuba",
            vec![cuba(24, false, same), cuba(OUTPUTS, false, same)],
            1.0,
        ),
        (
            "cuba_taus",
            vec![cuba(24, false, drawn), cuba(OUTPUTS, false, drawn)],
            2.0,
        ),
        (
            "cuba_loop",
            vec![cuba(24, true, same), cuba(OUTPUTS, true, same)],
            1.0,
        ),
    ]
}

fn run<R: Real>(network: &Network<R>) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    use rand::RngExt;
    let mut rng = generator(3, "files", 0);
    let mut stream = NetworkStream::new(network, 1);
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for _ in 0..STEPS {
        let x: Vec<f64> = (0..CHANNELS)
            .map(|_| f64::from(u8::from(rng.random_bool(0.3))))
            .collect();
        let column = DMatrix::from_fn(CHANNELS, 1, |i, _| R::of(x[i]));
        let y = stream.step(network, Input::Dense(column.as_view()));
        outputs.push(y.iter().map(|y| y.wide()).collect());
        inputs.push(x);
    }
    (inputs, outputs)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [folder] => write_all(Path::new(folder)),
        [same, first, second] if same == "--same" => same_networks(first.as_ref(), second.as_ref()),
        _ => Err("give a folder, or --same and two".into()),
    }
}

/// Whether an import of each file of the first folder and of the same in the second gives the same bits.
fn same_networks(first: &Path, second: &Path) -> Result<(), Box<dyn Error>> {
    let read = |path: &Path| import(path, &from_nir::Options::default());
    let mut count = 0;
    for entry in std::fs::read_dir(first)? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "nir") {
            continue;
        }
        let again = second.join(path.file_name().unwrap_or_default());
        let (a, b) = (read(&path)?, read(&again)?);
        let is_described = b.config.layers.len() > 1 && a.config == b.config;
        if !is_described || a.tensors != b.tensors || a.dt_ms.to_bits() != b.dt_ms.to_bits() {
            let message = format!("{}: {:?}", again.display(), b.notices);
            return Err(message.into());
        }
        count += 1;
    }
    println!("saturn restores {count} rewritten files, every bit");
    Ok(())
}

/// Networks that PyTorch has modules for.
fn write_state_dicts(folder: &Path, classes: &[String]) -> Result<(), Box<dyn Error>> {
    let hidden = 7;
    let layers: [(&str, Layer); 3] = [
        ("gru", GruConfig { hidden }.into()),
        (
            "lstm",
            LstmConfig {
                hidden,
                ..LstmConfig::default()
            }
            .into(),
        ),
        (
            "rnn",
            RnnConfig {
                hidden,
                ..RnnConfig::default()
            }
            .into(),
        ),
    ];
    for (name, layer) in layers {
        let config = NetworkConfig {
            layers: vec![layer.clone(), layer],
            readout: Some(Readout::Linear),
        };
        let network: Network<f64> = build(name, &config, CHANNELS, OUTPUTS, 1.0, 1)?;
        let source = Source {
            name,
            config: &config,
            classes,
            dt_ms: 1.0,
            network: &network,
            modules: &[],
        };
        let path = folder.join(format!("{name}.safetensors"));
        let how = StateDictOptions {
            program: Program::PyTorch,
            names: None,
            numbers: Numbers::F64,
        };
        let made = write_state_dict(&source, &how, &path)?;
        let (input, output) = run(&network);
        let record =
            serde_json::json!({ "modules": made.modules, "input": input, "output": output });
        std::fs::write(folder.join(format!("{name}.json")), record.to_string())?;
    }
    Ok(())
}

fn write_all(folder: &Path) -> Result<(), Box<dyn Error>> {
    let classes: Vec<String> = (0..OUTPUTS).map(|i| i.to_string()).collect();
    write_state_dicts(folder, &classes)?;
    for (name, layers, dt_ms) in nets() {
        let config = NetworkConfig {
            layers,
            readout: Some(Readout::None),
        };
        let mut single: Network<f32> = build(name, &config, CHANNELS, OUTPUTS, dt_ms, 1)?;
        let mut network: Network<f64> = build(name, &config, CHANNELS, OUTPUTS, dt_ms, 1)?;
        for (wide, narrow) in network.cells_mut().iter_mut().zip(single.cells_mut()) {
            narrow.update(&mut |_| {});
            let params = narrow.params();
            wide.update(&mut |all| {
                for (to, from) in all.tensors_mut().iter_mut().zip(params.tensors()) {
                    to.value = from.value.map(f64::from);
                }
            });
        }
        let (input, output) = run(&single);
        let record = serde_json::json!({ "dt_s": dt_ms / 1e3, "input": input, "output": output });
        std::fs::write(folder.join(format!("{name}.json")), record.to_string())?;
        let source = Source {
            name,
            config: &config,
            classes: &classes,
            dt_ms,
            network: &network,
            modules: &[],
        };
        for (key, target) in [
            ("any", Target::Any),
            ("snntorch", Target::SnnTorch),
            ("norse", Target::Norse),
            ("spikingjelly", Target::SpikingJelly),
        ] {
            let options = Options {
                target,
                approximate: false,
            };
            // SpikingJelly has one time constant a layer.
            match write(&source, &options, &folder.join(format!("{name}.{key}.nir"))) {
                Ok(_) => {}
                Err(_) if target == Target::SpikingJelly && name.ends_with("taus") => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
