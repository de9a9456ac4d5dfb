//! Graphs against their equations written out, against other cells, and their gradients against central differences.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{Setup, check};
use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig, Input, Params, Tape, agree};

use super::node::{Decay, Neurons, Node, Reset, Spike, Start};
use super::{Convolution, Graph, GraphConfig, Pooling};
use crate::spike_reset::ResetGradient;

const LIF: Neurons = Neurons::lif(1);

fn graph(nodes: &[(&str, Node)], edges: &[[&str; 2]], loops: &[[&str; 2]]) -> GraphConfig {
    let pair = |edge: &[&str; 2]| edge.map(str::to_owned);
    GraphConfig {
        nodes: nodes
            .iter()
            .map(|(name, node)| ((*name).to_owned(), node.clone()))
            .collect(),
        edges: edges.iter().map(pair).collect(),
        loops: loops.iter().map(pair).collect(),
        ..GraphConfig::default()
    }
}

fn input(size: usize) -> (&'static str, Node) {
    ("input", Node::Input { size })
}

fn output(size: usize) -> (&'static str, Node) {
    ("output", Node::Output { size })
}

/// One node between input and output.
fn single(node: Node) -> GraphConfig {
    let sizes = (node.inputs(), node.outputs());
    graph(
        &[input(sizes.0), ("n", node), output(sizes.1)],
        &[["input", "n"], ["n", "output"]],
        &[],
    )
}

fn build(config: &GraphConfig, dt_ms: f64) -> Graph<f64> {
    let inputs = config.input_width().unwrap();
    let mut cell = Graph::new(config, inputs, dt_ms, &mut generator(1, "init", 0)).unwrap();
    cell.update(&mut |params| {
        let r = |name: &str| name.rsplit('.').next() == Some("r");
        let all = params.tensors_mut().iter_mut().filter(|t| r(&t.name));
        all.for_each(|tensor| tensor.value.fill(1.0));
    });
    cell
}

/// The position of a parameter.
fn at(params: &Params<f64>, name: &str) -> usize {
    let found = params.tensors().iter().position(|t| t.name == name);
    found.unwrap_or_else(|| panic!("{name}"))
}

fn set(cell: &mut Graph<f64>, name: &str, values: &[f64]) {
    cell.update(&mut |params| {
        let i = at(params, name);
        params[i].as_mut_slice().copy_from_slice(values);
    });
}

/// The outputs `[O, T]` on the inputs `x [I, T]`.
fn run(cell: &Graph<f64>, x: &DMatrix<f64>) -> DMatrix<f64> {
    let mut tape = Tape::new();
    tape.start(cell, x.ncols(), 1);
    tape.forward(cell, Input::Dense(x.as_view()), None);
    tape.output().clone_owned()
}

/// The number of spikes of the first neuron on a constant input, and the step of the first one.
fn spikes(cell: &Graph<f64>, input: f64, steps: usize) -> (usize, Option<usize>) {
    let inputs = cell.widths().input;
    let y = run(cell, &DMatrix::from_element(inputs, steps, input));
    let row: Vec<f64> = y.row(0).iter().copied().collect();
    (
        row.iter().sum::<f64>() as usize,
        row.iter().position(|&s| s > 0.0),
    )
}

#[test]
fn a_lif_follows_its_difference_equation() {
    // v += dt/tau (v_leak - v + r I); spike where v > 1, then v = v_reset: 100 ms at I = 1.5.
    let cases = [
        ([1.0, 0.0, 0.0], 1.0, 100, (4, Some(21))),
        ([1.0, 0.0, 0.0], 0.1, 1000, (4, Some(219))),
        ([2.0, 0.0, 0.0], 1.0, 100, (12, Some(7))),
        ([1.0, 0.2, 0.0], 1.0, 100, (5, Some(17))),
        ([2.0, 0.2, 0.1], 1.0, 100, (14, Some(7))),
    ];
    for ([r, v_leak, v_reset], dt_ms, steps, expected) in cases {
        let mut cell = build(&single(Node::Neurons(LIF)), dt_ms);
        set(&mut cell, "n.r", &[r]);
        set(&mut cell, "n.v_leak", &[v_leak]);
        set(&mut cell, "n.v_reset", &[v_reset]);
        assert_eq!(
            spikes(&cell, 1.5, steps),
            expected,
            "r {r}, v_leak {v_leak}, v_reset {v_reset}, {dt_ms} ms"
        );
    }
}

