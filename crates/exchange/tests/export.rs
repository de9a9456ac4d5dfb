//! Networks written as NIR: the same spikes by the reference, the same bits after an import, what NIR lacks named.

mod common;

use std::path::Path;

use common::{fixtures, graph, input, linear, output};
use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Input, Real};
use saturn_exchange::nir::{Array, Flat, Graph, Node, Reference, Value};
use saturn_exchange::to_nir::{Exported, Options, Target, export};
use saturn_exchange::{Fidelity, Imported, Source, from_nir};
use saturn_network::{Layer, LeakyReadout, Network, NetworkConfig, NetworkStream, Readout, build};
use saturn_neurons::alif::AlifConfig;
use saturn_neurons::cuba_lif::CubaLifConfig;
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::gru::GruConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::linear::LinearConfig;
use saturn_neurons::spike_reset::SpikeReset;
use tempfile::TempDir;

const CHANNELS: usize = 7;

/// A network with its description.
struct Net {
    config: NetworkConfig,
    classes: Vec<String>,
    dt_ms: f64,
    network: Network<f64>,
}

impl Net {
    fn new(layers: Vec<Layer>, readout: Readout, classes: usize, dt_ms: f64) -> Self {
        let config = NetworkConfig {
            layers,
            readout: Some(readout),
        };
        let mut network: Network<f64> = build("net", &config, CHANNELS, classes, dt_ms, 5).unwrap();
        // As after training or loading: time constants are those of the parameters.
        network
            .cells_mut()
            .iter_mut()
            .for_each(|cell| cell.update(&mut |_| {}));
        Self {
            network,
            classes: (0..classes).map(|i| format!("class/{i}")).collect(),
            config,
            dt_ms,
        }
    }

    fn of(imported: &Imported) -> Self {
        Self {
            config: imported.config.clone(),
            classes: (0..imported.outputs).map(|i| i.to_string()).collect(),
            dt_ms: imported.dt_ms,
            network: imported.network().unwrap(),
        }
    }

    fn source(&self) -> Source<'_> {
        Source {
            name: "net",
            config: &self.config,
            classes: &self.classes,
            dt_ms: self.dt_ms,
            network: &self.network,
        }
    }

    fn export(&self, options: Options) -> Exported {
        export(&self.source(), &options).unwrap_or_else(|e| panic!("{e}"))
    }

    fn refused(&self, options: Options) -> String {
        export(&self.source(), &options).unwrap_err().to_string()
    }
}

fn lif(recurrent: bool, input_scale: InputScale) -> LifConfig {
    LifConfig {
        hidden: 16,
        recurrent,
        tau_mem_ms: TimeConstants::Range([3.0, 40.0]),
        spike_reset: SpikeReset::Zero,
        input_scale,
        input_gain: 3.0,
        recurrent_scale: 1.0,
        ..LifConfig::default()
    }
}

fn cuba(recurrent: bool, synapse_scale: InputScale) -> CubaLifConfig {
    CubaLifConfig {
        hidden: 12,
        recurrent,
        spike_reset: SpikeReset::Zero,
        synapse_scale,
        input_gain: 2.0,
        ..CubaLifConfig::default()
    }
}

/// Networks of every cell that NIR has.
fn nets() -> Vec<Net> {
    let (one, decay) = (InputScale::One, InputScale::Decay);
    let leaky = || Readout::Leaky(LeakyReadout::default());
    let without_bias = LifConfig {
        bias: false,
        threshold: 0.7,
        ..lif(true, decay)
    };
    let linear = LinearConfig { out: 9, bias: true };
    vec![
        Net::new(vec![lif(false, one).into()], leaky(), 3, 10.0),
        Net::new(
            vec![lif(true, one).into(), lif(true, decay).into()],
            leaky(),
            3,
            2.5,
        ),
        Net::new(vec![without_bias.into()], Readout::Linear, 4, 1.0),
        Net::new(
            vec![cuba(true, decay).into(), cuba(false, one).into()],
            leaky(),
            3,
            5.0,
        ),
        Net::new(
            vec![linear.into(), lif(false, one).into()],
            Readout::Linear,
            2,
            1.0,
        ),
    ]
}

