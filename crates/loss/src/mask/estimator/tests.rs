//! Estimators on synthetic streams: a moving bump of active channels, and gaps of silence or noise.

use rand_distr::{Distribution, Poisson};
use saturn_cell::EventBatch;
use saturn_cell::rng::{ChaCha8Rng, generator};

use super::*;

const CHANNELS: usize = 60;

/// Gap fill: noise at a factor of the mean rate, 0 for silence.
type Fill = f64;

/// A stream of `lanes` lanes, its label mask, and its weights (the last steps are padding).
struct Synthetic {
    events: EventBatch,
    lanes: usize,
    mask: Vec<f64>,
    weight: Vec<f64>,
}

impl Synthetic {
    fn example(&self) -> Example<'_, f64> {
        Example {
            events: self.events.view(),
            lanes: self.lanes,
            mask: &self.mask,
            weight: &self.weight,
        }
    }
}

/// Mean rates of the channels: a slope, so that the profile matters.
fn rates() -> Vec<f64> {
    (0..CHANNELS).map(|i| 0.1 + 0.01 * i as f64).collect()
}

fn poisson(mean: f64, rng: &mut ChaCha8Rng) -> f32 {
    if mean == 0.0 {
        return 0.0;
    }
    Poisson::new(mean).unwrap().sample(rng) as f32
}

/// Samples and gaps of 20 steps in turn; a sample is a bump that moves over the channels and has as many
/// events as noise at factor 1.
fn stream(fill: Fill, steps: usize, lanes: usize, seed: u64) -> Synthetic {
    let mut rng = generator(seed, "synthetic stream", 0);
    let rates = rates();
    let total: f64 = rates.iter().sum();
    let mut synthetic = Synthetic {
        events: EventBatch::new(CHANNELS),
        lanes,
        mask: Vec::new(),
        weight: Vec::new(),
    };
    for t in 0..steps {
        for lane in 0..lanes {
            let phase = t + 7 * lane;
            let inside = phase % 40 >= 20;
            let centre = (phase * 5 % CHANNELS) as f64;
            let means: Vec<f64> = (0..CHANNELS)
                .map(|i| {
                    if inside {
                        let u = (i as f64 - centre) / 4.0;
                        total * (-0.5 * u * u).exp() / 10.0
                    } else {
                        fill * rates[i]
                    }
                })
                .collect();
            let column = means.iter().enumerate().filter_map(|(i, mean)| {
                let count = poisson(*mean, &mut rng);
                (count > 0.0).then_some((i as u32, count))
            });
            synthetic.events.push_column(column);
            let padding = t + 5 >= steps;
            synthetic.mask.push(f64::from(inside || padding));
            synthetic.weight.push(f64::from(!padding));
        }
    }
    synthetic
}

fn contrast() -> Estimator {
    let config = ContrastConfig {
        window: 2,
        groups: 12,
        ..ContrastConfig::default()
    };
    Estimator::contrast(&config, &rates()).unwrap()
}

fn event_count(window: usize, hangover: usize) -> Estimator {
    let config = EventCountConfig {
        window,
        hangover,
        ..EventCountConfig::default()
    };
    Estimator::event_count(&config).unwrap()
}

#[test]
fn contrast_sees_noise_of_any_rate_and_silence() {
    let mut estimator = contrast();
    let train = [stream(1.0, 400, 2, 1), stream(0.0, 400, 2, 2)];
    let examples: Vec<_> = train.iter().map(Synthetic::example).collect();
    let fitted = estimator.fit(&examples).unwrap();
    assert!(fitted.balanced().unwrap() > 0.95, "{fitted:?}");
    for fill in [0.0, 0.25, 1.0, 4.0] {
        let other = stream(fill, 600, 2, 3);
        let report = estimator.agreement(&[other.example()]).report();
        assert!(report.agreement.unwrap() > 0.95, "{fill}: {report:?}");
    }
}

#[test]
fn a_scaled_threshold_errs_to_one_side() {
    let train = stream(1.0, 400, 2, 1);
    let fitted = |threshold_scale: f64| {
        let config = ContrastConfig {
            window: 2,
            groups: 12,
            threshold_scale,
            ..ContrastConfig::default()
        };
        let mut estimator = Estimator::contrast(&config, &rates()).unwrap();
        let report = estimator.fit(&[train.example()]).unwrap();
        (estimator.threshold(), report)
    };
    let [low, fit, high] = [0.3, 1.0, 3.0].map(fitted);
    assert!((low.0 / fit.0 - 0.3).abs() < 1e-12 && (high.0 / fit.0 - 3.0).abs() < 1e-12);
    // Lower: more hits and more false alarms.
    assert!(low.1.hits >= fit.1.hits && low.1.false_alarms > fit.1.false_alarms);
    assert!(high.1.hits < fit.1.hits && high.1.false_alarms <= fit.1.false_alarms);
}

#[test]
fn event_count_sees_silence_but_not_noise_of_the_same_rate() {
    let mut estimator = event_count(2, 0);
    let silent = stream(0.0, 400, 2, 4);
    let report = estimator.fit(&[silent.example()]).unwrap();
    assert!(report.agreement.unwrap() > 0.95, "{report:?}");
    let noisy = stream(1.0, 400, 2, 5);
    let report = estimator.fit(&[noisy.example()]).unwrap();
    assert!(report.balanced().unwrap() < 0.7, "{report:?}");
}

