//! Ranges of settings, each stated once, next to its setting. The caller words an error from an [`OutOfRange`]: it knows
//! where the key was written.

use std::fmt;

/// A setting outside its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The key, below the settings that were checked.
    pub key: &'static str,
    /// What was given.
    pub value: String,
    /// The allowed range, in words.
    pub allowed: String,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { value, allowed, .. } = self;
        write!(f, "`{value}` is out of range: it must be {allowed}")
    }
}

/// A range of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The smallest.
    pub least: u64,
    /// The largest.
    pub most: u64,
}

impl Counts {
    /// All from `least` to `most`.
    pub const fn new(least: u64, most: u64) -> Self {
        Self { least, most }
    }

    /// Whether `value` is one of them.
    pub fn contains(self, value: u64) -> bool {
        (self.least..=self.most).contains(&value)
    }

    /// What is wrong with `key`, if anything is.
    pub fn check(self, key: &'static str, value: u64) -> Option<OutOfRange> {
        let allowed = || match self.most {
            u64::MAX => format!("{} or more", self.least),
            most => format!("{} to {most}", self.least),
        };
        (!self.contains(value)).then(|| OutOfRange {
            key,
            value: value.to_string(),
            allowed: allowed(),
        })
    }
}

/// A range of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Whether a number is one of them; NaN is none.
    pub contains: fn(f64) -> bool,
    /// The range in words.
    pub allowed: &'static str,
}

impl Numbers {
    /// Above 0.
    pub const POSITIVE: Self = Self {
        contains: |x| x > 0.0 && x.is_finite(),
        allowed: "above 0",
    };
    /// From 0 on.
    pub const AT_LEAST_ZERO: Self = Self {
        contains: |x| x >= 0.0 && x.is_finite(),
        allowed: "0 or more",
    };
    /// From 0 to 1.
    pub const SHARE: Self = Self {
        contains: |x| (0.0..=1.0).contains(&x),
        allowed: "0 to 1",
    };
    /// From 0 on, and below 1.
    pub const BELOW_ONE: Self = Self {
        contains: |x| (0.0..1.0).contains(&x),
        allowed: "0 or more and below 1",
    };

    /// What is wrong with `key`, if anything is.
    pub fn check(self, key: &'static str, value: f64) -> Option<OutOfRange> {
        (!(self.contains)(value)).then(|| OutOfRange {
            key,
            value: value.to_string(),
            allowed: self.allowed.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_worded() {
        let count = |range: Counts, value| range.check("x", value).map(|e| e.to_string());
        assert_eq!(count(Counts::new(1, 9), 9), None);
        assert_eq!(
            count(Counts::new(1, 9), 10).unwrap(),
            "`10` is out of range: it must be 1 to 9"
        );
        assert_eq!(
            count(Counts::new(1, u64::MAX), 0).unwrap(),
            "`0` is out of range: it must be 1 or more"
        );
        let number = |range: Numbers, value| range.check("x", value).map(|e| e.to_string());
        assert_eq!(number(Numbers::SHARE, 1.0), None);
        assert_eq!(
            number(Numbers::POSITIVE, f64::NAN).unwrap(),
            "`NaN` is out of range: it must be above 0"
        );
        assert!(number(Numbers::BELOW_ONE, 1.0).is_some());
        assert!(number(Numbers::AT_LEAST_ZERO, f64::INFINITY).is_some());
    }
}