fn probe(step: usize) -> Vec<f64> {
    use rand::RngExt;
    let mut rng = generator(9, "test", step as u64);
    (0..CHANNELS)
        .map(|_| f64::from(u8::from(rng.random_bool(0.3))))
        .collect()
}

/// Spikes of every layer that has some, and the output, for each step.
fn run<R: Real>(network: &Network<R>, steps: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let mut stream = NetworkStream::new(network, 1);
    let (mut spikes, mut outputs) = (Vec::new(), Vec::new());
    for step in 0..steps {
        let x = probe(step);
        let x = DMatrix::from_fn(CHANNELS, 1, |i, _| R::of(x[i]));
        stream.step(network, Input::Dense(x.as_view()));
        let layer = |i: usize| {
            stream
                .layer(i)
                .output()
                .iter()
                .map(|y| y.wide())
                .collect::<Vec<_>>()
        };
        let cells = network.cells();
        let fired = (0..cells.len())
            .filter(|&i| cells[i].spikes())
            .flat_map(layer);
        spikes.push(fired.collect());
        outputs.push(layer(cells.len() - 1));
    }
    (spikes, outputs)
}

/// The same of a graph by the reference.
fn simulate(graph: &Graph, step_s: f64, steps: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let flat = Flat::new(graph).unwrap();
    let mut reference = Reference::new(&flat, step_s).unwrap();
    let mut names: Vec<&String> = flat.nodes.iter().map(|node| &node.name).collect();
    names.sort();
    let (mut spikes, mut outputs) = (Vec::new(), Vec::new());
    for step in 0..steps {
        outputs.push(reference.step(&probe(step)).to_vec());
        let fired = names.iter().filter_map(|name| reference.fired(name));
        spikes.push(fired.flatten().copied().collect());
    }
    (spikes, outputs)
}

/// The file of a graph, read again.
fn stored(graph: &Graph) -> Graph {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("net.nir");
    graph.write(&path).unwrap();
    Graph::read(&path).unwrap()
}

fn is_near(a: &[Vec<f64>], b: &[Vec<f64>], tolerance: f64) -> bool {
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    a.len() == b.len()
        && pairs
            .into_iter()
            .all(|(a, b)| (a - b).abs() <= tolerance * a.abs().max(1.0))
}

#[test]
#[allow(clippy::float_cmp, reason = "spikes are 0 or 1")]
fn the_file_gives_the_same_spikes_in_every_step() {
    for (k, net) in nets().iter().enumerate() {
        let (spikes, outputs) = run(&net.network, 500);
        let active = spikes.iter().flatten().sum::<f64>();
        assert!(active > 300.0, "net {k}: {active} spikes");
        for target in [Target::Any, Target::SnnTorch] {
            let is_leaky = matches!(net.config.readout, Some(Readout::Leaky(_)));
            if target == Target::SnnTorch && is_leaky {
                continue;
            }
            let exported = net.export(Options {
                target,
                approximate: false,
            });
            let all = &exported.verdicts;
            assert!(
                all.iter().all(|v| v.fidelity == Fidelity::Exact),
                "net {k}: {all:?}"
            );
            assert_eq!(exported.agreement.differing(), 0, "net {k}");
            let (by_file, outputs_by_file) =
                simulate(&stored(&exported.graph), exported.step_s, 500);
            assert!(spikes == by_file, "net {k}, {target:?}");
            assert!(
                is_near(&outputs, &outputs_by_file, 1e-5),
                "net {k}, {target:?}"
            );
        }
    }
}

