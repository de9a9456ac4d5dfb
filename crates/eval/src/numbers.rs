//! How numbers are written in reports: signs, places, intervals.

use crate::stats::estimate::Estimate;

/// Placeholder for a missing number.
pub const NOTHING: &str = "–";

/// A share 0..1 in per cent: `97.1`.
pub fn percent(share: f64) -> String {
    fixed(100.0 * share, 1)
}

/// A number with some places; not a number is a dash.
pub fn fixed(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return NOTHING.to_owned();
    }
    let text = format!("{value:.places$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// The same with a sign in any case: `+1.3`.
pub fn signed(value: f64, places: usize) -> String {
    let text = fixed(value, places);
    if value.is_finite() && !text.starts_with('−') {
        format!("+{text}")
    } else {
        text
    }
}

/// The interval of a share in per cent: `95.3 to 98.4`; empty if there is none.
pub fn interval(estimate: &Estimate) -> String {
    let inside =
        |[low, high]: [f64; 2]| format!("{} to {}", percent(low.max(0.0)), percent(high.min(1.0)));
    estimate.interval.map(inside).unwrap_or_default()
}

/// The interval of a difference of shares in points: `−1.2 to +0.4`.
pub fn interval_of_difference(estimate: &Estimate) -> String {
    let inside = |[low, high]: [f64; 2]| {
        format!("{} to {}", signed(100.0 * low, 1), signed(100.0 * high, 1))
    };
    estimate.interval.map(inside).unwrap_or_default()
}

/// A p value: `0.013`, or `< 0.001`.
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".to_owned()
    } else {
        fixed(p, 3)
    }
}

/// A count with thin spaces between thousands: `12 345`.
pub fn count(n: u64) -> String {
    saturn_store::grouped(&n.to_string()).replace(',', "\u{202f}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(percent(0.971_4), "97.1");
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(-1.26, 1), "−1.3");
        assert_eq!(fixed(f64::NAN, 1), "–");
        assert_eq!(signed(1.26, 1), "+1.3");
        assert_eq!(
            (p_value(0.0004), p_value(0.0126)),
            ("< 0.001".into(), "0.013".into())
        );
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        let estimate = Estimate {
            value: 0.98,
            standard_error: None,
            interval: Some([0.95, 1.02]),
            units: 2,
        };
        assert_eq!(interval(&estimate), "95.0 to 100.0");
        assert_eq!(interval_of_difference(&estimate), "+95.0 to +102.0");
    }
}
