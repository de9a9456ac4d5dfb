//! Networks as state dicts of snnTorch: the tensors that snnTorch saved, the same spikes after an import, and what snnTorch
//! lacks named.

#[path = "common/net.rs"]
mod net;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use safetensors::tensor::Dtype;
use saturn_cell::Input;
use saturn_exchange::from_pytorch::{AlphaNeuron, Options, import};
use saturn_exchange::to_safetensors::{
    Numbers, Program, StateDict, StateDictOptions, write_state_dict,
};
use saturn_exchange::{Imported, Source};
use saturn_network::{LeakyReadout, Readout, Tapes};
use saturn_neurons::decay::InputScale;
use saturn_neurons::graph::GraphConfig;
use saturn_neurons::graph::node::{Neurons, Node, Reset, Spike};
use saturn_neurons::lif::LifConfig;
use saturn_neurons::spike_reset::SpikeReset;
use saturn_train::weights::WeightsFile;
use tempfile::TempDir;

use net::{CHANNELS, Net, cuba, lif};

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snntorch");
    folder.join(format!("{name}.safetensors"))
}

fn read(path: &Path) -> Imported {
    let options = Options {
        neuron: Some(AlphaNeuron::Synaptic),
        ..Options::default()
    };
    import(path, &options).unwrap_or_else(|e| panic!("{e}"))
}

fn tensors(path: &Path) -> Tensors {
    let mut file = WeightsFile::open(path).unwrap();
    let names: Vec<String> = file.tensors().keys().cloned().collect();
    let mut found = Tensors::new();
    for name in names {
        let info = &file.tensors()[&name];
        let (shape, is_whole) = (info.shape.clone(), info.dtype == Dtype::I64);
        let numbers = if is_whole {
            file.bytes(&name)
                .unwrap()
                .iter()
                .map(|b| f64::from(*b))
                .collect()
        } else {
            file.numbers(&name).unwrap()
        };
        found.insert(name, (shape, numbers));
    }
    found
}

fn written(source: &Source, numbers: Numbers) -> (StateDict, Tensors, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.safetensors");
    let options = StateDictOptions {
        program: Program::SnnTorch,
        names: None,
        numbers,
    };
    let made = write_state_dict(source, &options, &path).unwrap_or_else(|e| panic!("{e}"));
    let found = tensors(&path);
    (made, found, folder)
}

fn refused(net: &Net) -> String {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.safetensors");
    let options = StateDictOptions {
        program: Program::SnnTorch,
        names: None,
        numbers: Numbers::F32,
    };
    let error = write_state_dict(&net.source(), &options, &path).unwrap_err();
    assert!(!path.exists());
    error.to_string()
}

/// snnTorch's two biases of recurrent neurons are one: their sum is in the first.
fn summed(mut tensors: Tensors) -> Tensors {
    let second: Vec<String> = (tensors.keys())
        .filter(|name| name.ends_with("recurrent.bias"))
        .cloned()
        .collect();
    for name in second {
        let number = name
            .trim_end_matches(".recurrent.bias")
            .trim_start_matches("lif");
        let (_, added) = tensors.remove(&name).unwrap();
        if let Some((_, first)) = tensors.get_mut(&format!("fc{number}.bias")) {
            first.iter_mut().zip(added).for_each(|(sum, b)| *sum += b);
        }
    }
    tensors
}

#[test]
fn tensors_are_those_that_snntorch_saved() {
    for name in [
        "all_to_all",
        "all_to_all_none",
        "each",
        "graded",
        "mixed",
        "none",
        "one_to_one",
        "recurrent_synaptic",
        "recurrent_synaptic_none",
        "sequential",
        "subtract",
        "synaptic",
        "synaptic_none",
        "zero",
    ] {
        let imported = read(&fixture(name));
        assert!(!imported.modules.is_empty(), "{name}");
        let net = Net::of(&imported);
        let source = Source {
            modules: &imported.modules,
            ..net.source()
        };
        let (_, ours, _folder) = written(&source, Numbers::F64);
        let theirs = tensors(&fixture(name));
        let names: Vec<&String> = ours.keys().collect();
        assert_eq!(names, theirs.keys().collect::<Vec<_>>(), "{name}");
        let (ours, theirs) = (summed(ours), summed(theirs));
        for (tensor, (shape, values)) in &theirs {
            let (our_shape, our_values) = &ours[tensor];
            assert_eq!(our_shape, shape, "{name}: {tensor}");
            // snnTorch clamps factors of a step when it runs, Saturn when it reads them.
            let is_factor = tensor.ends_with("beta") || tensor.ends_with("alpha");
            for (ours, theirs) in our_values.iter().zip(values) {
                let theirs = if is_factor {
                    theirs.clamp(0.0, 1.0)
                } else {
                    *theirs
                };
                assert!(
                    (ours - theirs).abs() < 1e-14,
                    "{name}: {tensor}: {ours} for {theirs}"
                );
            }
        }
    }
}

