//! Files of several versions of nir, and real files, read, flattened and run.

#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

mod common;

use std::path::PathBuf;

use common::{fixture, fixtures};
use saturn_exchange::nir::{
    Array, Dialect, Flat, Graph, Node, Op, Padding, Reference, Reset, Value,
};

fn read(name: &str) -> Graph {
    Graph::read(fixture(name)).unwrap()
}

fn full(value: f64) -> Array {
    Array::list([value; 3])
}

/// The numbers of `make.py`.
fn ramp(shape: &[usize]) -> Array {
    let count: usize = shape.iter().product();
    Array {
        shape: shape.to_vec(),
        values: (0..count).map(|k| ((k % 7) as f64 - 3.0) / 4.0).collect(),
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "every primitive, written out")]
fn every_primitive_is_read_as_written() {
    let graph = read("primitives_1.0.7.nir");
    assert_eq!(graph.version.as_deref(), Some("1.0.7"));
    let [low, high, leak, reset] = [0.5, 2.0, 0.25, 0.125].map(full);
    let expected = [
        (
            "in",
            Node::Input {
                shape: vec![2, 7, 9],
            },
        ),
        (
            "conv",
            Node::Conv2d {
                input_shape: Some([7, 9]),
                weight: ramp(&[2, 2, 3, 3]),
                stride: [2, 1],
                padding: Padding::Zeros(vec![1, 2]),
                dilation: [1, 1],
                groups: 1,
                bias: ramp(&[2]),
            },
        ),
        (
            "sum",
            Node::SumPool2d {
                kernel_size: [2, 2],
                stride: [2, 2],
                padding: [0, 0],
            },
        ),
        (
            "mean",
            Node::AvgPool2d {
                kernel_size: [2, 2],
                stride: [1, 1],
                padding: [1, 1],
            },
        ),
        (
            "flat",
            Node::Flatten {
                input_shape: Some(vec![2, 3, 6]),
                start_dim: 0,
                end_dim: -1,
            },
        ),
        (
            "affine",
            Node::Affine {
                weight: ramp(&[3, 36]),
                bias: ramp(&[3]),
            },
        ),
        (
            "linear",
            Node::Linear {
                weight: ramp(&[3, 3]),
            },
        ),
        (
            "scale",
            Node::Scale {
                scale: Array::list([0.5, 1.0, 2.0]),
            },
        ),
        ("i", Node::I { r: full(4.0) }),
        (
            "if",
            Node::If {
                r: full(4.0),
                v_threshold: low.clone(),
                v_reset: reset.clone(),
            },
        ),
        (
            "li",
            Node::Li {
                tau: low.clone(),
                r: high.clone(),
                v_leak: leak.clone(),
            },
        ),
        (
            "lif",
            Node::Lif {
                tau: Array::list([0.5, 0.25, 1.0]),
                r: high.clone(),
                v_leak: leak.clone(),
                v_threshold: low.clone(),
                v_reset: reset.clone(),
            },
        ),
        (
            "cubali",
            Node::CubaLi {
                tau_syn: leak.clone(),
                tau_mem: low.clone(),
                r: high.clone(),
                v_leak: leak.clone(),
                w_in: full(3.0),
            },
        ),
        (
            "cubalif",
            Node::CubaLif {
                tau_syn: leak.clone(),
                tau_mem: low.clone(),
                r: high,
                v_leak: leak,
                w_in: full(3.0),
                v_threshold: low.clone(),
                v_reset: reset,
            },
        ),
        ("threshold", Node::Threshold { threshold: low }),
        (
            "delay",
            Node::Delay {
                delay: Array::list([0.0, 0.25, 0.5]),
            },
        ),
        ("out", Node::Output { shape: vec![3] }),
    ];
    assert_eq!(graph.nodes.len(), expected.len());
    for (name, node) in &expected {
        assert_eq!(&graph.nodes[*name], node, "{name}");
    }
    let flat = Flat::new(&graph).unwrap();
    let names: Vec<&str> = flat.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, expected.map(|(name, _)| name));
    assert!(flat.notices.is_empty(), "{:?}", flat.notices);
    let mut reference = Reference::new(&flat, 0.25).unwrap();
    for step in 0..20 {
        let input: Vec<f64> = (0..126).map(|k| f64::from((k + step) % 5) - 2.0).collect();
        assert!(
            reference
                .step(&input)
                .iter()
                .all(|y| [0.0, 1.0].contains(y))
        );
    }
}

