//! The functions of the C sources that the header declares.

use super::piece::Piece;
use super::text::{each, number};
use super::write::Writer;

/// The functions of the header, and those that they share.
pub(super) fn body(writer: &mut Writer) -> String {
    let (front, rest) = writer.plan.pieces.split_at(writer.plan.front);
    let by_event = pieces(writer, front, true);
    let dense = pieces(writer, front, false);
    let mut rest = pieces(writer, rest, false);
    for (position, state) in writer.program.states.iter().enumerate() {
        rest += &writer.settle(position, state.next);
    }
    let prefix = writer.prefix;
    let as_vector = writer.plan.input_as_vector;
    let input = if as_vector { ", const float *x" } else { "" };
    let state = format!("{prefix}_state *state");
    let events = "const uint16_t *events, size_t count";
    let logits = writer.logits();
    let (by_event, dense) = if as_vector {
        let counted = counted(writer.program.inputs);
        (
            format!("{counted}    {prefix}_advance(state, state->input, probabilities);\n"),
            format!("    {prefix}_advance(state, x, probabilities);\n"),
        )
    } else {
        let then = format!("    {prefix}_advance(state, probabilities);\n");
        (by_event + &then, dense + &then)
    };
    let init = init(writer);
    [
        function(
            &format!("static void {prefix}_advance({state}{input}, float *probabilities)"),
            &rest,
        ),
        function(&format!("void {prefix}_init({state})"), &init),
        function(
            &format!("void {prefix}_step({state}, {events}, float *probabilities)"),
            &by_event,
        ),
        function(
            &format!("void {prefix}_step_dense({state}, const float *x, float *probabilities)"),
            &dense,
        ),
        function(
            &format!("const float *{prefix}_logits(const {state})"),
            &format!("    return {logits};\n"),
        ),
    ]
    .join("\n")
}

/// A function, with the counter of its loops if it has any.
fn function(head: &str, body: &str) -> String {
    let counter = if body.contains("i = 0") {
        "    size_t i;\n"
    } else {
        ""
    };
    format!("{head}\n{{\n{counter}{body}}}\n")
}

fn pieces(writer: &mut Writer, pieces: &[Piece], events: bool) -> String {
    let written = pieces.iter().map(|piece| writer.piece(piece, events));
    written.collect()
}

/// Sets all states.
fn init(writer: &mut Writer) -> String {
    let mut text = String::new();
    for (position, state) in writer.program.states.iter().enumerate() {
        let (name, len) = (writer.state(position), state.start.len());
        let first = state.start.first().copied().unwrap_or(0.0);
        let same = state.start.iter().all(|x| x.to_bits() == first.to_bits());
        let value = if same {
            number(first)
        } else {
            let table = format!("start{position}");
            let table = writer.floats(&table, &state.name, &state.start);
            format!("{table}[i]")
        };
        text += &each(len, &format!("state->{name}[i]"), &value);
    }
    if text.is_empty() {
        text += "    (void)state;\n";
    }
    text
}

/// Counts the events of each channel.
fn counted(inputs: usize) -> String {
    let zero = each(inputs, "state->input[i]", "0.0f");
    format!(
        "{zero}    for (i = 0; i < count; i++) {{
        if (events[i] < {inputs}) {{
            state->input[events[i]] += 1.0f;
        }}
    }}
"
    )
}
