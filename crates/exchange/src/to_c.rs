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
//! `f32` (but for `selective_ssm`, see [`crate::step`]), on any processor with IEEE 754 floats whose compiler does not fuse
//! products and sums (`-ffp-contract=off`). There is no heap and no libm; exp, tanh and the root are in the source.

mod functions;
mod place;
mod plan;
mod write;

use std::fmt::Write;

use crate::step::{Precision, StepError};
use crate::step::{Program, quantise};
use plan::{Piece, Plan};
use write::{Writer, each, identifier, number};

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
    let header = header(&stored, &plan, &writer, classes, &report);
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

/// `values` for readers, on lines of a comment.
fn listed(values: &[String]) -> String {
    let lines = values.chunks(8).map(|line| line.join(", "));
    let lines: Vec<String> = lines.map(|line| line.replace("*/", "")).collect();
    lines.join(",\n *   ")
}

fn header(
    program: &Program<f32>,
    plan: &Plan,
    writer: &Writer,
    classes: &[String],
    report: &Report,
) -> String {
    let (prefix, upper) = (writer.prefix, writer.prefix.to_uppercase());
    let Report {
        constant_bytes,
        state_bytes,
        products,
    } = report;
    let (inputs, outputs) = (program.inputs, program.outputs());
    let count = program.classes;
    let named: Vec<String> = (0..count)
        .map(|c| classes.get(c).cloned().unwrap_or_else(|| c.to_string()))
        .collect();
    let mut fields = String::new();
    for (position, state) in program.states.iter().enumerate() {
        let (name, len) = (writer.state(position), state.start.len());
        let _ = writeln!(fields, "    float {name}[{len}];");
    }
    if plan.input_as_vector {
        let _ = writeln!(fields, "    float input[{inputs}];");
    }
    if plan.scratch > 0 || fields.is_empty() {
        let _ = writeln!(fields, "    float scratch[{}];", plan.scratch.max(1));
    }
    format!(
        "\
/*
 * One time step of a network, made by Saturn {version}.
 *
 *   layers     {layers}
 *   step       {dt} ms
 *   inputs     {inputs}
 *   outputs    {outputs}, of which the first {count} are classes:
 *   {names}
 *   constants  {constant_bytes} bytes, const
 *   state      {state_bytes} bytes, states and scratch memory
 *   products   {products} multiply-accumulate operations a step if every input and spike is active
 *
 * C99 without libm or heap. Compile with -std=c99 -ffp-contract=off: every step then has the same bits on all
 * processors with IEEE 754 single precision. exp and sigmoid are within 4 units in the last place, tanh within 7.
 */
#ifndef {upper}_H
#define {upper}_H

#include <stddef.h>
#include <stdint.h>

#define {upper}_INPUTS {inputs}
#define {upper}_OUTPUTS {outputs}
#define {upper}_CLASSES {count}
#define {upper}_DT_MS {dt}

typedef struct {{
{fields}}} {prefix}_state;

/* The state before the first step. */
void {prefix}_init({prefix}_state *state);

/*
 * One step. `events` are the numbers of the channels that are active, one for each event: a channel may be there more
 * than once, and numbers beyond the inputs are left out. In ascending order the bits are those of {prefix}_step_dense.
 * `probabilities` has room for all outputs.
 */
void {prefix}_step({prefix}_state *state, const uint16_t *events, size_t count, float *probabilities);

/* One step on the values of all inputs. */
void {prefix}_step_dense({prefix}_state *state, const float *input, float *probabilities);

/* The scores of the last step, before the softmax. */
const float *{prefix}_logits(const {prefix}_state *state);

#endif
",
        version = env!("CARGO_PKG_VERSION"),
        layers = listed(&program.layers),
        dt = program.dt_ms,
        names = listed(&named),
    )
}

/// The functions of the header.
fn body(writer: &mut Writer) -> String {
    let (program, plan, prefix) = (writer.program, writer.plan, writer.prefix);
    let mut init = String::new();
    for (position, state) in program.states.iter().enumerate() {
        let (name, len) = (writer.state(position), state.start.len());
        let same = state
            .start
            .iter()
            .all(|x| x.to_bits() == state.start[0].to_bits());
        let value = if same {
            number(state.start.first().copied().unwrap_or(0.0))
        } else {
            let numbers: Vec<String> = state.start.iter().copied().map(number).collect();
            writer.table(
                &format!("start{position}"),
                &state.name,
                "float",
                &numbers,
                4,
            );
            format!("{prefix}_start{position}[i]")
        };
        init += &each(len, &format!("state->{name}[i]"), &value);
    }
    let (front, rest) = plan.pieces.split_at(plan.front);
    let mut pieces = |pieces: &[Piece], events: bool| -> String {
        pieces
            .iter()
            .map(|piece| writer.piece(piece, events))
            .collect()
    };
    let (by_event, dense) = (pieces(front, true), pieces(front, false));
    let mut rest = pieces(rest, false);
    for (position, state) in program.states.iter().enumerate() {
        rest += &writer.settle(position, state.next);
    }
    let logits = writer.logits();
    let index = |text: &str| {
        let declared = "    size_t i;\n";
        if text.contains("i = 0") { declared } else { "" }
    };
    let x = if plan.input_as_vector {
        ", const float *x"
    } else {
        ""
    };
    let mut text = format!(
        "static void {prefix}_advance({prefix}_state *state{x}, float *probabilities)\n{{\n{}{rest}}}\n\n",
        index(&rest)
    );
    let unused = if init.is_empty() {
        "    (void)state;\n"
    } else {
        ""
    };
    let _ = write!(
        text,
        "void {prefix}_init({prefix}_state *state)\n{{\n{}{unused}{init}}}\n\n",
        index(&init)
    );
    let _ = write!(
        text,
        "void {prefix}_step({prefix}_state *state, const uint16_t *events, size_t count, float *probabilities)\n{{\n"
    );
    text += &if plan.input_as_vector {
        let inputs = program.inputs;
        format!(
            "    size_t i;
    for (i = 0; i < {inputs}; i++) {{
        state->input[i] = 0.0f;
    }}
    for (i = 0; i < count; i++) {{
        if (events[i] < {inputs}) {{
            state->input[events[i]] += 1.0f;
        }}
    }}
    {prefix}_advance(state, state->input, probabilities);
}}

void {prefix}_step_dense({prefix}_state *state, const float *x, float *probabilities)
{{
    {prefix}_advance(state, x, probabilities);
}}

"
        )
    } else {
        format!(
            "{}{by_event}    {prefix}_advance(state, probabilities);
}}

void {prefix}_step_dense({prefix}_state *state, const float *x, float *probabilities)
{{
{}{dense}    {prefix}_advance(state, probabilities);
}}

",
            index(&by_event),
            index(&dense)
        )
    };
    let _ = write!(
        text,
        "const float *{prefix}_logits(const {prefix}_state *state)\n{{\n    return {logits};\n}}\n"
    );
    text
}
