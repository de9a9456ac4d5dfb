//! Numbers as a file stores them: floats of 16, 32 or 64 bits and integers of 8 to 64 bits, signed
//! or not, in either byte order. Floats widen to f64 and integers to i128, both exactly.

use half::f16;
use half::slice::HalfFloatSliceExt;
use hdf5_reader::{ByteOrder, Datatype};

use crate::steps::TimeFloat;

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberType {
    kind: Kind,
    bytes: usize,
    big_endian: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

impl NumberType {
    /// The float type that `dtype` describes, if it is one of 2, 4 or 8 bytes.
    pub(crate) fn float(dtype: &Datatype) -> Option<Self> {
        match dtype {
            Datatype::FloatingPoint { size, byte_order } if matches!(size, 2 | 4 | 8) => {
                Some(Self {
                    kind: Kind::Float,
                    bytes: usize::from(*size),
                    big_endian: matches!(byte_order, ByteOrder::BigEndian),
                })
            }
            _ => None,
        }
    }

    /// The integer type that `dtype` describes, if it is one of 1, 2, 4 or 8 bytes.
    pub(crate) fn integer(dtype: &Datatype) -> Option<Self> {
        match dtype {
            Datatype::FixedPoint {
                size,
                signed,
                byte_order,
            } if matches!(size, 1 | 2 | 4 | 8) => Some(Self {
                kind: if *signed {
                    Kind::Signed
                } else {
                    Kind::Unsigned
                },
                bytes: usize::from(*size),
                big_endian: matches!(byte_order, ByteOrder::BigEndian),
            }),
            _ => None,
        }
    }

    /// The float or integer type that `dtype` describes, for times.
    pub(crate) fn time(dtype: &Datatype) -> Option<Self> {
        Self::float(dtype).or_else(|| Self::integer(dtype))
    }

    /// The same as a type of times.
    pub(crate) fn time_float(self) -> TimeFloat {
        match (self.kind, self.bytes) {
            (Kind::Float, 2) => TimeFloat::Half,
            (Kind::Float, 4) => TimeFloat::Single,
            (Kind::Float, _) => TimeFloat::Double,
            _ => TimeFloat::Integer,
        }
    }

    /// Widens each stored number to f64.
    pub(crate) fn widened(self, raw: &[u8]) -> Vec<f64> {
        match (self.kind, self.bytes, self.big_endian) {
            (Kind::Float, 2, false) => {
                let halves = raw.as_chunks().0.iter();
                let halves: Vec<f16> = halves.map(|bytes| f16::from_le_bytes(*bytes)).collect();
                let mut wide = vec![0.0; halves.len()];
                halves.convert_to_f64_slice(&mut wide);
                wide
            }
            (Kind::Float, 4, false) => {
                let singles = raw.as_chunks().0.iter();
                singles.map(|b| f32::from_le_bytes(*b).into()).collect()
            }
            (Kind::Float, 8, false) => {
                let doubles = raw.as_chunks().0.iter();
                doubles.map(|bytes| f64::from_le_bytes(*bytes)).collect()
            }
            (Kind::Float, ..) => self.floats(raw).collect(),
            _ => self.integers(raw).map(|number| number as f64).collect(),
        }
    }

    /// The integers, if all of them are below `end`; `None` where one is not, or where they are stored otherwise
    /// than as 16 or 32 bits, the lowest first, which [`Self::integers`] reads as well.
    pub(crate) fn below(self, end: usize, raw: &[u8]) -> Option<Vec<u32>> {
        let bits = 8 * self.bytes as u32 - u32::from(self.kind == Kind::Signed);
        let numbers: Vec<u32> = match (self.kind, self.bytes, self.big_endian) {
            (Kind::Signed | Kind::Unsigned, 2, false) => {
                let numbers = raw.as_chunks().0.iter();
                numbers.map(|b| u16::from_le_bytes(*b).into()).collect()
            }
            (Kind::Signed | Kind::Unsigned, 4, false) => {
                let numbers = raw.as_chunks().0.iter();
                numbers.map(|b| u32::from_le_bytes(*b)).collect()
            }
            _ => return None,
        };
        // A negative number has its top bit set.
        let end = (end as u64).min(1 << bits);
        let largest = numbers.iter().fold(0, |a, b| a.max(*b));
        (u64::from(largest) < end).then_some(numbers)
    }

    /// Each stored number, which must be whole; otherwise the position and value of one that is not.
    pub(crate) fn whole(self, raw: &[u8]) -> Result<Vec<i128>, (usize, f64)> {
        if self.kind != Kind::Float {
            return Ok(self.integers(raw).collect());
        }
        let whole = |(place, number): (usize, f64)| {
            let is_whole = number.is_finite() && number.fract() == 0.0;
            is_whole.then_some(number as i128).ok_or((place, number))
        };
        self.floats(raw).enumerate().map(whole).collect()
    }

    /// Width in bytes.
    pub(crate) fn bytes(self) -> usize {
        self.bytes
    }

    /// Widens each stored float; `raw` holds whole numbers.
    pub(crate) fn floats(self, raw: &[u8]) -> impl Iterator<Item = f64> + '_ {
        raw.chunks_exact(self.bytes).map(move |number| {
            let bits = self.bits(number);
            match self.bytes {
                2 => f16::from_bits(bits as u16).to_f64(),
                4 => f64::from(f32::from_bits(bits as u32)),
                _ => f64::from_bits(bits),
            }
        })
    }

    /// Widens each stored integer; `raw` holds whole numbers.
    pub(crate) fn integers(self, raw: &[u8]) -> impl Iterator<Item = i128> + '_ {
        let unused = 64 - 8 * self.bytes as u32;
        raw.chunks_exact(self.bytes).map(move |number| {
            let bits = self.bits(number);
            match self.kind {
                // The sign bit goes to the top and comes back down as a sign.
                Kind::Signed => i128::from(((bits << unused) as i64) >> unused),
                _ => i128::from(bits),
            }
        })
    }

    fn bits(self, number: &[u8]) -> u64 {
        let fold = |bits: u64, byte: &u8| (bits << 8) | u64::from(*byte);
        if self.big_endian {
            number.iter().fold(0, fold)
        } else {
            number.iter().rev().fold(0, fold)
        }
    }
}

