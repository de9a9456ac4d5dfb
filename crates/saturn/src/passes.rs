//! Forward and reverse passes for a training loop of one's own.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;
use saturn_cell::{Input, Real, View, ViewMut};
use saturn_network::{Gradient, Tapes};
use saturn_train::optimizer::{Optimizer as Moments, clip};
use saturn_train::settings::Optimizer;

use crate::lanes::{Gathered, gather, groups, scatter};
use crate::network::Network;

/// Forward and reverse passes through sequences of B lanes of T steps, and updates. Memory is reused.
///
/// Columns are (step, lane) pairs: column `t * B + b` is step t of lane b. Groups of eight lanes run on different
/// threads; the result has the same bits at any number of them.
///
/// The gradients are exact: they are held to finite differences in f64. Those of spikes are surrogate gradients.
pub struct Passes<R: Real> {
    groups: Vec<Group<R>>,
    lanes: usize,
    logits: DMatrix<R>,
    gradient: Gradient<R>,
    moments: Moments<R>,
}

/// Lanes that run together on one thread.
struct Group<R: Real> {
    lanes: Range<usize>,
    input: Gathered<R>,
    tapes: Tapes<R>,
    gradient: Gradient<R>,
    d_logits: DMatrix<R>,
    dx: DMatrix<R>,
}

impl<R: Real> Passes<R> {
    /// For `net`, with updates by `rule`.
    pub fn new(net: &Network<R>, rule: Optimizer) -> Self {
        Self {
            groups: Vec::new(),
            lanes: 0,
            logits: DMatrix::zeros(0, 0),
            gradient: net.inner().zero_gradient(),
            moments: Moments::new(rule, net.inner()),
        }
    }

    /// The logits `[C, T*B]` of the sequences `x [I, T*B]`, each from the initial state.
    ///
    /// # Panics
    /// If the columns are no multiple of `lanes`, or the rows are not I.
    pub fn forward(&mut self, net: &Network<R>, x: Input<R>, lanes: usize) -> View<'_, R> {
        self.forward_from(net, x, lanes, None)
    }

    /// The same from `states`, one `[S, B]` a cell; the reverse pass takes them as constants.
    ///
    /// # Panics
    /// As [`Self::forward`], and if the states are not of this network and so many lanes.
    pub fn forward_from(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        lanes: usize,
        states: Option<&[DMatrix<R>]>,
    ) -> View<'_, R> {
        assert!(
            lanes > 0 && x.columns().is_multiple_of(lanes),
            "{} columns of {lanes} lanes",
            x.columns()
        );
        assert_eq!(x.rows(), net.channels(), "rows of the input");
        if self.lanes != lanes {
            self.groups = groups(lanes).map(|lanes| Group::new(net, lanes)).collect();
            self.lanes = lanes;
        }
        let steps = x.columns() / lanes;
        self.groups.par_iter_mut().for_each(|group| {
            group.tapes.start(net.inner(), steps, group.lanes.len());
            if let Some(states) = states {
                let own = (states.iter())
                    .map(|state| {
                        let (first, n) = (group.lanes.start, group.lanes.len());
                        state.columns(first, n).clone_owned()
                    })
                    .collect::<Vec<_>>();
                group.tapes.begin_from(&own);
            }
            let own = group.input.of(&x, lanes, &group.lanes);
            group.tapes.forward(net.inner(), own, None);
        });
        if let [only] = &self.groups[..] {
            return only.tapes.logits();
        }
        let shape = (net.inner().outputs(), x.columns());
        if self.logits.shape() != shape {
            self.logits.resize_mut(shape.0, shape.1, R::zero());
        }
        for group in &self.groups {
            let mut to = self.logits.as_view_mut();
            scatter(group.tapes.logits(), lanes, &group.lanes, &mut to);
        }
        self.logits.as_view()
    }

    /// The states after the last step of the last forward pass, one `[S, B]` a cell.
    pub fn last_states(&self) -> Vec<DMatrix<R>> {
        join(self.groups.iter().map(|group| group.tapes.last_states()))
    }

    /// The gradient by every parameter, from that by the logits, `d_logits [C, T*B]`, of the last forward pass, which
    /// was of the same `x`.
    ///
    /// # Panics
    /// If the shapes are not those of the forward pass.
    pub fn backward(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        d_logits: &DMatrix<R>,
    ) -> &Gradient<R> {
        self.backward_to(net, x, d_logits.as_view(), None)
    }

    /// The same, which also writes the gradient by the input to `dx [I, T*B]`, if requested.
    ///
    /// # Panics
    /// If the shapes are not those of the forward pass.
    pub fn backward_to(
        &mut self,
        net: &Network<R>,
        x: Input<R>,
        d_logits: View<R>,
        dx: Option<ViewMut<R>>,
    ) -> &Gradient<R> {
        let (lanes, wants_dx) = (self.lanes, dx.is_some());
        assert_eq!(
            d_logits.shape(),
            (net.inner().outputs(), x.columns()),
            "the gradient by the logits"
        );
        self.groups.par_iter_mut().for_each(|group| {
            group.backward(net, &x, d_logits, lanes, wants_dx);
        });
        if let Some(mut dx) = dx {
            for group in &self.groups {
                scatter(group.dx.as_view(), lanes, &group.lanes, &mut dx);
            }
        }
        for params in &mut self.gradient {
            params.set_zero();
        }
        for group in &self.groups {
            for (sum, own) in self.gradient.iter_mut().zip(&group.gradient) {
                sum.add(own);
            }
        }
        &self.gradient
    }

    /// Updates `net` along the last gradient, whose norm is clipped to `most`, at learning rate `lr`. Returns the norm
    /// before clipping.
    pub fn update(&mut self, net: &mut Network<R>, lr: f64, most: f64) -> f64 {
        let length = clip(&mut self.gradient, Some(most));
        self.moments.step(net.inner_mut(), &self.gradient, lr);
        length
    }
}

