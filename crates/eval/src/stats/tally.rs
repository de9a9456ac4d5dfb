//! Correct predictions by recording, and their compact encoding.
//!
//! Intervals are computed from tallies: they contain all data for a variance over recordings, over seeds or
//! over both. In a file they take a few bits a recording. With n_g segments of recording g, of which r_g were
//! answered rightly, g = 0, 1, .. G - 1 in order and the last n_g above 0:
//!
//! ```text
//! (1) totals: for each g the number m = n_g + 1 in Elias' gamma code, floor(log2 m) zeros and then m in binary
//! (2) right:  for each g with n_g > 0 the number r_g in floor(log2 n_g) + 1 bits, the highest first
//! ```
//!
//! Bits fill bytes from the highest bit on, zeros fill the last byte, and the bytes are written as base64
//! (standard alphabet, padded). All seeds, arms and policies that ran on one stream share (1). In Python:
//!
//! ```python
//! import base64
//! bits = lambda text: "".join(f"{byte:08b}" for byte in base64.b64decode(text))
//! def totals(text):
//!     found, bit, at = [], bits(text), 0
//!     while "1" in bit[at:]:
//!         zeros = bit.index("1", at) - at
//!         found.append(int(bit[at + zeros : at + 2 * zeros + 1], 2) - 1)
//!         at += 2 * zeros + 1
//!     return found
//! def right(text, totals):
//!     found, bit, at = [], bits(text), 0
//!     for n in totals:
//!         found.append(int(bit[at : at + n.bit_length()] or "0", 2))
//!         at += n.bit_length()
//!     return found
//! ```
//!
//! Source of (1): P. Elias, *Universal codeword sets and representations of the integers*, IEEE Transactions on
//! Information Theory 21, 1975.

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Correct predictions in total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Segments that were answered rightly.
    pub right: u64,
    /// Segments.
    pub total: u64,
}

impl Tally {
    /// Counts one segment.
    pub fn add(&mut self, right: bool) {
        self.right += u64::from(right);
        self.total += 1;
    }

    /// Counts all that `other` has counted.
    pub fn merge(&mut self, other: Self) {
        self.right += other.right;
        self.total += other.total;
    }

    /// The accuracy, 0..1; `None` if there was no segment.
    pub fn share(self) -> Option<f64> {
        (self.total > 0).then(|| self.right as f64 / self.total as f64)
    }
}

/// Correct predictions for each recording. Memory: 16 bytes per recording, for a stream of any length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByRecording {
    tallies: Vec<Tally>,
}

impl ByRecording {
    /// Empty counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one segment of recording number `recording`.
    pub fn add(&mut self, recording: usize, right: bool) {
        self.reach(recording + 1);
        self.tallies[recording].add(right);
    }

    /// Adds all counts of `other` (another lane, say).
    pub fn merge(&mut self, other: &Self) {
        self.reach(other.tallies.len());
        for (to, from) in self.tallies.iter_mut().zip(&other.tallies) {
            to.merge(*from);
        }
    }

    /// The tally of each recording, by its number.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// All recordings together.
    pub fn tally(&self) -> Tally {
        let mut all = Tally::default();
        self.tallies.iter().for_each(|t| all.merge(*t));
        all
    }

    /// G, the number of recordings that were seen.
    pub fn recordings(&self) -> usize {
        self.tallies.iter().filter(|t| t.total > 0).count()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.recordings() == 0
    }

    /// (1), the number of segments of each recording.
    pub fn totals(&self) -> String {
        let seen = self.tallies.iter().rposition(|t| t.total > 0);
        let mut bits = Bits::default();
        for tally in &self.tallies[..seen.map_or(0, |last| last + 1)] {
            let m = u128::from(tally.total) + 1;
            let width = m.ilog2();
            bits.push(0, width);
            bits.push(m, width + 1);
        }
        bits.text()
    }

    /// (2), the correct predictions of each recording with segments.
    pub fn right(&self) -> String {
        let mut bits = Bits::default();
        for tally in self.tallies.iter().filter(|t| t.total > 0) {
            bits.push(tally.right.into(), tally.total.ilog2() + 1);
        }
        bits.text()
    }

    /// From (1) and (2), the numbers of segments as [`totals`] gives them.
    pub fn from_text(totals: &[u64], right: &str) -> Result<Self, TallyError> {
        let mut bits = Reader::of(right)?;
        let mut tallies = Vec::with_capacity(totals.len());
        for (recording, &total) in totals.iter().enumerate() {
            let width = if total > 0 { total.ilog2() + 1 } else { 0 };
            let right = bits.take(width).ok_or(TallyError::Short)? as u64;
            if right > total {
                return Err(TallyError::MoreThanAll {
                    recording,
                    right,
                    total,
                });
            }
            tallies.push(Tally { right, total });
        }
        bits.ends()?;
        Ok(Self { tallies })
    }

