//! The header of the C sources.

use std::fmt::Write;

use super::Report;
use super::write::Writer;

/// `values` for readers, on lines of a comment.
fn listed(values: &[String]) -> String {
    let lines = values.chunks(8).map(|line| line.join(", "));
    let lines: Vec<String> = lines.map(|line| line.replace("*/", "")).collect();
    lines.join(",\n *   ")
}

/// `PREFIX.h`.
pub(super) fn header(writer: &Writer, classes: &[String], report: &Report) -> String {
    let (program, plan) = (writer.program, writer.plan);
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

#ifdef __cplusplus
extern \"C\" {{
#endif

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

#ifdef __cplusplus
}}
#endif

#endif
",
        version = env!("CARGO_PKG_VERSION"),
        layers = listed(&program.layers),
        dt = program.dt_ms,
        names = listed(&named),
    )
}
