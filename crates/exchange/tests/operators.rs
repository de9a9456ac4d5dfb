//! Convolutions, pools, Flatten, Affine, Delay and Threshold: cases by hand, with PyTorch's semantics.

mod common;

use common::{graph, input, output};
use saturn_exchange::nir::{Array, Flat, Graph, Node, Padding, Reference};

fn chain(shape_in: &[usize], node: Node, shape_out: &[usize]) -> Graph {
    graph(
        [
            ("in", input(shape_in)),
            ("node", node),
            ("out", output(shape_out)),
        ],
        [("in", "node"), ("node", "out")],
    )
}

fn array(shape: &[usize], values: impl Into<Vec<f64>>) -> Array {
    Array {
        shape: shape.to_vec(),
        values: values.into(),
    }
}

fn run(shape_in: &[usize], node: Node, shape_out: &[usize], x: &[f64]) -> Vec<f64> {
    let flat = Flat::new(&chain(shape_in, node, shape_out)).unwrap();
    Reference::new(&flat, 1e-3).unwrap().step(x).to_vec()
}

fn conv1d(weight: Array, stride: usize, padding: Padding, dilation: usize, groups: usize) -> Node {
    Node::Conv1d {
        input_shape: None,
        bias: array(&[weight.shape[0]], vec![0.5; weight.shape[0]]),
        weight,
        stride,
        padding,
        dilation,
        groups,
    }
}

#[test]
fn convolution_is_a_correlation() {
    let x = [1.0, 2.0, 3.0, 4.0];
    let taps = || array(&[1, 1, 2], [1.0, 10.0]);
    let valid = run(
        &[1, 4],
        conv1d(taps(), 1, Padding::Valid, 1, 1),
        &[1, 3],
        &x,
    );
    assert_eq!(valid, [21.5, 32.5, 43.5]);
    let strided = conv1d(taps(), 2, Padding::Zeros(vec![1]), 1, 1);
    assert_eq!(run(&[1, 4], strided, &[1, 3], &x), [10.5, 32.5, 4.5]);
    let dilated = run(
        &[1, 4],
        conv1d(taps(), 1, Padding::Valid, 2, 1),
        &[1, 2],
        &x,
    );
    assert_eq!(dilated, [31.5, 42.5]);
    // The odd zero of `same` comes after the input.
    let same = run(&[1, 4], conv1d(taps(), 1, Padding::Same, 1, 1), &[1, 4], &x);
    assert_eq!(same, [21.5, 32.5, 43.5, 4.5]);
    // Each group of channels has its own filters.
    let grouped = conv1d(array(&[2, 1, 1], [1.0, 10.0]), 1, Padding::Valid, 1, 2);
    assert_eq!(run(&[2, 2], grouped, &[2, 2], &x), [1.5, 2.5, 30.5, 40.5]);
}

#[test]
fn kernels_need_not_be_square() {
    let node = Node::Conv2d {
        input_shape: Some([2, 3]),
        weight: array(&[1, 2, 1, 2], [1.0, 2.0, 10.0, 20.0]),
        stride: [1, 1],
        padding: Padding::Zeros(vec![0, 1]),
        dilation: [1, 1],
        groups: 1,
        bias: array(&[1], [0.0]),
    };
    let x: Vec<f64> = (1..=12).map(f64::from).collect();
    let y = run(&[2, 2, 3], node, &[1, 2, 4], &x);
    // Row (1 2 3) and (7 8 9), then (4 5 6) and (10 11 12), with a zero on both sides.
    let expected = [142.0, 235.0, 268.0, 93.0, 208.0, 334.0, 367.0, 126.0];
    assert_eq!(y, expected);
}

#[test]
fn pools_add_and_average_over_whole_windows() {
    let x: Vec<f64> = (1..=9).map(f64::from).collect();
    let sum = Node::SumPool2d {
        kernel_size: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
    };
    assert_eq!(run(&[1, 3, 3], sum, &[1, 1, 1], &x), [12.0]);
    // Zeros of the padding count.
    let mean = Node::AvgPool2d {
        kernel_size: [2, 2],
        stride: [2, 2],
        padding: [1, 1],
    };
    let y = run(&[1, 3, 3], mean, &[1, 2, 2], &x);
    assert_eq!(y, [0.25, 1.25, 2.75, 7.0]);
}

