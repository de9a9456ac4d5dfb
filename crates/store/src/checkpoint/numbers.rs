//! Numbers as they lie in memory, to the bit.

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

/// A list of numbers of one type, kept by their bytes: what is infinite or no number stays what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers(Vec<u8>);

impl Numbers {
    /// These.
    pub fn of<R: Real>(values: &[R]) -> Self {
        Self(bytemuck::cast_slice(values).to_vec())
    }

    /// The numbers.
    pub fn values<R: Real>(&self) -> Vec<R> {
        bytemuck::pod_collect_to_vec(&self.0)
    }

    /// How many they are.
    pub fn count<R: Real>(&self) -> usize {
        self.0.len() / size_of::<R>()
    }

    /// Writes them to `to`, which has as many.
    pub fn write<R: Real>(&self, to: &mut [R]) {
        to.copy_from_slice(&self.values::<R>());
    }
}
