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

#[cfg(feature = "hdf5")]
mod read;
#[cfg(feature = "hdf5")]
mod write;

#[cfg(all(test, feature = "convert"))]
mod tests;

#[cfg(feature = "hdf5")]
pub use read::FrameFile;
#[cfg(feature = "hdf5")]
pub use write::{FrameMeta, write_frames};

#[cfg(feature = "convert")]
pub(crate) use write::try_write_frames;

#[cfg(feature = "hdf5")]
const VALUES: &str = "/frames/values";
#[cfg(feature = "hdf5")]
const OFFSETS: &str = "/frames/offsets";
#[cfg(feature = "hdf5")]
const MASK: &str = "/frames/mask";
#[cfg(feature = "hdf5")]
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
