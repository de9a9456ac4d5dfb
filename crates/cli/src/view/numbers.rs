//! Numbers in few columns.

/// Three significant digits, or as many as a whole number has.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 {
        "0".to_owned()
    } else if !(0.000_5..1e7).contains(&size) {
        format!("{x:.1e}")
    } else if size >= 100.0 {
        format!("{x:.0}")
    } else if size >= 10.0 {
        format!("{x:.1}")
    } else if size >= 1.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.3}")
    }
}

/// A length of time as it is written by hand: without zeros at its end.
pub fn seconds(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count with commas between thousands.
pub fn whole(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time in the two largest of its units.
pub fn time(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3_600 => format!("{} min {:02} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {:02} min", s / 3_600, s / 60 % 60),
        _ => format!("{} d {:02} h", s / 86_400, s / 3_600 % 24),
    }
}

/// A latency of so many microseconds.
pub fn latency(us: f64) -> String {
    if us < 1_000.0 {
        format!("{us:.0} µs")
    } else if us < 1e6 {
        format!("{} ms", short(us / 1e3))
    } else {
        format!("{} s", short(us / 1e6))
    }
}

/// `text` in `width` columns, cut with an ellipsis or filled with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text:width$}");
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 0.123_4, 1.234, 12.34, 123.4, 1e9, 1e-6, -0.5].map(short);
        assert_eq!(
            all,
            [
                "0", "0.123", "1.23", "12.3", "123", "1.0e9", "1.0e-6", "-0.500"
            ]
        );
        assert_eq!(whole(1_234_567), "1,234,567");
        assert_eq!(whole(12), "12");
        assert_eq!([10.0, 0.78, 2.5].map(seconds), ["10", "0.78", "2.5"]);
        assert_eq!(
            [5.0, 65.0, 7_260.0, 90_000.0].map(time),
            ["5 s", "1 min 05 s", "2 h 01 min", "1 d 01 h"]
        );
        assert_eq!(
            [12.3, 1_500.0, 2.5e6].map(latency),
            ["12 µs", "1.50 ms", "2.50 s"]
        );
        assert_eq!(
            (fit("abcdef", 4), fit("ab", 4)),
            ("abc…".into(), "ab  ".into())
        );
    }
}
