use saturn_data::{
    Grid, OnBadSample, ReadOptions, Recording, StoredTimes, TimeUnit, Times, WriteMeta,
    write_events,
};

use crate::*;

fn recording(times_s: Vec<f64>, label: usize) -> Recording {
    Recording {
        units: (0..times_s.len() as u32).map(|k| k % 5).collect(),
        times_s,
        label,
        speaker: None,
        index: 0,
    }
}

/// An event file with `times` stored so.
fn written(recordings: Vec<Recording>, times: StoredTimes) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let meta = WriteMeta {
        channels: 5,
        times,
        class_names: vec!["a".into(), "b".into()],
        ..WriteMeta::default()
    };
    write_events(folder.path().join("events.h5"), recordings, &meta).unwrap();
    folder
}

fn opened(
    folder: &tempfile::TempDir,
    times: Times,
    dt_ms: f64,
) -> Result<Split, saturn_data::DataError> {
    let options = ReadOptions {
        channels: 5,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = File::timed_events(&folder.path().join("events.h5"), &options, times)?;
    Split::from_file(file, dt_ms, None, usize::MAX)
}

fn plain(folder: &tempfile::TempDir, dt_ms: f64) -> Split {
    opened(folder, Times::default(), dt_ms).unwrap()
}

/// Events of each step of the first sample.
fn counts(split: &Split) -> Vec<usize> {
    let sample = split.sample(0).unwrap();
    let Content::Events(bins) = &sample.content else {
        panic!("frames")
    };
    let each = |t| bins.step(t).map(|(_, count)| count as usize).sum();
    (0..sample.steps()).map(each).collect()
}

#[test]
fn an_event_each_millisecond_is_an_event_each_step() {
    let every = |ms: u32, count: u32| (0..count).map(|k| f64::from(k * ms) / 1e3).collect();
    for times in [StoredTimes::F32, StoredTimes::F64] {
        let folder = written(vec![recording(every(1, 200), 0)], times);
        assert_eq!(counts(&plain(&folder, 1.0)), vec![1; 200], "{times:?}");
        assert_eq!(counts(&plain(&folder, 10.0)), vec![10; 20], "{times:?}");
        let folder = written(vec![recording(every(10, 100), 0)], times);
        assert_eq!(counts(&plain(&folder, 10.0)), vec![1; 100], "{times:?}");
    }
    // float16 is floored as stored, unless it is rounded to the grid.
    let folder = written(vec![recording(every(1, 200), 0)], StoredTimes::F16);
    let floored = plain(&folder, 1.0);
    assert!(counts(&floored).iter().filter(|n| **n == 1).count() < 150);
    let notice = floored.notice().unwrap().unwrap();
    assert!(
        notice.contains("on a grid of 1 ms (1000 Hz)") && notice.contains("data.grid_hz: 1000"),
        "{notice}"
    );
    let times = Times {
        unit: None,
        grid: Grid::new(1_000.0),
    };
    let rounded = opened(&folder, times, 1.0).unwrap();
    assert_eq!(counts(&rounded), vec![1; 200]);
    assert_eq!(rounded.notice().unwrap(), None);
    let off = Times {
        grid: Grid::new(360.0),
        ..times
    };
    let message = opened(&folder, off, 1.0).err().unwrap().to_string();
    assert!(
        message.contains("sample 0: event 1 at") && message.contains("a grid of 1/360 s"),
        "{message}"
    );
}

#[test]
fn what_nets_receive_has_one_hash() {
    let times = || (0..40).map(|k| 0.004 + 0.0075 * f64::from(k)).collect();
    let hash = |recordings, stored, dt_ms| {
        let folder = written(recordings, stored);
        plain(&folder, dt_ms).events_hash()
    };
    let both = || vec![recording(times(), 0), recording(times(), 1)];
    let known = hash(both(), StoredTimes::F64, 10.0);
    assert_eq!(known.len(), 64);
    // Not how they are stored, and not on how many threads they are read.
    assert_eq!(hash(both(), StoredTimes::F32, 10.0), known);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
    let threads = pool
        .unwrap()
        .install(|| hash(both(), StoredTimes::F64, 10.0));
    assert_eq!(threads, known);
    // A step, an event's step, a label and an order are all in it.
    assert_ne!(hash(both(), StoredTimes::F64, 5.0), known);
    let mut moved = both();
    moved[1].times_s[39] += 0.01;
    assert_ne!(hash(moved, StoredTimes::F64, 10.0), known);
    let mut relabelled = both();
    relabelled[1].label = 0;
    assert_ne!(hash(relabelled, StoredTimes::F64, 10.0), known);
    let mut turned = both();
    turned.reverse();
    assert_ne!(hash(turned, StoredTimes::F64, 10.0), known);
    let mut other = both();
    other[0].units[7] = 4;
    assert_ne!(hash(other, StoredTimes::F64, 10.0), known);
}

#[test]
fn times_of_another_unit_are_refused_before_memory_is_asked_for() {
    let microseconds = || {
        vec![
            recording(vec![1e4, 5e5, 9e5], 0),
            recording(vec![2e4, 3e5, 8e5], 1),
        ]
    };
    let folder = written(microseconds(), StoredTimes::F32);
    let declared = |unit| Times {
        unit: Some(unit),
        grid: None,
    };
    let message = opened(&folder, Times::default(), 1.0)
        .err()
        .unwrap()
        .to_string();
    assert!(
        message.contains("sample 0: 3 events last 900000 s (10.4 days)")
            && message.contains("are these microseconds?")
            && message.contains("--times us"),
        "{message}"
    );
    let split = opened(&folder, declared(TimeUnit::Microseconds), 1.0).unwrap();
    assert_eq!(split.lengths(), [901, 801]);
    // Declared as seconds they are believed, and their steps counted before they are made.
    let message = opened(&folder, declared(TimeUnit::Seconds), 1.0)
        .err()
        .unwrap()
        .to_string();
    assert!(
        message.contains("sample 0 lasts 900000 s, 900000032 steps of 1 ms"),
        "{message}"
    );
    let split = opened(&folder, declared(TimeUnit::Seconds), 10_000.0).unwrap();
    assert_eq!(split.lengths(), [90_001, 80_001]);
}

#[test]
fn the_first_time_that_is_too_coarse_is_named() {
    // From 8,192 s on, f32 has 0.98 ms between one time and the next.
    let late = |last: f64| {
        vec![recording(
            (0..2_000).map(|k| last * f64::from(k) / 1_999.0).collect(),
            0,
        )]
    };
    let fine = written(late(4_000.0), StoredTimes::F32);
    assert_eq!(plain(&fine, 1.0).notice().unwrap(), None);
    let coarse = written(late(9_000.0), StoredTimes::F32);
    let notice = plain(&coarse, 1.0).notice().unwrap().unwrap();
    assert!(
        notice.contains("from 8194")
            && notice.contains("sample 0")
            && notice.contains("0.9765625 ms"),
        "{notice}"
    );
    assert_eq!(plain(&coarse, 10.0).notice().unwrap(), None);
    let exact = written(late(9_000.0), StoredTimes::F64);
    assert_eq!(plain(&exact, 1.0).notice().unwrap(), None);
}
