//! One NIR node in six simulators: how many spikes a constant input causes, and the step of the first one.
//!
//! Measured with snnTorch 1.0.0, Norse 1.1.0, SpikingJelly 2.0.0, Spyx 1.0.0, Sinabs 3.1.3 and Rockpool 3.1.0, each
//! by its own importer, over 100 ms unless noted. The reference must reproduce the columns of NIR's equations, and
//! with a dialect those entries of other simulators that its semantics explain. The other entries are notes.

mod common;

use common::{count, cuba_lif, graph, input, lif, linear, output, single};
use saturn_exchange::nir::{Array, Dialect, Flat, Graph, Node, Reset};

#[derive(Clone)]
struct Row {
    name: &'static str,
    graph: Graph,
    input: f64,
    dt_s: f64,
    steps: usize,
    /// By the reference: spikes, first step.
    expected: (usize, usize),
    /// What simulators make of it.
    others: &'static str,
}

fn integrate_and_fire(r: f64) -> Node {
    Node::If {
        r: Array::list([r]),
        v_threshold: Array::list([1.0]),
        v_reset: Array::list([0.0]),
    }
}

fn recurrent() -> [(&'static str, Node); 4] {
    [
        ("input", input(&[1])),
        ("lif", lif(0.02, 1.0, 0.0, 0.0)),
        ("w_rec", linear(1, 1, -0.5)),
        ("output", output(&[1])),
    ]
}

const LOOP: [(&str, &str); 4] = [
    ("input", "lif"),
    ("lif", "w_rec"),
    ("w_rec", "lif"),
    ("lif", "output"),
];

fn nested() -> Graph {
    let inner = Node::Graph(Box::new(graph(recurrent(), LOOP)));
    graph(
        [
            ("input", input(&[1])),
            ("rec", inner),
            ("output", output(&[1])),
        ],
        [("input", "rec"), ("rec", "output")],
    )
}

fn two_time_constants() -> Graph {
    let wide = |value| Array::list([value, value]);
    let neurons = Node::Lif {
        tau: Array::list([0.02, 0.04]),
        r: wide(1.0),
        v_leak: wide(0.0),
        v_threshold: wide(1.0),
        v_reset: wide(0.0),
    };
    single(neurons, 2)
}

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let row = |name, graph, input, [(ms, spikes, first), fine]: [(f64, usize, usize); 2], others| {
        [(ms, spikes, first), fine].into_iter().filter(|(ms, ..)| *ms > 0.0).map(|(ms, spikes, first)| Row {
            name,
            graph: Graph::clone(&graph),
            input,
            dt_s: ms / 1e3,
            steps: (100.0 / ms).round() as usize,
            expected: (spikes, first),
            others,
        }).collect::<Vec<_>>()
    };
    let none = (0.0, 0, 0);
    let lif = |r, v_leak, v_reset| single(lif(0.02, r, v_leak, v_reset), 1);
    let cuba = |r, v_leak, w_in| single(cuba_lif(0.005, 0.02, r, v_leak, w_in), 1);
    let mut rows = [
        row("LIF", lif(1.0, 0.0, 0.0), 1.5, [(1.0, 4, 21), (0.1, 4, 219)],
            "snnTorch 4, 219 at 0.1 ms; Norse, SpikingJelly 4, 21; Spyx 99, 1; Sinabs 100, 0; Rockpool AttributeError"),
        row("LIF r 2", lif(2.0, 0.0, 0.0), 1.5, [(1.0, 12, 7), (0.1, 12, 80)],
            "snnTorch 12, 80; Norse 4, 21 (r ignored); SpikingJelly ValueError; Spyx 99, 1"),
        row("LIF v_leak 0.2", lif(1.0, 0.2, 0.0), 1.5, [(1.0, 5, 17), (0.1, 5, 177)],
            "snnTorch AssertionError; Norse 5, 14; SpikingJelly, Sinabs ValueError; Spyx 99, 1"),
        row("LIF v_reset 0.1", lif(1.0, 0.0, 0.1), 1.5, [(1.0, 4, 21), (0.1, 4, 219)],
            "snnTorch 4, 219 (v_reset ignored); Norse 4, 21 (ignored); SpikingJelly ValueError; Spyx 99, 1"),
        row("LIF r 2, v_leak 0.2, v_reset 0.1", lif(2.0, 0.2, 0.1), 1.5, [(1.0, 14, 7), (0.1, 14, 74)],
            "snnTorch AssertionError; Norse 5, 14; SpikingJelly ValueError; Spyx 99, 1"),
        row("LIF tau 20 and 40 ms", two_time_constants(), 1.5, [(1.0, 4, 21), (0.1, 4, 219)],
            "snnTorch 0 (threshold of the second neuron for both); SpikingJelly ValueError"),
        row("CubaLIF 5 / 20 ms", cuba(1.0, 0.0, 1.0), 1.5, [(1.0, 4, 25), none],
            "snnTorch AssertionError; Norse 4, 25; SpikingJelly ValueError; Spyx 99, 1; Sinabs left out; Rockpool 0 at 10 ms"),
        row("CubaLIF r 2", cuba(2.0, 0.0, 1.0), 1.5, [(1.0, 11, 11), none], "Norse 11, 11; Spyx 99, 1"),
        row("CubaLIF w_in 3", cuba(1.0, 0.0, 3.0), 1.5, [(1.0, 18, 8), none], "Norse 18, 8; Spyx 99, 1"),
        row("CubaLIF v_leak 0.2", cuba(1.0, 0.2, 1.0), 1.5, [(1.0, 5, 21), none],
            "Norse 6, 16 (leak into the synapse); SpikingJelly ValueError; Rockpool: a bias per step"),
        row("CubaLIF r tau_mem/dt, w_in tau_syn/dt", cuba(20.0, 0.0, 5.0), 0.075, [(1.0, 31, 5), none],
            "SpikingJelly 31, 5; Rockpool (r 19, 0.05) 19, 8"),
        row("IF, 0.03 a step, r 1/dt", single(integrate_and_fire(1e3), 1), 0.03, [(1.0, 2, 33), none],
            "snnTorch 0; Norse, SpikingJelly, Sinabs 2, 33; Spyx 2, 34; Rockpool NotImplementedError"),
        row("recurrent LIF, nested", nested(), 1.5, [(1.0, 4, 21), none],
            "snnTorch, Norse, SpikingJelly right; Spyx 94, 1; Rockpool 7"),
        row("recurrent LIF, flat", graph(recurrent(), LOOP), 1.5, [(1.0, 4, 21), none],
            "snnTorch: the input goes through w; Norse, SpikingJelly 4, 21; Sinabs, Rockpool: the loop has no effect"),
    ].concat();
    // Exactly at the threshold: v is 1, 1.5, 1.
    rows.push(Row {
        name: "LIF exactly at the threshold, tau 2 dt",
        graph: single(common::lif(0.002, 1.0, 0.0, 0.0), 1),
        input: 2.0, dt_s: 1e-3, steps: 3, expected: (1, 1),
        others: "snnTorch, Norse as the reference; SpikingJelly a spike in each step",
    });
    // Over 100 steps.
    rows.push(Row {
        name: "CubaLIF r 200",
        graph: single(cuba_lif(0.005, 0.02, 200.0, 0.0, 1.0), 1),
        input: 1.5, dt_s: 1e-4, steps: 100, expected: (67, 7),
        others: "snnTorch 67, 7",
    });
    rows
}

