//! Networks written as NIR: the same spikes by the reference, the same bits after an import.

mod common;

use common::fixtures;
use common::net::{CHANNELS, Net, lif, nets};
use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Input, Real};
use saturn_exchange::nir::{Flat, Graph, Node, Reference, Value};
use saturn_exchange::to_nir::{Options, Target};
use saturn_exchange::{Fidelity, from_nir};
use saturn_network::{Layer, Network, NetworkStream, Readout};
use saturn_neurons::decay::InputScale;
use saturn_neurons::graph::GraphConfig;
use saturn_neurons::graph::node::{Decay, Neurons, Node as GraphNode};
use saturn_neurons::lif::LifConfig;
use tempfile::TempDir;

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
    let Some(Node::Lif { v_threshold, .. }) = changed.nodes.get_mut("layer0_lif") else {
        panic!("no layer0_lif");
    };
    v_threshold.values[3] = 2.0;
    let imported = read(&stored(&changed));
    assert!(matches!(imported.config.layers[..], [Layer::Graph(_)]));
    assert_eq!(
        imported.notices[0],
        "saturn's own description in the file is not used, and the graph is: the graph was changed after saturn wrote it"
    );
    assert_eq!(
        imported.tensors["0.layer0_lif.v_threshold"].1[3].to_bits(),
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
fn a_graph_between_other_layers_is_a_subgraph() {
    let looped = GraphConfig {
        nodes: [
            ("in".to_owned(), GraphNode::Input { size: 9 }),
            (
                "cells".to_owned(),
                GraphNode::Neurons(Neurons {
                    late_reset: true,
                    ..Neurons::lif(9)
                }),
            ),
            (
                "own/w".to_owned(),
                GraphNode::Linear {
                    inputs: 9,
                    outputs: 9,
                    bias: false,
                },
            ),
            ("name".to_owned(), GraphNode::Identity { size: 9 }),
            ("out".to_owned(), GraphNode::Output { size: 9 }),
        ]
        .into(),
        edges: [
            ["in", "cells"],
            ["cells", "own/w"],
            ["cells", "name"],
            ["name", "out"],
        ]
        .map(|edge| edge.map(str::to_owned))
        .into(),
        loops: vec![["own/w".to_owned(), "cells".to_owned()]],
        decay: Decay::Exact,
        ..GraphConfig::default()
    };
    let layers = vec![lif(false, InputScale::One).into(), looped.into()];
    let net = Net::new(layers, Readout::Linear, 3, 1.0);
    let exported = net.export(Options::default());
    assert_eq!(exported.agreement.differing(), 0);
    assert!(
        exported.agreement.spikes > 20_000,
        "both layers are compared"
    );
    let names: Vec<&str> = exported.graph.nodes.keys().map(String::as_str).collect();
    let expected = [
        "input",
        "layer0_fc",
        "layer0_lif",
        "layer1_fc",
        "layer2_graph",
        "layer3_fc",
        "output",
    ];
    assert_eq!(names, expected);
    let imported =
        from_nir::import_graph(&stored(&exported.graph), &from_nir::Options::default()).unwrap();
    assert_eq!(imported.config, net.config, "{:?}", imported.notices);
}
