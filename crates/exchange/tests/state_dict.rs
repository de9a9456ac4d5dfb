//! Networks written as state dicts of PyTorch: PyTorch's own tensors, and the same outputs after an import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use saturn_cell::Input;
use saturn_exchange::to_safetensors::{Numbers, Program, StateDict, StateDictOptions, write_own};
use saturn_exchange::{ExportError, to_safetensors};
use saturn_exchange::{Imported, Source, from_pytorch};
use saturn_network::{Layer, Network, NetworkConfig, Readout, Tapes, build};
use saturn_neurons::decay::TimeConstants;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::linear::LinearConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_train::weights::WeightsFile;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pytorch")
        .join(format!("{name}.safetensors"))
}

fn imported(path: &Path) -> Imported {
    from_pytorch::import(path, &from_pytorch::Options::default()).unwrap()
}

fn source<'a>(
    config: &'a NetworkConfig,
    network: &'a Network<f64>,
    classes: &'a [String],
) -> Source<'a> {
    Source {
        name: "net",
        config,
        classes,
        dt_ms: 1.0,
        network,
        modules: &[],
    }
}

fn write_state_dict(
    source: &Source,
    names: Option<&[String]>,
    numbers: Numbers,
    path: &Path,
) -> Result<StateDict, ExportError> {
    let options = StateDictOptions {
        program: Program::PyTorch,
        names,
        numbers,
    };
    to_safetensors::write_state_dict(source, &options, path)
}

fn tensors(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f64>)> {
    let mut file = WeightsFile::open(path).unwrap();
    let names: Vec<String> = file.tensors().keys().cloned().collect();
    let each = names.into_iter().map(|name| {
        let shape = file.tensors()[&name].shape.clone();
        let numbers = file.numbers(&name).unwrap();
        (name, (shape, numbers))
    });
    each.collect()
}

fn outputs(network: &Network<f64>, channels: usize) -> DMatrix<f64> {
    let x = DMatrix::from_fn(channels, 12, |i, t| ((3 * i + 5 * t) % 7) as f64 - 3.0);
    let mut tapes = Tapes::new(network);
    tapes.start(network, x.ncols(), 1);
    let y = tapes.forward(network, Input::Dense(x.as_view()), None);
    y.clone_owned()
}

/// For each tensor of PyTorch's, its name after the export and whether the second bias was added to it.
fn renamed(name: &str, modules: &[(&str, usize)]) -> String {
    let (module, tensor) = name.rsplit_once('.').unwrap();
    let first = modules.iter().find(|(m, _)| *m == module).unwrap().1;
    match tensor.rsplit_once("_l") {
        Some((base, layer)) => format!("{}.{base}_l0", first + layer.parse::<usize>().unwrap()),
        None => format!("{first}.{tensor}"),
    }
}

#[test]
fn tensors_are_those_that_pytorch_saved() {
    let cases: [(&str, &[(&str, usize)]); 3] = [
        ("gru", &[("gru", 0), ("fc", 2)]),
        ("rnn", &[("encoder", 0), ("rnn", 1)]),
        ("lstm_biases", &[("rnn", 0), ("readout", 2)]),
    ];
    for (name, modules) in cases {
        let net = imported(&fixture(name));
        let network = net.network().unwrap();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("net.safetensors");
        let classes: Vec<String> = (0..net.outputs).map(|i| i.to_string()).collect();
        let from = source(&net.config, &network, &classes);
        write_state_dict(&from, None, Numbers::F64, &path).unwrap();
        let (ours, theirs) = (tensors(&path), tensors(&fixture(name)));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (tensor, (shape, values)) in &theirs {
            let (our_shape, our_values) = &ours[&renamed(tensor, modules)];
            assert_eq!(our_shape, shape, "{name}: {tensor}");
            let one_bias = name != "gru" && tensor.contains("bias_");
            let expected: Vec<f64> = match (one_bias, tensor.contains("_hh_")) {
                (false, _) => values.clone(),
                (true, true) => vec![0.0; values.len()],
                (true, false) => {
                    let second = &theirs[&tensor.replace("_ih_", "_hh_")].1;
                    values.iter().zip(second).map(|(a, b)| a + b).collect()
                }
            };
            assert_eq!(*our_values, expected, "{name}: {tensor}");
        }
    }
}

