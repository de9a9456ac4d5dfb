use saturn_cell::rng::{ChaCha8Rng, generator};

use rand::RngExt;

use super::*;

/// A segment: its start, end and label.
type Told = (u64, u64, usize);

/// A detector without smoothing, so that runs of probabilities are excursions.
fn plain(hold: u64, tolerance: u64, thresholds: &[f64]) -> Detector {
    let config = DetectorConfig {
        window: 1,
        hold,
        tolerance,
    };
    Detector::new(config, 3, thresholds).unwrap()
}

/// Three classes: `p` for `class`, the rest shared.
fn says(class: usize, p: f32) -> [f32; 3] {
    let mut all = [(1.0 - p) / 2.0; 3];
    all[class] = p;
    all
}

/// Runs (class, probability, steps) through a detector; segments are added at their ends.
fn play(
    detector: &mut Detector,
    runs: &[(usize, f32, u64)],
    segments: &[Told],
) -> Vec<DetectorScore> {
    let mut step = 0;
    for &(class, p, steps) in runs {
        for _ in 0..steps {
            detector.observe(step, &says(class, p));
            step += 1;
            for (recording, s) in segments.iter().enumerate().filter(|(_, s)| s.1 == step) {
                detector.segment(s.0, s.1, s.2, recording);
            }
        }
    }
    detector.finish();
    detector.scores().copied().collect()
}

fn counts(s: &DetectorScore) -> [u64; 6] {
    [
        s.right,
        s.substitutions,
        s.misses,
        s.false_alarms,
        s.extra,
        s.segments,
    ]
}

const QUIET: f32 = 0.34;

#[test]
fn each_outcome_by_hand() {
    let runs = [
        (0, QUIET, 10),
        (1, 0.9, 10), // in segment 10..20, class 1: right
        (0, QUIET, 30),
        (2, 0.9, 5), // middle 52, in no segment: false alarm
        (0, QUIET, 15),
        (2, 0.9, 10), // in segment 70..90, class 0: lighter
        (0, 0.9, 6),  // heavier would be longer: this is the extra one
        (1, QUIET, 24),
        (1, 0.9, 2), // segment 110..120, too short to be a detection: miss
        (0, QUIET, 18),
        (0, 0.9, 10), // segment 130..140, class 1: substitution
        (1, QUIET, 20),
    ];
    let segments = [(10, 20, 1), (70, 90, 0), (110, 120, 1), (130, 140, 1)];
    let mut detector = plain(3, 5, &[0.5]);
    let score = play(&mut detector, &runs, &segments)[0];
    assert_eq!(counts(&score), [1, 2, 1, 1, 1, 4]);
    assert_eq!(score.steps, 160);
    let outcomes = detector.take_outcomes();
    let answers: Vec<_> = outcomes.iter().map(|o| (o.recording, o.answer)).collect();
    assert_eq!(
        answers,
        [(0, Some(1)), (1, Some(2)), (2, None), (3, Some(0))]
    );
    assert_eq!(outcomes[0].decided, Some(12));
    assert!(outcomes[0].right && !outcomes[1].right && !outcomes[2].right);
    // 1 alarm in 160 steps of 10 ms.
    let per_hour = score.false_alarms_per_hour(10.0).unwrap();
    assert!((per_hour - 3600.0 / 1.6).abs() < 1e-9);
    assert_eq!(score.accuracy(), Some(0.25));
    assert_eq!(score.net(), Some(0.0));
}

#[test]
fn the_heavier_detection_decides_whichever_comes_first() {
    for (first, second) in [((0, 0.9, 8), (1, 0.9, 5)), ((1, 0.9, 5), (0, 0.9, 8))] {
        let score = play(&mut plain(3, 0, &[0.5]), &[first, second], &[(0, 13, 0)])[0];
        assert_eq!(counts(&score), [1, 0, 0, 0, 1, 1]);
    }
}

/// The detection continues long after its segment was added; its middle decides where it belongs.
#[test]
fn a_detection_may_end_after_its_segment() {
    for (steps, expected) in [
        (29, [1, 0, 0, 0, 0, 1]), // steps 10..39, middle 24: within 20 + 5
        (31, [0, 0, 1, 1, 0, 1]), // middle 25: beyond
    ] {
        let runs = [(0, QUIET, 10), (1, 0.9, steps), (0, QUIET, 100)];
        let score = play(&mut plain(3, 5, &[0.5]), &runs, &[(10, 20, 1)])[0];
        assert_eq!(counts(&score), expected, "{steps} steps");
    }
}

#[test]
fn tolerance_ends_where_the_next_segment_starts() {
    // Middle 23: within the tolerance of 10..20, but 22..40 has begun.
    let runs = [(0, QUIET, 22), (1, 0.9, 3), (0, QUIET, 60)];
    let segments = [(10, 20, 1), (22, 40, 1)];
    let mut detector = plain(3, 15, &[0.5]);
    play(&mut detector, &runs, &segments);
    let right: Vec<bool> = detector.take_outcomes().iter().map(|o| o.right).collect();
    assert_eq!(right, [false, true]);
}

