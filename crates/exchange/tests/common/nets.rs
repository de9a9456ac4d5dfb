//! Networks of every kind of layer that is exported, with random weights, and streams of events for them.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::{EventBatch, Kind, Real, column};
use saturn_exchange::step::Program;
use saturn_network::{Network, NetworkConfig, NetworkStream, build};
use serde_json::{Value, json};

/// Channels of the input.
pub const INPUTS: usize = 20;
/// Scores.
pub const CLASSES: usize = 4;
/// Milliseconds a step.
pub const DT_MS: f64 = 5.0;

/// A network, built.
#[allow(
    clippy::struct_field_names,
    reason = "a network is a name, a description and the cells"
)]
pub struct Net<R: Real> {
    pub name: &'static str,
    pub config: NetworkConfig,
    pub net: Network<R>,
}

/// Layers by name: one of every kind, and those options that change the equations.
#[rustfmt::skip]
pub fn layers() -> Vec<(&'static str, Value)> {
    let neuron = |size: usize, more: Value| {
        let mut neurons = json!({"size": size});
        neurons.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"neurons": neurons})
    };
    let linear = |inputs: usize, outputs: usize| json!({"linear": {"inputs": inputs, "outputs": outputs, "bias": true}});
    vec![
        ("rnn", json!([{"rnn": {"hidden": 24}}])),
        ("gru", json!([{"gru": {"hidden": 24}}])),
        ("lstm", json!([{"lstm": {"hidden": 24}}])),
        ("lif", json!([{"lif": {"hidden": 24, "recurrent": true}}, {"lif": {"hidden": 17, "spike_reset": "zero", "input_scale": "decay", "bias": false}}])),
        ("li", json!([{"li": {"outputs": 16, "input_scale": "one"}}])),
        ("linear", json!([{"linear": {"out": 9, "bias": false}}])),
        ("alif", json!([{"alif": {"hidden": 24, "recurrent": true}}])),
        ("alif_plain", json!([{"alif": {"hidden": 24, "normalise": false, "beta": 0.2, "spike_reset": "zero"}}])),
        ("cuba_lif", json!([{"cuba_lif": {"hidden": 24, "synapse_scale": "decay", "recurrent": true}}])),
        ("adlif", json!([{"adlif": {"hidden": 24, "recurrent": true}}])),
        ("adlif_subtract", json!([{"adlif": {"hidden": 24, "spike_reset": "subtract", "learn_adaptation": false, "learn_tau": false}}])),
        ("resonate_balanced", json!([{"resonate_and_fire": {"hidden": 24}}])),
        ("resonate_izhikevich", json!([{"resonate_and_fire": {"hidden": 24, "spike_reset": "izhikevich", "step": "exponential", "recurrent": true}}])),
        ("resonate_exponential", json!([{"resonate_and_fire": {"hidden": 24, "step": "exponential"}}])),
        ("ssm", json!([{"ssm": {"width": 16, "states": 24}}])),
        ("ssm_bilinear", json!([{"ssm": {"width": 16, "states": 24, "discretization": "bilinear", "skip": false, "conjugate": false}}])),
        ("lru", json!([{"lru": {"width": 16, "states": 24}}])),
        ("ssm_block", json!([{"ssm_block": {"width": 16, "states": 24}}, {"ssm_block": {"width": 16, "states": 8, "norm": "rms", "discretization": "dirac"}}])),
        ("ssm_block_bare", json!([{"ssm_block": {"width": 20, "states": 8, "norm": "none", "glu": false, "residual": false, "discretization": "async"}}])),
        ("ssm_block_lru", json!([{"ssm_block": {"width": 20, "states": 24, "dynamics": {"lru": {}}}}])),
        ("spiking_ssm", json!([{"spiking_ssm": {"width": 16, "states": 24}}])),
        ("selective_ssm", json!([{"selective_ssm": {"width": 12, "states": 4}}])),
        ("selective_ssm_euler", json!([{"selective_ssm": {"width": 12, "states": 4, "gate": false, "discretization": "euler"}}])),
        ("selective_ssm_complex", json!([{"selective_ssm": {"width": 12, "states": 4, "complex": true}}])),
        ("input_gated_rnn", json!([{"input_gated_rnn": {"hidden": 24}}])),
        ("surprisal_rnn", json!([{"surprisal_rnn": {"hidden": 24}}])),
        ("graph", json!([{"graph": {
            "nodes": {
                "in": {"input": {"size": INPUTS}}, "a": linear(INPUTS, 8), "s": neuron(8, json!({})), "wait": {"delay": {"steps": [1, 2, 3, 1, 1, 2, 2, 1]}},
                "b": linear(8, 8), "c": neuron(8, json!({"synapse": true, "reset": "subtract"})), "out": {"output": {"size": 8}},
            },
            "edges": [["in", "a"], ["a", "s"], ["s", "wait"], ["wait", "b"], ["b", "c"], ["c", "out"]],
            "loops": [["c", "b"]],
        }}])),
        ("graph_late", json!([{"graph": {
            "nodes": {
                "in": {"input": {"size": INPUTS}}, "scale": {"scale": {"size": INPUTS}}, "a": linear(INPUTS, 8),
                "s": neuron(8, json!({"late_reset": true, "spike": "at_or_above"})), "wait": {"delay": {"steps": [0, 2, 1, 0, 1, 2, 0, 1]}},
                "t": neuron(8, json!({"late_reset": true, "reset": "subtract", "leak": false})), "u": neuron(8, json!({"spikes": false, "start": "leak"})),
                "h": {"threshold": {"size": 8}}, "out": {"output": {"size": 8}},
            },
            "edges": [["in", "scale"], ["scale", "a"], ["a", "s"], ["s", "wait"], ["wait", "t"], ["t", "u"], ["u", "out"], ["a", "h"], ["h", "out"]],
            "decay": "exact",
        }}])),
        ("graph_many", json!([{"graph": {
            "nodes": {
                "in": {"input": {"size": INPUTS}}, "a": linear(INPUTS, 8), "s": neuron(8, json!({"spike": "many", "reset": "subtract"})),
                "b": linear(8, 8), "h": {"threshold": {"size": 8, "spike": "many"}}, "out": {"output": {"size": 8}},
            },
            "edges": [["in", "a"], ["a", "s"], ["s", "b"], ["b", "h"], ["h", "out"], ["s", "out"]],
        }}])),
        ("graph_images", json!([{"graph": {
            "nodes": {
                "in": {"input": {"size": INPUTS}},
                "a": {"convolution": {"input": [1, 4, 5], "channels": 4, "kernel": [3, 2], "stride": [1, 2], "padding": [1, 0, 0, 1], "dilation": [1, 1], "groups": 1, "bias": true}},
                "s": neuron(36, json!({})),
                "p": {"pooling": {"input": [4, 3, 3], "kernel": [2, 2], "stride": [1, 1], "padding": [0, 1], "mean": true}},
                "b": {"convolution": {"input": [4, 2, 4], "channels": 6, "kernel": [2, 2], "stride": [1, 1], "padding": [0, 0, 0, 0], "dilation": [1, 2], "groups": 2, "bias": false}},
                "out": {"output": {"size": 12}},
            },
            "edges": [["in", "a"], ["a", "s"], ["s", "p"], ["p", "b"], ["b", "out"]],
        }}])),
        ("lif_sparse", json!([{"lif": {"hidden": 24, "recurrent": true, "density": 0.2, "connection_seed": 3}}])),
    ]
}

