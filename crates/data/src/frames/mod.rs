//! Dense recordings: a value for each channel at each step, and a mask of the steps where the label is valid.
//!
//! | dataset | entry | type |
//! |---|---|---|
//! | `/frames/values` | `[N, channels]`: the steps of all samples, one sample after the other | float32 |
//! | `/frames/offsets` | `[samples + 1]`: sample i has the steps `offsets[i]..offsets[i + 1]` | u64 |
//! | `/frames/mask` | `[N]`: 1 where the sample's label is valid, 0 in a gap | u8 |
//! | `/frames/dt_s` | `[1]`: length of a step in seconds | float64 |
//! | `/labels` | `[samples]`: classes from 0 | u16 |
//! | `/extra/speaker` | `[samples]` (may be missing) | u32 |
//! | `/extra/keys`, `/extra/meta_info` | as in event files | strings |
//!
//! `values` and `mask` are chunked, shuffled and deflated; h5py reads them directly. Samples of one speaker
//! that tile a longer recording are stored in its order: concatenated, they are that recording again, with
//! the boundaries at `offsets`.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::FrameFile;
pub use write::{FrameMeta, write_frames};

pub(crate) use write::try_write_frames;

const VALUES: &str = "/frames/values";
const OFFSETS: &str = "/frames/offsets";
const MASK: &str = "/frames/mask";
const STEP: &str = "/frames/dt_s";

/// One dense recording, as plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct Frames {
    /// `[T, channels]`, step after step; the unit is that of the source.
    pub values: Vec<f32>,
    /// `[T]`: whether the label holds at the step.
    pub mask: Vec<bool>,
    /// Class, from 0.
    pub label: usize,
    /// Who or what was recorded, if the file contains it.
    pub speaker: Option<u32>,
    /// Index in the file that it came from, from 0.
    pub index: usize,
}

impl Frames {
    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.mask.len()
    }
}
