//! The figure of a very long stream.

use super::*;
use saturn_eval::evaluate::TwinWindow;
use saturn_eval::position::PositionWindow;

/// Readings as those of a stream of 10^9 steps.
fn lengthen(e: &mut Evaluation, at: f64) {
    let positions = (0..25).map(|k| (1e3 * 10f64.powf(f64::from(k) / 4.0)).round() as u64);
    let positions: Vec<u64> = positions.collect();
    e.steps = 1_000_000_000;
    e.lanes = 1;
    e.memory_by_step = positions.iter().map(|&p| (p, 40.0 * at)).collect();
    e.speed_by_step = (positions.iter().enumerate())
        .map(|(k, &p)| (p, 1e6 * at - 1e3 * k as f64))
        .collect();
    e.positions = positions
        .windows(2)
        .map(|ends| PositionWindow {
            start: ends[0],
            end: ends[1],
            right: 90,
            total: 100,
            accuracy: Some(0.98 * at.min(1.0)),
            interval: Some([0.97 * at.min(1.0), 0.985 * at.min(1.0)]),
        })
        .collect();
    e.twin = (positions.iter().step_by(2))
        .map(|&start| TwinWindow {
            start,
            steps: 1_024,
            state: 2e-7 * at,
            ..TwinWindow::default()
        })
        .collect();
}

#[test]
fn a_long_stream_is_drawn_and_a_short_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut scenario = scenario(&["lif", "gru"], &["adaptive"]);
    scenario.plots = vec![Plot::LongRun];
    let mut found = summary(&scenario, 0.9);
    let drawn = draw(&scenario, folder.path(), &found).expect("drawn");
    assert!(drawn.is_empty(), "a short stream");
    for (k, cell) in found.cells.iter_mut().enumerate() {
        lengthen(&mut cell.evaluations[0].evaluation, 1.0 - 0.25 * k as f64);
    }
    let drawn = draw(&scenario, folder.path(), &found).expect("drawn");
    assert_eq!(stems(&drawn), ["figures/long-run"]);
    let svg = std::fs::read_to_string(folder.path().join("figures/long-run.svg")).expect("drawn");
    for part in [
        "resident memory, MiB",
        "steps a second",
        "one rounding",
        "LIF",
        "GRU",
        "chance",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    // A run shared by several trials has no memory measurement: the rest is drawn.
    for cell in &mut found.cells {
        cell.evaluations[0].evaluation.forget_memory();
    }
    draw(&scenario, folder.path(), &found).expect("drawn");
    let svg = std::fs::read_to_string(folder.path().join("figures/long-run.svg")).expect("drawn");
    assert!(!svg.contains("resident memory") && svg.contains("steps a second"));
}