/// The type's name in messages.
pub(crate) fn describe(dtype: &Datatype) -> String {
    match dtype {
        Datatype::FixedPoint { size, signed, .. } => format!(
            "{} integers of {} bits",
            if *signed { "signed" } else { "unsigned" },
            u32::from(*size) * 8
        ),
        Datatype::FloatingPoint { size, .. } => format!("floats of {} bits", u32::from(*size) * 8),
        Datatype::String { .. } => "strings".to_owned(),
        Datatype::Compound { .. } => "compounds".to_owned(),
        Datatype::Array { base, .. } => format!("arrays of {}", describe(base)),
        Datatype::Enum { .. } => "an enumeration".to_owned(),
        Datatype::VarLen { base, .. } => format!("variable-length lists of {}", describe(base)),
        Datatype::Opaque { .. } => "opaque bytes".to_owned(),
        Datatype::Reference { .. } => "references".to_owned(),
        Datatype::Bitfield { .. } => "bit fields".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::{Stored, TimeUnit};

    fn integer(size: u8, signed: bool, byte_order: ByteOrder) -> NumberType {
        NumberType::integer(&Datatype::FixedPoint {
            size,
            signed,
            byte_order,
        })
        .expect("a known width")
    }

    #[test]
    fn integers_widen_exactly() {
        let read = |size, signed, order, raw: &[u8]| -> Vec<i128> {
            integer(size, signed, order).integers(raw).collect()
        };
        assert_eq!(read(1, true, ByteOrder::LittleEndian, &[0xff, 5]), [-1, 5]);
        assert_eq!(read(1, false, ByteOrder::LittleEndian, &[0xff]), [255]);
        assert_eq!(read(2, false, ByteOrder::BigEndian, &[1, 2]), [258]);
        assert_eq!(read(2, true, ByteOrder::LittleEndian, &[0xfe, 0xff]), [-2]);
        assert_eq!(
            read(8, false, ByteOrder::LittleEndian, &[0xff; 8]),
            [i128::from(u64::MAX)]
        );
        assert_eq!(read(8, true, ByteOrder::LittleEndian, &[0xff; 8]), [-1]);
    }

    #[test]
    fn float16_widens_exactly_and_knows_its_steps() {
        let half = NumberType::float(&Datatype::FloatingPoint {
            size: 2,
            byte_order: ByteOrder::LittleEndian,
        })
        .expect("float16");
        let raw: Vec<u8> = [f16::from_f64(0.75), f16::NAN]
            .iter()
            .flat_map(|time| time.to_le_bytes())
            .collect();
        let widened: Vec<f64> = half.floats(&raw).collect();
        assert_eq!(widened[0].to_bits(), 0.75_f64.to_bits());
        assert!(widened[1].is_nan());
        // Half a millisecond between 0.5 s and 1 s.
        let stored = Stored {
            float: half.time_float(),
            unit: TimeUnit::Seconds,
        };
        assert!((stored.spacing_s(0.75) - 2.0_f64.powi(-11)).abs() < 1e-15);
    }

    /// The ways for many numbers give what the ways for one give.
    #[test]
    fn many_numbers_widen_as_one_does() {
        let bits = |x: Vec<f64>| -> Vec<u64> { x.into_iter().map(f64::to_bits).collect() };
        for size in [2, 4, 8] {
            for byte_order in [ByteOrder::LittleEndian, ByteOrder::BigEndian] {
                let float = NumberType::float(&Datatype::FloatingPoint { size, byte_order });
                let float = float.expect("a known width");
                // Every float of 16 bits but those that are not numbers, whose bits need not stay.
                let raw: Vec<u8> = (0..1u32 << 16)
                    .flat_map(|n| (u64::from(n) * 0x0001_0001_0001_0001).to_le_bytes())
                    .collect();
                let raw: Vec<u8> = raw
                    .chunks(size.into())
                    .filter(|number| float.floats(number).all(f64::is_finite))
                    .flatten()
                    .copied()
                    .collect();
                assert_eq!(
                    bits(float.widened(&raw)),
                    bits(float.floats(&raw).collect())
                );
            }
        }
    }

    #[test]
    fn integers_below_an_end_are_those_that_are() {
        let le = ByteOrder::LittleEndian;
        let below = |size, signed, end, raw: &[u8]| integer(size, signed, le).below(end, raw);
        assert_eq!(below(2, false, 700, &[1, 2, 0, 0]), Some(vec![513, 0]));
        assert_eq!(below(2, false, 513, &[1, 2, 0, 0]), None);
        assert_eq!(below(4, true, 700, &[7, 0, 0, 0]), Some(vec![7]));
        // -1, for more channels than 16 bits have.
        assert_eq!(below(2, true, 100_000, &[0xff, 0xff]), None);
        assert_eq!(below(2, false, 100_000, &[0xff, 0xff]), Some(vec![65_535]));
        assert_eq!(below(4, true, usize::MAX, &[0xff; 4]), None);
        assert_eq!(below(8, false, 700, &[0; 8]), None);
        let big = integer(2, false, ByteOrder::BigEndian);
        assert_eq!(big.below(700, &[0, 1]), None);
    }
}
