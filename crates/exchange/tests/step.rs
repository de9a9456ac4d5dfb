//! The program of one step against the network running live: every kind of layer, in `f64` and in `f32`.

#[path = "common/nets.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod nets;

use std::collections::BTreeSet;

use nets::{CLASSES, DT_MS, INPUTS, Net, batch, config, dense, events, nets, states};
use prost::Message;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use saturn_cell::{Input, Real, view};
use saturn_exchange::step::{Interpreter, StepInput, lower};
use saturn_exchange::step::{Precision, StepError};
use saturn_exchange::to_onnx;
use saturn_exchange::to_onnx::proto::{Extent, Model, ValueInfo};
use saturn_network::{Network, NetworkStream, build};
use serde_json::{Value, json};

/// What a network and its program read.
#[derive(Clone, Copy, PartialEq)]
enum Feed {
    /// Lists of events.
    Events,
    /// Events, which the program reads as counts.
    Counts,
    /// Values, of which some are 0.
    Values,
}

/// The largest distance over `steps` steps between a network and its program, both running free.
fn distance<R: Real>(net: &Net<R>, steps: usize, feed: Feed) -> f64 {
    let program = lower(&net.config, &net.net, DT_MS).unwrap();
    let mut live = NetworkStream::new(&net.net, 1);
    let mut own = Interpreter::new(&program);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut worst = 0.0f64;
    let mut moved = vec![false; program.states.len()];
    for _ in 0..steps {
        let units = events(INPUTS, &mut rng);
        let mut x = dense::<R>(INPUTS, &units);
        let batch = batch(INPUTS, &units);
        let logits = if feed == Feed::Values {
            for x in &mut x {
                *x = R::of(rng.random_range(-1.0f64..1.0).max(-0.7) + 0.7 - x.wide().min(0.2));
            }
            live.step(&net.net, Input::Dense(view(&x, INPUTS, 1)))
        } else {
            live.step(&net.net, Input::Events(batch.view()))
        };
        let logits: Vec<R> = logits.iter().copied().collect();
        own.step(if feed == Feed::Events {
            StepInput::Events(&units)
        } else {
            StepInput::Dense(&x)
        });
        let expected = states(&net.net, &live, &program);
        for ((moved, state), start) in moved.iter_mut().zip(own.states()).zip(&program.states) {
            *moved |= *state != start.start;
        }
        let all = own.states().iter().zip(&expected);
        for (a, b) in all.chain([(&own.logits().to_vec(), &logits)]) {
            assert_eq!(a.len(), b.len());
            for (a, b) in a.iter().zip(b) {
                worst = worst.max((*a - *b).wide().abs());
            }
        }
    }
    assert!(moved.iter().all(|moved| *moved), "{}: {moved:?}", net.name);
    let sum: f64 = own.probabilities().iter().map(|p| p.wide()).sum();
    assert!((sum - 1.0).abs() < 1e-6);
    worst
}

#[test]
fn a_program_is_its_network_in_f64() {
    for net in nets::<f64>() {
        for feed in [Feed::Events, Feed::Counts, Feed::Values] {
            let worst = distance(&net, 300, feed);
            assert!(worst < 1e-12, "{}: {worst}", net.name);
        }
    }
}

/// All cells but the selective one, whose logarithm is the system's, give the same numbers to the last bit.
#[test]
fn a_program_is_its_network_in_f32_to_the_last_bit() {
    for net in nets::<f32>() {
        for feed in [Feed::Events, Feed::Counts, Feed::Values] {
            let worst = distance(&net, 300, feed);
            let limit = if net.name.starts_with("selective") {
                5e-6
            } else {
                0.0
            };
            assert!(worst <= limit, "{}: {worst}", net.name);
        }
    }
}

