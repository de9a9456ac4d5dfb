use saturn_cell::rng::generator;
use saturn_data::{OnBadSample, ReadOptions, Recording, WriteMeta, write_events};

mod frames;
mod made;
mod records;
mod time;

use super::*;
use crate::{Fill, Gap};

const CHANNELS: usize = 12;

/// A split of `n` recordings on disk: recording i has class i % 3 and fires channel i % 12 all along.
fn split(n: usize, cache_bytes: usize) -> (tempfile::TempDir, Split) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.h5");
    let recordings = (0..n).map(|i| Recording {
        times_s: (0..20 + i)
            .map(|k| 0.02 + 0.01 * k as f64 + 0.001)
            .collect(),
        units: vec![(i % CHANNELS) as u32; 20 + i],
        label: i % 3,
        speaker: None,
        index: i,
    });
    let meta = WriteMeta {
        channels: CHANNELS,
        class_names: vec!["a".into(), "b".into(), "c".into()],
        ..WriteMeta::default()
    };
    write_events(&path, recordings, &meta).unwrap();
    let options = ReadOptions {
        channels: CHANNELS,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = File::events(&path, &options).unwrap();
    let split = Split::from_file(file, 10.0, None, cache_bytes).unwrap();
    (folder, split)
}

fn gap(fill: Fill) -> Gap {
    Gap {
        steps: [3, 9],
        fill: vec![fill],
    }
}

fn bins(sample: &Sample) -> &Bins {
    match &sample.content {
        Content::Events(bins) => bins,
        Content::Frames { .. } => panic!("frames"),
    }
}

/// The first `steps` steps of a lane.
fn play(source: Source, seed: u64, lane: u64, steps: usize) -> (Columns<f32>, Vec<Step>) {
    let channels = match source.noise {
        Noise::Events { .. } => CHANNELS,
        Noise::Frames { mean, .. } => mean.len(),
    };
    let mut events = Columns::new(source.split.form(), channels);
    let mut composer = Composer::new(source, "test", seed, lane).unwrap();
    let known = (0..steps)
        .map(|_| composer.step(&mut events).unwrap())
        .collect();
    (events, known)
}

#[test]
fn a_bin_is_the_floor_of_time_over_dt() {
    let recording = Recording {
        times_s: vec![0.0099, 0.01, 0.0101, 0.0101, 0.035],
        units: vec![1, 5, 2, 2, 0],
        label: 1,
        speaker: None,
        index: 7,
    };
    let sample = Sample::bin(&recording, &saturn_data::Steps::new(10.0));
    assert_eq!(sample.steps(), 4);
    assert_eq!(sample.onset, 0);
    let bins = bins(&sample);
    let steps: Vec<Vec<(u32, f32)>> = (0..4).map(|t| bins.step(t).collect()).collect();
    assert_eq!(steps[0], [(1, 1.0)]);
    assert_eq!(steps[1], [(2, 2.0), (5, 1.0)]);
    assert!(steps[2].is_empty());
    assert_eq!(steps[3], [(0, 1.0)]);
}

#[test]
fn the_same_seed_gives_the_same_stream_and_another_another() {
    let (_folder, split) = split(9, usize::MAX);
    let noise = Noise::new(&split.mean_counts(CHANNELS).unwrap());
    let gap = gap(Fill::Noise(1.0));
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    assert_eq!(play(source, 1, 0, 500), play(source, 1, 0, 500));
    assert_ne!(play(source, 1, 0, 500), play(source, 2, 0, 500));
    assert_ne!(play(source, 1, 0, 500), play(source, 1, 1, 500));
}

#[test]
fn a_stream_is_the_same_whether_samples_are_cached_or_read_again() {
    let (_a, cached) = split(9, usize::MAX);
    let (_b, read) = split(9, 0);
    let noise = Noise::new(&cached.mean_counts(CHANNELS).unwrap());
    let gap = gap(Fill::Shuffled);
    let source = |split| Source {
        split,
        noise: &noise,
        gap: Some(&gap),
    };
    assert_eq!(
        play(source(&cached), 1, 0, 400),
        play(source(&read), 1, 0, 400)
    );
}

