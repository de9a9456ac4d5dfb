//! The effect of an action on the numbers of a state.
//!
//! | field | reset | scale by gamma | clip at c |
//! |---|---|---|---|
//! | tanh, gate, membrane, other values | initial | initial + gamma (x - initial) | within ±c |
//! | complex | initial | as real numbers, so the phase stays | x min(1, c / \|x\|) |
//! | spikes | initial | unchanged | unchanged |
//!
//! Spikes are the output of the step before, not a memory: a fraction of a spike has no meaning, and the
//! following spike reset belongs to it. The window of attention is values: a scale applies to keys, values
//! and the marks of filled slots alike, as the cell documents, and a clip at less than 1 gives older slots a
//! smaller weight than the newest.

use saturn_cell::{Cell, Field, FieldKind, Real, column_mut};

use super::Action;
use saturn_network::{Network, Tapes};

/// Acts on the states of a net.
pub struct Effect<R: Real> {
    /// For each cell: its fields, and its initial state `[S]`.
    cells: Vec<(Vec<Field>, Vec<R>)>,
}

impl<R: Real> Effect<R> {
    /// For the states of `net`.
    pub fn new(net: &Network<R>) -> Self {
        let of = |cell: &dyn Cell<R>| {
            let mut rest = vec![R::zero(); cell.widths().state];
            cell.rest(&mut rest);
            (cell.fields(), rest)
        };
        Self {
            cells: net.cells().iter().map(|cell| of(cell.as_ref())).collect(),
        }
    }

    /// Acts on lane `lane` of the states that the next step of `tapes` begins from.
    pub fn act(&self, tapes: &mut Tapes<R>, lane: usize, action: Action) {
        if action == Action::Leave {
            return;
        }
        for i in 0..self.cells.len() {
            let mut states = tapes.initial_mut(i);
            self.act_on(i, column_mut(&mut states, lane), action);
        }
    }

    /// Acts on the `state [S]` of cell `i` on one lane.
    pub fn act_on(&self, i: usize, state: &mut [R], action: Action) {
        let (fields, rest) = &self.cells[i];
        match action {
            Action::Leave => {}
            Action::Reset => state.copy_from_slice(rest),
            Action::Scale(gamma) => scale(fields, rest, state, R::of(gamma)),
            Action::Clip(bound) => clip(fields, state, R::of(bound)),
        }
    }

    /// Root mean square of lane `lane` of those states, over all cells: a complex number counts once, by its
    /// modulus, and spikes do not count.
    pub fn norm(&self, tapes: &mut Tapes<R>, lane: usize) -> f64 {
        let (mut squares, mut count) = (0.0, 0.0);
        for (i, (fields, _)) in self.cells.iter().enumerate() {
            let mut states = tapes.initial_mut(i);
            let state = column_mut(&mut states, lane);
            for field in memory(fields) {
                let complex = field.kind == FieldKind::Complex;
                count += field.rows.len() as f64 / if complex { 2.0 } else { 1.0 };
                let values = state[field.rows.clone()].iter().map(|x| x.wide());
                squares += values.map(|x| x * x).sum::<f64>();
            }
        }
        (squares / f64::max(count, 1.0)).sqrt()
    }
}

/// The fields with memory.
fn memory(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|f| f.kind != FieldKind::Spikes)
}

fn scale<R: Real>(fields: &[Field], rest: &[R], state: &mut [R], gamma: R) {
    for field in memory(fields) {
        let values = state[field.rows.clone()].iter_mut();
        for (x, &rest) in values.zip(&rest[field.rows.clone()]) {
            *x = rest + gamma * (*x - rest);
        }
    }
}

fn clip<R: Real>(fields: &[Field], state: &mut [R], bound: R) {
    for field in memory(fields) {
        let values = &mut state[field.rows.clone()];
        if field.kind != FieldKind::Complex {
            for x in values {
                *x = x.clamp(-bound, bound);
            }
            continue;
        }
        let (real, imaginary) = values.split_at_mut(values.len() / 2);
        for (re, im) in real.iter_mut().zip(imaginary) {
            let modulus = re.hypot(*im);
            if modulus > bound {
                let by = bound / modulus;
                (*re, *im) = (*re * by, *im * by);
            }
        }
    }
}
