//! Writes a [`Program`] as equations: [`Var`]s are added, multiplied and passed to functions, and each operation becomes
//! an instruction.
//!
//! Operations that change nothing are left out (a product with 1, a sum with 0), and operations on constants are done
//! at once, so that an equation may be written with all its terms.

mod var;

use std::cell::RefCell;

use saturn_cell::Real;

use super::program::{Instruction, Matrix, Op, Operator, Program, State, Value};

pub(super) use var::Var;

/// A program in the making.
pub(super) struct Builder<R: Real>(RefCell<Program<R>>);

impl<R: Real> Builder<R> {
    /// A program of `inputs` inputs and steps of `dt_ms`, which does nothing yet.
    pub fn new(inputs: usize, dt_ms: f64, classes: usize) -> Self {
        Self(RefCell::new(Program {
            inputs,
            dt_ms,
            classes,
            layers: Vec::new(),
            matrices: Vec::new(),
            states: Vec::new(),
            instructions: Vec::new(),
            logits: Value(0),
            probabilities: Value(0),
        }))
    }

    /// The program, whose scores are `logits`.
    pub fn finish(self, logits: Value) -> Program<R> {
        let probabilities = Var {
            builder: &self,
            value: logits,
        }
        .softmax()
        .value;
        Program {
            logits,
            probabilities,
            ..self.0.into_inner()
        }
    }

    fn push(&self, op: Op<R>, len: usize) -> Var<'_, R> {
        self.push_named(op, len, String::new())
    }

    fn push_named(&self, op: Op<R>, len: usize, name: String) -> Var<'_, R> {
        let instructions = &mut self.0.borrow_mut().instructions;
        instructions.push(Instruction { op, len, name });
        let value = Value(instructions.len() - 1);
        Var {
            builder: self,
            value,
        }
    }

    /// The input.
    pub fn input(&self) -> Var<'_, R> {
        let inputs = self.0.borrow().inputs;
        self.push_named(Op::Input, inputs, "x".to_owned())
    }

    /// Milliseconds a step.
    pub fn dt_ms(&self) -> f64 {
        self.0.borrow().dt_ms
    }

    /// Adds a layer of this kind.
    pub fn begin_layer(&self, kind: &str) {
        self.0.borrow_mut().layers.push(kind.to_owned());
    }

    /// A vector of constants.
    pub fn constant(&self, name: String, values: Vec<R>) -> Var<'_, R> {
        let len = values.len();
        self.push_named(Op::Constant(values), len, name)
    }

    /// A number, which stands for a vector of any length.
    pub fn number(&self, x: f64) -> Var<'_, R> {
        self.constant(String::new(), vec![R::of(x)])
    }

    /// A matrix, by its position.
    pub fn matrix(&self, matrix: Matrix<R>) -> usize {
        let matrices = &mut self.0.borrow_mut().matrices;
        matrices.push(matrix);
        matrices.len() - 1
    }

    /// A state, which stays as it is unless [`Self::set_next`] is called.
    pub fn state(&self, name: String, start: Vec<R>, spikes: bool) -> (usize, Var<'_, R>) {
        let (len, position) = (start.len(), self.0.borrow().states.len());
        let before = self.push_named(Op::State(position), len, name.clone());
        self.0.borrow_mut().states.push(State {
            name,
            start,
            spikes,
            next: before.value,
        });
        (position, before)
    }

    /// What the state at `position` is after the step.
    pub fn set_next(&self, position: usize, next: Var<R>) {
        let computed = |op: &Op<R>| {
            !matches!(
                op,
                Op::Input | Op::State(_) | Op::Constant(_) | Op::Slice { .. } | Op::Gather { .. }
            )
        };
        let len = next.len();
        let is_computed = computed(&self.0.borrow().at(next.value).op);
        // A state is set from a value of its own, so that no state is read after another one is set.
        let value = if is_computed {
            next.value
        } else {
            self.push(Op::Concat(vec![next.value]), len).value
        };
        let state = &mut self.0.borrow_mut().states[position];
        assert_eq!(state.start.len(), len, "{}", state.name);
        state.next = value;
    }

    /// One vector after the other.
    pub fn concat(&self, parts: &[Var<R>]) -> Var<'_, R> {
        let constants = parts.iter().map(|part| self.constants(part.value));
        if let Some(values) = constants.collect::<Option<Vec<Vec<R>>>>() {
            return self.constant(String::new(), values.concat());
        }
        let len = parts.iter().map(|part| part.len()).sum();
        self.push(Op::Concat(parts.iter().map(|p| p.value).collect()), len)
    }

    fn constants(&self, value: Value) -> Option<Vec<R>> {
        match &self.0.borrow().at(value).op {
            Op::Constant(values) => Some(values.clone()),
            _ => None,
        }
    }

    /// Whether most elements of `value` are 0 in most steps: events and spikes.
    fn is_sparse(&self, value: Value) -> bool {
        let program = self.0.borrow();
        match program.at(value).op {
            Op::Input | Op::Binary(Operator::Greater | Operator::AtLeast, ..) => true,
            Op::State(position) => program.states[position].spikes,
            _ => false,
        }
    }
}