#[test]
fn gaps_have_their_lengths_and_boundaries_are_known() {
    let (_folder, split) = split(6, usize::MAX);
    let noise = Noise::new(&[0.0; CHANNELS]);
    let gap = gap(Fill::Silence);
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    let (events, known) = play(source, 3, 0, 2_000);
    let mut silent = 0;
    let mut heard = Vec::new();
    for (t, step) in known.iter().enumerate() {
        let (units, _) = events.events().view().column(t);
        match step.segment {
            None => {
                assert!(units.is_empty(), "silence at {t}");
                silent += 1;
            }
            Some(segment) => {
                if segment.at == 0 {
                    assert!((3..=9).contains(&silent), "a gap of {silent}");
                    silent = 0;
                    heard.push(segment.recording);
                }
                assert_eq!(segment.label, segment.recording % 3);
                assert_eq!(
                    segment.informative,
                    segment.at >= 2,
                    "two silent steps first"
                );
                if segment.informative {
                    assert_eq!(units, [(segment.recording % CHANNELS) as u32]);
                }
                let next_starts = known
                    .get(t + 1)
                    .is_some_and(|next| next.segment.is_none_or(|s| s.at == 0));
                assert_eq!(
                    segment.last,
                    next_starts || t + 1 == known.len() && segment.last
                );
            }
        }
    }
    // Every pass visits every recording once.
    let mut first_pass = heard[..6].to_vec();
    first_pass.sort_unstable();
    assert_eq!(first_pass, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn without_gaps_sample_follows_sample() {
    let (_folder, split) = split(4, usize::MAX);
    let noise = Noise::new(&[1.0; CHANNELS]);
    let source = Source {
        split: &split,
        noise: &noise,
        gap: None,
    };
    let (_, known) = play(source, 1, 0, 300);
    assert!(known.iter().all(|step| step.segment.is_some()));
}

#[test]
fn noise_has_each_channels_mean_rate_times_its_factor() {
    let (_folder, split) = split(3, usize::MAX);
    let rates: Vec<f64> = (0..CHANNELS).map(|i| 0.05 * i as f64).collect();
    let noise = Noise::new(&rates);
    let gap = Gap {
        steps: [20_000, 20_000],
        fill: vec![Fill::Noise(4.0)],
    };
    let source = Source {
        split: &split,
        noise: &noise,
        gap: Some(&gap),
    };
    let (events, _) = play(source, 1, 0, 20_000);
    let mut sums = [0.0; CHANNELS];
    for t in 0..20_000 {
        let (units, counts) = events.events().view().column(t);
        for (&unit, &count) in units.iter().zip(counts) {
            sums[unit as usize] += f64::from(count);
        }
    }
    for (sum, rate) in sums.iter().zip(&rates) {
        // Five standard errors of a Poisson mean.
        let error = 5.0 * (4.0 * rate / 20_000.0).sqrt();
        assert!((sum / 20_000.0 - 4.0 * rate).abs() <= error, "{sum} {rate}");
    }
}

#[test]
fn shuffled_gaps_keep_the_events_and_lose_their_order() {
    let sample = Sample::from_sorted(&[(0, 1), (0, 1), (0, 2), (9, 3)], 0, 0);
    let shuffled = open_gap::shuffle(&sample, &mut generator(1, "test", 0));
    let units = |s: &Sample| {
        let mut units: Vec<u32> = bins(s).events().map(|(_, unit)| unit).collect();
        units.sort_unstable();
        units
    };
    assert_eq!(units(&shuffled), units(&sample));
    assert!(shuffled.steps() <= sample.steps());
    assert_ne!(shuffled, sample);
}
