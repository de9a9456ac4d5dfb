//! One case for each error: it names the file, the place and the remedy.

mod common;

use std::path::{Path, PathBuf};

use common::{fixture, graph, input, lif, linear, ones, output, single};
use hdf5::types::VarLenUnicode;
use saturn_exchange::nir::{
    Array, Dialect, Fault, Flat, Graph, MAX_DEPTH, NirError, Node, Padding, Reference,
};

/// The error of flattening `graph`, checked for a place and a remedy.
fn refused(graph: &Graph) -> String {
    let error = Flat::new(graph).expect_err("an error");
    let message = error.to_string();
    assert!(
        error.fault().is_some() && message.contains("hint: "),
        "{message}"
    );
    message
}

fn contains(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
}

#[test]
fn faults_of_edges_and_nodes_are_named() {
    let missing = graph(
        [("in", input(&[1])), ("out", output(&[1]))],
        [("in", "lif")],
    );
    contains(
        &refused(&missing),
        &["in -> lif", "lif, which does not exist"],
    );
    contains(&refused(&Graph::default()), &["no nodes"]);

    let ends = |more: (&'static str, Node), from, to| {
        graph(
            [("a", input(&[1])), ("z", output(&[1])), more],
            [("a", "z"), (from, to)],
        )
    };
    contains(
        &refused(&ends(("b", input(&[1])), "b", "z")),
        &["several Inputs: a, b"],
    );
    contains(
        &refused(&ends(("y", output(&[1])), "a", "y")),
        &["several Outputs: y, z"],
    );

    let ring = [("lif", "w"), ("w", "lif")];
    let nodes = || [("lif", lif(0.02, 1.0, 0.0, 0.0)), ("w", linear(1, 1, 0.5))];
    contains(
        &refused(&graph(nodes(), ring)),
        &["no Input", "every node has an incoming edge"],
    );
    let [a, b] = nodes();
    let open = graph(
        [("in", input(&[1])), a, b],
        [("in", "lif"), ring[0], ring[1]],
    );
    contains(
        &refused(&open),
        &["no Output", "every node has an outgoing edge"],
    );
}

#[test]
fn shapes_that_differ_name_both_nodes() {
    let wide = graph(
        [
            ("in", input(&[3])),
            ("fc", linear(2, 4, 1.0)),
            ("out", output(&[2])),
        ],
        [("in", "fc"), ("fc", "out")],
    );
    let parts = ["fc: in outputs shape [3], but fc needs [4]", "Flatten"];
    contains(&refused(&wide), &parts);
    let pool = |shape: &[usize]| {
        let node = Node::SumPool2d {
            kernel_size: [2, 2],
            stride: [1, 1],
            padding: [0, 0],
        };
        graph(
            [("in", input(shape)), ("pool", node), ("out", output(&[]))],
            [("in", "pool"), ("pool", "out")],
        )
    };
    contains(
        &refused(&pool(&[4])),
        &["pool: its input has shape [4]", "[channels, height, width]"],
    );
    contains(&refused(&pool(&[1, 1, 4])), &["at least [2, 2]"]);
    contains(&refused(&pool(&[])), &["the shape of its input is unknown"]);
    contains(&refused(&pool(&[1 << 14, 1 << 14, 2])), &["2^28"]);

    let mut uneven = single(lif(0.02, 1.0, 0.0, 0.0), 2);
    let Some(Node::Lif { tau, r, .. }) = uneven.nodes.get_mut("node") else {
        panic!("a LIF");
    };
    (*tau, *r) = (Array::list([0.1; 2]), Array::list([1.0; 3]));
    contains(&refused(&uneven), &["node: ", "has shape [2], not [3]"]);
    let flat_weight = Node::Linear {
        weight: Array::list([1.0]),
    };
    contains(
        &refused(&single(flat_weight, 1)),
        &["weight has shape [1], not [.., outputs, inputs]"],
    );
    let flatten = Node::Flatten {
        input_shape: None,
        start_dim: 1,
        end_dim: -1,
    };
    contains(
        &refused(&single(flatten, 1)),
        &["node: its input has shape [1]", "joined"],
    );
}

