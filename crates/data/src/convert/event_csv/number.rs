//! Numbers in text, read without a second rounding.

use crate::steps::TimeUnit;

/// A decimal in a unit, as the f64 nearest to it in seconds: the exponent is moved before the number is read, for
/// 0.3 read as an f64 and divided by 1,000 is not the f64 nearest to 0.0003.
pub(super) fn seconds(text: &str, unit: TimeUnit) -> Option<f64> {
    let moved = match unit {
        TimeUnit::Seconds => return text.parse().ok(),
        TimeUnit::Milliseconds => -3,
        TimeUnit::Microseconds => -6,
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    if !digits.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        // NaN and infinity have no exponent.
        return None;
    }
    format!("{digits}e{}", exponent.saturating_add(moved))
        .parse()
        .ok()
}

/// A whole number from 0 up, also where it is written as `3.0`.
pub(super) fn whole(text: &str) -> Option<u64> {
    let digits = text.split_once('.').map_or(text, |(whole, places)| {
        if places.bytes().all(|place| place == b'0') {
            whole
        } else {
            text
        }
    });
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_rounded_once() {
        for (text, unit, expected) in [
            ("2.1", TimeUnit::Milliseconds, 0.002_1_f64),
            ("29", TimeUnit::Milliseconds, 0.029),
            ("1.5e2", TimeUnit::Milliseconds, 0.15),
            ("28999.5", TimeUnit::Microseconds, 0.028_999_5),
            ("1E6", TimeUnit::Microseconds, 1.0),
            ("12.", TimeUnit::Seconds, 12.0),
        ] {
            let found = seconds(text, unit).map(f64::to_bits);
            assert_eq!(found, Some(expected.to_bits()), "{text}");
        }
        assert_ne!((2.1_f64 / 1e3).to_bits(), 0.002_1_f64.to_bits());
        for text in ["", "e3", "nan", "inf", "1e", "1e2e3", "0x1", "1,5"] {
            assert_eq!(seconds(text, TimeUnit::Milliseconds), None, "{text}");
        }
        assert_eq!(whole("3.00"), Some(3));
        assert_eq!(whole("2.5"), None);
        assert_eq!(whole("-1"), None);
    }
}
