use std::path::Path;

use super::*;
use crate::figures::tests::{scenario, summary};
use saturn_eval::detector::{DetectorScore, grid};
use saturn_eval::evaluate::TwinWindow;
use saturn_eval::reading::Reading;

fn shared() -> Shared {
    Shared {
        split: "valid".to_owned(),
        classes: (0..20).map(|c| format!("class {c}")).collect(),
        dt_ms: 10.0,
        data: "d".repeat(64),
        events: Some(events("floor")),
    }
}

fn events(rule: &str) -> Events {
    Events {
        rule: rule.to_owned(),
        train: "a".repeat(64),
        valid: "b".repeat(64),
        test: None,
    }
}

/// A cell with `streams` streams under `policies` policies, and long curves.
pub(super) fn finished(streams: usize, policies: usize) -> Finished {
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
            for (k, reading) in Reading::ALL.into_iter().enumerate() {
                for g in 0..300 {
                    for times in 0..=(g % 4) {
                        let right = (g + times + policy) % (3 + k) > 0;
                        reading.tallies_mut(e).add(g, right);
                    }
                }
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
        .find(finished.place(), &finished.settings, &finished.shared)
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
    let found = |settings: &str, shared: &Shared| {
        store
            .find(cell.place(), settings, shared)
            .expect("read")
            .is_some()
    };
    let own = &cell.shared;
    assert!(found(&cell.settings, own) && !found("other", own));
    let others = [
        Shared {
            data: "other".to_owned(),
            ..own.clone()
        },
        Shared {
            events: Some(events("round")),
            ..own.clone()
        },
        Shared {
            events: None,
            ..own.clone()
        },
    ];
    for other in others {
        assert!(!found(&cell.settings, &other), "{other:?}");
    }
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

/// Every right answer of every reading by recording, and what they take: totals once a stream.
#[test]
fn tallies_of_all_readings_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = finished(3, 7);
    let read = saved(&whole, folder.path());
    for (a, b) in whole.cell.evaluations.iter().zip(&read.cell.evaluations) {
        for reading in Reading::ALL {
            let tallies = reading.tallies(&a.evaluation);
            assert_eq!(tallies.recordings(), 300);
            assert_eq!(tallies, reading.tallies(&b.evaluation));
        }
    }
    let bytes = whole.encode().expect("encoded");
    let value: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(value["version"], 2);
    assert_eq!(value["recordings"].as_array().map(Vec::len), Some(1));
    assert!(!String::from_utf8_lossy(&bytes).contains("tallies"));
}

/// The layout of files that were written before tallies and events were kept.
#[test]
fn version_1_reads_as_the_old_binning() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = finished(1, 2);
    let bytes = cell.encode().expect("encoded");
    let mut value: Value = serde_json::from_slice(&bytes).expect("JSON");
    value["version"] = 1.into();
    let file = value.as_object_mut().expect("an object");
    file.remove("recordings");
    file.remove("events");
    let table = &mut file["cell"]["evaluations"];
    let columns = table["columns"].as_array().expect("columns");
    let keep: Vec<bool> = (columns.iter())
        .map(|c| !c.as_str().is_some_and(|c| c.starts_with("right")))
        .collect();
    let kept = |list: &Value| -> Value {
        let list = list.as_array().expect("a list").iter().zip(&keep);
        list.filter(|(_, keep)| **keep)
            .map(|(v, _)| v)
            .cloned()
            .collect()
    };
    table["columns"] = kept(&table["columns"].clone());
    for row in table["rows"].as_array_mut().expect("rows") {
        *row = kept(row);
    }
    let path = folder.path().join(cell.place().cell());
    std::fs::write(&path, value.to_string()).expect("written");
    let read = Finished::read(&path).expect("read").expect("there");
    assert_eq!(read.shared.events, None);
    assert!(read.shared.label().contains("old binning"));
    assert!(!read.shared.is_binned_as_now(false) && read.shared.is_binned_as_now(true));
    assert_eq!(read.cell.evaluations.len(), 2);
    assert!(read.cell.evaluations[0].evaluation.by_recording.is_empty());
}

/// A trial on other events moves aside and is still found; one with other settings is written over.
#[test]
fn a_trial_on_other_events_is_kept_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let new = finished(1, 2);
    let mut old = new.clone();
    old.shared.events = None;
    old.save_once(folder.path()).expect("saved");
    new.save_once(folder.path()).expect("saved");
    let store = Store::new([folder.path().to_owned()]);
    let found = store.find_all(new.place(), &new.settings).expect("read");
    let shared: Vec<&Shared> = found.iter().map(|f| &f.shared).collect();
    assert_eq!(shared, [&new.shared, &old.shared]);
    let aside = folder.path().join(old.shared.short());
    assert!(aside.join(old.place().cell()).is_file());
    let mut other = new.clone();
    other.settings = "other".to_owned();
    other.save_once(folder.path()).expect("saved");
    let left = store.find_all(new.place(), &new.settings).expect("read");
    assert_eq!(left.len(), 1, "the one aside");
}

#[test]
fn damaged_tallies_are_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = finished(1, 1);
    let text = String::from_utf8(cell.encode().expect("encoded")).expect("text");
    let path = folder.path().join(cell.place().cell());
    let start = text.find(r#""recordings":[""#).expect("tallies") + 15;
    for other in ["////", "====", "AAAA"] {
        let damaged = format!("{}{other}{}", &text[..start], &text[start + 4..]);
        std::fs::write(&path, damaged).expect("written");
        let error = Finished::read(&path).expect_err(other).to_string();
        assert!(
            error.contains("tallies") || error.contains("right answers"),
            "{error}"
        );
    }
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let cell = finished(1, 1);
    let path = folder.path().join(cell.place().cell());
    for text in ["{", "{}", r#"{"format": "other"}"#] {
        std::fs::write(&path, text).expect("written");
        let store = Store::new([folder.path().to_owned()]);
        let error = store.find_all(cell.place(), "s").expect_err(text);
        assert!(error.to_string().contains("rnn.classic.1.json"), "{error}");
    }
}