#[test]
fn the_window_averages() {
    let config = DetectorConfig {
        window: 4,
        hold: 1,
        tolerance: 0,
    };
    // One step of 1 in silence: the mean is 1/1 at the start, later 1/4 at most; 0.6 needs three of four.
    let mut detector = Detector::new(config, 2, &[0.6]).unwrap();
    let ones = [0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0];
    for (step, one) in ones.into_iter().enumerate() {
        detector.observe(step as u64, &[0.0, one as f32]);
    }
    detector.segment(9, 14, 1, 0);
    detector.finish();
    let outcome = detector.take_outcomes()[0];
    assert_eq!((outcome.answer, outcome.decided), (Some(1), Some(11)));
    assert_eq!(detector.scores().next().unwrap().false_alarms, 0);
}

/// An output beyond the classes ("nothing") keeps its probability, but is never detected.
#[test]
fn an_output_for_nothing_is_no_class() {
    let mut detector = plain(1, 0, &[0.5]);
    for step in 0..50 {
        detector.observe(step, &[0.02, 0.02, 0.02, 0.94]);
    }
    detector.finish();
    assert_eq!(counts(detector.scores().next().unwrap()), [0; 6]);
}

#[test]
fn what_is_not_a_number_is_not_detected_and_passes() {
    let mut detector = plain(3, 0, &[0.5]);
    for step in 0..10 {
        detector.observe(step, &[f32::NAN; 3]);
    }
    for step in 10..20 {
        detector.observe(step, &says(2, 0.9));
    }
    detector.segment(10, 20, 2, 0);
    detector.finish();
    assert_eq!(
        counts(detector.scores().next().unwrap()),
        [1, 0, 0, 0, 0, 1]
    );
}

/// A net stuck on one class for ever must not hold on to the past.
#[test]
fn memory_is_bounded_when_the_net_is_stuck() {
    let mut detector = plain(3, 15, &[0.5]);
    let (mut waiting, mut settled) = (0, 0);
    for step in 0..5 * LONGEST {
        detector.observe(step, &says(0, 0.9));
        if step % 100 == 99 {
            detector.segment(step - 80, step + 1, 0, 0);
        }
        waiting = waiting.max(detector.segments.len());
        settled += detector.take_outcomes().len();
    }
    assert!(waiting < LONGEST as usize / 100, "{waiting} wait");
    assert!(settled > 2900, "{settled} settled");
    detector.finish();
    let score = detector.scores().next().unwrap();
    assert_eq!(
        score.right + score.false_alarms,
        5,
        "one detection a LONGEST"
    );
    // And alarms without any segment do not pile up.
    let mut alone = plain(3, 15, &[0.5]);
    for step in 0..2 * LONGEST {
        let p = if step % 10 < 5 { 0.9 } else { QUIET };
        alone.observe(step, &says(0, p));
    }
    assert!(alone.levels[0].waiting.len() <= LONGEST as usize / 10 + 1);
    assert!(alone.levels[0].score.false_alarms > 6000);
}

/// The whole stream in one pass, directly from the definitions.
fn offline(
    config: &DetectorConfig,
    threshold: f64,
    stream: &[[f32; 3]],
    segments: &[Told],
) -> [u64; 6] {
    let smooth: Vec<(usize, f64)> = (0..stream.len())
        .map(|t| {
            let window = &stream[(t + 1).saturating_sub(config.window)..=t];
            let mean = |c: usize| {
                window.iter().map(|p| f64::from(p[c])).sum::<f64>() / window.len() as f64
            };
            let best = (0..3).rev().max_by(|&a, &b| mean(a).total_cmp(&mean(b)));
            best.map(|c| (c, mean(c))).unwrap()
        })
        .collect();
    let mut detections = Vec::new();
    let mut t = 0;
    while t < smooth.len() {
        let class = smooth[t].0;
        let run = smooth[t..]
            .iter()
            .take_while(|s| s.0 == class && s.1 >= threshold)
            .count();
        if run as u64 >= config.hold {
            let mass: f64 = smooth[t..t + run].iter().map(|s| s.1).sum();
            detections.push((class, (2 * t + run - 1) as u64 / 2, mass));
        }
        t += run.max(1);
    }
    let mut result = [0; 6];
    result[3] = detections.len() as u64;
    for (i, s) in segments.iter().enumerate() {
        let next = segments.get(i + 1).map_or(u64::MAX, |n| n.0);
        let reach = (s.1 + config.tolerance).min(next);
        let own: Vec<_> = detections
            .iter()
            .filter(|d| (s.0..reach).contains(&d.1))
            .collect();
        result[3] -= own.len() as u64;
        result[4] += own.len().saturating_sub(1) as u64;
        result[5] += 1;
        match own.iter().rev().max_by(|a, b| a.2.total_cmp(&b.2)) {
            Some(d) if d.0 == s.2 => result[0] += 1,
            Some(_) => result[1] += 1,
            None => result[2] += 1,
        }
    }
    result
}

