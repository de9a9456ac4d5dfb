use super::*;
use crate::figures::tests::{scenario, summary};
use saturn_eval::stats::estimate::over_seeds;
use saturn_eval::stats::verdict::Verdict;

impl Default for Reference {
    /// That of the made-up runs of the tests.
    fn default() -> Self {
        Self {
            arm: "classic".to_owned(),
            state_reset: "oracle".to_owned(),
        }
    }
}

/// Three seeds, `classic` and `adaptive`; the adaptive net is 0.01, 0.02 and 0.03 better when never
/// reset than the classic one with oracle resets.
fn cells() -> Vec<CellSummary> {
    let scenario = scenario(&["rnn"], &["classic", "adaptive"]);
    let mut all = Vec::new();
    for seed in 1..=3u32 {
        for mut trial in summary(&scenario, 0.9).cells {
            trial.seed = u64::from(seed);
            let more = if trial.arm == "adaptive" { 0.01 } else { 0.0 };
            for e in &mut trial.evaluations {
                let value = 0.9 - 0.1 * f64::from(seed) + more * f64::from(seed);
                e.evaluation.summed = over_seeds(&[value]);
            }
            all.push(trial);
        }
    }
    all
}

fn find<'a>(rows: &'a [Row], arm: &str, state_reset: &str) -> &'a Row {
    rows.iter()
        .find(|r| r.arm == arm && r.state_reset == state_reset)
        .unwrap()
}

#[test]
fn differences_are_paired_by_seed() {
    let rows = table(&cells(), &Reference::default());
    assert_eq!(rows.len(), 4);
    let reference = find(&rows, "classic", "oracle");
    assert!(reference.from_reference.is_none() && reference.p_holm.is_none());
    let row = find(&rows, "adaptive", "none");
    let difference = row.from_reference.unwrap();
    assert!((difference.value - 0.02).abs() < 1e-12);
    // t = 2 sqrt 3 with two degrees of freedom: see `eval::paired`.
    assert!((row.p_value.unwrap() - 0.074_179_9).abs() < 1e-6);
    // Two comparisons without resets: classic there equals the reference, p = 1.
    assert!((row.p_holm.unwrap() - 2.0 * 0.074_179_9).abs() < 1e-5);
    assert_eq!(find(&rows, "classic", "none").p_holm, Some(1.0));
    // With oracle resets there is one: the reference is not compared with itself.
    let alone = find(&rows, "adaptive", "oracle");
    assert_eq!(alone.p_holm, alone.p_value);
    // Seeds differ far more than pairs do.
    assert!(row.summed.unwrap().standard_error > difference.standard_error);
}

#[test]
fn seeds_that_one_side_lacks_are_left_out() {
    let mut some = cells();
    some.retain(|c| !(c.arm == "classic" && c.seed == 2));
    let rows = table(&some, &Reference::default());
    let row = find(&rows, "adaptive", "none");
    assert_eq!((row.seeds, row.from_reference.unwrap().units), (3, 2));
    some.retain(|c| c.arm != "classic");
    let rows = table(&some, &Reference::default());
    assert!(find(&rows, "adaptive", "none").from_reference.is_none());
}

#[test]
fn another_reference_can_be_had() {
    let reference = Reference {
        arm: "adaptive".to_owned(),
        state_reset: "none".to_owned(),
    };
    let rows = table(&cells(), &reference);
    let value = find(&rows, "classic", "none").from_reference.unwrap().value;
    assert!((value + 0.02).abs() < 1e-12);
}

/// Three seeds with correct predictions by recording: the pair's error is over both, and each reading has
/// its own.
#[test]
fn readings_are_paired_by_seed_and_recording() {
    let mut all = cells();
    for trial in &mut all {
        for e in &mut trial.evaluations {
            let e = &mut e.evaluation;
            for (k, reading) in Reading::ALL.into_iter().enumerate() {
                let tallies = reading.tallies_mut(e);
                for g in 0..60 {
                    let adaptive = trial.arm == "adaptive" && g % (4 + k) == 0;
                    tallies.add(g, g % 5 > 0 || adaptive || g as u64 % 7 == trial.seed);
                }
            }
            let estimate = |of: &ByRecording| of.tally().share().and_then(|a| over_seeds(&[a]));
            e.summed = estimate(&e.by_recording);
            e.last = estimate(&e.last_by_recording);
            e.detector = estimate(&e.detector_by_recording);
        }
    }
    let rows = table(&all, &Reference::default());
    let row = find(&rows, "adaptive", "none");
    assert_eq!(row.basis, Basis::SeedsAndRecordings);
    let values = Reading::ALL.map(|reading| row.against.of(reading).unwrap().estimate.value);
    // Of 60 recordings 3, 12 and 2 more, less those that the classic network predicts correctly.
    assert!(values[1] > values[0] && values[0] > values[2], "{values:?}");
    let summed = row.against.summed.unwrap();
    assert_eq!(summed.basis, Basis::SeedsAndRecordings);
    assert_eq!(summed.verdict, Some(Verdict::Shown));
    assert_eq!(row.from_reference, Some(summed.estimate));
    let classic = find(&rows, "classic", "none").against.summed.unwrap();
    assert_eq!(
        classic.verdict,
        Some(Verdict::NotShown),
        "60 recordings are few"
    );
}

#[test]
fn one_seed_is_paired_by_recording() {
    let mut one = cells();
    one.retain(|c| c.seed == 1);
    for trial in &mut one {
        for e in &mut trial.evaluations {
            for g in 0..50 {
                let right = g % 5 > 0 || trial.arm == "adaptive";
                e.evaluation.by_recording.add(g, right);
            }
            let all = e.evaluation.by_recording.tally();
            e.evaluation.summed = over_seeds(&[all.share().unwrap()]);
        }
    }
    let rows = table(&one, &Reference::default());
    let row = find(&rows, "adaptive", "none");
    let difference = row.from_reference.unwrap();
    assert!((difference.value - 0.2).abs() < 1e-12 && difference.units == 50);
    assert_eq!(row.against.summed.unwrap().basis, Basis::Recordings);
}
