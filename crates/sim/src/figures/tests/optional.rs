//! Optional measurements: figures and tables of made-up results.

use super::*;
use crate::report::instrument_lines;
use saturn_eval::far_past::FarPast;
use saturn_eval::gradient_lag::GradientLag;
use saturn_eval::instruments::OptionalStats;
use saturn_eval::instruments::definition::{OnAnswers, Stream};
use saturn_eval::instruments::on_answers::calibration::Calibration;
use saturn_eval::instruments::on_answers::change_points::ChangesReport;
use saturn_eval::instruments::on_states::drift::DriftStats;
use saturn_eval::recovery::{KindRecovery, Recovery, RecoveryBin};
use saturn_eval::stats::change_point::{ChangePoint, Changes};

fn kind(kind: &str, settled: Option<f64>) -> KindRecovery {
    let bin = |from: u64, right: u64| RecoveryBin {
        from,
        to: 2 * from + 48,
        right,
        undisturbed: 36,
        total: 40,
    };
    KindRecovery {
        kind: kind.to_owned(),
        disturbances: 30,
        during: bin(0, 12),
        bins: vec![bin(1, 20), bin(51, 34)],
        lags: vec![0, 1, 10, 100],
        distances: vec![0.5, 0.25, 0.01, 0.0],
        settled_median: settled,
        settled_q90: None,
        never: 0.125,
    }
}

fn asked(cell: &mut CellSummary) {
    cell.experiments.recovery = vec![Recovery {
        stream: "noise".to_owned(),
        last: 100,
        horizon: 900,
        kinds: vec![kind("noise_burst", Some(12.0)), kind("gain", None)],
    }];
    cell.experiments.far_past = vec![FarPast {
        stream: "noise".to_owned(),
        lags: vec![1, 16, 64, 256],
        variation: vec![0.8, 0.5, 0.125, 0.0],
        standard_error: vec![0.01; 4],
        changed: vec![0.5; 4],
    }];
    cell.experiments.gradient_lag = vec![GradientLag {
        stream: "noise".to_owned(),
        lags: vec![1, 16, 64, 256],
        norm: vec![2.0, 1.0, 0.5, 0.002],
        median: vec![2.0, 1.0, 0.5, 0.002],
        cells: vec![vec![2.0, 1.0, 0.5, 0.002]],
    }];
    for named in &mut cell.evaluations {
        let e = &mut named.evaluation;
        let mut calibration = Calibration::new(1_000, 4);
        for k in 0..200u64 {
            calibration.add(5 * k, usize::from(k % 4 == 0), &[0.75, 0.25], &[0.75, 0.25]);
        }
        let stream = Stream {
            steps: 1_000,
            windows: 4,
            seed: 1,
        };
        e.answers.calibration = Some(calibration.report(&stream));
        let none = Changes {
            changes: Vec::new(),
            p_value: Some(0.31),
        };
        let change = ChangePoint {
            step: 12_000,
            interval: [11_000, 13_000],
            before: 0.91,
            after: 0.84,
            p_value: 0.001,
        };
        e.answers.change_points = Some(ChangesReport {
            summed: none,
            detector: Changes {
                changes: vec![change],
                p_value: Some(0.001),
            },
        });
        for window in &mut e.saturation {
            let drift = DriftStats {
                units: 8,
                drifted: 0.25,
                median: 0.1,
                max: 0.4,
                effective: 60.0,
            };
            window.stats.optional = Some(OptionalStats {
                drift: [("h".to_owned(), drift)].into(),
                ..OptionalStats::default()
            });
        }
    }
}

#[test]
fn what_is_asked_for_is_drawn_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut scenario = scenario(&["rnn"], &["classic", "adaptive"]);
    let mut found = summary(&scenario, 0.9);
    // Nothing optional was requested.
    assert!(instrument_lines(&found).is_empty());
    found.cells.iter_mut().for_each(asked);
    scenario.plots = vec![
        Plot::Recovery,
        Plot::FarPast,
        Plot::GradientLag,
        Plot::Calibration,
    ];
    let drawn = draw(&scenario, folder.path(), &found).expect("drawn");
    let expected = [
        "figures/recovery-accuracy-noise",
        "figures/recovery-distance-noise",
        "figures/far-past-noise",
        "figures/gradient-lag-noise",
        "figures/calibration",
        "figures/calibration-position",
    ];
    assert_eq!(stems(&drawn), expected);
    let lines = instrument_lines(&found);
    for part in [
        "RNN    classic   noise burst     30    30.0    90.0   50.0    90.0",
        "0.12        –      12.5",
        "none (p 0.310)",
        "at 12\u{202f}000: 91 to 84 %",
        "25.0     0.100    0.400",
        "0.500    0.125     0.000",
        "5.0e-1       2.5e-1        1.0e-3",
    ] {
        assert!(
            lines.iter().any(|l| l.contains(part)),
            "{part} in {lines:#?}"
        );
    }
    // Both survive a file.
    let text = serde_json::to_string(&found).expect("text");
    let mut back: Summary = serde_json::from_str(&text).expect("a summary");
    // The meaning of names comes from the scenario.
    back.roles = found.roles.clone();
    assert_eq!(back.cells[0].experiments, found.cells[0].experiments);
    assert_eq!(instrument_lines(&back), lines);
}