#[test]
fn parameters_are_finite_and_in_range() {
    for tau in [0.0, -1.0] {
        contains(
            &refused(&single(lif(tau, 1.0, 0.0, 0.0), 1)),
            &["tau[0] is", "greater than 0"],
        );
    }
    for bad in [f64::NAN, f64::INFINITY] {
        contains(
            &refused(&single(lif(0.02, bad, 0.0, 0.0), 1)),
            &["node: r[0] is", "finite"],
        );
        contains(
            &refused(&single(linear(1, 1, bad), 1)),
            &["node: weight[0] is"],
        );
    }
    let short = Node::Scale {
        scale: Array {
            shape: vec![3],
            values: vec![1.0],
        },
    };
    contains(
        &refused(&single(short, 3)),
        &["node: scale has shape [3], not one of its 1 numbers"],
    );
    let delay = Node::Delay { delay: ones(-1.0) };
    contains(
        &refused(&single(delay, 1)),
        &["delay[0] is -1", "at least 0"],
    );
    let strided = Node::Conv1d {
        input_shape: None,
        weight: Array {
            shape: vec![1, 1, 3],
            values: vec![1.0; 3],
        },
        stride: 2,
        padding: Padding::Same,
        dilation: 1,
        groups: 1,
        bias: ones(0.0),
    };
    let conv = graph(
        [
            ("in", input(&[1, 8])),
            ("conv", strided),
            ("out", output(&[])),
        ],
        [("in", "conv"), ("conv", "out")],
    );
    contains(&refused(&conv), &["conv: stride", "1 with `same` padding"]);
}

/// in -> node -> out, node -> w -> node.
fn looped(node: Node) -> Graph {
    graph(
        [
            ("in", input(&[1])),
            ("node", node),
            ("w", linear(1, 1, 0.5)),
            ("out", output(&[1])),
        ],
        [
            ("in", "node"),
            ("node", "w"),
            ("w", "node"),
            ("node", "out"),
        ],
    )
}

#[test]
fn loops_need_a_state_or_a_step_of_delay() {
    let bare = looped(Node::Scale { scale: ones(1.0) });
    contains(
        &refused(&bare),
        &["algebraic loop: node, w", "a neuron with state or a Delay"],
    );
    assert!(Flat::new(&looped(lif(0.02, 1.0, 0.0, 0.0))).is_ok());
    contains(
        &refused(&looped(Node::Delay { delay: ones(0.0) })),
        &["algebraic loop"],
    );
    let flat = Flat::new(&looped(Node::Delay { delay: ones(2e-3) })).unwrap();
    assert!(Reference::new(&flat, 1e-3).is_ok());
    // Less than half a step is none.
    let error = Reference::new(&flat, 5e-3).err().unwrap().to_string();
    contains(&error, &["algebraic loop", "hint: "]);
}

#[test]
fn steps_and_resets_are_asked_for() {
    let flat = || Flat::new(&single(lif(0.02, 1.0, 0.0, 0.0), 1)).unwrap();
    let error = |dialect: Dialect, dt_s| dialect.undo(flat(), dt_s, None).unwrap_err();
    for dialect in [
        Dialect::Nir,
        Dialect::Sinabs,
        Dialect::SpikingJelly,
        Dialect::Spyx,
    ] {
        let error = error(dialect, None);
        assert_eq!(error.fault(), Some(&Fault::NoStep), "{dialect:?}");
    }
    for dt_s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = error(Dialect::Nir, Some(dt_s));
        assert!(matches!(error.fault(), Some(Fault::BadStep(_))), "{error}");
        assert!(Reference::new(&flat(), dt_s).is_err());
    }
    for dialect in [Dialect::SnnTorch, Dialect::Norse] {
        let message = error(dialect, Some(1e-3)).to_string();
        contains(
            &message,
            &[
                "node: ",
                dialect.name(),
                "`--reset zero`, `subtract` or `none`",
            ],
        );
    }
    // Two layers written for different steps.
    let two = graph(
        [
            ("in", input(&[1])),
            ("a", lif(0.02, 0.95, 0.0, 0.0)),
            ("b", lif(0.02, 0.9, 0.0, 0.0)),
            ("out", output(&[1])),
        ],
        [("in", "a"), ("a", "b"), ("b", "out")],
    );
    let error = Dialect::Spyx
        .undo(Flat::new(&two).unwrap(), None, None)
        .unwrap_err();
    contains(&error.to_string(), &["b: not as Spyx writes", "in a"]);
    let long = Flat::new(&single(Node::Delay { delay: ones(1e9) }, 1)).unwrap();
    contains(
        &Reference::new(&long, 1e-3).err().unwrap().to_string(),
        &["node: ", "2^28"],
    );
}

/// A file of one LIF, changed by `change`.
fn changed(change: impl FnOnce(&hdf5::File)) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.nir");
    std::fs::copy(fixture("doubled_1.0.7.nir"), &path).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    change(&file);
    file.close().unwrap();
    (folder, path)
}