#[test]
fn a_synapse_is_updated_before_the_membrane() {
    let synaptic = Neurons {
        synapse: true,
        ..LIF
    };
    let mut cell = build(&single(Node::Neurons(synaptic)), 1.0);
    assert_eq!(spikes(&cell, 1.5, 100), (4, Some(25)));
    set(&mut cell, "n.r", &[2.0]);
    assert_eq!(spikes(&cell, 1.5, 100), (11, Some(11)));
    set(&mut cell, "n.r", &[1.0]);
    set(&mut cell, "n.w_in", &[3.0]);
    assert_eq!(spikes(&cell, 1.5, 100), (18, Some(8)));
}

#[test]
fn at_the_threshold_a_neuron_spikes_only_where_it_says_so() {
    // tau = 2 dt and I = 2: v is 1, exactly the threshold, after one step.
    let at_threshold = |spike| {
        let mut cell = build(&single(Node::Neurons(Neurons { spike, ..LIF })), 1.0);
        set(&mut cell, "n.tau_mem", &[0.002]);
        run(&cell, &DMatrix::from_element(1, 3, 2.0))
            .iter()
            .copied()
            .collect::<Vec<f64>>()
    };
    assert_eq!(at_threshold(Spike::Above), [0.0, 1.0, 0.0]);
    assert_eq!(at_threshold(Spike::AtOrAbove), [1.0, 1.0, 1.0]);
}

#[test]
fn many_spikes_in_a_step_take_as_many_thresholds() {
    let neurons = Neurons {
        leak: false,
        spike: Spike::Many,
        reset: Reset::Subtract,
        ..LIF
    };
    let mut cell = build(&single(Node::Neurons(neurons)), 1.0);
    set(&mut cell, "n.r", &[1000.0]); // r dt = 1: the input is added as it is.
    let y = run(
        &cell,
        &DMatrix::from_row_slice(1, 4, &[2.5, 0.25, 0.25, 0.5]),
    );
    assert_eq!(y.as_slice(), [2.0, 0.0, 1.0, 0.0]);
}

#[test]
fn neurons_start_where_they_are_told_to() {
    let mut cell = build(
        &single(Node::Neurons(Neurons {
            start: Start::Leak,
            ..LIF
        })),
        1.0,
    );
    set(&mut cell, "n.v_leak", &[0.2]);
    assert_eq!(
        spikes(&cell, 1.5, 100).1,
        Some(14),
        "3 steps earlier than from 0"
    );
}

#[test]
fn an_exact_decay_is_an_exponential() {
    let integrator = Neurons {
        spikes: false,
        ..LIF
    };
    let mut config = single(Node::Neurons(integrator));
    config.decay = Decay::Exact;
    let cell = build(&config, 5.0);
    let y = run(&cell, &DMatrix::from_element(1, 7, 1.0));
    for (step, &v) in y.iter().enumerate() {
        let exact = 1.0 - (-5.0 * (step + 1) as f64 / 20.0).exp();
        assert!((v - exact).abs() < 1e-15, "step {step}: {v} and {exact}");
    }
}

#[test]
fn delays_hand_on_each_element_after_its_own_steps() {
    for steps in [vec![2, 1, 3], vec![0, 1, 3]] {
        let cell = build(
            &single(Node::Delay {
                steps: steps.clone(),
            }),
            1.0,
        );
        let x = DMatrix::from_fn(3, 6, |i, t| (10 * i + t + 1) as f64);
        let y = run(&cell, &x);
        for (i, &k) in steps.iter().enumerate() {
            for t in 0..6 {
                let expected = if t < k { 0.0 } else { x[(i, t - k)] };
                let off: f64 = (y[(i, t)] - expected).abs();
                assert!(off < 1e-15, "element {i}, step {t}, delays {steps:?}");
            }
        }
    }
}

#[test]
fn a_loop_is_closed_one_step_later() {
    // y_t = x_t + 0.5 y_{t-1}: powers of one half after an impulse.
    let linear = Node::Linear {
        inputs: 1,
        outputs: 1,
        bias: false,
    };
    let config = graph(
        &[
            input(1),
            ("sum", Node::Identity { size: 1 }),
            ("half", linear),
            output(1),
        ],
        &[["input", "sum"], ["sum", "half"], ["sum", "output"]],
        &[["half", "sum"]],
    );
    let mut cell = build(&config, 1.0);
    set(&mut cell, "half.weight", &[0.5]);
    let y = run(&cell, &DMatrix::from_row_slice(1, 4, &[1.0, 0.0, 0.0, 0.0]));
    assert_eq!(y.as_slice(), [1.0, 0.5, 0.25, 0.125]);
}

