use super::made::frames::{CHANNELS, file, split, values};
use super::play;
use crate::*;
use crate::{Fill, Gap};

#[test]
fn the_scale_has_mean_0_and_deviation_1_and_leaves_constants_at_0() {
    let mut split = split(6, None);
    let moments = split.moments(CHANNELS).unwrap();
    assert!((moments.mean()[2] - 7.0).abs() < 1e-12);
    split.set_scale(Scale::new(&moments));
    let scaled = split.moments(CHANNELS).unwrap();
    for (c, wanted) in [1.0, 1.0, 0.0].into_iter().enumerate() {
        assert!(scaled.mean()[c].abs() < 1e-6, "mean of {c}");
        assert!((scaled.std()[c] - wanted).abs() < 1e-5, "deviation of {c}");
    }
}

#[test]
fn samples_are_on_the_scale_whether_cached_or_read_again() {
    let mut cached = split(6, None);
    let mut read = Split::from_file(file(6, CHANNELS, 10.0).unwrap(), 10.0, None, 0).unwrap();
    let scale = Scale::new(&cached.moments(CHANNELS).unwrap());
    cached.set_scale(scale.clone());
    read.set_scale(scale);
    assert_eq!(read.cached_bytes(), 0);
    for i in 0..6 {
        assert_eq!(cached.sample(i).unwrap(), read.sample(i).unwrap());
    }
}

#[test]
fn a_label_holds_within_the_mask_and_what_follows_is_gap() {
    let split = split(4, None);
    let noise = Noise::Frames {
        mean: vec![0.0; CHANNELS],
        std: vec![1.0; CHANNELS],
    };
    let source = Source {
        split: &split,
        noise: &noise,
        gap: None,
    };
    let (columns, known) = play(source, 1, 0, 400);
    for (t, step) in known.iter().enumerate() {
        let [at, sample, _] = values(&columns, t);
        let last = 3 + sample as usize;
        match step.segment {
            Some(segment) => {
                assert_eq!(segment.at, at as usize);
                assert_eq!(segment.recording, sample as usize);
                assert_eq!(segment.informative, at > 0.0);
                assert_eq!(segment.last, segment.at == last);
            }
            None => assert_eq!(at as usize, last + 1, "step {t}"),
        }
    }
}

#[test]
fn silence_is_zeros_and_noise_has_each_channels_mean_and_deviation() {
    let split = split(3, None);
    let noise = Noise::Frames {
        mean: vec![1.0, -2.0, 7.0],
        std: vec![0.5, 3.0, 0.0],
    };
    let n = 20_000;
    for (fill, factor) in [(Fill::Silence, 0.0), (Fill::Noise(2.0), 2.0)] {
        let gap = Gap {
            steps: [n, n],
            fill: vec![fill],
        };
        let source = Source {
            split: &split,
            noise: &noise,
            gap: Some(&gap),
        };
        let (columns, _) = play(source, 1, 0, n);
        for (c, (mean, std)) in [(1.0, 0.5), (-2.0, 3.0), (7.0, 0.0)]
            .into_iter()
            .enumerate()
        {
            let heard: Vec<f64> = (0..n).map(|t| f64::from(values(&columns, t)[c])).collect();
            let (mean, std) = if fill == Fill::Silence {
                (0.0, 0.0)
            } else {
                (mean, factor * std)
            };
            let found = heard.iter().sum::<f64>() / n as f64;
            let spread = heard.iter().map(|x| (x - found).powi(2)).sum::<f64>() / n as f64;
            // Five standard errors.
            assert!(
                (found - mean).abs() <= 5.0 * std / (n as f64).sqrt() + 1e-6,
                "{found}"
            );
            assert!((spread.sqrt() - std).abs() <= 5.0 * std / (2.0 * n as f64).sqrt() + 1e-6);
        }
    }
}

#[test]
fn shuffled_frames_are_those_of_a_sample_in_another_order() {
    let split = split(8, None);
    let sample = split.sample(7).unwrap();
    let mut rng = saturn_cell::rng::generator(1, "test", 0);
    let shuffled = super::super::open_gap::shuffle(&sample, &mut rng);
    let steps = |sample: &Sample| -> Vec<f32> {
        let Content::Frames { values, .. } = &sample.content else {
            panic!("events")
        };
        values.chunks(CHANNELS).map(|step| step[0]).collect()
    };
    assert_ne!(steps(&shuffled), steps(&sample));
    let mut sorted = steps(&shuffled);
    sorted.sort_by(f32::total_cmp);
    assert_eq!(sorted, steps(&sample));
}

#[test]
fn a_limit_draws_the_same_samples_each_time_from_all_of_the_file() {
    let of = |limit| -> Vec<usize> {
        let split = split(40, Some(limit));
        (0..split.len())
            .map(|i| split.sample(i).unwrap().recording)
            .collect()
    };
    let ten = of(10);
    assert_eq!(ten.len(), 10);
    assert_eq!(ten, of(10));
    assert!(ten.is_sorted() && ten[9] > 12);
    assert_eq!(of(100), (0..40).collect::<Vec<_>>());
    let split = split(40, Some(10));
    for (i, recording) in ten.iter().enumerate() {
        assert_eq!(split.label(i), recording % 2);
    }
}

#[test]
fn a_file_that_does_not_fit_is_refused_with_the_key_to_set() {
    let message = |channels, dt_ms| file(3, channels, dt_ms).err().unwrap().to_string();
    assert!(message(28, 10.0).contains("have 3 values, and `data.channels` is 28"));
    assert!(message(3, 1.0).contains("are 10 ms apart, and `data.dt_ms` is 1"));
}
