//! Changes are computed exactly.

use super::super::delta::{Change, TooMany, changes};
use super::super::format::MISSING;
use super::super::lead::{Lead, Scale};
use super::*;

fn lead(gain: &str, baseline: i64, counts: &[i32]) -> Lead {
    let gain = decimal::parse(gain).unwrap();
    Lead {
        name: "I".to_owned(),
        per_frame: 1,
        counts: counts.to_vec(),
        scales: vec![Scale {
            from: 0,
            gain_f64: decimal::to_f64(&gain),
            gain,
            baseline,
        }],
    }
}

fn of(lead: &Lead, delta: f64) -> Vec<Change> {
    changes(lead, &decimal::of_f64(delta).unwrap()).unwrap()
}

#[test]
fn changes_by_hand() {
    // Up by 2.5 levels in one sample: at 0.4 and 0.8 of it. Down by 1.5 from 2.5: from level 2 to 1.
    let events = of(&lead("2", 0, &[0, 5, 2, 3]), 1.0);
    assert_eq!(events.len(), 3);
    assert!((events[0].at - 0.4).abs() < 1e-12 && events[0].up);
    assert!((events[1].at - 0.8).abs() < 1e-12 && events[1].up);
    assert!((events[2].at - 2.0).abs() < 1e-12 && !events[2].up);
}

#[test]
fn a_change_of_exactly_the_threshold_is_an_event() {
    // 200 counts a millivolt: 0.1 mV are 20. In f64 or f32, (0.3 - 0.2) < 0.1.
    let steps: Vec<i32> = (0..=1_000).map(|k| 20 * k).collect();
    for baseline in [0, 1_024, -7] {
        let events = of(&lead("200", baseline, &steps), 0.1);
        let times: Vec<f64> = events.iter().map(|event| event.at).collect();
        assert_eq!(
            times,
            (1..=1_000).map(f64::from).collect::<Vec<_>>(),
            "{baseline}"
        );
    }
    // One count less is none.
    assert!(of(&lead("200", 0, &[0, 19, 0, -19]), 0.1).is_empty());
    // Gains that are no whole number, thresholds of several digits: 62.5 counts are 0.05 mV.
    assert_eq!(of(&lead("1250", 0, &[0, 62, 63]), 0.05).len(), 1);
    assert_eq!(
        of(&lead("819.2", 0, &[0, 4_095, 4_096, 8_192]), 5.0).len(),
        2
    );
    let thirds = of(&lead("0.3", 0, &[0, 3, 6, 9]), 10.0);
    assert_eq!(
        thirds.iter().map(|e| e.at).collect::<Vec<_>>(),
        [1.0, 2.0, 3.0]
    );
}

/// Against a plain loop in i128 on random walks, with gains and thresholds of many digits:
/// a level is n p / q counts from the first.
#[test]
fn random_walks_as_in_whole_numbers() {
    use rand::{RngExt, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    for (gain, delta, p, q) in [
        ("200", 0.1, 20_i128, 1_i128),
        ("819.2", 0.025, 2_048, 100),
        ("65519.34523", 0.001, 6_551_934_523, 100_000_000),
        (
            "-1190.4761904761904",
            0.0123,
            11_904_761_904_761_904 * 123,
            100_000_000_000_000_000,
        ),
    ] {
        let mut count = 0;
        let counts: Vec<i32> = (0..2_000)
            .map(|_| {
                count += rng.random_range(-100..=100);
                count
            })
            .collect();
        let (mut level, mut expected) = (0_i128, Vec::new());
        for (sample, count) in counts.iter().enumerate() {
            let moved = i128::from(count - counts[0]) * if gain.starts_with('-') { -1 } else { 1 };
            while moved * q >= (level + 1) * p {
                level += 1;
                expected.push((sample, true));
            }
            while moved * q <= (level - 1) * p {
                level -= 1;
                expected.push((sample, false));
            }
        }
        let found = of(&lead(gain, 3, &counts), delta);
        assert!(expected.len() > 500, "{gain}: {}", expected.len());
        assert_eq!(found.len(), expected.len(), "{gain}");
        for (change, (sample, up)) in found.iter().zip(expected) {
            let within = (sample - 1) as f64..=sample as f64;
            assert!(
                within.contains(&change.at) && change.up == up,
                "{gain} {sample} {change:?}"
            );
        }
    }
}

#[test]
fn missing_samples_are_as_the_one_before() {
    let with_gap = lead("10", 0, &[MISSING, 0, 1, MISSING, MISSING, 3]);
    let times: Vec<f64> = of(&with_gap, 0.1).iter().map(|change| change.at).collect();
    // From sample 4, which is as 2, to 5: half of the way, and all.
    assert_eq!(times, [2.0, 4.5, 5.0]);
    assert!(of(&lead("10", 0, &[MISSING; 4]), 0.1).is_empty());
}

#[test]
fn a_wrong_gain_makes_no_endless_list() {
    let counts: Vec<i32> = (0..100).map(|k| (k % 2) * 30_000).collect();
    let found = changes(&lead("0.001", 0, &counts), &decimal::of_f64(0.001).unwrap());
    assert_eq!(found, Err(TooMany { limit: 53_200 }));
}

/// As counted in Python, in whole numbers: 0.1 mV are 20 counts of each of these records.
///
/// ```python
/// for lead in wfdb.rdrecord(record, physical=False).d_signal.T.astype(int):
///     level = lead[0]
///     for x in lead:
///         while x - level >= 20: level += 20; events += 1
///         while level - x >= 20: level -= 20; events += 1
/// ```
#[test]
fn real_records_have_the_events_of_whole_numbers() {
    let Some(data) = crate::convert::hostile::real_data("mit-bih") else {
        return;
    };
    let options = WfdbOptions::default();
    let tenth = decimal::of_f64(0.1).unwrap();
    for (name, expected) in REAL {
        let leads = open(&data, name, &options).unwrap().read().unwrap();
        let found: usize = leads
            .iter()
            .map(|lead| changes(lead, &tenth).unwrap().len())
            .sum();
        assert_eq!(found, expected, "{name}");
    }
}

const REAL: [(&str, usize); 12] = [
    ("100", 125_809),
    ("104", 172_923),
    ("108", 141_275),
    ("113", 153_806),
    ("117", 140_539),
    ("122", 175_664),
    ("201", 94_768),
    ("207", 116_591),
    ("212", 232_709),
    ("217", 231_309),
    ("222", 110_277),
    ("231", 132_831),
];
