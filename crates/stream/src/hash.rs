//! A hash of the networks' input: SHA-256 over labels, steps, units and counts.
//!
//! Numbers are hashed as 8 bytes, lists with their length first, so that different contents give different
//! bytes. Each sample is hashed by itself, in parallel; a split is the hash of those hashes in the order of
//! its samples.

use sha2::{Digest as _, Sha256};

/// The rule that puts events in steps: equation (1) of [`saturn_data::steps`].
pub const BINNING: &str = "floor((t + half a unit) / dt)";

/// A hash.
pub(super) type Digest = [u8; 32];

/// A hash that is being computed.
#[derive(Default)]
pub(super) struct Hash(Sha256);

impl Hash {
    pub(super) fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    /// A list of numbers of a few bytes each.
    pub(super) fn list<const N: usize>(&mut self, numbers: impl ExactSizeIterator<Item = [u8; N]>) {
        self.number(numbers.len());
        let mut buffer = Vec::with_capacity(4096 * N);
        for number in numbers {
            buffer.extend_from_slice(&number);
            if buffer.len() == buffer.capacity() {
                self.0.update(&buffer);
                buffer.clear();
            }
        }
        self.0.update(&buffer);
    }

    pub(super) fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}
