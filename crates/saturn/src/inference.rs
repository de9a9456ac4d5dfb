//! A network on whole sequences, without a record for the reverse pass.

use std::ops::Range;

use nalgebra::DMatrix;
use rayon::prelude::*;
use saturn_cell::{Input, Real, ViewMut};
use saturn_eval::lanes::chunk_steps;
use saturn_network::Tapes;

use crate::error::Error;
use crate::lanes::{Gathered, groups, scatter};
use crate::network::Network;
use crate::passes::join;

impl<R: Real> Network<R> {
    /// Runs B lanes of T steps, `x [I, T*B]` with columns `t * B + b`, from `states`, one `[S, B]` a cell, or from the
    /// initial state. Writes the scores to `y [O, T*B]`, the classes first, and returns the states after the last step,
    /// from which another call resumes.
    ///
    /// Memory beyond `y` does not grow with T. The result has the same bits at any number of threads.
    ///
    /// # Errors
    /// If the shapes are not those of the network, or the states are another network's.
    pub fn infer(
        &self,
        x: Input<R>,
        lanes: usize,
        states: Option<&[DMatrix<R>]>,
        mut y: ViewMut<R>,
    ) -> Result<Vec<DMatrix<R>>, Error> {
        self.check_sequences(&x, lanes)?;
        if let Some(states) = states {
            self.check_states(states, lanes)?;
        }
        let expected = (self.inner().outputs(), x.columns());
        if y.shape() != expected {
            return Err(Error::Fit {
                what: format!("scores of shape {:?} where {expected:?} are", y.shape()),
                hint: "make room for every output of every step and lane",
            });
        }
        let mut groups: Vec<Group<R>> = groups(lanes)
            .map(|own| Group::new(self, own, states))
            .collect();
        let largest = groups.first().map_or(0, |group| group.lanes.len());
        let (steps, chunk) = (x.columns() / lanes, chunk_steps(largest));
        for start in (0..steps).step_by(chunk) {
            let n = chunk.min(steps - start);
            let part = x.slice(start * lanes, n * lanes);
            groups
                .par_iter_mut()
                .for_each(|group| group.forward(self, &part, lanes, n));
            let mut y = y.columns_mut(start * lanes, n * lanes);
            for group in &groups {
                scatter(group.tapes.logits(), lanes, &group.lanes, &mut y);
            }
        }
        if steps == 0 {
            return Ok(states.map_or_else(|| self.initial_states(lanes), <[_]>::to_vec));
        }
        Ok(join(groups.iter().map(|group| group.tapes.last_states())))
    }

    /// The initial states of `lanes` lanes, one `[S, B]` a cell.
    pub fn initial_states(&self, lanes: usize) -> Vec<DMatrix<R>> {
        let mut tapes = Tapes::new(self.inner());
        tapes.start(self.inner(), 0, lanes);
        let cells = 0..self.inner().cells().len();
        cells.map(|i| tapes.initial_mut(i).clone_owned()).collect()
    }

    /// An error unless `x` has I rows, and whole steps of `lanes` lanes.
    pub fn check_sequences(&self, x: &Input<R>, lanes: usize) -> Result<(), Error> {
        if lanes == 0 || !x.columns().is_multiple_of(lanes) {
            return Err(Error::Fit {
                what: format!(
                    "{} columns are no whole steps of {lanes} lanes",
                    x.columns()
                ),
                hint: "give a column for each step and lane, at least one lane",
            });
        }
        if x.rows() != self.channels() {
            return Err(Error::Fit {
                what: format!(
                    "{} channels where the network has {}",
                    x.rows(),
                    self.channels()
                ),
                hint: "give one row a channel",
            });
        }
        Ok(())
    }

    /// An error unless `states` are of this network and so many lanes.
    pub fn check_states(&self, states: &[DMatrix<R>], lanes: usize) -> Result<(), Error> {
        let cells = self.inner().cells();
        let fits = states.len() == cells.len()
            && (cells.iter().zip(states))
                .all(|(cell, state)| state.shape() == (cell.widths().state, lanes));
        if fits {
            return Ok(());
        }
        Err(Error::Fit {
            what: format!("the states are not those of this network with {lanes} lanes"),
            hint: "give the states that a call with the same network and lanes returned",
        })
    }
}

/// Lanes that run together on one thread.
struct Group<R: Real> {
    lanes: Range<usize>,
    input: Gathered<R>,
    tapes: Tapes<R>,
    /// The states to begin from.
    first: Option<Vec<DMatrix<R>>>,
}

impl<R: Real> Group<R> {
    fn new(net: &Network<R>, lanes: Range<usize>, states: Option<&[DMatrix<R>]>) -> Self {
        let own = |state: &DMatrix<R>| state.columns(lanes.start, lanes.len()).clone_owned();
        Self {
            first: states.map(|states| states.iter().map(own).collect()),
            input: Gathered::new(),
            tapes: Tapes::new(net.inner()),
            lanes,
        }
    }

    /// The next steps, `x [I, n*lanes]`.
    fn forward(&mut self, net: &Network<R>, x: &Input<R>, lanes: usize, n: usize) {
        self.tapes.carry_on(net.inner(), n, self.lanes.len());
        if let Some(states) = self.first.take() {
            self.tapes.begin_from(&states);
        }
        let own = self.input.of(x, lanes, &self.lanes);
        self.tapes.forward(net.inner(), own, None);
    }
}
