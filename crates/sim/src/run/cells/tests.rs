use std::path::Path;

use super::*;
use crate::eval::detector::{DetectorScore, grid};
use crate::eval::evaluate::TwinWindow;
use crate::figures::tests::{scenario, summary};

fn shared() -> Shared {
    Shared {
        split: "valid".to_owned(),
        classes: (0..20).map(|c| format!("class {c}")).collect(),
        dt_ms: 10.0,
        data: "d".repeat(64),
    }
}

/// A cell with `streams` streams under `policies` policies, and long curves.
fn finished(streams: usize, policies: usize) -> Finished {
    let scenario = scenario(&["rnn"], &["classic"]);
    let mut cell = summary(&scenario, 0.912_345_678).cells.swap_remove(0);
    let one = cell.evaluations.swap_remove(0);
    cell.evaluations.clear();
    for stream in 0..streams {
        for policy in 0..policies {
            let mut named = one.clone();
            named.stream = format!("stream {stream}");
            named.state_reset = ["none", "oracle"]
                .get(policy)
                .map_or_else(|| format!("periodic_{policy}"), ToString::to_string);
            let e = &mut named.evaluation;
            e.curve = grid(10)
                .into_iter()
                .map(|threshold| DetectorScore {
                    threshold,
                    right: 1234,
                    ..DetectorScore::default()
                })
                .collect();
            let windows = e.saturation.clone();
            e.saturation = (0..20)
                .flat_map(|k| {
                    windows.iter().cloned().map(move |mut w| {
                        w.step += 1000 * k;
                        w
                    })
                })
                .collect();
            e.memory_by_step = (1..60).map(|k| (k * 1_000, 40.4)).collect();
            e.speed_by_step = (1..60).map(|k| (k * 1_000, 8e5 + k as f64)).collect();
            e.twin = (1..60)
                .map(|k| TwinWindow {
                    start: 1_000_000_000 + k,
                    state: 2e-7,
                    ..TwinWindow::default()
                })
                .collect();
            for g in 0..300 {
                e.by_recording.add(g, g % 3 > 0);
            }
            cell.evaluations.push(named);
        }
    }
    let curve = &mut cell.contraction[0].curves[0];
    curve.lags = (0..=200).collect();
    curve.values = (0..=200).map(|k| 0.97f64.powi(k)).collect();
    curve.distances = curve.values.clone();
    let epoch = cell.training.history[0].clone();
    cell.training.history = (1..=100)
        .map(|k| {
            let mut e = epoch.clone();
            e.epoch = k;
            e
        })
        .collect();
    cell.training.kept_epoch = 37;
    Finished {
        settings: "s".repeat(64),
        shared: shared(),
        cell,
    }
}

fn saved(finished: &Finished, folder: &Path) -> Finished {
    assert_eq!(finished.save(folder).expect("saved"), None);
    let store = Store::new([folder.to_owned()]);
    store
        .find(finished.place(), &finished.settings, None)
        .expect("read")
        .expect("found")
}

#[test]
fn a_cell_comes_back_with_its_numbers_and_thin_curves() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = finished(2, 3);
    let read = saved(&whole, folder.path());
    assert_eq!(read.shared, whole.shared);
    assert_eq!(read.cell.evaluations.len(), 6);
    let e = &read.cell.evaluations[0].evaluation;
    let summed = e.summed.expect("an accuracy");
    assert!((summed.value - 0.912_35).abs() < 1e-9, "five digits");
    assert_eq!((e.curve.len(), e.saturation.len()), (39, 40));
    let series = (e.memory_by_step.len(), e.speed_by_step.len(), e.twin.len());
    assert_eq!(series, (24, 24, 24));
    assert_eq!(e.memory_by_step.last(), Some(&(59_000, 40.4)));
    assert_eq!(e.twin.last().map(|w| w.start), Some(1_000_000_059));
    let other = &read.cell.evaluations[4].evaluation;
    assert!(other.memory_by_step.is_empty() && other.twin.is_empty());
    assert_eq!((other.curve.len(), other.saturation.len()), (0, 2));
    let curve = &read.cell.contraction[0].curves[0];
    for lag in [0, LAG_REPORTED, 200] {
        let at = curve.lags.iter().position(|&k| k == lag).expect("kept");
        assert!((curve.values[at] - 0.97f64.powi(lag as i32)).abs() < 1e-4);
    }
    let training = &read.cell.training;
    assert_eq!(training.kept().map(|e| e.epoch), Some(37));
    assert_eq!(training.epochs(), 100);
}

const LAG_REPORTED: usize = thin::LAG;

#[test]
fn many_evaluations_still_fit() {
    for (streams, policies) in [(1, 1), (5, 8), (6, 10)] {
        let bytes = finished(streams, policies).encode().expect("encoded");
        assert!(
            bytes.len() <= LIMIT,
            "{streams} x {policies}: {}",
            bytes.len()
        );
    }
}

#[test]
fn more_than_fits_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = finished(20, 20).save(folder.path()).expect("saved");
    assert!(said.is_some_and(|line| line.contains("400 evaluations")));
}

#[test]
fn other_keys_are_not_taken_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = finished(1, 2);
    cell.save(folder.path()).expect("saved");
    let store = Store::new([folder.path().join("none"), folder.path().to_owned()]);
    let found = |settings: &str, data: Option<&str>| {
        store
            .find(cell.place(), settings, data)
            .expect("read")
            .is_some()
    };
    assert!(found(&cell.settings, None) && found(&cell.settings, Some(&cell.shared.data)));
    assert!(!found("other", None) && !found(&cell.settings, Some("other")));
}

#[test]
fn a_final_cell_is_not_undone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut last = finished(1, 2);
    last.shared.split = "test".to_owned();
    last.save(folder.path()).expect("saved");
    let undoes = |cell: &Finished| cell.would_undo_a_final_one(folder.path()).expect("read");
    assert!(undoes(&finished(1, 2)) && !undoes(&last));
    // The same cell is not written again; another one is.
    let path = folder.path().join(last.place().cell());
    let before = std::fs::read(&path).expect("read");
    last.save_once(folder.path()).expect("kept");
    assert_eq!(std::fs::read(&path).expect("read"), before);
    last.settings = "other".to_owned();
    last.save_once(folder.path()).expect("saved");
    assert_ne!(std::fs::read(&path).expect("read"), before);
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = finished(1, 1);
    let path = folder.path().join(cell.place().cell());
    for text in ["{", "{}", r#"{"format": "other"}"#] {
        std::fs::write(&path, text).expect("written");
        let store = Store::new([folder.path().to_owned()]);
        let error = store.find(cell.place(), "s", None).expect_err(text);
        assert!(error.to_string().contains("rnn.classic.1.json"), "{error}");
    }
}