    fn reach(&mut self, recordings: usize) {
        if self.tallies.len() < recordings {
            self.tallies.resize(recordings, Tally::default());
        }
    }
}

/// The numbers of segments in the text of [`ByRecording::totals`], recording by recording; of more than `most`
/// recordings none is read.
pub fn totals(text: &str, most: usize) -> Result<Vec<u64>, TallyError> {
    let mut bits = Reader::of(text)?;
    let mut found = Vec::new();
    while let Some(zeros) = bits.zeros() {
        let m = bits.take(zeros + 1).ok_or(TallyError::Short)?;
        if found.len() == most {
            return Err(TallyError::TooMany { most });
        }
        found.push(u64::try_from(m - 1).map_err(|_| TallyError::Short)?);
    }
    Ok(found)
}

/// Text that holds no tallies.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TallyError {
    /// It is no base64.
    #[error("tallies by recording are not base64: {0}")]
    Base64(String),
    /// It ends before its numbers do, or continues after them.
    #[error("tallies by recording are truncated, or longer than their totals need")]
    Short,
    /// More correct predictions than segments.
    #[error("recording {recording} has {right} right answers of {total} segments")]
    MoreThanAll {
        /// The recording.
        recording: usize,
        /// Its correct predictions.
        right: u64,
        /// Its segments.
        total: u64,
    },
    /// There are too many recordings.
    #[error("tallies of more than {most} recordings")]
    TooMany {
        /// The most that are read.
        most: usize,
    },
}

/// Bits as they are written.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits in the last byte, 0 if it is full.
    used: u32,
}

impl Bits {
    /// The lowest `width` bits of `value`, the highest first.
    fn push(&mut self, value: u128, width: u32) {
        for k in (0..width).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let bit = (value >> k & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
    }

    fn text(&self) -> String {
        STANDARD.encode(&self.bytes)
    }
}

/// Bits as they are read.
struct Reader {
    bytes: Vec<u8>,
    at: usize,
}

impl Reader {
    fn of(text: &str) -> Result<Self, TallyError> {
        let bytes = STANDARD
            .decode(text)
            .map_err(|e| TallyError::Base64(e.to_string()))?;
        Ok(Self { bytes, at: 0 })
    }

    fn bit(&self, at: usize) -> Option<bool> {
        let byte = self.bytes.get(at / 8)?;
        Some(byte >> (7 - at % 8) & 1 == 1)
    }

    /// The next `width` bits, at most 65, as a number.
    fn take(&mut self, width: u32) -> Option<u128> {
        let mut value = 0;
        for _ in 0..width {
            value = value << 1 | u128::from(self.bit(self.at)?);
            self.at += 1;
        }
        Some(value)
    }

    /// Number of zeros up to the next one, which is not consumed; `None` if there is none, or too many zeros.
    fn zeros(&mut self) -> Option<u32> {
        for zeros in 0..=64 {
            if self.bit(self.at)? {
                return Some(zeros);
            }
            self.at += 1;
        }
        None
    }

    /// Only the zeros of the last byte are left.
    fn ends(&mut self) -> Result<(), TallyError> {
        let left = 8 * self.bytes.len() - self.at;
        match self.take(left.min(8) as u32) {
            Some(0) if left < 8 => Ok(()),
            _ => Err(TallyError::Short),
        }
    }
}

/// The text form in JSON; in a checkpoint, which is no text, the tallies themselves.
#[derive(Serialize, Deserialize)]
struct Text {
    totals: String,
    right: String,
}

/// What earlier versions wrote.
#[derive(Serialize, Deserialize)]
struct Plain {
    tallies: Vec<Tally>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Text(Text),
    Plain(Plain),
}

/// The most recordings of one text.
pub const MOST: usize = 1 << 24;

impl Serialize for ByRecording {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let (totals, right) = (self.totals(), self.right());
            return Text { totals, right }.serialize(serializer);
        }
        self.tallies.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ByRecording {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            let tallies = Vec::deserialize(deserializer)?;
            return Ok(Self { tallies });
        }
        match Either::deserialize(deserializer)? {
            Either::Plain(Plain { tallies }) => Ok(Self { tallies }),
            Either::Text(text) => totals(&text.totals, MOST)
                .and_then(|totals| Self::from_text(&totals, &text.right))
                .map_err(serde::de::Error::custom),
        }
    }
}