/// The outputs of a network on a fixed input.
fn outputs(net: &Net) -> DMatrix<f64> {
    let x = DMatrix::from_fn(CHANNELS, 200, |i, t| {
        f64::from(u8::from((7 * i + 5 * t + i * t) % 11 < 4))
    });
    let mut tapes = Tapes::new(&net.network);
    tapes.start(&net.network, x.ncols(), 1);
    tapes
        .forward(&net.network, Input::Dense(x.as_view()), None)
        .clone_owned()
}

#[test]
fn own_neurons_are_linear_maps_and_neurons_of_snntorch() {
    let subtract = |config: LifConfig| LifConfig {
        spike_reset: SpikeReset::Subtract,
        ..config
    };
    let (one, decay) = (InputScale::One, InputScale::Decay);
    let mut synaptic = cuba(true, decay);
    synaptic.spike_reset = SpikeReset::Subtract;
    let sparse = LifConfig {
        density: 0.2,
        ..subtract(lif(true, decay))
    };
    let nets = [
        Net::new(vec![lif(false, decay).into()], Readout::Linear, 3, 2.0),
        Net::new(
            vec![
                subtract(lif(true, one)).into(),
                subtract(lif(false, decay)).into(),
            ],
            Readout::Linear,
            3,
            10.0,
        ),
        Net::new(vec![synaptic.into()], Readout::Linear, 4, 1.0),
        Net::new(vec![sparse.into()], Readout::Linear, 3, 2.0),
    ];
    let kinds = [
        &["nn.Linear", "snn.Leaky", "nn.Linear"][..],
        &[
            "nn.Linear",
            "snn.RLeaky",
            "nn.Linear",
            "snn.Leaky",
            "nn.Linear",
        ],
        &["nn.Linear", "snn.RSynaptic", "nn.Linear"],
        &["nn.Linear", "snn.RLeaky", "nn.Linear"],
    ];
    for (net, kinds) in nets.iter().zip(kinds) {
        let (made, ours, folder) = written(&net.source(), Numbers::F64);
        let found: Vec<&str> = (made.modules.iter())
            .map(|(_, maker)| maker.split('(').next().unwrap())
            .collect();
        assert_eq!(found, kinds);
        assert_eq!(ours["1.beta"].0, [net.network.cells()[0].widths().output]);
        assert_eq!(ours["1.threshold"].0, [0; 0]);
        let again = Net::of(&read(&folder.path().join("net.safetensors")));
        let (a, b) = (outputs(net), outputs(&again));
        let spikes = a.iter().filter(|y| y.abs() > 0.0).count();
        assert!(spikes > 100, "{spikes} outputs are not 0");
        assert!((&a - &b).amax() < 1e-9, "{:e}", (a - b).amax());
    }
}

