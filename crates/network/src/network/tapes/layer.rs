//! The tapes' record of one cell.

use nalgebra::DMatrix;
use saturn_cell::{Input, Real, Tape};

/// One cell's tape, and what goes between it and its neighbours.
pub(super) struct Layer<R: Real> {
    pub(super) tape: Tape<R>,
    /// Number of spikes in the last forward pass.
    pub(super) sent: usize,
    /// The adjoint of a turn's output, `[O, n]`.
    pub(super) dy: Vec<R>,
    /// The states before each segment, `[S, B]` each.
    pub(super) checkpoints: Vec<R>,
    /// The states at the lanes' ends, `[S, B]`.
    pub(super) finals: DMatrix<R>,
}

impl<R: Real> Layer<R> {
    pub(super) fn new() -> Self {
        Self {
            tape: Tape::new(),
            sent: 0,
            dy: Vec::new(),
            checkpoints: Vec::new(),
            finals: DMatrix::zeros(0, 0),
        }
    }
}

/// The input of the cell above `below`.
pub(super) fn input_of<'a, R: Real>(below: &'a [Layer<R>], x: Input<'a, R>) -> Input<'a, R> {
    match below.last() {
        None => x,
        Some(layer) => match layer.tape.events() {
            Some(spikes) => Input::Events(spikes),
            None => Input::Dense(layer.tape.output()),
        },
    }
}

/// Makes room for `len` values; those in use are all set afterwards.
pub(super) fn room<R: Real>(buffer: &mut Vec<R>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, R::zero());
    }
}