#[test]
fn a_nested_graph_with_notes_is_read() {
    let graph = read("nested_1.0.8.nir");
    assert_eq!(graph.version.as_deref(), Some("1.0.8"));
    assert_eq!(graph.metadata["dt_s"], Value::Number(1e-3));
    assert_eq!(graph.metadata["writer"], Value::Text("make.py".to_owned()));
    assert_eq!(
        graph.metadata["sizes"],
        Value::Numbers(Array::list([1.0, 2.0]))
    );
    let deep = [("on".to_owned(), Value::Number(1.0))].into();
    assert_eq!(graph.metadata["deep"], Value::Nested(deep));
    let Node::Graph(inner) = &graph.nodes["rec"] else {
        panic!("a subgraph");
    };
    assert_eq!(
        inner.node_metadata["lif"]["note"],
        Value::Text("a neuron".to_owned())
    );

    let flat = Flat::new(&graph).unwrap();
    let names: Vec<&str> = flat.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["input", "rec.lif", "rec.w_rec", "output"]);
    let delayed: Vec<(&str, &str)> = (flat.edges.iter().filter(|edge| edge.delayed))
        .map(|edge| (names[edge.from], names[edge.to]))
        .collect();
    assert_eq!(delayed, [("rec.w_rec", "rec.lif")]);
    // The step is in the notes.
    let (flat, dt_s, notices) = Dialect::Nir.undo(flat, None, None).unwrap();
    assert_eq!(notices, [""; 0]);
    assert_eq!(common::count(&flat, dt_s, 1.5, 100), (4, Some(21)));
}

#[test]
fn the_order_is_that_of_the_edges() {
    let flat = Flat::new(&read("recurrent_1.0.4.nir")).unwrap();
    let names: Vec<&str> = flat.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["0", "1", "10", "2"]);
    assert_eq!(common::count(&flat, 1e-3, 1.5, 100), (4, Some(21)));
}

#[test]
fn duplicate_edges_are_dropped() {
    let flat = Flat::new(&read("doubled_1.0.7.nir")).unwrap();
    assert_eq!(flat.edges.len(), 2);
    assert_eq!(
        flat.notices,
        ["the graph: duplicate edges were dropped: in -> lif"]
    );
    assert_eq!(common::count(&flat, 1e-3, 1.5, 100), (4, Some(21)));
}

#[test]
fn a_node_without_edges_has_an_input_and_an_output() {
    let flat = Flat::new(&read("bare_1.0.8.nir")).unwrap();
    let names: Vec<&str> = flat.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["input_only", "only", "output_only"]);
    assert_eq!(flat.notices.len(), 2);
    let shapes: Vec<&[usize]> = flat
        .nodes
        .iter()
        .map(|node| &node.output_shape[..])
        .collect();
    assert_eq!(shapes, [&[2, 8][..], &[4, 8], &[4, 8]]);
}

/// The real file `name`, if the data are there.
fn real(name: &str) -> Option<PathBuf> {
    let found = std::env::var_os("SATURN_DATA")
        .map(|folder| PathBuf::from(folder).join("nir").join(name))
        .filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no ../shared/data");
    }
    found
}

/// Spikes of every node with a threshold, over a constant input.
fn activity(flat: &Flat, dt_s: f64, input: &[f64], steps: usize) -> Vec<(String, f64)> {
    let mut reference = Reference::new(flat, dt_s).unwrap();
    let spiking = |op: &Op| matches!(op, Op::Neuron(neuron) if neuron.v_threshold.is_some());
    let nodes: Vec<&str> = (flat.nodes.iter())
        .filter(|node| spiking(&node.op))
        .map(|node| node.name.as_str())
        .collect();
    let mut sums = vec![0.0; nodes.len()];
    for _ in 0..steps {
        reference.step(input);
        for (sum, name) in sums.iter_mut().zip(&nodes) {
            *sum += reference.output(name).unwrap().iter().sum::<f64>();
        }
    }
    let names = nodes.iter().map(|name| (*name).to_owned());
    names.zip(sums).collect()
}

