//! What a cell reads: a dense matrix or events. Both give the same numbers.

use crate::kernel;
use crate::{EventView, Real, View, ViewMut};

/// The input of a cell, `[I, columns]`.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a, R: Real> {
    /// Any values.
    Dense(View<'a, R>),
    /// Event counts, zero elsewhere.
    Events(EventView<'a>),
}

impl<R: Real> Input<'_, R> {
    /// I, the number of input units.
    pub fn rows(&self) -> usize {
        match self {
            Self::Dense(x) => x.nrows(),
            Self::Events(e) => e.channels(),
        }
    }

    /// Number of (step, lane) columns.
    pub fn columns(&self) -> usize {
        match self {
            Self::Dense(x) => x.ncols(),
            Self::Events(e) => e.columns(),
        }
    }

    /// `len` columns from `start` on.
    pub fn slice(&self, start: usize, len: usize) -> Input<'_, R> {
        match self {
            Self::Dense(x) => Input::Dense(x.columns(start, len)),
            Self::Events(e) => Input::Events(e.slice(start, len)),
        }
    }

    /// `out += W x`, with `w [O, I]` and `out [O, columns]`: one product, or one gather an event. Events
    /// that are [dense](EventView::dense) are multiplied densely.
    pub fn apply(&self, w: View<R>, out: ViewMut<R>) {
        match self {
            Self::Dense(x) => kernel::add_product(out, w, *x),
            Self::Events(e) if e.is_crowded() => e.densely(|x| kernel::add_product(out, w, x)),
            Self::Events(e) => {
                assert_eq!(w.ncols(), e.channels(), "weights and channels");
                kernel::gather_columns(out, w, *e);
            }
        }
    }

    /// The reverse of [`Self::apply`] for the weights: `dw += d_out xᵀ`.
    pub fn apply_backward(&self, d_out: View<R>, mut dw: ViewMut<R>) {
        match self {
            Self::Dense(x) => kernel::add_product_by_transpose(dw, d_out, *x),
            Self::Events(e) if e.is_crowded() => {
                e.densely(|x| kernel::add_product_by_transpose(dw, d_out, x));
            }
            Self::Events(e) => kernel::scatter(&mut dw, &d_out, *e),
        }
    }
}
