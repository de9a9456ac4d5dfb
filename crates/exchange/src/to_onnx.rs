//! A network as ONNX: one time step with its states as inputs and outputs.
//!
//! | input or output | shape | meaning |
//! |---|---|---|
//! | `x` | `[B, I]` | values or counts of events of the step |
//! | `LAYER.FIELD` | `[B, n]` | a state before the step |
//! | `LAYER.FIELD.next` | `[B, n]` | the state after the step |
//! | `logits` | `[B, O]` | scores, those of the classes first |
//! | `probabilities` | `[B, O]` | their softmax |
//!
//! B, the number of lanes, is free. Every state is zero before the first step, but those with a list `start.LAYER.FIELD` in
//! the metadata, which also has `dt_ms`, `classes` (a JSON list) and `saturn`. Operators are those of opset 17, without
//! loops, and format version 8.
//!
//! With int8 weights, products of spikes are sums of integers: `MatMulInteger` of bytes without sign, since signed ones
//! saturate on processors without VNNI. Other products read the codes as floats, times the scale of their row.
//!
//! **Source.** ONNX's `onnx.proto` and operators.

mod graph;
pub mod proto;

use prost::Message;

use crate::step::Precision;
use crate::step::{Program, quantise};
use proto::{Model, OperatorSet, Property};

/// The version of the set of operators.
const OPSET: i64 = 17;
/// The version of the format.
const IR_VERSION: i64 = 8;

/// The bytes of an `.onnx` file with one step of a network; `classes` are the names of its classes, in order, or empty.
pub fn export(program: &Program<f32>, classes: &[String], weights: Precision) -> Vec<u8> {
    let stored = match weights {
        Precision::F32 => program.clone(),
        Precision::Int8 => quantise(program),
    };
    let version = env!("CARGO_PKG_VERSION");
    let named = (0..program.classes).map(|c| classes.get(c).cloned().unwrap_or(c.to_string()));
    let property = |key: &str, value: String| Property {
        key: key.to_owned(),
        value,
    };
    let mut metadata = vec![
        property("saturn", version.to_owned()),
        property("dt_ms", program.dt_ms.to_string()),
        property("classes", list(named.map(serde_json::Value::from))),
        property("layers", program.layers.join(", ")),
    ];
    for state in &stored.states {
        if state.start.iter().any(|x| *x != 0.0) {
            let start = state.start.iter().map(|&x| serde_json::Value::from(x));
            metadata.push(property(&format!("start.{}", state.name), list(start)));
        }
    }
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "saturn".to_owned(),
        producer_version: version.to_owned(),
        doc_string: format!("one step of {} ms", program.dt_ms),
        graph: Some(graph::graph(&stored)),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPSET,
        }],
        metadata_props: metadata,
    };
    model.encode_to_vec()
}

fn list(values: impl Iterator<Item = serde_json::Value>) -> String {
    serde_json::Value::Array(values.collect()).to_string()
}
