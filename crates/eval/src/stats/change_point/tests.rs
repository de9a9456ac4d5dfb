use rand::RngExt;

use super::*;

/// A stream of 6 predictions per bin, correct with probability `p` of the bin.
fn stream(index: u64, p: impl Fn(usize) -> f64) -> Answers {
    let mut rng = generator(11, "test", index);
    let mut answers = Answers::new(256_000);
    for bin in 0..BINS {
        for k in 0..6 {
            answers.add(bin as u64 * 1_000 + k, rng.random::<f64>() < p(bin));
        }
    }
    answers
}

/// Without a change, p below x comes in a share x of streams.
#[test]
fn without_a_change_p_is_uniform() {
    let n = 120;
    let p: Vec<f64> = (0..n)
        .map(|i| stream(i, |_| 0.8).changes(i).p_value.unwrap())
        .collect();
    for x in [0.1, 0.3, 0.5, 0.8] {
        let found = p.iter().filter(|&&p| p < x).count() as f64 / n as f64;
        let error = (x * (1.0 - x) / n as f64).sqrt();
        assert!((found - x).abs() < 3.0 * error, "{found} below {x}");
    }
}

/// A planted change is found, and is in its interval at the stated rate.
#[test]
fn a_planted_change_lies_in_its_interval() {
    let (mut covered, n) = (0, 100);
    for i in 0..n {
        let found = stream(100 + i, |bin| if bin < 90 { 0.9 } else { 0.6 }).changes(1);
        let nearest = (found.changes.iter())
            .min_by_key(|c| c.step.abs_diff(90_000))
            .expect("a change of 30 points is found");
        assert!(nearest.step.abs_diff(90_000) < 20_000, "{nearest:?}");
        let [low, high] = nearest.interval;
        covered += u64::from((low..=high).contains(&90_000));
    }
    assert!(covered >= 89, "{covered} of {n}");
}

#[test]
fn two_changes_with_the_accuracies_between() {
    let p = |bin: usize| [0.9, 0.5, 0.9][usize::from(bin >= 80) + usize::from(bin >= 160)];
    let found = stream(7, p).changes(1).changes;
    assert_eq!(found.len(), 2, "{found:?}");
    for (change, step) in found.iter().zip([80_000, 160_000]) {
        assert!(change.step.abs_diff(step) <= 6_000, "{change:?}");
        assert!(change.p_value < 0.05);
    }
    assert!((found[0].before - 0.9).abs() < 0.05 && (found[0].after - 0.5).abs() < 0.08);
    assert!((found[1].before - found[0].after).abs() < 1e-12);
}

/// By effect: all wrong before, all correct after. G = 2 * 8 ln 2.
#[test]
fn a_certain_change_by_hand() {
    let mut one = Answers::new(256);
    let mut other = one.clone();
    for k in 0..8u64 {
        let half = if k % 2 == 0 { &mut one } else { &mut other };
        half.add(k * 32, k >= 4);
    }
    one.merge(&other);
    let tallies: Vec<Tally> = one.bins.iter().copied().filter(|t| t.total > 0).collect();
    let (at, ratio) = best(&tallies).unwrap();
    assert!(at == 4 && (ratio - 16.0 * 2.0f64.ln()).abs() < 1e-12);
    // 2 of the 70 orders are as extreme.
    let found = one.changes(1);
    assert!((found.p_value.unwrap() - 2.0 / 70.0).abs() < 0.02);
    assert_eq!(found.changes[0].step, 128);
    assert_eq!(Answers::new(10).changes(1).p_value, None);
}
