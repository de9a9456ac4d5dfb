//! Closed forms, exact gradients, and shards that sum to the whole.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};

use super::*;
use crate::{
    AdaptiveConfig, CrossEntropyConfig, Direction, EntropyConfig, MaskFault, Normalise,
    NothingConfig, Ramp, Varying, Weight,
};

const CLASSES: usize = 4;
const COLUMNS: usize = 9;
const LABELS: [u32; COLUMNS] = [0, 3, 1, 2, 1, 99, 99, 0, 99];
/// Informative, soft and gap steps; the last two columns are padding.
const MASK: [f64; COLUMNS] = [1.0, 1.0, 0.25, 0.5, 1.0, 0.0, 0.0, 1.0, 0.0];
const WEIGHT: [f64; COLUMNS] = [1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.0, 0.0];

fn targets() -> Targets<'static, f64> {
    Targets {
        labels: &LABELS,
        mask: &MASK,
        weight: &WEIGHT,
    }
}

fn every_form() -> Vec<LossConfig> {
    let mut forms = vec![LossConfig::CrossEntropy(CrossEntropyConfig {})];
    for direction in [Direction::FromUniform, Direction::ToUniform] {
        forms.push(LossConfig::Entropy(EntropyConfig {
            entropy_weight: 0.3,
            direction,
        }));
        for normalise in [Normalise::Parts, Normalise::PerStep] {
            for kl_weight in [Weight::Fixed(0.7), Weight::Varying(Varying::Learned)] {
                forms.push(LossConfig::Adaptive(AdaptiveConfig {
                    kl_weight,
                    direction,
                    normalise,
                    ..AdaptiveConfig::default()
                }));
            }
        }
    }
    for normalise in [Normalise::Parts, Normalise::PerStep] {
        forms.push(LossConfig::Nothing(NothingConfig {
            nothing_weight: 0.6,
            normalise,
            ..NothingConfig::default()
        }));
    }
    forms
}

fn adaptive(kl_weight: f64, normalise: Normalise) -> LossConfig {
    LossConfig::Adaptive(AdaptiveConfig {
        kl_weight: Weight::Fixed(kl_weight),
        normalise,
        ..AdaptiveConfig::default()
    })
}

/// Log variances, for the losses that learn them.
const LOG_VARIANCES: [f64; 2] = [0.3, -0.4];

/// Value and gradient, all columns one shard.
fn evaluate(
    config: &LossConfig,
    logits: &DMatrix<f64>,
    targets: &Targets<f64>,
) -> (Parts, DMatrix<f64>) {
    let loss = Loss::new(config).unwrap();
    let mut d = DMatrix::from_element(logits.nrows(), logits.ncols(), f64::NAN);
    let totals = loss.totals(targets);
    let balance = loss.balance(0.5, LOG_VARIANCES);
    let parts =
        loss.value_and_gradient(logits.as_view(), targets, &totals, balance, d.as_view_mut());
    (parts, d)
}

#[test]
fn gradients_are_exact_with_soft_masks_and_padding() {
    for loss in &every_form() {
        let logits = random(CLASSES + loss.extra_outputs(), COLUMNS, 1.5, 4);
        let (_, analytic) = evaluate(loss, &logits, &targets());
        let numeric = differences(&logits, 1e-5, |l| evaluate(loss, l, &targets()).0.total);
        let off = error(&analytic, &numeric);
        assert!(off <= TOLERANCE, "{loss:?} is off by {off:.2e}");
        assert!(
            analytic
                .columns(0, 7)
                .iter()
                .all(|d| *d != 0.0 || *loss == LossConfig::default())
        );
        assert!(analytic.columns(7, 2).iter().all(|d| *d == 0.0), "padding");
    }
}

