//! From recordings to endless streams: samples in steps, gaps, and the composer that joins them; or records
//! as they are.

#[cfg(test)]
extern crate self as saturn_stream;

mod background;
mod bins;
mod columns;
mod composer;
mod content;
mod disturb;
mod file;
mod gap;
mod hash;
mod length;
mod memory;
mod noise;
mod open_gap;
mod records;
mod sample;
mod scale;
mod source;
mod split;
mod tally;
#[cfg(test)]
mod tests;

pub use background::{Background, Part};
pub use bins::Bins;
pub use columns::{Columns, Form};
pub use composer::{Composer, SavedComposer, Segment, Step};
pub use content::Content;
pub use disturb::{
    DeadSensor, DisturbConfig, Disturbance, Disturber, DroppedFrames, Gain, NoiseBurst,
    Open as OpenDisturbance, Phase, Schedule, StuckChannel,
};
pub use file::File;
pub use gap::{Fill, Gap, LONGEST_GAP};
pub use hash::BINNING;
pub use length::{DT_MS, MOST_STEPS};
pub use memory::{Memory, RecordingError};
pub use noise::Noise;
pub use open_gap::OpenGap;
pub use records::{Record, Records, Stretch};
pub use sample::Sample;
pub use scale::{Moments, Scale};
pub use source::Source;
pub use split::Split;
pub use tally::Tally;
