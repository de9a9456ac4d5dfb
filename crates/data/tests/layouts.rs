//! Every layout of HDF5 that people write: number widths, byte orders, chunks, filters.

#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

use std::path::PathBuf;

use saturn_data::{
    EventFile, OnBadSample, ReadOptions, Recording, StoredTimes, WriteMeta, summarise, write_events,
};

fn options(channels: usize) -> ReadOptions {
    ReadOptions {
        channels,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    }
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The samples that `fixtures/make.py` stores.
fn stored_sample(k: usize) -> Recording {
    Recording {
        times_s: (0..4 + k).map(|j| (j + k) as f64 / 64.0).collect(),
        units: (0..4 + k).map(|j| ((7 * j + k) % 16) as u32).collect(),
        label: k % 3,
        speaker: Some(10 + k as u32),
        index: k,
    }
}

#[test]
fn every_layout_reads_the_same() {
    let mut files = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "h5") {
            continue;
        }
        let file = EventFile::open(&path, &options(16))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(file.len(), 5, "{}", path.display());
        assert!(file.notices().is_empty());
        // At random, and again, as training does.
        for k in [3, 0, 4, 4, 1, 2] {
            assert_eq!(
                file.read(k).unwrap(),
                stored_sample(k),
                "{}",
                path.display()
            );
        }
        if path.ends_with("big_endian_f64_i32.h5") {
            assert_eq!(file.class_names(), ["0", "1", "2"]);
        } else {
            assert_eq!(file.class_names(), ["one", "two", "three"]);
        }
        files += 1;
    }
    assert_eq!(files, 8);
}

#[test]
fn batches_hold_every_sample_once() {
    let file = EventFile::open(fixtures().join("contiguous_f16_u16.h5"), &options(16)).unwrap();
    let sizes: Vec<usize> = file.batches(2).map(|batch| batch.unwrap().len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
    let all: Vec<Recording> = file.batches(2).flat_map(Result::unwrap).collect();
    assert_eq!(all, (0..5).map(stored_sample).collect::<Vec<_>>());
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (times, channels) in [
        (StoredTimes::F16, 16),
        (StoredTimes::F32, 16),
        (StoredTimes::F32, 100_000),
    ] {
        let path = folder.path().join("made.h5");
        let meta = WriteMeta {
            channels,
            times,
            class_names: ["a", "b", "c"].map(String::from).to_vec(),
            meta_info: vec![("name".into(), "test".into())],
        };
        // More than one batch of the writer.
        let recordings: Vec<Recording> = (0..600)
            .map(|index| Recording {
                index,
                speaker: Some(index as u32),
                ..stored_sample(index % 5)
            })
            .collect();
        assert_eq!(write_events(&path, recordings.clone(), &meta).unwrap(), 600);
        let file = EventFile::open(&path, &options(channels)).unwrap();
        let read: Vec<Recording> = file.batches(64).flat_map(Result::unwrap).collect();
        assert_eq!(read, recordings);
        assert_eq!(file.class_names(), ["a", "b", "c"]);
        assert_eq!(
            saturn_data::read_meta(&path, "name").unwrap().as_deref(),
            Some("test")
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn files_are_shared_between_threads() {
    let file = EventFile::open(fixtures().join("gzip_shuffle_f16_u16.h5"), &options(16)).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for k in 0..5 {
                    assert_eq!(file.read(k).unwrap(), stored_sample(k));
                }
            });
        }
    });
}

#[test]
fn real_spoken_digits() {
    let Ok(folder) = std::env::var("SATURN_DATA") else {
        println!("skipped: no SATURN_DATA");
        return;
    };
    let path = PathBuf::from(folder).join("spoken-digits-events/valid.h5");
    let file = EventFile::open(path, &options(700)).unwrap();
    assert_eq!((file.len(), file.classes()), (250, 10));
    assert_eq!(
        (file.notices().unsorted(), file.notices().skipped()),
        (0, 0)
    );
    // All 1,486,509 times lie within half a float16 unit of whole milliseconds.
    let grid = file.notices().grid().map(saturn_data::Grid::hz);
    assert_eq!(grid, Some(1_000.0));
    let summary = summarise(&file).unwrap();
    // Golden numbers, with T and U the lists of /spikes/times and /spikes/units as h5py reads them:
    //   np.mean([len(t) for t in T])
    //   np.median([t.astype("f8").max() for t in T])
    //   K = [np.floor(t.astype("f8") / dt).astype(int) for t in T], with dt 0.01 and 0.001
    //   sum(len(set(zip(k, u))) for k, u in zip(K, U)) / sum((k.max() + 1) * 700 for k in K)
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-9;
    assert!(near(summary.events.mean, 5_946.036));
    assert!((summary.duration_s.median - 0.341_064_453_125).abs() < 1e-3);
    assert!(near(summary.active_share_10ms, 0.224_155_917_537_090_55));
    assert!(near(summary.active_share_1ms, 0.024_315_108_153_173_1));
    assert_eq!(summary.time_bits, 16);
    // The first sample as h5py reads it: valid.h5 begins at 0.067 s on channel 689.
    let first = file.read(0).unwrap();
    assert!((first.times_s[0] - 0.067).abs() < 1e-4);
    assert_eq!((first.len(), first.units[0]), (9_360, 689));
}