#[test]
fn flatten_joins_the_dimensions_named() {
    let x: Vec<f64> = (0..24).map(f64::from).collect();
    for (start_dim, end_dim, shape) in [(0, -1, &[24][..]), (1, -1, &[2, 12]), (0, 1, &[6, 4])] {
        let node = Node::Flatten {
            input_shape: None,
            start_dim,
            end_dim,
        };
        assert_eq!(run(&[2, 3, 4], node, shape, &x), x);
    }
}

#[test]
fn affine_maps_the_last_dimension() {
    let weight = || array(&[2, 3], [1.0, 2.0, 3.0, -1.0, 0.0, 1.0]);
    let node = Node::Affine {
        weight: weight(),
        bias: Array::list([0.5, 1.0]),
    };
    assert_eq!(run(&[3], node, &[2], &[1.0, 1.0, 2.0]), [9.5, 2.0]);
    // A weight for each of two rows.
    let node = Node::Linear {
        weight: array(&[2, 1, 2], [1.0, 2.0, 3.0, 4.0]),
    };
    assert_eq!(
        run(&[2, 2], node, &[2, 1], &[1.0, 1.0, 1.0, 1.0]),
        [3.0, 7.0]
    );
}

#[test]
fn delays_are_whole_steps_for_each_element() {
    let node = Node::Delay {
        delay: Array::list([0.0, 1e-3, 2.6e-3]),
    };
    let flat = Flat::new(&chain(&[3], node, &[3])).unwrap();
    let mut reference = Reference::new(&flat, 1e-3).unwrap();
    assert_eq!(reference.notices().len(), 1);
    assert!(
        reference.notices()[0].contains("now 3 steps"),
        "{:?}",
        reference.notices()
    );
    let seen: Vec<Vec<f64>> = (1..=6)
        .map(|k| reference.step(&[f64::from(k); 3]).to_vec())
        .collect();
    assert_eq!(seen[0], [1.0, 0.0, 0.0]);
    assert_eq!(seen[1], [2.0, 1.0, 0.0]);
    assert_eq!(seen[3], [4.0, 3.0, 1.0]);
    assert_eq!(seen[5], [6.0, 5.0, 3.0]);
}

#[test]
fn a_threshold_is_strict_and_scale_is_by_element() {
    let node = Node::Threshold {
        threshold: Array::scalar(1.0),
    };
    assert_eq!(run(&[3], node, &[3], &[0.5, 1.0, 1.5]), [0.0, 0.0, 1.0]);
    let node = Node::Scale {
        scale: Array::list([1.0, -2.0]),
    };
    assert_eq!(run(&[2], node, &[2], &[3.0, 4.0]), [3.0, -8.0]);
}

#[test]
fn integrators_follow_their_equations() {
    let one = |value| Array::list([value]);
    let i = Node::I { r: one(100.0) };
    assert!((run(&[1], i, &[1], &[2.0])[0] - 0.2).abs() < 1e-15);
    let li = Node::Li {
        tau: one(0.01),
        r: one(2.0),
        v_leak: one(0.5),
    };
    assert!((run(&[1], li, &[1], &[3.0])[0] - 0.65).abs() < 1e-15);
    let cuba = Node::CubaLi {
        tau_syn: one(0.005),
        tau_mem: one(0.01),
        r: one(2.0),
        v_leak: one(0.5),
        w_in: one(3.0),
    };
    // i = 0.2 * 3 = 0.6, v = 0.1 * (0.5 + 1.2).
    assert!((run(&[1], cuba, &[1], &[1.0])[0] - 0.17).abs() < 1e-15);
}

/// Two paths between the same nodes stay two where a subgraph is only a wire.
#[test]
fn a_wire_next_to_an_edge_adds_up() {
    let wire = graph([("a", input(&[1])), ("b", output(&[1]))], [("a", "b")]);
    let whole = graph(
        [
            ("in", input(&[1])),
            ("wire", Node::Graph(Box::new(wire))),
            ("out", output(&[1])),
        ],
        [("in", "wire"), ("wire", "out"), ("in", "out")],
    );
    let flat = Flat::new(&whole).unwrap();
    assert_eq!(Reference::new(&flat, 1.0).unwrap().step(&[3.0]), [6.0]);
}
