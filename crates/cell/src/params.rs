//! Named parameter tensors. The gradient of a parameter set is a value of the same type, so that
//! optimisers, clipping, checkpoints and gradient checks treat every cell alike.

use std::borrow::Cow;
use std::ops::{Index, IndexMut};

use nalgebra::DMatrix;

use crate::Real;

/// The name of a tensor or a field: a constant of the cell's, or one that a description brings.
pub type Name = Cow<'static, str>;

/// What a tensor is to an optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A weight matrix.
    Weight,
    /// A bias or a gain of a norm: never decayed.
    Bias,
    /// A time constant, an eigenvalue or a step size: never decayed, learnt at a lower rate if asked.
    Dynamics,
    /// A constant of a network that was made elsewhere: never learnt. Its gradient stays 0.
    Fixed,
}

/// One named tensor; a vector `[H]` is a matrix `[H, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<R: Real> {
    /// The name, as PyTorch has it where PyTorch has the cell.
    pub name: Name,
    /// What it is to an optimiser.
    pub kind: Kind,
    /// The values.
    pub value: DMatrix<R>,
}

/// The parameters of a cell, in a fixed order; cells name the positions by constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params<R: Real>(Vec<Tensor<R>>);

impl<R: Real> Params<R> {
    /// No tensors yet.
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a tensor and returns the set.
    #[must_use]
    pub fn with(mut self, name: impl Into<Name>, kind: Kind, value: DMatrix<R>) -> Self {
        let name = name.into();
        self.0.push(Tensor { name, kind, value });
        self
    }

    /// The tensors in order.
    pub fn tensors(&self) -> &[Tensor<R>] {
        &self.0
    }

    /// The tensors in order, mutably.
    pub fn tensors_mut(&mut self) -> &mut [Tensor<R>] {
        &mut self.0
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(|t| t.value.len()).sum()
    }

    /// A set of the same names and shapes, all zero.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        let mut zeros = self.clone();
        zeros.set_zero();
        zeros
    }

    /// Sets every number to zero.
    pub fn set_zero(&mut self) {
        for t in &mut self.0 {
            t.value.as_mut_slice().fill(R::zero());
        }
    }

    /// Adds `other`, tensor by tensor.
    pub fn add(&mut self, other: &Self) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            a.value += &b.value;
        }
    }
}

impl<R: Real> Index<usize> for Params<R> {
    type Output = DMatrix<R>;
    fn index(&self, i: usize) -> &DMatrix<R> {
        &self.0[i].value
    }
}

impl<R: Real> IndexMut<usize> for Params<R> {
    fn index_mut(&mut self, i: usize) -> &mut DMatrix<R> {
        &mut self.0[i].value
    }
}
