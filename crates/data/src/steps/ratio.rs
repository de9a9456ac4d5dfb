//! Exact fractions: a step length as it was written, not its binary floating-point approximation.
//!
//! 0.1 ms has no exact binary form. The f64 nearest to it prints as `0.1` and as nothing shorter, so the
//! shortest decimal that reads back as the same f64 is what was written, and that decimal is a fraction P /
//! Q.

/// Most decimal places of a fraction: Q is then below 2^70, and a product with a mantissa of 54 bits below 2^124.
const PLACES: i32 = 21;

/// A positive fraction P / Q in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratio {
    /// P.
    pub(super) over: u128,
    /// Q.
    pub(super) under: u128,
}

impl Ratio {
    /// The decimal that `value` prints as, times 10^`exponent`; to 21 decimal places, and at least one unit in
    /// the last of them. `value` is positive.
    pub(super) fn decimal(value: f64, exponent: i32) -> Self {
        let text = format!("{:e}", value.clamp(1e-15, 1e15));
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
        let digits: u128 = digits.replace('.', "").parse().unwrap_or(1);
        let power = power.parse::<i32>().unwrap_or(0) - places as i32 + exponent;
        if power >= 0 {
            return Self::new(digits.saturating_mul(ten_to(power)), 1);
        }
        let lost = (-power - PLACES).max(0);
        let over = match lost {
            0 => digits,
            lost => (digits + ten_to(lost) / 2) / ten_to(lost),
        };
        Self::new(over.max(1), ten_to(-power - lost))
    }

    /// `over` / `under` in lowest terms.
    pub(super) fn new(over: u128, under: u128) -> Self {
        let (mut a, mut b) = (over.max(1), under.max(1));
        while b > 0 {
            (a, b) = (b, a % b);
        }
        Self {
            over: over.max(1) / a,
            under: under.max(1) / a,
        }
    }

    /// This fraction times an integer.
    pub(super) fn times(self, factor: u64) -> Self {
        let whole = Self::new(u128::from(factor), self.under);
        Self::new(whole.over.saturating_mul(self.over), whole.under)
    }

    /// The nearest f64.
    pub(super) fn value(self) -> f64 {
        self.over as f64 / self.under as f64
    }
}

fn ten_to(power: i32) -> u128 {
    10_u128.pow(power.clamp(0, 38) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_the_decimal_that_was_written() {
        let ratio = |over, under| Ratio { over, under };
        assert_eq!(Ratio::decimal(0.1, -3), ratio(1, 10_000));
        assert_eq!(Ratio::decimal(4.0, -3), ratio(1, 250));
        assert_eq!(Ratio::decimal(10.0, -3), ratio(1, 100));
        assert_eq!(Ratio::decimal(2.5e4, -3), ratio(25, 1));
        assert_eq!(Ratio::decimal(0.1, -3).times(1_000_000), ratio(100, 1));
        assert_eq!(
            Ratio::decimal(1.0 / 3.0, -3),
            ratio(3_333_333_333_333_333, 10_u128.pow(19))
        );
        // Neither end overflows.
        assert_eq!(Ratio::decimal(1e-300, -3), Ratio::decimal(1e-15, -3));
        assert!(Ratio::decimal(f64::MAX, -3).value() > 1e11);
    }
}
