//! The data of a scenario in a line, and what is odd about them.

use saturn_sim::run::dataset::Dataset;
use saturn_sim::scenario::{DataSource, Scenario, Warning, WarningKind};
use saturn_stream::{Form, Split};

/// Steps of a sample above which nets learn slowly, or not at all.
const LONG: usize = 5_000;
/// Steps that samples should have, about.
const USUAL: f64 = 300.0;

/// What `bench`, which may be a glimpse of the data, is like: a line, and warnings.
pub fn described(s: &Scenario, bench: &Dataset) -> (String, Vec<Warning>) {
    let mut lengths = bench.train.lengths().to_vec();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let longest = lengths.last().copied().unwrap_or(0);
    let read = if bench.train.len() < bench.train.all() {
        format!(" (of {} that were read)", bench.train.len())
    } else {
        String::new()
    };
    let mut line = format!(
        "data: {} training and {} validation samples of {} classes, {} channels, steps of {} ms; a median of \
         {median} steps, at most {longest}{read}",
        bench.train.all(),
        bench.valid.all(),
        bench.classes.len(),
        bench.channels,
        bench.dt_ms
    );
    if bench.train.form() == Form::Events {
        line.push_str("; ");
        line.push_str(&two_digits(100.0 * bench.density));
        line.push_str(" % of (step, channel) pairs have an event");
    }
    (line, odd(s, bench, median, longest))
}

fn odd(s: &Scenario, bench: &Dataset, median: usize, longest: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let dt_ms = bench.dt_ms;
    let better = dt_ms * median.max(1) as f64 / USUAL;
    let frames = matches!(s.data.source, DataSource::Frames { .. });
    if longest > LONG && bench.train.records().is_none() {
        warnings.push(s.warning(
            WarningKind::LongSamples,
            if frames { "data.frames" } else { "data.dt_ms" },
            format!("{dt_ms} ms"),
            format!(
                "samples have up to {longest} steps (median {median}), and over so many nets learn slowly or not at all"
            ),
            if frames {
                "make files of longer steps, or cut the samples".to_owned()
            } else {
                format!("`dt_ms: {}` makes about {USUAL:.0} of the median", two_digits(better))
            },
        ));
    }
    if median < 3 {
        warnings.push(s.warning(
            WarningKind::ShortSamples,
            if frames { "data.frames" } else { "data.dt_ms" },
            format!("{dt_ms} ms"),
            format!("half of the samples have at most {median} steps, so nothing is left of their course in time"),
            "make steps shorter; if the file's times are not in seconds, convert it",
        ));
    }
    let extreme = !(1e-5..=0.9).contains(&bench.density);
    if bench.train.form() == Form::Events && extreme {
        warnings.push(s.warning(
            WarningKind::Density,
            "data.channels",
            format!("{}", bench.channels),
            format!(
                "{} % of (step, channel) pairs have an event, which is hardly any or nearly all",
                two_digits(100.0 * bench.density)
            ),
            "compare `data.channels` and `data.dt_ms` with the file: `saturn data inspect`",
        ));
    }
    warnings.extend(empty_classes(s, bench, &bench.train));
    warnings
}

/// A warning with the classes that no sample of the training file has.
fn empty_classes(s: &Scenario, bench: &Dataset, train: &Split) -> Option<Warning> {
    let mut seen = vec![false; bench.classes.len()];
    for &label in train.file().labels() {
        seen[label] = true;
    }
    let named = bench.classes.iter().zip(&seen);
    let empty: Vec<&str> = named
        .filter(|(_, seen)| !**seen)
        .map(|(name, _)| name.as_str())
        .collect();
    if empty.is_empty() {
        return None;
    }
    let few: Vec<String> = (empty.iter().take(5))
        .map(|name| name.chars().take(40).flat_map(char::escape_debug).collect())
        .collect();
    Some(s.warning(
        WarningKind::EmptyClass,
        "data.classes",
        format!("{}", bench.classes.len()),
        format!(
            "{} of them have no training sample: {}{}",
            empty.len(),
            few.join(", "),
            if empty.len() > few.len() { ", ..." } else { "" }
        ),
        "leave `data.classes` out, or give samples of every class",
    ))
}

/// A number to two significant digits.
fn two_digits(x: f64) -> String {
    let rounded: f64 = format!("{x:.1e}").parse().unwrap_or(x);
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(two_digits(12.345), "12");
        assert_eq!(two_digits(0.012_345), "0.012");
        assert_eq!(two_digits(0.0), "0");
    }
}