#[test]
fn the_reference_reproduces_the_table() {
    let mut wrong = Vec::new();
    for row in table() {
        let flat = Flat::new(&row.graph).unwrap();
        let (spikes, first) = count(&flat, row.dt_s, row.input, row.steps);
        if (spikes, first) != (row.expected.0, Some(row.expected.1)) {
            let Row {
                name,
                dt_s,
                expected,
                others,
                ..
            } = row;
            wrong.push(format!(
                "{name}, {dt_s} s: {spikes}, {first:?}, not {expected:?} ({others})"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Spikes and first step of a node, read in a dialect.
fn by(
    dialect: Dialect,
    node: Node,
    input: f64,
    steps: usize,
    reset: Option<Reset>,
) -> (usize, Option<usize>) {
    let flat = Flat::new(&single(node, 1)).unwrap();
    let (flat, dt_s, _) = dialect.undo(flat, Some(1e-3), reset).unwrap();
    count(&flat, dt_s, input, steps)
}

#[test]
fn dialects_reproduce_other_simulators() {
    use Dialect::{Norse, Rockpool, Sinabs, SpikingJelly, Spyx};
    // Spikes at the threshold.
    let at_threshold = by(SpikingJelly, lif(0.002, 1.0, 0.0, 0.0), 2.0, 3, None);
    assert_eq!(at_threshold, (3, Some(0)));
    assert_eq!(
        by(SpikingJelly, lif(0.02, 1.0, 0.0, 0.0), 1.5, 100, None),
        (4, Some(21))
    );
    // One step late.
    assert_eq!(
        by(Spyx, lif(0.02, 1.0, 0.0, 0.0), 1.5, 100, None),
        (99, Some(1))
    );
    assert_eq!(
        by(Spyx, cuba_lif(0.005, 0.02, 2.0, 0.0, 3.0), 1.5, 100, None),
        (99, Some(1))
    );
    assert_eq!(
        by(Spyx, integrate_and_fire(1e3), 0.03, 100, None),
        (2, Some(34))
    );
    // Several spikes a step, time constants in steps.
    assert_eq!(
        by(Sinabs, lif(20.0, 1.0, 0.0, 0.0), 1.5, 100, None),
        (147, Some(0))
    );
    assert_eq!(
        by(Sinabs, lif(0.02, 1.0, 0.0, 0.0), 1.5, 100, None),
        (100, Some(0))
    );
    // The sum of 100 inputs is 3, and in Sinabs's float32 just below; hence 99 steps.
    assert_eq!(
        by(Sinabs, integrate_and_fire(1.0), 0.03, 99, None),
        (2, Some(33))
    );
    // From v_leak, which feeds the synapse, too; time constants times dt.
    let zero = Some(Reset::Zero);
    assert_eq!(
        by(Norse, lif(2e-5, 1.0, 0.2, 0.0), 1.5, 100, zero),
        (5, Some(14))
    );
    assert_eq!(
        by(Norse, cuba_lif(5e-6, 2e-5, 1.0, 0.0, 3.0), 1.5, 100, zero),
        (18, Some(8))
    );
    assert_eq!(
        by(Norse, cuba_lif(5e-6, 2e-5, 1.0, 0.2, 1.0), 1.5, 100, zero),
        (6, Some(16))
    );
    // Exponential decay of inputs, too.
    assert_eq!(
        by(
            Rockpool,
            cuba_lif(0.005, 0.02, 19.0, 0.0, 5.0),
            0.05,
            100,
            None
        ),
        (19, Some(8))
    );
}

#[test]
fn snntorch_determines_its_step() {
    let flat = Flat::new(&single(cuba_lif(0.005, 0.02, 200.0, 0.0, 1.0), 1)).unwrap();
    let (flat, dt_s, notices) = Dialect::SnnTorch
        .undo(flat, None, Some(Reset::Zero))
        .unwrap();
    assert!((dt_s - 1e-4).abs() < 1e-12);
    assert_eq!(count(&flat, dt_s, 1.5, 100), (67, Some(7)));
    assert!(notices.is_empty(), "{notices:?}");
}

#[test]
fn a_step_of_snntorch_does_the_same_at_any_length() {
    for dt_s in [1e-3, 1e-2] {
        let flat = Flat::new(&single(cuba_lif(0.005, 0.02, 200.0, 0.0, 1.0), 1)).unwrap();
        let (flat, chosen, notices) = Dialect::SnnTorch
            .undo(flat, Some(dt_s), Some(Reset::Zero))
            .unwrap();
        assert!((chosen - dt_s).abs() < 1e-12);
        assert_eq!(count(&flat, dt_s, 1.5, 100), (67, Some(7)));
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].contains("scaled to steps"), "{notices:?}");
    }
    // r means other steps than snnTorch's: nothing is scaled.
    let flat = Flat::new(&single(cuba_lif(0.005, 0.02, 20.0, 0.0, 1.0), 1)).unwrap();
    let expected = count(&flat, 1e-3, 1.5, 100);
    let undone = Dialect::SnnTorch.undo(flat, Some(1e-3), Some(Reset::Zero));
    let (flat, dt_s, notices) = undone.unwrap();
    assert_eq!(count(&flat, dt_s, 1.5, 100), expected);
    assert!(notices.is_empty(), "{notices:?}");
}

#[test]
fn no_recurrence_is_a_loop_of_weight_zero() {
    let plain = Flat::new(&single(lif(0.02, 1.0, 0.0, 0.0), 1)).unwrap();
    let expected = count(&plain, 1e-3, 1.7, 300);
    let mut nodes = recurrent();
    nodes[2].1 = linear(1, 1, 0.0);
    let flat = Flat::new(&graph(nodes, LOOP)).unwrap();
    assert_eq!(count(&flat, 1e-3, 1.7, 300), expected);
    // A loop that inhibits changes the spikes.
    let flat = Flat::new(&nested()).unwrap();
    let mut reference = saturn_exchange::nir::Reference::new(&flat, 1e-3).unwrap();
    for _ in 0..22 {
        reference.step(&[1.5]);
    }
    assert_eq!(reference.state("rec.lif").unwrap().v, [0.0]);
    reference.step(&[1.5]);
    let v = reference.state("rec.lif").unwrap().v[0];
    assert!((v - (1.5 - 0.5) / 20.0).abs() < 1e-12, "{v}");
}

/// Saturn's own column.
#[test]
fn an_imported_network_reproduces_the_reference() {
    use saturn_exchange::from_nir::{Options, import_graph};

    for row in table() {
        let options = Options {
            dt_s: Some(row.dt_s),
            ..Options::default()
        };
        let imported = import_graph(&row.graph, &options).unwrap();
        assert!(imported.is_exact(), "{}: {:?}", row.name, imported.verdicts);
        let net = imported.network::<f64>().unwrap();
        let cell = net.cells()[0].as_ref();
        let mut stream = saturn_cell::Stream::new(cell, 1);
        let x = nalgebra::DMatrix::from_element(imported.channels, 1, row.input);
        let outputs: Vec<f64> = (0..row.steps)
            .map(|_| {
                stream.step(cell, saturn_cell::Input::Dense(x.as_view()));
                stream.output()[(0, 0)]
            })
            .collect();
        let first = outputs.iter().position(|&s| s > 0.0).unwrap();
        let spikes = outputs.iter().sum::<f64>() as usize;
        assert_eq!((spikes, first), row.expected, "{}", row.name);
    }
}