#[test]
fn a_real_lif_of_norse_runs() {
    let Some(path) = real("lif_norse.nir") else {
        return;
    };
    let graph = Graph::read(path).unwrap();
    assert_eq!(graph.version.as_deref(), Some("0.1.1"));
    let flat = Flat::new(&graph).unwrap();
    // An old Norse, which wrote seconds.
    let (flat, dt_s, notices) = Dialect::Norse
        .undo(flat, Some(1e-4), Some(Reset::Zero))
        .unwrap();
    assert!(
        notices
            .iter()
            .any(|notice| notice.contains("older versions")),
        "{notices:?}"
    );
    let found = activity(&flat, dt_s, &[1.0], 1000);
    println!("lif_norse: {found:?}");
    // v passes 0.1 after -2.5 ms ln(0.9) = 0.263 ms: every third step.
    assert_eq!(found, [("1".to_owned(), 333.0)]);
}

#[test]
fn a_real_recurrent_network_of_snntorch_runs() {
    let Some(path) = real("braille_noDelay_bias_zero.nir") else {
        return;
    };
    let flat = Flat::new(&Graph::read(path).unwrap()).unwrap();
    let names: Vec<&str> = flat.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "input",
            "fc1",
            "lif1.lif",
            "lif1.w_rec",
            "fc2",
            "lif2",
            "output"
        ]
    );
    let delayed = flat.edges.iter().filter(|edge| edge.delayed);
    let delayed: Vec<_> = delayed
        .map(|edge| (names[edge.from], names[edge.to]))
        .collect();
    assert_eq!(delayed, [("lif1.w_rec", "lif1.lif")]);
    let (flat, dt_s, notices) = Dialect::SnnTorch
        .undo(flat, None, Some(Reset::Zero))
        .unwrap();
    assert!((dt_s - 1e-4).abs() < 1e-12);
    // r is tau/dt to the precision of float32.
    assert!(notices.is_empty(), "{notices:?}");
    // Spikes of lif1.lif and lif2 by a separate simulation in NumPy. Every drive of lif1 is negative if all inputs
    // are 1.
    let mut first = [0.0; 12];
    first[0] = 1.0;
    for (input, expected) in [
        ([1.0; 12], [0.0, 612.0]),
        ([0.0; 12], [421.0, 845.0]),
        (first, [552.0, 805.0]),
    ] {
        let found = activity(&flat, dt_s, &input, 256);
        let found: Vec<f64> = found.into_iter().map(|(_, spikes)| spikes).collect();
        assert_eq!(found, expected, "{input:?}");
    }
}

#[test]
fn a_real_convolutional_network_of_sinabs_runs() {
    let Some(path) = real("cnn_sinabs.nir") else {
        return;
    };
    let flat = Flat::new(&Graph::read(path).unwrap()).unwrap();
    let names: Vec<&str> = flat.nodes.iter().map(|node| node.name.as_str()).collect();
    let order = [
        "input", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "output",
    ];
    assert_eq!(names, order);
    assert!(flat.notices.is_empty(), "{:?}", flat.notices);
    let (flat, dt_s, notices) = Dialect::Sinabs.undo(flat, Some(1e-3), None).unwrap();
    assert_eq!(notices.len(), 1);
    let found = activity(&flat, dt_s, &vec![1.0; 2 * 34 * 34], 10);
    let found: Vec<(&str, f64)> = (found.iter())
        .map(|(name, spikes)| (name.as_str(), *spikes))
        .collect();
    // By a separate simulation in NumPy.
    let expected = [
        ("1", 10_980.0),
        ("3", 26_295.0),
        ("6", 11_797.0),
        ("10", 3_811.0),
        ("12", 303.0),
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_fixture_is_read_flattened_and_run() {
    for path in fixtures() {
        let graph = Graph::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let flat = Flat::new(&graph).unwrap_or_else(|error| panic!("{error}"));
        let mut reference = Reference::new(&flat, 1e-3).unwrap();
        let input = vec![1.0; reference.inputs()];
        assert!(reference.step(&input).iter().all(|y| y.is_finite()));
    }
}