#[test]
fn under_noise_the_contrast_is_one_at_any_rate() {
    for factor in [0.05, 1.0, 5.0] {
        let mut rng = generator(6, "noise", 0);
        let mut estimator = contrast();
        let (mut sum, steps) = (0.0, 2000);
        for _ in 0..steps {
            let counts: Vec<f32> = rates()
                .iter()
                .map(|r| poisson(factor * r, &mut rng))
                .collect();
            let units: Vec<u32> = (0..CHANNELS as u32).collect();
            sum += estimator.observe(&units, &counts);
        }
        let mean = sum / f64::from(steps);
        assert!((mean - 1.0).abs() < 0.1, "{mean} at factor {factor}");
    }
}

#[test]
fn the_hangover_keeps_the_mask_up() {
    let mut estimator = event_count(1, 2);
    estimator.set_threshold(0.5);
    assert!(!estimator.mask(), "before the first step");
    let up: Vec<bool> = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
        .iter()
        .map(|n| {
            estimator.observe(&[0], &[*n]);
            estimator.mask()
        })
        .collect();
    assert_eq!(up, [false, true, true, true, false, false]);
}

#[test]
fn live_equals_batch_and_is_causal() {
    let whole = stream(1.0, 120, 3, 7);
    let mut estimator = contrast();
    estimator.fit(&[whole.example()]).unwrap();
    let mut batch = vec![f32::NAN; 360];
    estimator.estimate(whole.events.view(), 3, &mut batch);
    for lane in 0..3 {
        let mut live = estimator.clone();
        for t in 0..120 {
            let (units, counts) = whole.events.view().column(3 * t + lane);
            live.observe(units, counts);
            assert_eq!(batch[3 * t + lane], f32::from(u8::from(live.mask())));
        }
    }
    let mut half = vec![f32::NAN; 180];
    estimator.estimate(whole.events.view().slice(0, 180), 3, &mut half);
    assert_eq!(half, batch[..180]);
}

#[test]
fn the_fitted_threshold_is_the_best_of_all() {
    let noisy = stream(1.0, 200, 1, 8);
    let mut estimator = event_count(3, 1);
    let fitted = estimator.fit(&[noisy.example()]).unwrap();
    let again = estimator.agreement(&[noisy.example()]).report();
    assert_eq!(fitted, again);
    for k in 0..200 {
        estimator.set_threshold(f64::from(k) * 0.5);
        let other = estimator.agreement(&[noisy.example()]).report();
        assert!(other.balanced() <= fitted.balanced());
    }
}

#[test]
fn streams_without_gaps_are_refused() {
    let whole = stream(1.0, 50, 1, 9);
    let all = Example {
        mask: &[1.0; 50],
        ..whole.example()
    };
    assert_eq!(
        contrast().fit(&[all]).unwrap_err(),
        LossError::OneKind {
            samples: 45,
            gaps: 0
        }
    );
}

#[test]
fn a_learnt_mask_is_soft_and_knows_noise_of_rates_it_was_not_fitted_on() {
    let mut estimator = Estimator::learned(&LearnedConfig::default(), &rates()).unwrap();
    let train = [stream(1.0, 400, 2, 1), stream(0.0, 400, 2, 2)];
    let examples: Vec<_> = train.iter().map(Synthetic::example).collect();
    let fitted = estimator.fit(&examples).unwrap();
    assert!(fitted.balanced().unwrap() > 0.95, "{fitted:?}");
    for fill in [0.0, 0.5, 1.0] {
        let other = stream(fill, 600, 2, 3);
        let report = estimator.agreement(&[other.example()]).report();
        assert!(report.agreement.unwrap() > 0.95, "{fill}: {report:?}");
        let mut mask = vec![f64::NAN; other.mask.len()];
        estimator.estimate(other.events.view(), 2, &mut mask);
        assert!(mask.iter().all(|m| (0.0..=1.0).contains(m)));
        assert!(mask.iter().any(|m| (0.05..0.95).contains(m)), "soft");
    }
    let again = {
        let mut again = Estimator::learned(&LearnedConfig::default(), &rates()).unwrap();
        again.fit(&examples).unwrap();
        again
    };
    assert_eq!(estimator, again, "the same fit to the bit");
}

#[test]
fn energy_sees_structure_in_noise_of_the_same_rate_where_a_count_does_not() {
    let train = [stream(1.0, 400, 2, 1)];
    let examples: Vec<_> = train.iter().map(Synthetic::example).collect();
    let mut energy = Estimator::energy(&EnergyConfig::default()).unwrap();
    let by_energy = energy.fit(&examples).unwrap().balanced().unwrap();
    let by_count = event_count(4, 0).fit(&examples).unwrap();
    let by_count = by_count.balanced().unwrap();
    // The bump moves on in every step, so that little of it stays in one channel.
    assert!(by_energy > 0.7 && by_count < 0.6, "{by_energy} {by_count}");
}