#[test]
fn a_loop_through_a_delay_needs_no_other_one() {
    let config = graph(
        &[
            input(1),
            ("sum", Node::Identity { size: 1 }),
            ("delay", Node::Delay { steps: vec![2] }),
            output(1),
        ],
        &[
            ["input", "sum"],
            ["sum", "delay"],
            ["delay", "sum"],
            ["sum", "output"],
        ],
        &[],
    );
    let y = run(
        &build(&config, 1.0),
        &DMatrix::from_row_slice(1, 5, &[1.0, 0.0, 0.0, 0.0, 0.0]),
    );
    assert_eq!(y.as_slice(), [1.0, 0.0, 1.0, 0.0, 1.0]);
}

/// Two channels of 4 x 5, a kernel of 2 x 3 with stride, padding, dilation and groups.
fn convolution() -> Convolution {
    Convolution {
        input: [2, 4, 5],
        channels: 4,
        kernel: [2, 3],
        stride: [2, 1],
        padding: [1, 0, 2, 1],
        dilation: [1, 2],
        groups: 2,
        bias: true,
    }
}

fn pooling() -> Pooling {
    Pooling {
        input: [4, 2, 4],
        kernel: [2, 2],
        stride: [2, 1],
        padding: [0, 1],
        mean: true,
    }
}

#[test]
fn a_convolution_is_its_sum() {
    let c = convolution();
    let [channels, rows, columns] = c.output();
    assert_eq!([channels, rows, columns], [4, 2, 4]);
    let cell = build(&single(Node::Convolution(c.clone())), 1.0);
    let x = DMatrix::from_fn(40, 1, |i, _| ((7 * i) % 11) as f64 - 5.0);
    let y = run(&cell, &x);
    let (w, b) = (
        &cell.params()[at(cell.params(), "n.weight")],
        &cell.params()[at(cell.params(), "n.bias")],
    );
    for o in 0..4 {
        for p in 0..2 {
            for q in 0..4 {
                let mut sum = b[o];
                for ky in 0..2 {
                    for kx in 0..3 {
                        let (row, column) = ((2 * p + ky) as isize - 1, (q + 2 * kx) as isize - 2);
                        if (0..4).contains(&row) && (0..5).contains(&column) {
                            let channel = o / 2; // One input channel a group.
                            let at = (channel * 4 + row as usize) * 5 + column as usize;
                            sum += w[(o, ky * 3 + kx)] * x[at];
                        }
                    }
                }
                let found = y[(o * 2 + p) * 4 + q];
                assert!(
                    (found - sum).abs() < 1e-12,
                    "{o} {p} {q}: {found} and {sum}"
                );
            }
        }
    }
}

#[test]
fn a_pooling_is_the_mean_of_its_windows_with_their_padding() {
    let pooling = pooling();
    assert_eq!(pooling.output(), [4, 1, 5]);
    let x = DMatrix::from_fn(32, 1, |i, _| i as f64);
    let y = run(&build(&single(Node::Pooling(pooling)), 1.0), &x);
    // The first window of channel 1 has one column of padding: (8 + 12) / 4.
    assert_eq!((y[5], y[6]), (5.0, (8.0 + 9.0 + 12.0 + 13.0) / 4.0));
}

/// All kinds of nodes, two branches, and loops at two places.
#[rustfmt::skip]
fn everything() -> GraphConfig {
    let linear = |inputs, outputs, bias| Node::Linear { inputs, outputs, bias };
    let neurons = |neurons: Neurons| Node::Neurons(neurons);
    let mut config = graph(
        &[
            input(3),
            ("fc", linear(3, 40, true)),
            ("lif", neurons(Neurons { size: 40, ..LIF })),
            ("rec", linear(40, 40, false)),
            ("conv", Node::Convolution(convolution())),
            ("pool", Node::Pooling(pooling())),
            ("cuba", neurons(Neurons { size: 20, synapse: true, reset: Reset::Subtract, ..LIF })),
            ("wait", Node::Delay { steps: (0..20).map(|k| 1 + k % 3).collect() }),
            ("some", Node::Delay { steps: (0..20).map(|k| k % 2).collect() }),
            ("scale", Node::Scale { size: 20 }),
            ("down", linear(20, 4, true)),
            ("skip", linear(3, 4, false)),
            ("if", neurons(Neurons { size: 4, leak: false, reset: Reset::None, ..LIF })),
            ("step", Node::Threshold { size: 4, spike: Spike::Above }),
            ("late", neurons(Neurons { size: 4, late_reset: true, ..LIF })),
            ("later", neurons(Neurons {
                size: 4, late_reset: true, reset: Reset::Subtract, synapse: true, leaky_synapse: true,
                start: Start::Leak, ..LIF
            })),
            ("li", neurons(Neurons { size: 4, spikes: false, synapse: true, ..LIF })),
            output(4),
        ],
        &[
            ["input", "fc"], ["fc", "lif"], ["lif", "rec"], ["lif", "conv"], ["conv", "pool"], ["pool", "cuba"],
            ["cuba", "scale"], ["cuba", "wait"], ["wait", "scale"], ["scale", "some"], ["some", "down"],
            ["input", "skip"], ["skip", "if"], ["down", "if"], ["if", "li"], ["down", "step"], ["step", "li"],
            ["down", "late"], ["down", "later"], ["late", "li"], ["later", "li"], ["li", "output"],
        ],
        &[["rec", "lif"], ["li", "step"]],
    );
    config.reset_gradient = ResetGradient::Full;
    config
}