#[test]
fn a_leaky_readout_is_the_membranes_of_neurons_without_a_reset() {
    let leaky = Readout::Leaky(LeakyReadout::default());
    let net = Net::new(vec![lif(false, InputScale::One).into()], leaky, 3, 2.0);
    let (made, tensors, _folder) = written(&net.source(), Numbers::F64);
    let (name, maker) = &made.modules[3];
    assert_eq!(name, "3");
    assert!(maker.ends_with("reset_mechanism=\"none\")"), "{maker}");
    assert_eq!(
        tensors["3.reset_mechanism_val"],
        (vec![], vec![2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    );
    assert!(
        made.notices
            .iter()
            .any(|n| n.starts_with("`3`: its membranes are used, not its spikes")),
        "{:?}",
        made.notices
    );
}

#[test]
fn a_reset_to_zero_that_snntorch_delays_needs_an_argument() {
    let net = Net::new(
        vec![lif(true, InputScale::One).into()],
        Readout::Linear,
        3,
        2.0,
    );
    let (made, ..) = written(&net.source(), Numbers::F32);
    let (_, maker) = &made.modules[1];
    assert!(
        maker.ends_with("reset_mechanism=\"zero\", reset_delay=False)"),
        "{maker}"
    );
    assert!(
        made.notices[0].starts_with("`1`: make it with reset_delay=False"),
        "{:?}",
        made.notices
    );
}

#[test]
fn other_modules_than_at_the_import_are_numbered() {
    let imported = read(&fixture("subtract"));
    let net = Net::new(
        vec![lif(false, InputScale::One).into()],
        Readout::Linear,
        3,
        2.0,
    );
    let source = Source {
        modules: &imported.modules,
        ..net.source()
    };
    let (made, ..) = written(&source, Numbers::F32);
    let names: Vec<&str> = made.modules.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0", "1", "2"]);
    assert!(
        made.notices[0].contains("are others than those of the state dict"),
        "{:?}",
        made.notices
    );
}

/// Neurons of this kind behind a linear map.
fn graph(change: impl FnOnce(&mut Neurons), more: &[([&str; 2], Node)]) -> Net {
    let mut config = GraphConfig::default();
    let mut neurons = Neurons {
        late_reset: true,
        reset: Reset::Subtract,
        ..Neurons::lif(32)
    };
    change(&mut neurons);
    config
        .nodes
        .insert("input".to_owned(), Node::Input { size: CHANNELS });
    let linear = Node::Linear {
        inputs: CHANNELS,
        outputs: 32,
        bias: true,
    };
    config.nodes.insert("linear".to_owned(), linear);
    config
        .nodes
        .insert("lif".to_owned(), Node::Neurons(neurons));
    for ([from, name], node) in more {
        config.nodes.insert((*name).to_owned(), node.clone());
        let edges = config.edges.iter_mut().filter(|edge| edge[0] == *from);
        edges.for_each(|edge| (*name).clone_into(&mut edge[0]));
        config.edges.push([(*from).to_owned(), (*name).to_owned()]);
    }
    Net::new(vec![config.into()], Readout::None, 32, 1.0)
}

#[test]
fn what_snntorch_lacks_is_named_with_a_remedy() {
    let delay = Node::Delay { steps: vec![1; 32] };
    let threshold = Node::Threshold {
        size: 32,
        spike: Spike::Above,
    };
    let cases = [
        (
            graph(|n| n.spike = Spike::Many, &[]),
            "makes several spikes in a step",
            "`spike: above`",
        ),
        (
            graph(|n| n.spike = Spike::AtOrAbove, &[]),
            "spikes at the threshold",
            "`spike: above`",
        ),
        (
            graph(|n| n.late_reset = false, &[]),
            "subtracts its threshold in the step of the spike",
            "late_reset: true",
        ),
        (
            graph(|_| (), &[(["lif", "wait"], delay)]),
            "node `wait` is a delay",
            "one after the other",
        ),
        (
            graph(|_| (), &[(["lif", "theta"], threshold)]),
            "node `theta` is a threshold",
            "one after the other",
        ),
    ];
    for (net, what, hint) in cases {
        let message = refused(&net);
        assert!(
            message.starts_with("net: layer 0 (`graph`): node `"),
            "{message}"
        );
        let (found, remedy) = message.split_once("\nhint: ").unwrap();
        assert!(found.contains(what) && remedy.contains(hint), "{message}");
    }
    let alif = saturn_neurons::alif::AlifConfig::default();
    let message = refused(&Net::new(vec![alif.into()], Readout::Linear, 3, 1.0));
    assert_eq!(
        message,
        "net: layer 0 (`alif`): neither PyTorch nor snnTorch has such a module\nhint: leave --for out for saturn's own \
         weights: `--to safetensors`"
    );
}

#[test]
fn a_gain_goes_into_the_weights_before() {
    // Fresh neurons of a graph multiply their input by r dt/tau.
    let net = graph(|_| (), &[]);
    let (_, tensors, folder) = written(&net.source(), Numbers::F64);
    let own = saturn_cell::Params::tensors(net.network.cells()[0].params());
    let weight = own.iter().find(|t| *t.name == *"linear.weight").unwrap();
    assert!((tensors["0.weight"].1[0] - weight.value[(0, 0)]).abs() > 1e-3);
    let again = Net::of(&read(&folder.path().join("net.safetensors")));
    let (a, b) = (outputs(&net), outputs(&again));
    assert!(a.sum() > 100.0, "{} spikes", a.sum());
    assert_eq!(a, b);
}
