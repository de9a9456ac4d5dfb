//! Events as binary frames, eight bytes each. Numbers are little-endian.
//!
//! ```text
//! offset size
//!      0    4  A5 53 45 31, the mark of a frame
//!      4    2  n, the number of records, 1 to 4,096
//!      6    2  0
//!      8    8  t, microseconds
//!     16    4  CRC-32 (IEEE) of bytes 0-15 and of the records
//!     20   8n  records:  u32  microseconds after t
//!                        u32  unit in the lower 24 bits, count in the upper 8
//! ```
//!
//! A record of unit FFFFFF is a mark: the time has advanced to it without an event. Bytes outside a frame,
//! and frames with a wrong checksum, are skipped up to the next mark of a frame.

use super::{Fault, Item, LATEST_US, MOST, Place, Sink, after, line};

/// How a frame begins.
pub const MAGIC: [u8; 4] = [0xA5, b'S', b'E', b'1'];
/// Bytes before the records.
pub const HEADER: usize = 20;
/// The most records of a frame.
pub const RECORDS: usize = 4096;
/// The unit of a mark.
const NO_UNIT: u32 = 0xFF_FFFF;

/// The frame that is being read.
#[derive(Debug, Default)]
pub struct Frames {
    /// At most a frame, and what came with its end.
    buffer: Vec<u8>,
    /// Whether the preceding bytes were not a frame, and that has been reported.
    lost: bool,
    /// Whole frames before.
    pub(super) done: u64,
}

impl Frames {
    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8], channels: usize, sink: &mut impl Sink) {
        // Pieces no longer than a frame, so that the buffer holds at most two.
        for piece in bytes.chunks(HEADER + 8 * RECORDS) {
            self.buffer.extend_from_slice(piece);
            let done = self.read(channels, sink);
            self.buffer.drain(..done);
        }
    }

    /// Bytes of the frame that is not whole.
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The remaining bytes are a truncated frame.
    pub fn finish(&mut self, sink: &mut impl Sink) {
        if !self.buffer.is_empty() {
            sink.fault(Fault::Torn, Place::Frame(after(self.done)), &self.buffer);
            self.buffer.clear();
        }
        (self.lost, self.done) = (false, 0);
    }

    /// Reads complete frames; returns the number of bytes read.
    fn read(&mut self, channels: usize, sink: &mut impl Sink) -> usize {
        let mut at = 0;
        loop {
            let place = Place::Frame(after(self.done));
            let rest = &self.buffer[at..];
            let known = rest.len().min(MAGIC.len());
            if known == 0 {
                return at;
            }
            if rest[..known] != MAGIC[..known] {
                if !self.lost {
                    sink.fault(Fault::Frame, place, rest);
                }
                self.lost = true;
                let next = rest[1..].iter().position(|&b| b == MAGIC[0]);
                at += next.map_or(rest.len(), |next| next + 1);
                continue;
            }
            if rest.len() < HEADER {
                return at;
            }
            let n = usize::from(u16::from_le_bytes([rest[4], rest[5]]));
            if n == 0 || n > RECORDS || rest[6..8] != [0, 0] {
                sink.fault(Fault::Frame, place, rest);
                (at, self.lost) = (at + MAGIC.len(), true);
                continue;
            }
            let Some(frame) = rest.get(..HEADER + 8 * n) else {
                return at;
            };
            if u32_at(frame, 16) != checksum(frame) {
                sink.fault(Fault::Checksum, place, frame);
                (at, self.lost) = (at + MAGIC.len(), true);
                continue;
            }
            (at, self.lost) = (at + frame.len(), false);
            records(frame, channels, place, sink);
            self.done += 1;
        }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn checksum(frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[..16]);
    hasher.update(&frame[HEADER..]);
    hasher.finalize()
}

fn records(frame: &[u8], channels: usize, place: Place, sink: &mut impl Sink) {
    let start = u64::from(u32_at(frame, 8)) | u64::from(u32_at(frame, 12)) << 32;
    for record in frame[HEADER..].chunks_exact(8) {
        let time_us = start.saturating_add(u64::from(u32_at(record, 0)));
        let word = u32_at(record, 4);
        let (unit, count) = (word & NO_UNIT, word >> 24);
        let item = if unit != NO_UNIT {
            line::event(time_us, unit.into(), count.into(), channels)
        } else if time_us < LATEST_US {
            Ok(Item::Mark { time_us })
        } else {
            Err(Fault::Time)
        };
        match item {
            Ok(item) => sink.item(item),
            Err(fault) => sink.fault(fault, place, record),
        }
    }
}

/// Adds `items` to `out` as frames. Each frame begins at its first item's time; times that go back, or
/// forward by more than an hour, begin a new one.
pub fn encode(items: &[Item], out: &mut Vec<u8>) {
    let mut rest = items;
    while let Some(first) = rest.first() {
        let start = first.time_us();
        let fits = |item: &&Item| {
            (item.time_us().checked_sub(start)).is_some_and(|after| u32::try_from(after).is_ok())
        };
        let n = rest.iter().take(RECORDS).take_while(fits).count();
        let (now, later) = rest.split_at(n);
        rest = later;
        let begin = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&(n as u16).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&start.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for item in now {
            let (unit, count) = match *item {
                Item::Event { unit, count, .. } => (unit & NO_UNIT, count.min(MOST)),
                Item::Mark { .. } => (NO_UNIT, 0),
            };
            out.extend_from_slice(&((item.time_us() - start) as u32).to_le_bytes());
            out.extend_from_slice(&(unit | count << 24).to_le_bytes());
        }
        let crc = checksum(&out[begin..]).to_le_bytes();
        out[begin + 16..begin + HEADER].copy_from_slice(&crc);
    }
}