#[test]
fn values_follow_the_equations() {
    let logits = random(CLASSES, COLUMNS, 1.5, 5);
    let (mut ce, mut kl, mut n_ce, mut n_kl) = (0.0, 0.0, 0.0, 0.0);
    for j in 0..COLUMNS {
        let z: f64 = logits.column(j).iter().map(|l| l.exp()).sum();
        let log_p = logits.column(j).map(|l| l - z.ln());
        let (m, w) = (MASK[j], WEIGHT[j]);
        if m > 0.0 {
            ce -= w * m * log_p[LABELS[j] as usize];
        }
        kl += w * (1.0 - m) * (-log_p.mean() - (CLASSES as f64).ln());
        n_ce += w * m;
        n_kl += w * (1.0 - m);
    }
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    let (parts, _) = evaluate(&adaptive(0.7, Normalise::Parts), &logits, &targets());
    close(parts.ce, ce / n_ce);
    close(parts.kl, kl / n_kl);
    close(parts.total, ce / n_ce + 0.7 * kl / n_kl);
    let (parts, _) = evaluate(&adaptive(0.7, Normalise::PerStep), &logits, &targets());
    close(parts.total, (ce + 0.7 * kl) / (n_ce + n_kl));
}

#[test]
fn per_step_is_parts_weighed_by_their_steps() {
    let logits = random(CLASSES, COLUMNS, 1.5, 6);
    let totals = Loss::new(&adaptive(0.7, Normalise::Parts))
        .unwrap()
        .totals(&targets());
    let all = totals.ce + totals.kl;
    let (parts, _) = evaluate(&adaptive(0.7, Normalise::Parts), &logits, &targets());
    let (per_step, _) = evaluate(&adaptive(0.7, Normalise::PerStep), &logits, &targets());
    let expected = totals.ce / all * parts.ce + 0.7 * totals.kl / all * parts.kl;
    assert!((per_step.total - expected).abs() < 1e-14);
}

#[test]
fn in_a_gap_the_gradient_is_p_minus_one_over_c() {
    let logits = random(CLASSES, 1, 1.5, 7);
    let gap = Targets {
        labels: &[0],
        mask: &[0.0],
        weight: &[1.0],
    };
    let (_, d) = evaluate(&adaptive(1.0, Normalise::Parts), &logits, &gap);
    let z: f64 = logits.iter().map(|l| l.exp()).sum();
    for c in 0..CLASSES {
        assert!((d[c] - (logits[c].exp() / z - 0.25)).abs() < 1e-15);
    }
}

#[test]
fn without_divergence_adaptive_is_carry() {
    let logits = random(CLASSES, COLUMNS, 1.5, 8);
    let (carry, d_carry) = evaluate(&LossConfig::default(), &logits, &targets());
    let (zero, d_zero) = evaluate(&adaptive(0.0, Normalise::Parts), &logits, &targets());
    assert_eq!(carry.total.to_bits(), zero.total.to_bits());
    assert_eq!(d_carry, d_zero);
}

#[test]
fn shards_sum_to_the_whole() {
    for config in &every_form() {
        let outputs = CLASSES + config.extra_outputs();
        let logits = random(outputs, COLUMNS, 1.5, 9);
        let loss = Loss::new(config).unwrap();
        let (whole, d_whole) = evaluate(config, &logits, &targets());
        let shards = [(0, 4), (4, 3), (7, 2)].map(|(start, len)| {
            let range = start..start + len;
            let targets = Targets {
                labels: &LABELS[range.clone()],
                mask: &MASK[range.clone()],
                weight: &WEIGHT[range],
            };
            (start, len, targets)
        });
        let mut totals = Totals::default();
        for (_, _, targets) in &shards {
            totals += loss.totals(targets);
        }
        let mut sum = Parts::default();
        let mut d_sum = DMatrix::zeros(outputs, COLUMNS);
        for (start, len, targets) in &shards {
            sum += loss.value_and_gradient(
                logits.columns(*start, *len),
                targets,
                &totals,
                loss.balance(0.5, LOG_VARIANCES),
                d_sum.columns_mut(*start, *len),
            );
        }
        assert!((sum.total - whole.total).abs() < 1e-14, "{loss:?}");
        assert!((d_sum - d_whole).norm() < 1e-14, "{loss:?}");
    }
}

