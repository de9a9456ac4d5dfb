//! The source of a stream.

use super::gap::Gap;
use super::noise::Noise;
use super::split::Split;

/// The source of a stream.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The samples.
    pub split: &'a Split,
    /// The noise of gaps (from the training set's rates).
    pub noise: &'a Noise,
    /// The gaps; `None` joins sample to sample.
    pub gap: Option<&'a Gap>,
}
