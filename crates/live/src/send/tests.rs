//! Sent events are assigned to the same steps as in training.

use saturn_cell::EventBatch;
use saturn_cell::rng::generator;
use saturn_data::{ReadOptions, StoredTimes, WriteMeta, write_events};

use rand::RngExt;

use super::*;
use crate::assemble::{AssembleConfig, Assembler, Placed, Repeats};
use crate::counts::Counts;
use saturn_stream::{Content, Sample};

/// Units and counts of each step of a sent recording, from its first microsecond on.
fn received(sent: &[Item], dt_ms: f64) -> Vec<Vec<(u32, f32)>> {
    let config = AssembleConfig {
        channels: 4,
        dt_ms,
        window: 0,
        early: 0,
        most_ahead: u64::from(u32::MAX),
        most_events: 1_000,
        repeats: Repeats::Count,
        wrap_bits: None,
        rebase_after: None,
    };
    let (mut assembler, mut counts) = (Assembler::new(&config, Some(0)), Counts::default());
    let (mut batch, mut steps) = (EventBatch::new(4), Vec::new());
    let mut close = |assembler: &mut Assembler, counts: &mut Counts| {
        assembler.close(&config, &mut batch, counts);
        let (units, numbers) = batch.view().column(0);
        steps.push(units.iter().copied().zip(numbers.iter().copied()).collect());
    };
    for item in sent {
        while let Placed::After(some) = assembler.place(&config, *item, false, &mut counts) {
            for _ in 0..some {
                close(&mut assembler, &mut counts);
            }
        }
    }
    for _ in 0..assembler.unfinished() {
        close(&mut assembler, &mut counts);
    }
    assert_eq!((counts.late, counts.ahead, counts.crowded), (0, 0, 0));
    steps
}

#[test]
fn a_recording_that_is_sent_falls_into_the_steps_of_training() {
    let mut rng = generator(5, "send test", 0);
    let anywhere: Vec<f64> = (0..500).map(|_| rng.random_range(0.0..2.0)).collect();
    let grid: Vec<f64> = (0..500).map(|k| f64::from(k) / 1e3).collect();
    let late: Vec<f64> = (0..500).map(|k| 20.0 + f64::from(k) / 1e3).collect();
    for stored in [StoredTimes::F16, StoredTimes::F32, StoredTimes::F64] {
        for times_s in [&anywhere, &grid, &late] {
            let mut times_s = times_s.clone();
            times_s.sort_by(f64::total_cmp);
            let recording = Recording {
                units: (0..500).map(|k| k % 4).collect(),
                times_s,
                label: 0,
                speaker: None,
                index: 0,
            };
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.h5");
            let meta = WriteMeta {
                channels: 4,
                times: stored,
                class_names: vec!["a".into()],
                ..WriteMeta::default()
            };
            write_events(&path, [recording], &meta).unwrap();
            let options = ReadOptions {
                channels: 4,
                classes: None,
                on_bad_sample: OnBadSample::Error,
            };
            let file = EventFile::open(&path, &options).unwrap();
            let recording = file.read(0).unwrap();
            // Two events of a unit in a microsecond are one item with a count.
            let sent = items(&recording, &file.steps(1e-3), 0);
            for dt_ms in [0.1, 1.0, 4.0, 10.0] {
                let sample = Sample::bin(&recording, &file.steps(dt_ms));
                let Content::Events(bins) = &sample.content else {
                    panic!("frames")
                };
                let trained: Vec<Vec<_>> =
                    (0..bins.steps()).map(|t| bins.step(t).collect()).collect();
                assert_eq!(received(&sent, dt_ms), trained, "{stored:?}, {dt_ms} ms");
            }
        }
    }
}

#[test]
fn a_time_becomes_its_microsecond() {
    let recording = Recording {
        times_s: vec![0.029, 0.058, 1.001],
        units: vec![0, 1, 2],
        label: 0,
        speaker: None,
        index: 0,
    };
    let sent = items(&recording, &Steps::new(1e-3), 5);
    let times: Vec<u64> = sent.iter().map(Item::time_us).collect();
    assert_eq!(times, [29_005, 58_005, 1_001_005]);
}