#[test]
fn an_empty_sum_is_zero() {
    for loss in &every_form() {
        let logits = random(CLASSES + loss.extra_outputs(), 3, 1.5, 10);
        for (mask, weight) in [
            ([0.0; 3], [1.0; 3]),
            ([1.0; 3], [1.0; 3]),
            ([0.5; 3], [0.0; 3]),
        ] {
            let targets = Targets {
                labels: &[1; 3],
                mask: &mask,
                weight: &weight,
            };
            let (parts, d) = evaluate(loss, &logits, &targets);
            assert!(parts.total.is_finite() && d.iter().all(|d| d.is_finite()));
            if mask[0] == 0.0 {
                assert_eq!(parts.ce, 0.0);
            }
            if mask[0] == 1.0 && !matches!(loss, LossConfig::Entropy(_)) {
                assert_eq!(parts.kl, 0.0);
            }
            if weight[0] == 0.0 {
                assert_eq!(parts, Parts::default());
                assert_eq!(d.norm(), 0.0);
            }
        }
    }
}

#[test]
fn padding_may_hold_anything() {
    let mut logits = random(CLASSES, COLUMNS, 1.5, 11);
    let (before, _) = evaluate(&adaptive(1.0, Normalise::Parts), &logits, &targets());
    logits.columns_mut(7, 2).fill(f64::NAN);
    let (after, d) = evaluate(&adaptive(1.0, Normalise::Parts), &logits, &targets());
    assert_eq!(before, after);
    assert!(d.iter().all(|d| d.is_finite()));
}

#[test]
fn f32_agrees_with_f64() {
    let (mask, weight) = (MASK.map(|m| m as f32), WEIGHT.map(|w| w as f32));
    let narrow = Targets {
        labels: &LABELS,
        mask: &mask,
        weight: &weight,
    };
    for config in &every_form() {
        let logits = random(CLASSES + config.extra_outputs(), COLUMNS, 4.0, 12);
        let loss = Loss::new(config).unwrap();
        let (wide, d_wide) = evaluate(config, &logits, &targets());
        let l = logits.map(|l| l as f32);
        let mut d = DMatrix::zeros(l.nrows(), COLUMNS);
        let totals = loss.totals(&narrow);
        let balance = loss.balance(0.5, LOG_VARIANCES);
        let parts =
            loss.value_and_gradient(l.as_view(), &narrow, &totals, balance, d.as_view_mut());
        assert!((parts.total - wide.total).abs() < 1e-5 * wide.total.max(1.0));
        assert!((d.map(f64::from) - d_wide).norm() < 1e-6);
    }
}

#[test]
fn a_ramp_weighs_the_divergence_by_progress() {
    let logits = random(CLASSES, COLUMNS, 1.5, 13);
    let ramp = LossConfig::Adaptive(AdaptiveConfig {
        kl_weight: Weight::Varying(Varying::Linear(Ramp {
            from: 0.0,
            to: 2.0,
            over: 1.0,
        })),
        ..AdaptiveConfig::default()
    });
    // Halfway: λ = 1.
    let (half, d_half) = evaluate(&ramp, &logits, &targets());
    let (one, d_one) = evaluate(&adaptive(1.0, Normalise::Parts), &logits, &targets());
    assert_eq!(half, one);
    assert_eq!(d_half, d_one);
}

#[test]
fn scenarios_name_losses() {
    let read = serde_json::from_str::<LossConfig>;
    assert_eq!(
        read(r#"{"cross_entropy": {}}"#).unwrap(),
        LossConfig::default()
    );
    let config = read(
        r#"{"adaptive": {"kl_weight": 0.5, "direction": "to_uniform", "mask": "labels",
            "mask_error": {"shift": -3}}}"#,
    );
    let expected = LossConfig::Adaptive(AdaptiveConfig {
        kl_weight: Weight::Fixed(0.5),
        direction: Direction::ToUniform,
        mask_error: Some(MaskFault::Shift(-3)),
        ..AdaptiveConfig::default()
    });
    assert_eq!(config.unwrap(), expected);
    assert_eq!(expected.key(), "adaptive");
    let misspelt = read(r#"{"adaptive": {"kl_wait": 1}}"#).unwrap_err();
    assert!(misspelt.to_string().contains("unknown field `kl_wait`"));
    assert_eq!(
        Loss::new(&adaptive(-1.0, Normalise::Parts))
            .unwrap_err()
            .to_string(),
        "`kl_weight` is -1: it must be 0 or above"
    );
}