/// The bytes are read again, and every node reads what was made before it.
#[test]
fn onnx_is_a_graph_in_order_with_states_in_and_out() {
    for net in nets::<f32>() {
        let program = lower(&net.config, &net.net, DT_MS).unwrap();
        for precision in [Precision::F32, Precision::Int8] {
            let bytes = to_onnx::export(&program, &["a, b".to_owned()], precision);
            let model = Model::decode(bytes.as_slice()).unwrap();
            assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
            let graph = model.graph.unwrap();
            let names =
                |infos: &[ValueInfo]| infos.iter().map(|i| i.name.clone()).collect::<Vec<_>>();
            let mut made: BTreeSet<String> = names(&graph.input).into_iter().collect();
            for tensor in &graph.initializer {
                assert!(
                    made.insert(tensor.name.clone()),
                    "{} is there twice",
                    tensor.name
                );
                let size = match tensor.data_type {
                    1 => 4,
                    7 => 8,
                    _ => 1,
                };
                let count: i64 = tensor.dims.iter().product();
                assert_eq!(
                    tensor.raw_data.len() as i64,
                    count * size,
                    "{}",
                    tensor.name
                );
            }
            for node in &graph.node {
                assert!(
                    node.input.iter().all(|x| made.contains(x)),
                    "{}: {node:?}",
                    net.name
                );
                node.output
                    .iter()
                    .for_each(|y| assert!(made.insert(y.clone()), "{y}"));
            }
            let states = program.states.iter().map(|state| state.name.clone());
            let inputs: Vec<String> = ["x".to_owned()].into_iter().chain(states).collect();
            assert_eq!(names(&graph.input), inputs);
            let next = program
                .states
                .iter()
                .map(|state| format!("{}.next", state.name));
            let scores = ["logits", "probabilities"].map(str::to_owned);
            assert_eq!(names(&graph.output), next.chain(scores).collect::<Vec<_>>());
            assert!(graph.output.iter().all(|y| made.contains(&y.name)));
            let shape = graph.input[0]
                .r#type
                .clone()
                .unwrap()
                .tensor_type
                .unwrap()
                .shape
                .unwrap();
            let extents: Vec<Option<Extent>> = shape.dim.into_iter().map(|dim| dim.value).collect();
            let expected = [Extent::Name("B".to_owned()), Extent::Number(INPUTS as i64)];
            assert_eq!(extents, expected.map(Some));
            let of = |key: &str| {
                model
                    .metadata_props
                    .iter()
                    .find(|p| p.key == key)
                    .unwrap()
                    .value
                    .clone()
            };
            assert_eq!(
                (of("dt_ms"), of("classes")),
                ("5".to_owned(), r#"["a, b","1","2","3"]"#.to_owned())
            );
        }
    }
}

fn fresh(layers: &Value) -> Network<f32> {
    build("net", &config(layers), INPUTS, CLASSES, DT_MS, 1).unwrap()
}

#[test]
fn what_cannot_be_exported_is_named() {
    let refused = |layers: Value| {
        let error = lower(&config(&layers), &fresh(&layers), DT_MS).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        refused(json!([{"lif": {}}, {"windowed_attention": {"width": 8, "heads": 2}}])),
        "layer 1 (windowed_attention) cannot be exported: no step is written for this kind of layer"
    );
}

#[test]
fn another_description_and_nan_are_errors() {
    let (gru, rnn) = (
        json!([{"gru": {"hidden": 4}}]),
        json!([{"rnn": {"hidden": 4}}]),
    );
    let mut net = fresh(&gru);
    let error = lower(&config(&rnn), &net, DT_MS).unwrap_err();
    assert!(matches!(error, StepError::Description { .. }), "{error}");
    let (plain, recurrent) = (json!([{"lif": {}}]), json!([{"lif": {"recurrent": true}}]));
    let error = lower(&config(&recurrent), &fresh(&plain), DT_MS).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the description does not fit the network: layer 0 (lif) has other parameters or states"
    );
    net.cells_mut()[0].update(&mut |params| params[1][3] = f32::NAN);
    let error = lower(&config(&gru), &net, DT_MS).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`0.weight_hh_l0[0..8]` contains a number that is NaN or infinite"
    );
}
