//! Storage of samples: the uncompressed formats of signal(5).
//!
//! | format | a sample | missing |
//! |---|---|---|
//! | 8 | one byte, the difference from the one before | |
//! | 16 | two bytes, the lower first | -32,768 |
//! | 24 | three bytes, the lowest first | -8,388,608 |
//! | 32 | four bytes, the lowest first | -2,147,483,648 |
//! | 61 | two bytes, the higher first | -32,768 |
//! | 80 | one byte, less 128 | -128 |
//! | 160 | two bytes, the lower first, less 32,768 | -32,768 |
//! | 212 | two samples of 12 bits in three bytes | -2,048 |
//! | 310 | three samples of 10 bits in four bytes, in two halves of 16 bits | -512 |
//! | 311 | three samples of 10 bits in four bytes, as one number of 32 bits | -512 |
//! | 0 | nothing is stored, and all samples are missing | |

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Null,
    Differences,
    Bits16,
    Bits24,
    Bits32,
    Bits16HighFirst,
    Bits8Offset,
    Bits16Offset,
    Bits12,
    Bits10Halves,
    Bits10Whole,
}

/// A sample that is missing, in every format.
pub(super) const MISSING: i32 = i32::MIN;

impl Format {
    /// From its number in a header, or what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "0" => Self::Null,
            "8" => Self::Differences,
            "16" => Self::Bits16,
            "24" => Self::Bits24,
            "32" => Self::Bits32,
            "61" => Self::Bits16HighFirst,
            "80" => Self::Bits8Offset,
            "160" => Self::Bits16Offset,
            "212" => Self::Bits12,
            "310" => Self::Bits10Halves,
            "311" => Self::Bits10Whole,
            "508" | "516" | "524" => {
                return Err(format!(
                    "the format is {text}, FLAC, which is not read: rewrite the record in format 16 or 24"
                ));
            }
            other => {
                return Err(format!(
                    "the format is `{other}`, and 8, 16, 24, 32, 61, 80, 160, 212, 310 and 311 are read"
                ));
            }
        })
    }

    /// Bytes that `count` samples take.
    pub(super) fn bytes(self, count: u64) -> u64 {
        match self {
            Self::Null => 0,
            Self::Differences | Self::Bits8Offset => count,
            Self::Bits16 | Self::Bits16HighFirst | Self::Bits16Offset => 2 * count,
            Self::Bits24 => 3 * count,
            Self::Bits32 => 4 * count,
            Self::Bits12 => (3 * count).div_ceil(2),
            Self::Bits10Halves => count / 3 * 4 + [0, 2, 4][(count % 3) as usize],
            Self::Bits10Whole => count / 3 * 4 + [0, 2, 3][(count % 3) as usize],
        }
    }

    /// Number of samples in `bytes`; in block formats the last one may be padding.
    pub(super) fn samples(self, bytes: u64) -> u64 {
        match self {
            Self::Null => 0,
            Self::Differences | Self::Bits8Offset => bytes,
            Self::Bits16 | Self::Bits16HighFirst | Self::Bits16Offset => bytes / 2,
            Self::Bits24 => bytes / 3,
            Self::Bits32 => bytes / 4,
            Self::Bits12 => bytes / 3 * 2 + bytes % 3 / 2,
            Self::Bits10Halves => bytes / 4 * 3 + [0, 0, 1, 1][(bytes % 4) as usize],
            Self::Bits10Whole => bytes / 4 * 3 + [0, 0, 1, 2][(bytes % 4) as usize],
        }
    }

    /// The stored number that marks a sample as missing.
    pub(super) fn missing(self) -> Option<i32> {
        match self {
            Self::Null | Self::Differences => None,
            Self::Bits16 | Self::Bits16HighFirst | Self::Bits16Offset => Some(-(1 << 15)),
            Self::Bits24 => Some(-(1 << 23)),
            Self::Bits32 => Some(i32::MIN),
            Self::Bits8Offset => Some(-(1 << 7)),
            Self::Bits12 => Some(-(1 << 11)),
            Self::Bits10Halves | Self::Bits10Whole => Some(-(1 << 9)),
        }
    }

    /// `count` samples as they are stored, from [`Self::bytes`] bytes; differences stay differences.
    pub(super) fn unpack(self, raw: &[u8], count: usize) -> Vec<i32> {
        let pair = |at: usize| [raw[at], raw[at + 1]];
        // The upper bytes of the last block may be missing.
        let byte = |at: usize| u32::from(raw.get(at).copied().unwrap_or(0));
        let sample = |k: usize| match self {
            Self::Null => 0,
            Self::Differences => i32::from(raw[k] as i8),
            Self::Bits8Offset => i32::from(raw[k]) - 128,
            Self::Bits16 => i32::from(i16::from_le_bytes(pair(2 * k))),
            Self::Bits16HighFirst => i32::from(i16::from_be_bytes(pair(2 * k))),
            Self::Bits16Offset => i32::from(u16::from_le_bytes(pair(2 * k))) - 32_768,
            Self::Bits24 => signed(
                byte(3 * k) | byte(3 * k + 1) << 8 | byte(3 * k + 2) << 16,
                24,
            ),
            Self::Bits32 => {
                i32::from_le_bytes([raw[4 * k], raw[4 * k + 1], raw[4 * k + 2], raw[4 * k + 3]])
            }
            Self::Bits12 => {
                let at = k / 2 * 3;
                let bits = if k.is_multiple_of(2) {
                    byte(at) | (byte(at + 1) & 0x0f) << 8
                } else {
                    byte(at + 2) | (byte(at + 1) & 0xf0) << 4
                };
                signed(bits, 12)
            }
            Self::Bits10Halves => {
                let at = k / 3 * 4;
                let half = |at: usize| byte(at) | byte(at + 1) << 8;
                let bits = match k % 3 {
                    0 => half(at) >> 1,
                    1 => half(at + 2) >> 1,
                    _ => half(at) >> 11 | half(at + 2) >> 11 << 5,
                };
                signed(bits & 0x3ff, 10)
            }
            Self::Bits10Whole => {
                let at = k / 3 * 4;
                let word = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
                signed(word >> (10 * (k % 3)) & 0x3ff, 10)
            }
        };
        (0..count).map(sample).collect()
    }
}

/// A number of `bits` bits in two's complement.
fn signed(value: u32, bits: u32) -> i32 {
    // The sign bit goes to the top and comes back down as a sign.
    (value << (32 - bits)) as i32 >> (32 - bits)
}