#[test]
#[allow(clippy::float_cmp, reason = "the same bits")]
fn an_import_gives_the_same_bits() {
    for (k, net) in nets().iter().enumerate() {
        let exported = net.export(Options::default());
        let imported =
            from_nir::import_graph(&stored(&exported.graph), &from_nir::Options::default())
                .unwrap();
        assert_eq!(
            imported.config, net.config,
            "net {k}: {:?}",
            imported.notices
        );
        assert_eq!(imported.dt_ms.to_bits(), net.dt_ms.to_bits());
        assert_eq!(imported.classes.as_ref(), Some(&net.classes));
        assert!(imported.is_exact());
        let again = imported.network::<f64>().unwrap();
        for (a, b) in again.cells().iter().zip(net.network.cells()) {
            assert!(a.params() == b.params(), "net {k}");
        }
        assert!(run(&again, 200) == run(&net.network, 200), "net {k}");
        assert!(
            imported.notices[0].contains("unchanged"),
            "{:?}",
            imported.notices
        );
        // The file of the file is the same.
        let second = Net {
            config: imported.config.clone(),
            classes: net.classes.clone(),
            dt_ms: imported.dt_ms,
            network: again,
        };
        assert_eq!(
            second.export(Options::default()).graph,
            exported.graph,
            "net {k}"
        );
    }
}

#[test]
#[allow(clippy::float_cmp, reason = "spikes are 0 or 1")]
fn without_the_description_the_graph_gives_the_same_spikes() {
    for (k, net) in nets().iter().enumerate() {
        let mut graph = net.export(Options::default()).graph;
        graph.metadata.remove("saturn");
        let imported =
            from_nir::import_graph(&stored(&graph), &from_nir::Options::default()).unwrap();
        assert!(matches!(imported.config.layers[..], [Layer::Graph(_)]));
        assert!((imported.dt_ms - net.dt_ms).abs() < 1e-12);
        let (_, outputs) = run(&net.network, 300);
        let (_, found) = run(&imported.network::<f64>().unwrap(), 300);
        assert!(is_near(&outputs, &found, 1e-5), "net {k}");
    }
}

#[test]
fn a_changed_graph_counts_and_the_description_does_not() {
    let net = &nets()[0];
    let exported = net.export(Options::default());
    let read =
        |graph: &Graph| from_nir::import_graph(graph, &from_nir::Options::default()).unwrap();
    let mut changed = exported.graph.clone();
    let Some(Node::Lif { v_threshold, .. }) = changed.nodes.get_mut("lif0") else {
        panic!("no lif0");
    };
    v_threshold.values[3] = 2.0;
    let imported = read(&stored(&changed));
    assert!(matches!(imported.config.layers[..], [Layer::Graph(_)]));
    assert_eq!(
        imported.notices[0],
        "saturn's own description in the file is not used, and the graph is: the graph was changed after saturn wrote it"
    );
    assert_eq!(
        imported.tensors["0.lif0.v_threshold"].1[3].to_bits(),
        2.0_f64.to_bits()
    );
    // Another step, or a dialect, asks for the graph, too.
    let options = from_nir::Options {
        dt_s: Some(1e-3),
        ..from_nir::Options::default()
    };
    let imported = from_nir::import_graph(&exported.graph, &options).unwrap();
    assert!(
        imported.notices[0].ends_with("another step is given"),
        "{:?}",
        imported.notices
    );
    // Other programs' notes change nothing.
    let mut noted = exported.graph.clone();
    noted
        .metadata
        .insert("author".to_owned(), Value::Text("me".to_owned()));
    assert_eq!(read(&stored(&noted)).config, net.config);
}

#[test]
fn a_damaged_description_is_set_aside() {
    let graph = nets()[0].export(Options::default()).graph;
    let cases: [(&str, Option<Value>, &str); 9] = [
        ("format", Some(Value::Number(2.0)), "it is of version 2"),
        (
            "network",
            Some(Value::Text("{}".to_owned())),
            "its `network` is damaged",
        ),
        (
            "network",
            Some(Value::Number(1.0)),
            "it has no string `network`",
        ),
        (
            "channels",
            Some(Value::Number(0.5)),
            "its `channels` is 0.5",
        ),
        (
            "channels",
            Some(Value::Number(9e8)),
            "its network has not the",
        ),
        (
            "outputs",
            Some(Value::Number(2.0)),
            "its network has not the 198 parameters",
        ),
        ("tensors", None, "it has no tensors"),
        (
            "tensor_names",
            Some(Value::Text("[\"x\"]".to_owned())),
            "its network has not the",
        ),
        (
            "dt_ms",
            Some(Value::Number(f64::NAN)),
            "its network cannot be built",
        ),
    ];
    for (key, value, expected) in cases {
        let mut damaged = graph.clone();
        let Some(Value::Nested(notes)) = damaged.metadata.get_mut("saturn") else {
            panic!("no description");
        };
        match value {
            Some(value) => notes.insert(key.to_owned(), value),
            None => notes.remove(key),
        };
        let imported = from_nir::import_graph(&damaged, &from_nir::Options::default()).unwrap();
        let notice = &imported.notices[0];
        assert!(notice.contains(expected), "{key}: {notice}");
    }
}

