//! How large a cell is, counted from its configuration before anything is built.
//!
//! Widths come from a file that anyone may have written: `hidden: 18446744073709551615` is a whole number. So
//! sizes are added and multiplied here in numbers that stop at the largest one instead of overflowing, and
//! whoever asks for memory compares them with what there is.

use std::iter::Sum;
use std::ops::{Add, Mul};

/// A whole number, 0 or more, that stops at its largest value instead of overflowing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(u128);

impl Count {
    /// The number.
    pub fn get(self) -> u128 {
        self.0
    }

    /// The number, rounded to 53 bits.
    pub fn real(self) -> f64 {
        self.0 as f64
    }

    /// This number where `wanted`, else 0.
    #[must_use]
    pub fn only_if(self, wanted: bool) -> Self {
        if wanted { self } else { Self(0) }
    }
}

impl From<usize> for Count {
    fn from(n: usize) -> Self {
        Self(n as u128)
    }
}

impl Add for Count {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul for Count {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(self.0.saturating_mul(other.0))
    }
}

impl Mul<Count> for usize {
    type Output = Count;

    fn mul(self, other: Count) -> Count {
        Count::from(self) * other
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self(0), Self::add)
    }
}

/// What a cell on a known number of inputs takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Numbers in all of its parameters.
    pub parameters: Count,
    /// Numbers that it keeps next to them for products: the same ones in another order, or where they belong; about.
    pub copies: Count,
    /// D, rows of the drive.
    pub drive: Count,
    /// Of these, the rows that its reverse pass does not read: all or none.
    pub unread: Count,
    /// S, rows of the state.
    pub state: Count,
    /// O, rows of the output.
    pub output: Count,
    /// Multiplications of drawing its initial parameters, beyond one a parameter; about.
    pub drawing: Count,
    /// Numbers of 64 bits that drawing them holds at its peak; about.
    pub scratch: Count,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stop_where_they_would_overflow() {
        let most = Count::from(usize::MAX);
        assert_eq!((most * most).get(), (u64::MAX as u128).pow(2));
        assert_eq!((most * most * most).get(), u128::MAX);
        assert_eq!((most * most * most + most).get(), u128::MAX);
        assert_eq!((3 * Count::from(4) + 1.into()).get(), 13);
        assert_eq!(Count::from(4).only_if(false), Count::default());
        let sum: Count = [Count::from(1), Count::from(2)].into_iter().sum();
        assert!((sum.real() - 3.0).abs() < 1e-12);
    }
}
