//! From recordings to endless streams: samples in steps, gaps, and the composer that joins them; or records
//! as they are.

mod background;
mod columns;
mod composer;
mod content;
mod disturb;
mod file;
mod gap;
mod hash;
mod length;
mod noise;
mod records;
mod samples;
mod scale;
#[cfg(test)]
mod tests;

pub use background::{Background, Part};
pub use columns::{Columns, Form};
pub use composer::{Composer, SavedComposer, Segment, Source, Step};
pub use content::{Bins, Content};
pub use disturb::{
    DeadSensor, DisturbConfig, Disturbance, Disturber, DroppedFrames, Gain, NoiseBurst,
    Open as OpenDisturbance, Phase, Schedule, StuckChannel,
};
pub use file::File;
pub use gap::{Fill, Gap, OpenGap};
pub use hash::BINNING;
pub use length::MOST_STEPS;
pub use noise::Noise;
pub use records::{Record, Records, Stretch};
pub use samples::{Sample, Split};
pub use scale::{Moments, Scale};