#[test]
fn an_import_gives_the_same_outputs() {
    for name in ["gru", "lstm", "lstm_biases", "rnn", "half"] {
        let net = imported(&fixture(name));
        let network = net.network().unwrap();
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("net.safetensors");
        let classes: Vec<String> = (0..net.outputs).map(|i| i.to_string()).collect();
        let from = source(&net.config, &network, &classes);
        let made = write_state_dict(&from, None, Numbers::F64, &path).unwrap();
        assert!(made.notices.is_empty());
        let again = imported(&path);
        let y = outputs(&again.network().unwrap(), net.channels);
        assert_eq!(y, outputs(&network, net.channels), "{name}");
    }
}

#[test]
fn modules_are_made_and_named_as_asked() {
    let layers = vec![
        Layer::Linear(LinearConfig {
            out: 5,
            bias: false,
        }),
        RnnConfig {
            hidden: 4,
            bias: false,
            ..RnnConfig::default()
        }
        .into(),
    ];
    let config = NetworkConfig {
        layers,
        readout: Some(Readout::Linear),
    };
    let network: Network<f64> = build("net", &config, 3, 2, 1.0, 1).unwrap();
    let classes = ["a", "b"].map(str::to_owned);
    let from = source(&config, &network, &classes);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.safetensors");
    let names = ["encoder", "rnn", "fc"].map(str::to_owned);
    let made = write_state_dict(&from, Some(&names), Numbers::F32, &path).unwrap();
    let makers: Vec<&str> = made
        .modules
        .iter()
        .map(|(_, maker)| maker.as_str())
        .collect();
    assert_eq!(
        makers,
        [
            "nn.Linear(3, 5, bias=False)",
            "nn.RNN(5, 4, bias=False)",
            "nn.Linear(4, 2)"
        ]
    );
    let stored: Vec<String> = tensors(&path).into_keys().collect();
    let expected = [
        "encoder.weight",
        "fc.bias",
        "fc.weight",
        "rnn.weight_hh_l0",
        "rnn.weight_ih_l0",
    ];
    assert_eq!(stored, expected);
    for wrong in [&names[..2], &["a", "b", "a"].map(str::to_owned)] {
        let message = write_state_dict(&from, Some(wrong), Numbers::F32, &path).unwrap_err();
        let message = message.to_string();
        assert!(message.starts_with("net: --layers: "), "{message}");
        assert!(
            message.contains("the network has 3 modules\nhint: "),
            "{message}"
        );
    }
}

#[test]
fn what_pytorch_lacks_is_named() {
    let lif = LifConfig {
        hidden: 4,
        learn_tau: false,
        tau_mem_ms: TimeConstants::Range([5.0, 50.0]),
        ..LifConfig::default()
    };
    let config = NetworkConfig::new(vec![lif.into()]);
    let network: Network<f64> = build("net", &config, 3, 2, 1.0, 1).unwrap();
    let classes = ["a", "b"].map(str::to_owned);
    let from = source(&config, &network, &classes);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.safetensors");
    let message = write_state_dict(&from, None, Numbers::F32, &path).unwrap_err();
    assert_eq!(
        message.to_string(),
        "net: layer 0 (`lif`): PyTorch has no such module; snnTorch has, its Leaky\nhint: write it for snnTorch: \
         `--for snntorch`"
    );
    // Drawn with a seed that the file would not have.
    let message = write_own(&from, &network, "", &path)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("were drawn and are not learnt"),
        "{message}"
    );
    assert!(!path.exists());
}
