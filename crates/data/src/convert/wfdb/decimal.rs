//! Decimal numbers of headers, kept exactly: a gain of 200.1 is 2001/10, and not the nearest f64.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

/// Most characters of a number, and its largest exponent of ten: beyond them lies damage.
const MAX_CHARS: usize = 64;
const MAX_EXPONENT: i32 = 64;

/// The number that `text` is, as `scanf` reads it: `360`, `360.`, `.5`, `3.6e2`.
pub(super) fn parse(text: &str) -> Option<BigRational> {
    if text.len() > MAX_CHARS {
        return None;
    }
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = whole.to_owned() + fraction;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let mantissa: BigInt = digits.parse().ok()?;
    let mantissa = if negative { -mantissa } else { mantissa };
    Some(BigRational::from_integer(mantissa) * power_of_ten(exponent - fraction.len() as i32))
}

/// 10^exponent.
pub(super) fn power_of_ten(exponent: i32) -> BigRational {
    let power = BigRational::from_integer(BigInt::from(10).pow(exponent.unsigned_abs()));
    if exponent < 0 { power.recip() } else { power }
}

/// The decimal number that `value` is written as: 0.1 is a tenth. `None` where it is not finite.
pub(super) fn of_f64(value: f64) -> Option<BigRational> {
    parse(&value.to_string())
}

/// The f64 nearest to `value`, about: both parts of the fraction are rounded, if they are above 2^53.
pub(super) fn to_f64(value: &BigRational) -> f64 {
    let (numerator, denominator) = to_parts(value);
    numerator / denominator
}

/// Numerator and denominator as f64.
pub(super) fn to_parts(value: &BigRational) -> (f64, f64) {
    let part = |part: &BigInt| part.to_f64().unwrap_or(f64::NAN);
    (part(value.numer()), part(value.denom()))
}

/// Whether `value` is above zero.
pub(super) fn is_positive(value: &BigRational) -> bool {
    *value > BigRational::zero()
}

/// `number` times `ratio`, to the nearest whole number, halves up.
pub(super) fn scaled(number: i64, ratio: &BigRational) -> Option<i64> {
    let half = BigRational::new(BigInt::one(), BigInt::from(2));
    let scaled = BigRational::from_integer(number.into()) * ratio + half;
    scaled.floor().to_integer().to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i64, denominator: i64) -> BigRational {
        BigRational::new(numerator.into(), denominator.into())
    }

    #[test]
    fn numbers_are_read_exactly() {
        assert_eq!(parse("200"), Some(ratio(200, 1)));
        assert_eq!(parse("360."), Some(ratio(360, 1)));
        assert_eq!(parse("-.5"), Some(ratio(-1, 2)));
        assert_eq!(parse("3.6e2"), Some(ratio(360, 1)));
        assert_eq!(parse("62.4725"), Some(ratio(624_725, 10_000)));
        assert_eq!(of_f64(0.1), Some(ratio(1, 10)));
        for wrong in [
            "",
            ".",
            "-",
            "1e",
            "1e99",
            "0x10",
            "nan",
            "inf",
            "1 2",
            &"1".repeat(65),
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn scaling_rounds_halves_up() {
        let two_fifths = ratio(2, 5);
        assert_eq!(
            [0, 1, 2, 5, -1].map(|n| scaled(n, &two_fifths).unwrap()),
            [0, 0, 1, 2, 0]
        );
        assert_eq!(scaled(3, &ratio(1, 2)), Some(2));
    }
}