/// The description of `layers` with its usual readout.
pub fn config(layers: &Value) -> NetworkConfig {
    serde_json::from_value(json!({"layers": layers})).unwrap()
}

/// All networks, with weights from their seeds; offsets and gains, which start at one value, are moved.
pub fn nets<R: Real>() -> Vec<Net<R>> {
    let all = layers().into_iter().zip(0..);
    all.map(|((name, layers), seed)| {
        let config = config(&layers);
        let mut net = build(name, &config, INPUTS, CLASSES, DT_MS, seed).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for cell in net.cells_mut() {
            cell.update(&mut |params| {
                for tensor in params.tensors_mut() {
                    let moves = tensor.kind == Kind::Bias || tensor.name.ends_with("v_leak");
                    if moves {
                        tensor
                            .value
                            .iter_mut()
                            .for_each(|x| *x += R::of(rng.random_range(-0.1..0.1)));
                    }
                    // So that all neurons reach their thresholds.
                    match &*tensor.name {
                        "s.r" => tensor.value *= R::of(3.0),
                        "t.r" => tensor.value *= R::of(20.0),
                        _ => {}
                    }
                }
            });
        }
        Net { name, config, net }
    })
    .collect()
}

/// The channels that are active in a step, in ascending order.
pub fn events(inputs: usize, rng: &mut impl Rng) -> Vec<u16> {
    let active = |channel: &u16| rng.random_bool(0.15) && usize::from(*channel) < inputs;
    (0..inputs as u16).filter(active).collect()
}

/// These events as Saturn reads them.
pub fn batch(inputs: usize, events: &[u16]) -> EventBatch {
    let mut batch = EventBatch::new(inputs);
    batch.push_column(events.iter().map(|&unit| (u32::from(unit), 1.0)));
    batch
}

/// These events as values.
pub fn dense<R: Real>(inputs: usize, events: &[u16]) -> Vec<R> {
    let mut x = vec![R::zero(); inputs];
    for &unit in events {
        x[usize::from(unit)] += R::one();
    }
    x
}

/// The states of a network running live, in the order of its program.
pub fn states<R: Real>(
    net: &Network<R>,
    live: &NetworkStream<R>,
    program: &Program<R>,
) -> Vec<Vec<R>> {
    let of = |name: &str| {
        let (layer, field) = name.split_once('.').unwrap();
        let layer: usize = layer.parse().unwrap();
        let fields = net.cells()[layer].fields();
        let rows = fields.into_iter().find(|f| f.name == field).unwrap().rows;
        column(&live.layer(layer).state(), 0)[rows].to_vec()
    };
    program.states.iter().map(|state| of(&state.name)).collect()
}
