//! Numbers stored as their bytes in memory, exact to the bit.

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

/// A list of numbers of one type, stored as bytes: infinities and NaN payloads survive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers(Vec<u8>);

impl Numbers {
    /// Stores `values`.
    pub fn of<R: Real>(values: &[R]) -> Self {
        Self(bytemuck::cast_slice(values).to_vec())
    }

    /// The numbers.
    pub fn values<R: Real>(&self) -> Vec<R> {
        bytemuck::pod_collect_to_vec(&self.0)
    }

    /// Their count.
    pub fn count<R: Real>(&self) -> usize {
        self.0.len() / size_of::<R>()
    }

    /// Copies them to `to`, which must have the same length.
    pub fn write<R: Real>(&self, to: &mut [R]) {
        to.copy_from_slice(&self.values::<R>());
    }
}