#[test]
fn time_constants_that_no_tensor_has_are_in_the_graph_alone() {
    let drawn = LifConfig {
        learn_tau: false,
        ..lif(false, InputScale::One)
    };
    let net = Net::new(vec![drawn.into()], Readout::Linear, 2, 1.0);
    let exported = net.export(Options::default());
    assert!(!exported.graph.metadata.contains_key("saturn"));
    assert!(
        exported
            .notices
            .iter()
            .any(|n| n.contains("no description")),
        "{:?}",
        exported.notices
    );
    assert_eq!(exported.agreement.differing(), 0);
}

#[test]
fn what_nir_lacks_is_named() {
    let net = |layer: Layer| Net::new(vec![layer], Readout::Linear, 2, 1.0);
    let subtract = || LifConfig {
        spike_reset: SpikeReset::Subtract,
        ..lif(false, InputScale::One)
    };
    let none = LifConfig {
        spike_reset: SpikeReset::None,
        ..lif(false, InputScale::One)
    };
    let any = Options::default();
    let approximate = Options {
        approximate: true,
        ..any
    };
    let message = net(subtract().into()).refused(any);
    assert_eq!(
        message,
        "net: layer 0 (`lif`): NIR has no reset by subtraction (`spike_reset: subtract`)\nhint: train it with \
         `spike_reset: zero`, or give --approximate to have a spike set v to 0"
    );
    let message = net(GruConfig { hidden: 4 }.into()).refused(approximate);
    assert!(
        message.starts_with("net: layer 0 (`gru`): NIR has no gates\nhint: `--to safetensors"),
        "{message}"
    );
    for options in [any, approximate] {
        assert!(
            net(none.clone().into())
                .refused(options)
                .contains("without a reset")
        );
        let ssm = Layer::Lru(saturn_ssm_config());
        assert!(
            net(ssm)
                .refused(options)
                .contains("NIR has no state-space models")
        );
    }
    let adaptive = AlifConfig {
        hidden: 16,
        ..AlifConfig::default()
    };
    let adaptive = net(adaptive.into());
    assert!(
        adaptive
            .refused(any)
            .contains("NIR has no adaptation\nhint: train a `lif`")
    );
    for (net, lost) in [(net(subtract().into()), 1), (adaptive, 2)] {
        let exported = net.export(approximate);
        let verdict = exported.verdicts.iter().find(|v| v.part == "lif0").unwrap();
        let Fidelity::Approximate { why, by } = &verdict.fidelity else {
            panic!("{verdict:?}");
        };
        assert_eq!(why.split("; ").count(), lost, "{why}");
        assert!(by.ends_with("spikes in 1000 steps of a probe"), "{by}");
    }
}

fn saturn_ssm_config() -> saturn_ssm::LruConfig {
    saturn_ssm::LruConfig::default()
}

