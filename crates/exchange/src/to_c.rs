//! A network as C99: one header and one source without dependencies, for microcontrollers.
//!
//! ```c
//! void net_init(net_state *state);
//! void net_step(net_state *state, const uint16_t *events, size_t count, float *probabilities);
//! void net_step_dense(net_state *state, const float *input, float *probabilities);
//! const float *net_logits(const net_state *state);
//! ```
//!
//! A step has the bits of [`crate::step::Interpreter`], and with weights in full those of the network running live in
//! `f32` (but for `selective_ssm`), on any processor with IEEE 754 floats whose compiler does not fuse
//! products and sums (`-ffp-contract=off`). There is no heap and no libm; exp, tanh and the root are in the source.

mod body;
mod functions;
mod header;
mod piece;
mod place;
mod plan;
mod products;
mod text;
mod write;

use crate::step::{Precision, Program, StepError, quantise};
use body::body;
use header::header;
use plan::Plan;
use text::identifier;
use write::Writer;

/// C sources of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSources {
    /// `PREFIX.h`.
    pub header: String,
    /// `PREFIX.c`.
    pub source: String,
    /// What the network takes.
    pub report: Report,
}

/// What a network takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Bytes of weights and other constants.
    pub constant_bytes: usize,
    /// Bytes of a state struct: states and scratch memory.
    pub state_bytes: usize,
    /// Multiply-accumulate operations of products in a step in which every input and spike is active.
    pub products: usize,
}

/// The sources of one step of a network, with names that start with `prefix`; `classes` are the names of its classes, in
/// order, or empty.
///
/// # Errors
/// If `prefix` cannot start a name, or if the network has more inputs than events have numbers.
pub fn export(
    program: &Program<f32>,
    prefix: &str,
    classes: &[String],
    weights: Precision,
) -> Result<CSources, StepError> {
    let starts = prefix.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts || identifier(prefix) != prefix {
        return Err(StepError::Prefix {
            prefix: prefix.to_owned(),
        });
    }
    if program.inputs > 1 << 16 {
        return Err(StepError::Inputs {
            inputs: program.inputs,
        });
    }
    let stored = match weights {
        Precision::F32 => program.clone(),
        Precision::Int8 => quantise(program),
    };
    let plan = Plan::of(&stored);
    let mut writer = Writer::new(&stored, &plan, prefix);
    let body = body(&mut writer);
    let report = Report {
        constant_bytes: writer.bytes,
        state_bytes: 4 * numbers(&stored, &plan),
        products: stored.products(),
    };
    let header = header(&writer, classes, &report);
    let source = format!(
        "/* Made by Saturn {}: see {prefix}.h. */\n#include \"{prefix}.h\"\n\n{}{}{body}",
        env!("CARGO_PKG_VERSION"),
        writer.tables,
        writer.functions(),
    );
    Ok(CSources {
        header,
        source,
        report,
    })
}

/// Numbers in a state struct.
fn numbers(program: &Program<f32>, plan: &Plan) -> usize {
    let states: usize = program.states.iter().map(|state| state.start.len()).sum();
    let input = if plan.input_as_vector {
        program.inputs
    } else {
        0
    };
    (states + plan.scratch + input).max(1)
}