/// A stream of segments and gaps, sometimes none, where the output follows the label loosely.
fn random_stream(rng: &mut ChaCha8Rng) -> (Vec<[f32; 3]>, Vec<Told>) {
    let (mut stream, mut segments) = (Vec::new(), Vec::new());
    while stream.len() < 3_000 {
        for _ in 0..rng.random_range(0..25) {
            let p = rng.random_range(0.34..0.8);
            stream.push(says(rng.random_range(0..3), p));
        }
        let (start, label) = (stream.len() as u64, rng.random_range(0..3));
        let mut class = label;
        for _ in 0..rng.random_range(5..30) {
            if rng.random_range(0..8) == 0 {
                class = rng.random_range(0..3);
            }
            stream.push(says(class, rng.random_range(0.4..1.0)));
        }
        segments.push((start, stream.len() as u64, label));
    }
    (stream, segments)
}

#[test]
fn online_equals_offline_on_random_streams() {
    let thresholds = grid(3);
    let mut all = [0; 6];
    for case in 0..20 {
        let mut rng = generator(4, "detector", case);
        let (stream, segments) = random_stream(&mut rng);
        let config = DetectorConfig {
            window: rng.random_range(1..6),
            hold: rng.random_range(1..5),
            tolerance: rng.random_range(0..20),
        };
        let mut detector = Detector::new(config, 3, &thresholds).unwrap();
        let mut ends = segments.iter().enumerate().peekable();
        for (step, p) in stream.iter().enumerate() {
            // Added one step before or after the last step is observed, at random.
            let known = step as u64 + rng.random_range(0..2);
            while let Some((i, s)) = ends.next_if(|(_, s)| s.1 <= known) {
                detector.segment(s.0, s.1, s.2, i);
            }
            detector.observe(step as u64, p);
        }
        for (i, s) in ends {
            detector.segment(s.0, s.1, s.2, i);
        }
        detector.finish();
        for (score, &threshold) in detector.scores().zip(&thresholds) {
            let expected = offline(&config, threshold, &stream, &segments);
            assert_eq!(
                counts(score),
                expected,
                "case {case}, threshold {threshold}"
            );
            all.iter_mut().zip(expected).for_each(|(a, e)| *a += e);
        }
        let right = detector.take_outcomes().iter().filter(|o| o.right).count() as u64;
        let first = detector.scores().next().unwrap();
        assert_eq!(right, first.right, "outcomes are the first threshold's");
    }
    assert!(all.iter().all(|&n| n > 100), "each outcome occurs: {all:?}");
}

#[test]
fn stored_and_read_back_it_goes_on() {
    let (stream, segments) = random_stream(&mut generator(9, "detector", 0));
    let mut straight = plain(2, 10, &[0.6]);
    let mut stopped = straight.clone();
    for (step, p) in stream.iter().enumerate() {
        for detector in [&mut straight, &mut stopped] {
            detector.observe(step as u64, p);
            if let Some(s) = segments.iter().find(|s| s.1 == step as u64 + 1) {
                detector.segment(s.0, s.1, s.2, 0);
            }
        }
        if step % 500 == 0 {
            let text = serde_json::to_string(&stopped).unwrap();
            stopped = serde_json::from_str(&text).unwrap();
        }
    }
    straight.finish();
    stopped.finish();
    assert_eq!(straight.take_outcomes(), stopped.take_outcomes());
}

#[test]
fn the_choice_weighs_false_alarms() {
    let score = |threshold, right, false_alarms| DetectorScore {
        threshold,
        right,
        false_alarms,
        segments: 10,
        ..DetectorScore::default()
    };
    let scores = [
        score(0.3, 9, 6),
        score(0.5, 8, 1),
        score(0.7, 7, 0),
        score(0.9, 3, 0),
    ];
    assert_eq!(choose(&scores), Some(&scores[2]));
    assert_eq!(choose(&scores[..1]), Some(&scores[0]));
    assert_eq!(choose(&[DetectorScore::default()]), None);
}

#[test]
fn bad_configurations_are_named() {
    let none: DetectorConfig = serde_json::from_str(r#"{"hold": 0}"#).unwrap();
    assert_eq!(
        none.check().unwrap_err().to_string(),
        "the detector's hold is 0 steps; it must be from 1 to 65536"
    );
    let unknown = serde_json::from_str::<DetectorConfig>(r#"{"holds": 1}"#);
    assert!(unknown.unwrap_err().to_string().contains("`holds`"));
}
