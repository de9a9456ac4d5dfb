//! From recordings to endless streams: samples in bins, gaps, and the composer that joins them.

mod composer;
mod gap;
mod samples;
#[cfg(test)]
mod tests;

pub use composer::{Composer, Segment, Source, Step};
pub use gap::{Noise, OpenGap};
pub use samples::{Sample, Split};