impl<R: Real> Group<R> {
    fn new(net: &Network<R>, lanes: Range<usize>) -> Self {
        Self {
            lanes,
            input: Gathered::new(),
            tapes: Tapes::new(net.inner()),
            gradient: net.inner().zero_gradient(),
            d_logits: DMatrix::zeros(0, 0),
            dx: DMatrix::zeros(0, 0),
        }
    }

    /// The reverse pass; the gradients are left in the group.
    fn backward(
        &mut self,
        net: &Network<R>,
        x: &Input<R>,
        d_logits: View<R>,
        lanes: usize,
        wants_dx: bool,
    ) {
        gather(d_logits, lanes, &self.lanes, &mut self.d_logits);
        for params in &mut self.gradient {
            params.set_zero();
        }
        let own = self.input.of(x, lanes, &self.lanes);
        if wants_dx && self.dx.shape() != (own.rows(), own.columns()) {
            self.dx.resize_mut(own.rows(), own.columns(), R::zero());
        }
        let d_logits = &self.d_logits;
        let mut loss = |start: usize, logits: View<R>, mut into: ViewMut<R>| {
            into.copy_from(&d_logits.columns(start, logits.ncols()));
        };
        let no_penalty = &mut |_, _, _: View<R>, _: ViewMut<R>| {};
        let dx = wants_dx.then(|| self.dx.as_view_mut());
        let gradient = &mut self.gradient;
        self.tapes
            .backward_to(net.inner(), own, &mut loss, gradient, no_penalty, dx);
    }
}

/// The states of all groups, side by side.
pub(crate) fn join<R: Real>(groups: impl Iterator<Item = Vec<DMatrix<R>>>) -> Vec<DMatrix<R>> {
    let groups: Vec<Vec<DMatrix<R>>> = groups.collect();
    let cells = groups.first().map_or(0, Vec::len);
    (0..cells)
        .map(|cell| {
            let columns = groups.iter().flat_map(|states| states[cell].column_iter());
            let columns: Vec<_> = columns.collect();
            let rows = groups[0][cell].nrows();
            if rows == 0 {
                return DMatrix::zeros(0, columns.len());
            }
            DMatrix::from_columns(&columns)
        })
        .collect()
}
