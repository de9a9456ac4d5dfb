//! Instructions of a step that are written together, and what values have to do with each other.

use crate::step::program::{Op, Program, Value, Weights};

/// Instructions that are written together.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// An elementwise loop over `len` elements.
    Loop {
        /// Elements.
        len: usize,
        /// The instructions of its body, in order.
        body: Vec<Value>,
    },
    /// An instruction of its own: a product, a sum, a softmax, or parts that are copied.
    One(Value),
}

impl Piece {
    /// The values that it makes.
    pub fn makes(&self) -> &[Value] {
        match self {
            Self::Loop { body, .. } => body,
            Self::One(value) => std::slice::from_ref(value),
        }
    }
}

/// The value that `value` is a part of, and its first element there; no element where they are picked one by one.
pub(super) fn origin(program: &Program<f32>, value: Value) -> (Value, Option<usize>) {
    match &program.at(value).op {
        Op::Slice { of, first } => {
            let (from, place) = origin(program, *of);
            (from, place.map(|place| place + first))
        }
        Op::Gather { of, .. } => (origin(program, *of).0, None),
        _ => (value, Some(0)),
    }
}

/// Whether the product of `value` adds to what it starts from in place.
pub(super) fn adds_in_place(program: &Program<f32>, value: Value) -> Option<Value> {
    match program.at(value).op {
        Op::Product {
            start,
            matrix,
            transposed,
            ..
        } => {
            let full = matches!(program.matrices[matrix].weights, Weights::Full(_));
            (full && !transposed).then_some(start)
        }
        _ => None,
    }
}
