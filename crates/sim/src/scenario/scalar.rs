//! The meaning of a plain scalar.
//!
//! By the core schema of YAML 1.2, less what surprises people:
//!
//! | written | read as |
//! |---|---|
//! | `true`, `false` | booleans; `yes`, `no`, `on`, `off` are text |
//! | `12`, `-3`, `1_000_000` | whole numbers |
//! | `0.5`, `1e-3`, `.inf` | numbers |
//! | `012`, `0x1f` | text, which is rejected where a number is required |
//! | `null`, `~`, nothing at all | no value, which is rejected everywhere |

use serde_saphyr::granit_parser::ScalarStyle;

use super::node::Scalar;

/// The meaning of a scalar; none if it is no value.
pub(super) fn resolve(text: &str, style: ScalarStyle) -> Option<Scalar> {
    if style != ScalarStyle::Plain {
        return Some(Scalar::Text { quoted: true });
    }
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => return None,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        _ => number(text).unwrap_or(Scalar::Text { quoted: false }),
    })
}

/// A number without leading zeros, and with underscores between digits only.
fn number(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| {
        part.split('_')
            .all(|run| !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit()))
    };
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    let whole_fits =
        (digits(whole) && !leading_zero) || (whole.is_empty() && fraction.is_some_and(digits));
    let fraction_fits = fraction.is_none_or(|f| f.is_empty() || digits(f));
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    if !(whole_fits && fraction_fits && exponent_fits) {
        return None;
    }
    let plain = text.replace('_', "");
    if fraction.is_none() && exponent.is_none() {
        // Numbers may have more digits than i128.
        if let Ok(n) = plain.parse() {
            return Some(Scalar::Int(n));
        }
    }
    plain.parse().ok().map(Scalar::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_they_look_like() {
        let text = Some(Scalar::Text { quoted: false });
        let plain = |s: &str| resolve(s, ScalarStyle::Plain);
        for word in [
            "no", "yes", "off", "y", "012", "-01", "0x1f", "1__0", "_1", "1_", "1e", ".", "-",
            "1.5.2",
        ] {
            assert_eq!(plain(word), text, "{word}");
        }
        for (written, n) in [("0", 0), ("12", 12), ("-3", -3), ("1_000_000", 1_000_000)] {
            assert_eq!(plain(written), Some(Scalar::Int(n)), "{written}");
        }
        for (written, x) in [
            ("0.5", 0.5),
            (".5", 0.5),
            ("1e-3", 1e-3),
            ("2.", 2.0),
            ("-1_0.5E+1", -105.0),
        ] {
            assert_eq!(plain(written), Some(Scalar::Float(x)), "{written}");
        }
        assert_eq!(plain("false"), Some(Scalar::Bool(false)));
        assert_eq!(plain("~"), None);
        assert_eq!(
            resolve("12", ScalarStyle::SingleQuoted),
            Some(Scalar::Text { quoted: true })
        );
    }
}