/// A cell on which every tensor has an effect: thresholds near the membranes, small integrals.
fn lively() -> Graph<f64> {
    let mut cell = build(&everything(), 5.0);
    let scaled = |name: &str| match name.rsplit('.').next().unwrap() {
        "v_threshold" | "threshold" => Some(0.3),
        "v_reset" => Some(0.1),
        "v_leak" => Some(0.05),
        "w_in" => Some(1.5),
        _ => None,
    };
    cell.update(&mut |params| {
        for tensor in params.tensors_mut() {
            if let Some(value) = scaled(&tensor.name) {
                tensor.value.fill(value);
            }
            if tensor.name == "if.r" {
                tensor.value.fill(40.0);
            }
        }
    });
    cell
}

#[test]
fn gradients_are_right() {
    let cell = lively().relaxed();
    for setup in Setup::varied() {
        for outcome in check(&cell, setup) {
            assert!(
                outcome.norm > 0.0,
                "the gradient of `{}` is all zero",
                outcome.name
            );
            assert!(
                outcome.error <= saturn_cell::gradcheck::TOLERANCE,
                "the gradient of `{}` is off by {:.2e} (norm {:.2e})",
                outcome.name,
                outcome.error,
                outcome.norm
            );
        }
    }
}

#[test]
fn events_and_single_steps_give_the_same() {
    agree::assert_twins(&everything(), 3);
}

#[test]
fn graphs_that_do_not_fit_together_are_refused() {
    let identity = |size| Node::Identity { size };
    let fault = |nodes: &[(&str, Node)], edges: &[[&str; 2]]| match graph(nodes, edges, &[]).check()
    {
        Err(error) => error.to_string(),
        Ok(()) => panic!("it is refused"),
    };
    let ends = [input(2), output(2)];
    let with = |name: &'static str, node| [input(2), (name, node), output(2)];
    assert_eq!(
        fault(&[output(2)], &[]),
        "a graph has one `input` node, and this one has 0"
    );
    assert_eq!(
        fault(&ends, &[["input", "a"]]),
        "the edge `input` -> `a` has an end that is no node: `a`"
    );
    assert_eq!(
        fault(&with("a", identity(3)), &[["input", "a"]]),
        "the edge `input` -> `a`: `input` has 2 outputs and `a` has 3 inputs"
    );
    assert_eq!(
        fault(&ends, &[["input", "output"], ["input", "output"]]),
        "the edge `input` -> `output` is there twice"
    );
    assert_eq!(
        fault(&ends, &[["output", "input"]]),
        "the edge `output` -> `input` goes into the input or out of the output"
    );
    assert_eq!(
        fault(
            &with("a", identity(2)),
            &[["input", "a"], ["a", "a"], ["a", "output"]]
        ),
        "node `a` is on a loop without a delay: name one edge of the loop in `loops`"
    );
    assert_eq!(
        fault(&with("a", identity(0)), &[]),
        "node `a`: its size is 0"
    );
    let wide = Convolution {
        kernel: [2, 9],
        ..convolution()
    };
    assert_eq!(
        fault(&with("a", Node::Convolution(wide)), &[]),
        "node `a`: no window of its kernel fits into its input"
    );
    let uneven = Convolution {
        groups: 3,
        ..convolution()
    };
    assert_eq!(
        fault(&with("a", Node::Convolution(uneven)), &[]),
        "node `a`: 3 groups do not divide its 2 input and 4 output channels"
    );
    let huge = Node::Delay {
        steps: vec![usize::MAX],
    };
    let refused = graph(
        &[input(1), ("a", huge), output(1)],
        &[["input", "a"], ["a", "output"]],
        &[],
    );
    assert!(refused.check().unwrap_err().to_string().contains("at most"));
}