#[test]
fn each_simulator_gets_what_it_reads() {
    let spiking = |config: LifConfig| Net::new(vec![config.into()], Readout::Linear, 2, 1.0);
    let to = |target| Options {
        target,
        approximate: false,
    };
    let lif_node = |exported: &Exported| match &exported.graph.nodes["lif0"] {
        Node::Lif { tau, r, .. } => (tau.values[0], r.values[0]),
        other => panic!("{other:?}"),
    };
    let one = LifConfig {
        tau_mem_ms: TimeConstants::Same(20.0),
        learn_tau: false,
        ..lif(false, InputScale::One)
    };
    let net = spiking(one);
    let share = -(-0.05_f64).exp_m1();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * b;
    let (tau, r) = lif_node(&net.export(to(Target::Any)));
    assert!(near(tau, 1e-3 / share) && near(r, 1.0));
    let (tau, r) = lif_node(&net.export(to(Target::SnnTorch)));
    assert!(near(tau, 1e-4 / share) && near(r, 1.0 / share));
    let (tau, r) = lif_node(&net.export(to(Target::SpikingJelly)));
    assert!(near(tau, 1e-3 / share) && near(r, 1.0 / share));
    let many = spiking(lif(false, InputScale::One));
    let message = many.refused(to(Target::SpikingJelly));
    assert!(
        message.contains("SpikingJelly has one a layer"),
        "{message}"
    );
    let leaky = Net::new(
        vec![lif(false, InputScale::One).into()],
        Readout::Leaky(LeakyReadout::default()),
        2,
        1.0,
    );
    for target in [Target::SnnTorch, Target::Norse, Target::SpikingJelly] {
        let message = leaky.refused(to(target));
        let place = if target == Target::SpikingJelly {
            "layer 0"
        } else {
            "the readout (`li`)"
        };
        assert!(message.contains(place), "{message}");
        let exported = leaky.export(Options {
            target,
            approximate: true,
        });
        assert!(
            exported
                .graph
                .nodes
                .values()
                .all(|node| node.type_name() != "LI")
        );
    }
}

#[test]
fn files_of_other_programs_keep_their_spikes() {
    for path in fixtures() {
        let options = from_nir::Options {
            dt_s: Some(1e-3),
            ..from_nir::Options::default()
        };
        let imported = from_nir::import(&path, &options).unwrap();
        let net = Net::of(&imported);
        let exported = net.export(Options::default());
        assert_eq!(exported.agreement.differing(), 0, "{}", path.display());
        assert!(exported.agreement.largest() < 1e-5, "{}", path.display());
        let mut plain = exported.graph.clone();
        plain.metadata.remove("saturn");
        let again = from_nir::import_graph(&stored(&plain), &options).unwrap();
        assert_eq!(again.outputs, imported.outputs, "{}", path.display());
        let described = from_nir::import_graph(&stored(&exported.graph), &options).unwrap();
        assert_eq!(described.tensors, imported.tensors, "{}", path.display());
    }
}

#[test]
fn hostile_names_are_replaced() {
    let spiking = |n: usize| Node::Lif {
        tau: Array::list(vec![0.02; n]),
        r: Array::list(vec![1.0; n]),
        v_leak: Array::list(vec![0.0; n]),
        v_threshold: Array::list(vec![0.01; n]),
        v_reset: Array::list(vec![-0.5; n]),
    };
    let graph = graph(
        [
            ("a/b", input(&[2])),
            ("a_b", linear(2, 2, 0.5)),
            ("..", spiking(2)),
            ("", linear(3, 2, 1.0)),
            ("out\0put", output(&[3])),
        ],
        [("a/b", "a_b"), ("a_b", ".."), ("..", ""), ("", "out\0put")],
    );
    let options = from_nir::Options {
        dt_s: Some(1e-3),
        ..from_nir::Options::default()
    };
    let imported = from_nir::import_graph(&graph, &options).unwrap();
    let net = Net::of(&imported);
    let exported = net.export(Options::default());
    let names: Vec<&str> = exported.graph.nodes.keys().map(String::as_str).collect();
    assert_eq!(names, ["a_b", "a_b_2", "node", "node_2", "out_put"]);
    assert!(
        exported
            .notices
            .iter()
            .any(|n| n.contains("from version 1.0.6 on"))
    );
    let again = stored(&exported.graph);
    assert_eq!(again.version.as_deref(), Some("1.0.6"));
    let described = from_nir::import_graph(&again, &options).unwrap();
    assert_eq!(described.config, imported.config);
    assert_eq!(described.tensors, imported.tensors);
}

#[test]
fn a_name_that_hdf5_cannot_store_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.nir");
    let graph = graph([("a/b", input(&[1])), ("c", output(&[1]))], [("a/b", "c")]);
    let message = graph.write(&path).unwrap_err().to_string();
    assert!(
        message.contains("a/b") && !Path::new(&path).exists(),
        "{message}"
    );
}
