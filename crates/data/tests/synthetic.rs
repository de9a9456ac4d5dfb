//! The synthetic set: the same from the same specification, and about order, not only counts.

#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

use std::ops::ControlFlow;

use saturn_data::{
    DataError, EventFile, OnBadSample, ReadOptions, Recording, SetProgress, Split, Synthetic,
    SyntheticSet, summarise,
};

fn small() -> Synthetic {
    Synthetic {
        channels: 96,
        train: 30,
        valid: 10,
        test: 10,
        ..Synthetic::default()
    }
}

#[test]
fn a_sample_depends_on_specification_split_and_index_alone() {
    let set = SyntheticSet::new(&small()).unwrap();
    let larger = SyntheticSet::new(&Synthetic {
        train: 5_000,
        ..small()
    })
    .unwrap();
    assert_eq!(set.sample(Split::Train, 7), larger.sample(Split::Train, 7));
    assert_ne!(
        set.sample(Split::Train, 7).times_s,
        set.sample(Split::Test, 7).times_s
    );
    let reseeded = SyntheticSet::new(&Synthetic { seed: 2, ..small() }).unwrap();
    assert_ne!(
        set.sample(Split::Train, 7).times_s,
        reseeded.sample(Split::Train, 7).times_s
    );
    // Each block of samples contains each class once.
    let mut labels: Vec<usize> = (10..20)
        .map(|index| set.sample(Split::Valid, index).label)
        .collect();
    labels.sort_unstable();
    assert_eq!(labels, (0..10).collect::<Vec<_>>());
}

/// An interrupt stops the generation between two samples and leaves no file; the same call then makes the
/// whole set.
#[test]
fn the_making_of_a_set_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let spec = small();
    let mut until_34 = |so_far: SetProgress| match so_far.done {
        34.. => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let stopped = spec.write_once(folder.path(), &mut until_34);
    assert!(
        matches!(stopped, Err(DataError::Stopped { .. })),
        "{stopped:?}"
    );
    assert!(!spec.is_in(folder.path()));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "no part is left"
    );
    let mut all = |_| ControlFlow::Continue(());
    spec.write_once(folder.path(), &mut all).unwrap();
    assert!(spec.is_in(folder.path()));
}

#[test]
fn a_set_is_written_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let spec = small();
    let mut calls = 0;
    let mut count = |_| {
        calls += 1;
        ControlFlow::Continue(())
    };
    let [train, ..] = spec.write_once(folder.path(), &mut count).unwrap();
    spec.write_once(folder.path(), &mut count).unwrap();
    assert_eq!(calls, 50, "the second time the set was there");
    let other = Synthetic {
        difficulty: 0.5,
        ..small()
    };
    assert!(!other.is_in(folder.path()));

    let options = ReadOptions {
        channels: 96,
        classes: Some(10),
        on_bad_sample: OnBadSample::Error,
    };
    let file = EventFile::open(train, &options).unwrap();
    assert_eq!(file.class_names()[..3], ["w0", "w0r", "w1"]);
    let set = SyntheticSet::new(&spec).unwrap();
    for index in [0, 17, 29] {
        let (made, read) = (set.sample(Split::Train, index), file.read(index).unwrap());
        assert_eq!((made.label, made.speaker), (read.label, read.speaker));
        assert_eq!(made.units, read.units);
        for (made_s, read_s) in made.times_s.iter().zip(&read.times_s) {
            assert!((made_s - read_s).abs() < 1e-6);
        }
    }
    let summary = summarise(&file).unwrap();
    assert_eq!((summary.samples, summary.channels), (30, 96));
    assert!((0.2..0.9).contains(&summary.duration_s.median));
    assert!(
        summary
            .channel_rates_hz
            .iter()
            .all(|rate_hz| *rate_hz > 0.0)
    );
}

#[test]
fn bad_specifications_name_the_key() {
    let spec = Synthetic {
        difficulty: 1.5,
        ..small()
    };
    assert_eq!(
        SyntheticSet::new(&spec).err().unwrap().to_string(),
        "synthetic: difficulty is 1.5; hint: it must be from 0 to 1"
    );
    assert!(
        Synthetic {
            word_ms: [500.0, 400.0],
            ..small()
        }
        .check()
        .is_err()
    );
    assert!(
        Synthetic {
            high_hz: f64::NAN,
            ..small()
        }
        .check()
        .is_err()
    );
}

/// Events of each channel in each of `slices` equal parts of the recording, made unit length.
fn counts(recording: &Recording, channels: usize, slices: usize) -> Vec<f64> {
    let mut counts = vec![0.0; channels * slices];
    let end_s = recording.duration_s() + 1e-9;
    for (time_s, unit) in recording.times_s.iter().zip(&recording.units) {
        let slice = (time_s / end_s * slices as f64) as usize;
        counts[slice * channels + *unit as usize] += 1.0;
    }
    let length = counts.iter().map(|count| count * count).sum::<f64>().sqrt();
    counts.iter().map(|count| count / length).collect()
}

/// Share of the test samples whose nearest class mean, in slices, is their own.
fn nearest_mean_accuracy(spec: &Synthetic, slices: usize) -> f64 {
    let set = SyntheticSet::new(spec).unwrap();
    let mut means = vec![vec![0.0; spec.channels * slices]; spec.classes];
    for index in 0..spec.train {
        let sample = set.sample(Split::Train, index);
        for (mean, count) in
            means[sample.label]
                .iter_mut()
                .zip(counts(&sample, spec.channels, slices))
        {
            *mean += count * spec.classes as f64 / spec.train as f64;
        }
    }
    let right = (0..spec.test).filter(|index| {
        let sample = set.sample(Split::Test, *index);
        let counts = counts(&sample, spec.channels, slices);
        let distance = |mean: &Vec<f64>| -> f64 {
            mean.iter().zip(&counts).map(|(m, c)| (m - c).powi(2)).sum()
        };
        let nearest = (0..spec.classes)
            .min_by(|a, b| distance(&means[*a]).total_cmp(&distance(&means[*b])))
            .unwrap();
        nearest == sample.label
    });
    right.count() as f64 / spec.test as f64
}

#[test]
fn counting_is_not_enough_and_order_is() {
    let spec = Synthetic {
        channels: 64,
        train: 200,
        test: 200,
        ..Synthetic::default()
    };
    let (total, sliced) = (
        nearest_mean_accuracy(&spec, 1),
        nearest_mean_accuracy(&spec, 8),
    );
    println!("nearest mean: {total} on total counts, {sliced} on eight slices");
    // Half of the pairs are guessed where order is not seen.
    assert!(total < 0.7, "{total}");
    assert!(sliced > total + 0.2, "{total} {sliced}");
}

#[test]
fn difficulty_makes_it_harder() {
    let accuracy = |difficulty| {
        let spec = Synthetic {
            channels: 64,
            train: 100,
            test: 100,
            difficulty,
            ..Synthetic::default()
        };
        nearest_mean_accuracy(&spec, 8)
    };
    let (easy, hard) = (accuracy(0.0), accuracy(1.0));
    println!("nearest mean on eight slices: {easy} at difficulty 0, {hard} at 1");
    assert!(easy > 0.9, "{easy}");
    assert!(hard < easy - 0.2, "{easy} {hard}");
}
