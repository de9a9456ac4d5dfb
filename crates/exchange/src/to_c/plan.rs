//! What the C sources compute, in which order, and where each value is kept.
//!
//! Elementwise instructions of one length that follow each other become one loop; values that only the loop reads are
//! local to it. A value that is kept is in the scratch memory, whose places are used again, or right in its state where
//! nothing reads the old state any more.

use std::collections::BTreeSet;

use super::piece::{Piece, origin};
use super::place::{Place, places};
use crate::step::program::{Op, Program, Value};

/// The pieces of a program and where its values are.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// In order; those that add up the input event by event come first.
    pub pieces: Vec<Piece>,
    /// How many of them come first.
    pub front: usize,
    /// Where each value is kept, if it is.
    pub places: Vec<Option<Place>>,
    /// Numbers in the scratch memory.
    pub scratch: usize,
    /// Whether the input is needed as a vector.
    pub input_as_vector: bool,
}

impl Plan {
    pub fn of(program: &Program<f32>) -> Self {
        let input_as_vector = program.reads_input_as_vector();
        let (front, rest): (Vec<Value>, Vec<Value>) = used(program)
            .into_iter()
            .partition(|&value| !input_as_vector && program.is_front(program.at(value)));
        let mut pieces: Vec<Piece> = front.iter().copied().map(Piece::One).collect();
        for value in rest {
            add(program, &mut pieces, value);
        }
        let (places, scratch) = places(program, &pieces);
        Self {
            front: front.len(),
            pieces,
            places,
            scratch,
            input_as_vector,
        }
    }
}

/// The values that results depend on, in order.
fn used(program: &Program<f32>) -> Vec<Value> {
    let mut used: BTreeSet<Value> = program.results().collect();
    for i in (0..program.instructions.len()).rev() {
        if used.contains(&Value(i)) {
            used.extend(program.instructions[i].op.reads());
        }
    }
    used.into_iter().collect()
}

/// Adds the instruction of `value` to the pieces: to the last loop, if it fits in.
fn add(program: &Program<f32>, pieces: &mut Vec<Piece>, value: Value) {
    let instruction = program.at(value);
    match &instruction.op {
        Op::Input | Op::State(_) | Op::Constant(_) | Op::Slice { .. } | Op::Gather { .. } => {}
        op if op.is_elementwise() => {
            if let Some(Piece::Loop { len, body }) = pieces.last_mut() {
                // An element of another position may not be there yet.
                let shifted = |read: &Value| {
                    let (from, _) = origin(program, *read);
                    from != *read && body.contains(&from)
                };
                if *len == instruction.len && !op.reads().iter().any(shifted) {
                    body.push(value);
                    return;
                }
            }
            pieces.push(Piece::Loop {
                len: instruction.len,
                body: vec![value],
            });
        }
        _ => pieces.push(Piece::One(value)),
    }
}
