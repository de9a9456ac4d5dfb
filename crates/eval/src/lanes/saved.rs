//! Lanes in a checkpoint.

use nalgebra::DMatrix;
use saturn_cell::Real;
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::Lanes;
use saturn_store::checkpoint::Numbers;
use saturn_stream::{Composer, Disturber, OpenDisturbance, SavedComposer};

/// Lanes as stored in a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavedLanes {
    composers: Vec<SavedComposer>,
    scouts: Vec<SavedComposer>,
    disturbers: Vec<OpenDisturbance>,
    /// State of each rule.
    policies: Vec<Vec<u8>>,
    /// `[S, K*B]` of each cell.
    states: Vec<Numbers>,
    output: Vec<f32>,
    at: u64,
    resets: u64,
}

impl<R: Real> Lanes<'_, R> {
    /// State for a checkpoint.
    pub fn save(&self) -> SavedLanes {
        let composers = |of: &[Composer]| of.iter().map(Composer::save).collect();
        SavedLanes {
            composers: composers(&self.composers),
            scouts: composers(&self.scouts),
            disturbers: self.disturbers.iter().map(Disturber::save).collect(),
            policies: self.policies.iter().map(|policy| policy.save()).collect(),
            states: (self.states().iter())
                .map(|state| Numbers::of(state.as_slice()))
                .collect(),
            output: self.output.clone(),
            at: self.at,
            resets: self.resets,
        }
    }

    /// Restores `saved`, which was made from the same lanes. False if it does not fit.
    pub fn resume(&mut self, saved: SavedLanes) -> Result<bool, DataError> {
        let columns = self.composers.len() * self.needs.copies;
        let states: Vec<Vec<R>> = saved.states.iter().map(Numbers::values).collect();
        let rows = || self.net.cells().iter().map(|cell| cell.widths().state);
        let fits = saved.composers.len() == self.composers.len()
            && saved.scouts.len() == self.scouts.len()
            && saved.disturbers.len() == self.disturbers.len()
            && saved.policies.len() == self.policies.len()
            && states.iter().map(Vec::len).eq(rows().map(|s| s * columns));
        if !fits {
            return Ok(false);
        }
        let resumed = rows().zip(states);
        self.resumed = Some(
            resumed
                .map(|(s, state)| DMatrix::from_vec(s, columns, state))
                .collect(),
        );
        let all = self.composers.iter_mut().chain(&mut self.scouts);
        for (composer, saved) in all.zip(saved.composers.into_iter().chain(saved.scouts)) {
            composer.resume(saved)?;
        }
        for (disturber, open) in self.disturbers.iter_mut().zip(saved.disturbers) {
            disturber.resume(open);
        }
        let mut policies = self.policies.iter_mut().zip(&saved.policies);
        let restored = policies.all(|(policy, saved)| policy.restore(saved));
        (self.output, self.at, self.resets) = (saved.output, saved.at, saved.resets);
        Ok(restored)
    }
}
