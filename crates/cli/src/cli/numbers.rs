//! Numbers on the command line, each with its range, and the type that a network computes with.

use std::ops::RangeInclusive;
use std::time::Duration;

use clap::ValueEnum;
use saturn_sim::scenario::Precision;

/// A type of numbers.
#[derive(Clone, Copy, ValueEnum)]
pub enum Numbers {
    F32,
    F64,
}

impl From<Numbers> for Precision {
    fn from(numbers: Numbers) -> Self {
        match numbers {
            Numbers::F32 => Self::F32,
            Numbers::F64 => Self::F64,
        }
    }
}

/// A whole number from 1 to 1,024.
pub fn up_to_1024(text: &str) -> Result<usize, String> {
    within::<1, 1_024>(text).map(|n| n as usize)
}

/// A whole number of channels, as in a scenario.
pub fn channels(text: &str) -> Result<usize, String> {
    within::<1, 16_777_216>(text).map(|n| n as usize)
}

/// A whole number from `LOW` to `HIGH`.
pub fn within<const LOW: u64, const HIGH: u64>(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(n) if (LOW..=HIGH).contains(&n) => Ok(n),
        _ => Err(format!("expected a whole number from {LOW} to {HIGH}")),
    }
}

/// Numbers and ranges of trials, such as `4` or `1-3`.
pub fn trials(text: &str) -> Result<RangeInclusive<usize>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err("expected a number or a range of numbers, such as 4 or 1-3".to_owned()),
    }
}

/// A time such as `30s`, or 0.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    humantime::parse_duration(text)
        .map_err(|e| format!("{e}; expected a duration such as 30s or 5m"))
}

/// A share above 0 and up to 1.
pub fn density(text: &str) -> Result<f64, String> {
    let expected = "a share above 0 and up to 1, such as 0.015";
    number(text, |share| share > 0.0 && share <= 1.0, expected)
}

/// A share from 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    number(text, |x| (0.0..=1.0).contains(&x), "a number from 0 to 1")
}

/// Seconds from 0 to a day.
pub fn seconds(text: &str) -> Result<f64, String> {
    let day = |s| (0.0..=86_400.0).contains(&s);
    number(text, day, "seconds from 0 to 86400")
}

/// A number from 0 to 10⁹.
pub fn not_negative(text: &str) -> Result<f64, String> {
    let fits = |x| (0.0..=1e9).contains(&x);
    number(text, fits, "a number from 0 to 10^9")
}

/// A number above 0 and up to 10⁹.
pub fn positive(text: &str) -> Result<f64, String> {
    let fits = |x| x > 0.0 && x <= 1e9;
    number(text, fits, "a number above 0 and up to 10^9")
}

/// MiB above 0.
pub fn mebibytes(text: &str) -> Result<f64, String> {
    let fits = |mib| mib > 0.0 && f64::is_finite(mib);
    number(text, fits, "a number of MiB above 0")
}

fn number(text: &str, fits: impl Fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if fits(x) => Ok(x),
        _ => Err(format!("expected {expected}")),
    }
}