fn text(group: &hdf5::Group, name: &str, value: &str) {
    let value: VarLenUnicode = value.parse().unwrap();
    let dataset = group.new_dataset::<VarLenUnicode>().create(name).unwrap();
    dataset.write_scalar(&value).unwrap();
}

fn numbers(group: &hdf5::Group, name: &str, values: &[f64]) {
    let builder = group.new_dataset::<f64>().shape(values.len());
    builder.create(name).unwrap().write_raw(values).unwrap();
}

fn unread(path: &Path) -> NirError {
    let error = Graph::read(path).expect_err("an error");
    let message = error.to_string();
    contains(&message, &["hint: ", &path.display().to_string()]);
    error
}

#[test]
fn faults_of_files_are_named() {
    let lif = |file: &hdf5::File| file.group("node/nodes/lif").unwrap();
    let case = |change: &dyn Fn(&hdf5::File), parts: &[&str]| {
        let (_folder, path) = changed(change);
        contains(&unread(&path).to_string(), parts);
    };
    case(
        &|file| file.unlink("node").unwrap(),
        &["the group node is missing"],
    );
    case(
        &|file| file.unlink("node/edges").unwrap(),
        &["/node: edges is missing"],
    );
    case(
        &|file| file.unlink("node/nodes").unwrap(),
        &["/node: the group nodes is missing"],
    );
    case(
        &|file| lif(file).unlink("tau").unwrap(),
        &["/node/nodes/lif: tau is missing"],
    );
    case(
        &|file| lif(file).unlink("type").unwrap(),
        &["/node/nodes/lif: type is missing"],
    );
    case(
        &|file| numbers(&lif(file), "alpha", &[1.0]),
        &["unknown parameter alpha", "metadata"],
    );
    case(
        &|file| {
            lif(file).unlink("type").unwrap();
            text(&lif(file), "type", "ALIF");
        },
        &["/node/nodes/lif: unknown node type \"ALIF\"", "CubaLIF"],
    );
    case(
        &|file| {
            lif(file).unlink("tau").unwrap();
            text(&lif(file), "tau", "fast");
        },
        &["/node/nodes/lif/tau: found strings", "numbers"],
    );
    case(
        &|file| {
            let node = file.group("node").unwrap();
            node.unlink("edges").unwrap();
            numbers(&node, "edges", &[1.0, 2.0]);
        },
        &["/node/edges: found numbers of shape [2]", "pairs of names"],
    );
    for bad in [0.5, 0.0, -1.0, 1e12, f64::NAN] {
        case(
            &|file| {
                let node = file.group("node/nodes/in").unwrap();
                node.unlink("shape").unwrap();
                numbers(&node, "shape", &[bad]);
            },
            &["/node/nodes/in/shape: found", "from 1 to 2^28"],
        );
    }
    // A group that contains itself.
    case(
        &|file| {
            let node = file.group("node/nodes/lif").unwrap();
            let notes = node.create_group("metadata").unwrap();
            file.link_hard("node/nodes/lif/metadata", "node/nodes/lif/metadata/again")
                .unwrap();
            drop(notes);
        },
        &[&format!("nested more than {MAX_DEPTH} deep")],
    );
}

#[test]
fn files_that_are_not_nir_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.nir");
    std::fs::write(&path, "not HDF5 at all, but long enough to look at").unwrap();
    assert!(matches!(unread(&path), NirError::NotHdf5 { .. }));
    unread(&folder.path().join("nothing.nir"));
    unread(folder.path());
    let bytes = std::fs::read(fixture("doubled_1.0.7.nir")).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    contains(&unread(&path).to_string(), &["truncated"]);
}

#[test]
fn more_nodes_than_allowed_are_refused() {
    // Notes with two links to themselves at each level would be endless.
    let (_folder, path) = changed(|file| {
        file.create_group("node/metadata").unwrap();
        for name in ["a", "b", "c"] {
            let target = format!("node/metadata/{name}");
            file.create_group(&target).unwrap();
        }
        for name in ["a", "b", "c"] {
            for other in ["a", "b", "c"] {
                let link = format!("node/metadata/{name}/{other}");
                file.link_hard(&format!("node/metadata/{other}"), &link)
                    .unwrap();
            }
        }
    });
    let error = unread(&path).to_string();
    assert!(
        error.contains("nested more") || error.contains("100000 nodes"),
        "{error}"
    );
}
