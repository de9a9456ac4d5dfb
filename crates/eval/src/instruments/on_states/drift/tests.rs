use rand_distr::{Distribution, StandardNormal};
use saturn_cell::view;
use statrs::distribution::{ContinuousCDF, Normal};

use super::*;

const UNITS: usize = 400;

/// Two windows of `looks` looks at 2 lanes of first-order autoregressive units of variance 1, whose mean
/// moves by `shift` between the windows.
fn compared(r: f64, looks: usize, shift: f64, index: u64) -> Vec<Compared> {
    let mut drift = Drift::new(FieldKind::Value, UNITS, 1, index).unwrap();
    let mut rng = generator(9, "test", index);
    let mut x: Vec<f64> = (0..2 * UNITS)
        .map(|_| StandardNormal.sample(&mut rng))
        .collect();
    let mut found = None;
    for window in 0..2 {
        for _ in 0..looks {
            for x in &mut x {
                let g: f64 = StandardNormal.sample(&mut rng);
                *x = r * *x + (1.0 - r * r).sqrt() * g;
            }
            let moved: Vec<f64> = x.iter().map(|x| x + shift * f64::from(window)).collect();
            drift.observe(view(&moved, UNITS, 2));
        }
        found = drift.compare();
    }
    found.unwrap()
}

fn share(compared: &[Compared], below: f64) -> f64 {
    compared.iter().filter(|c| c.p < below).count() as f64 / compared.len() as f64
}

/// The same law twice: p is uniform. 400 units have a standard error of 1.1 points at 5 %, 2.5 at 50 %.
#[test]
fn without_drift_p_is_uniform() {
    // All states are kept, and a third of them.
    for (index, looks) in [(0, 250), (1, 768)] {
        let compared = compared(0.0, looks, 0.0, index);
        for (p, error) in [(0.05, 0.011), (0.2, 0.02), (0.5, 0.025), (0.8, 0.02)] {
            let found = share(&compared, p);
            assert!(
                (found - p).abs() < 3.5 * error,
                "{found} below {p}, {looks} looks"
            );
        }
    }
}

/// Correlated states do not make drift out of nothing, as they would if each counted as independent.
#[test]
fn correlation_is_allowed_for() {
    let r: f64 = 0.9;
    let compared = compared(r, 2_000, 0.0, 2);
    assert!(share(&compared, 0.05) < 0.06);
    let worth = 4_000.0 * (1.0 - r) / (1.0 + r);
    let exact = 0.5 / (1.0 / worth + 1.0 / 512.0 - 1.0 / 4_000.0);
    let sizes = compared.iter().map(|c| c.size).collect();
    let found = median(sizes).unwrap();
    assert!((found / exact - 1.0).abs() < 0.05, "{found}, {exact}");
    let naive = |c: &&Compared| ks::p_value(c.distance, 256.0) < 0.05;
    let alarms = compared.iter().filter(naive).count();
    assert!(alarms > UNITS / 10, "{alarms}: twice what 5 % allow");
}

/// Normal laws d apart have D = 2 Phi(d / 2) - 1.
#[test]
fn a_shift_has_its_distance() {
    let normal = Normal::new(0.0, 1.0).unwrap();
    for (index, shift) in [(3, 0.5), (4, 2.0)] {
        let compared = compared(0.0, 1_000, shift, index);
        let exact = 2.0 * normal.cdf(shift / 2.0) - 1.0;
        let mean = compared.iter().map(|c| c.distance).sum::<f64>() / UNITS as f64;
        // The largest of many deviations is a little above that at one point.
        assert!(
            mean > exact - 0.005 && mean < exact + 0.03,
            "{mean}, {exact}"
        );
        assert!(share(&compared, 1e-4) > 0.99);
    }
}

#[test]
fn a_window_is_judged_as_a_whole() {
    let mut drift = Drift::new(FieldKind::Value, 3, 1, 0).unwrap();
    let mut show = |moved: f64| {
        for k in 0..600 {
            let x = f64::from(k * 389 % 600);
            let own = [x + moved, 7.0, -x];
            drift.observe(view(&[own, [f64::NAN, 1.0, 1.0]].concat(), 3, 2));
        }
        drift.take(10.0)
    };
    assert_eq!(show(0.0), None);
    let same = show(0.0).unwrap();
    assert!(
        same.drifted == 0.0 && same.units == 3 && same.max < 0.1,
        "{same:?}"
    );
    let moved = show(900.0).unwrap();
    assert!((moved.drifted - 1.0 / 3.0).abs() < 1e-12 && (moved.max - 1.0).abs() < 1e-12);
    assert!(moved.median < 0.1, "{moved:?}");
    assert!(Drift::new(FieldKind::Spikes, 3, 1, 0).is_none());
}

#[test]
fn a_stored_instrument_goes_on() {
    let mut one = Drift::new(FieldKind::Value, 2, 1, 0).unwrap();
    let show = |drift: &mut Drift, from: i32| {
        for k in from..from + 700 {
            drift.observe(view(&[f64::from(k % 83), f64::from(k % 7)], 2, 1));
        }
    };
    show(&mut one, 0);
    one.take(10.0);
    show(&mut one, 0);
    let text = serde_json::to_string(&one).unwrap();
    let mut other: Drift = serde_json::from_str(&text).unwrap();
    for drift in [&mut one, &mut other] {
        show(drift, 40);
    }
    assert_eq!(one.take(10.0).unwrap(), other.take(10.0).unwrap());
}
