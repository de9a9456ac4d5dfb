//! Input formats of a live run: lines of text, or binary frames.
//!
//! ```text
//! TIME_US UNIT [COUNT]     text, one event per line; see `line`
//! A5 53 45 31 ...          frames of up to 4,096 events; see `frame`
//! ```
//!
//! The first byte decides which: no line of text begins with A5. For any input, a decoder stores at most one
//! line or one frame, and turns every byte into events, marks or named faults; it never fails.

pub mod frame;
pub mod line;

use std::fmt;

use serde::{Deserialize, Serialize};

use frame::Frames;
use line::Lines;

/// The latest representable time, in microseconds: some 285 years, and exact in f64.
pub const LATEST_US: u64 = 1 << 53;
/// The most that one event can count.
pub const MOST: u32 = 255;

/// A decoded item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// Unit `unit` fired `count` times at `time_us`.
    Event {
        /// Microseconds, on the sender's clock.
        time_us: u64,
        /// The input channel, from 0 on.
        unit: u32,
        /// How often, 1 to [`MOST`].
        count: u32,
    },
    /// The time has advanced to `time_us` without an event.
    Mark {
        /// Microseconds, on the sender's clock.
        time_us: u64,
    },
}

impl Item {
    /// When it was, microseconds on the sender's clock.
    pub fn time_us(&self) -> u64 {
        match *self {
            Self::Event { time_us, .. } | Self::Mark { time_us } => time_us,
        }
    }
}

/// Why something was malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not one, two or three numbers.
    Syntax,
    /// A time that is negative, no number, infinite, or after [`LATEST_US`].
    Time,
    /// A time with decimals: it may be one in seconds or milliseconds.
    Decimal,
    /// A time outside the range of the sender's counter with its declared number of bits.
    Wrap,
    /// A unit beyond the net's channels.
    Unit,
    /// A count that is not from 1 to [`MOST`].
    Count,
    /// A line longer than [`line::LONGEST`] bytes.
    Length,
    /// A frame with a wrong checksum.
    Checksum,
    /// Bytes that are no frame.
    Frame,
    /// The input ended within a line or a frame.
    Torn,
}

impl Fault {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Syntax,
        Self::Time,
        Self::Decimal,
        Self::Wrap,
        Self::Unit,
        Self::Count,
        Self::Length,
        Self::Checksum,
        Self::Frame,
        Self::Torn,
    ];

    /// Its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Time => "time",
            Self::Decimal => "decimal",
            Self::Wrap => "wrap",
            Self::Unit => "unit",
            Self::Count => "count",
            Self::Length => "length",
            Self::Checksum => "checksum",
            Self::Frame => "frame",
            Self::Torn => "torn",
        }
    }

    /// What is wrong, as text.
    pub fn words(self) -> &'static str {
        match self {
            Self::Syntax => "not `TIME_US UNIT [COUNT]`",
            Self::Time => "the time (field 1) is negative, not a number or too late",
            Self::Decimal => {
                "the time (field 1) has decimals: times are whole microseconds; multiply seconds by 10^6, milliseconds by 10^3"
            }
            Self::Wrap => {
                "the time (field 1) is beyond what --wrap-bits allows: give the bits of the sender's counter"
            }
            Self::Unit => "the unit (field 2) is not a whole number below the net's channels",
            Self::Count => "the count (field 3) is not a whole number from 1 to 255",
            Self::Length => "the line is too long",
            Self::Checksum => "the frame's checksum does not match",
            Self::Frame => "bytes that are not a frame",
            Self::Torn => "the input ended within it",
        }
    }
}

/// Where in the input something is, counted from 1 on; beyond 2^32 the number stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of text.
    Line(u32),
    /// A binary frame.
    Frame(u32),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(n) => write!(f, "line {n}"),
            Self::Frame(n) => write!(f, "frame {n}"),
        }
    }
}

/// The number of the item after `done` lines or frames.
fn after(done: u64) -> u32 {
    u32::try_from(done + 1).unwrap_or(u32::MAX)
}

/// Receiver of a decoder's items.
pub trait Sink {
    /// An event or a mark.
    fn item(&mut self, item: Item);
    /// Something malformed, where it is, and its first bytes.
    fn fault(&mut self, fault: Fault, place: Place, bytes: &[u8]);
}

/// Expected format of the sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Detected from the first byte.
    #[default]
    Auto,
    /// Text, one line per event.
    Line,
    /// Binary frames.
    Binary,
}

/// Turns bytes into items, in any pieces.
#[derive(Debug)]
pub struct Decoder {
    channels: usize,
    /// The expected format of the sender, and its actual format.
    expected: Format,
    format: Format,
    lines: Lines,
    frames: Frames,
}

impl Decoder {
    /// For a net of `channels` channels.
    pub fn new(format: Format, channels: usize) -> Self {
        Self {
            channels,
            expected: format,
            format,
            lines: Lines::default(),
            frames: Frames::default(),
        }
    }

    /// The same, for a stream of which `done` lines or frames have been read before.
    pub fn after(mut self, done: u64) -> Self {
        (self.lines.done, self.frames.done) = (done, done);
        self
    }

    /// Lines or frames that have been read.
    pub fn done(&self) -> u64 {
        self.lines.done.max(self.frames.done)
    }

    /// Takes the next bytes of a stream.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) {
        if self.format == Format::Auto {
            self.format = match bytes.first() {
                None => return,
                Some(&first) if first == frame::MAGIC[0] => Format::Binary,
                Some(_) => Format::Line,
            };
        }
        if self.format == Format::Binary {
            self.frames.feed(bytes, self.channels, sink);
        } else {
            self.lines.feed(bytes, self.channels, sink);
        }
    }

    /// Bytes that belong to a line or frame which is not complete yet.
    pub fn waiting(&self) -> usize {
        self.lines.waiting() + self.frames.waiting()
    }

    /// The stream has ended: a last line needs no newline, an incomplete frame is truncated. Later bytes are
    /// another stream.
    pub fn finish(&mut self, sink: &mut impl Sink) {
        self.format = self.expected;
        self.lines.finish(self.channels, sink);
        self.frames.finish(sink);
    }
}

#[cfg(test)]
mod tests;

/// Events in order of time; those of one unit at one microsecond as one with a count, or, where that is more than
/// a count can be, as several.
pub fn gathered(mut events: Vec<(u64, u32)>) -> Vec<Item> {
    events.sort_unstable();
    let same = events.chunk_by(|a, b| a == b);
    same.flat_map(|same| same.chunks(MOST as usize))
        .map(|same| Item::Event {
            time_us: same[0].0,
            unit: same[0].1,
            count: same.len() as u32,
        })
        .collect()
}
