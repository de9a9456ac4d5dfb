//! Each policy on hand-made streams with known reset steps; then on networks.

pub(crate) mod nets;
mod registered;
mod resumed;
mod states;

use super::*;

/// A step of a hand-made stream.
#[derive(Clone, Copy, Debug)]
struct Made {
    begins: bool,
    input: f64,
    output: [f32; 2],
    norm: f64,
}

const PLAIN: Made = Made {
    begins: false,
    input: 1.0,
    output: [1.0, 0.0],
    norm: 0.0,
};

/// The steps before which `config` resets lane `lane` of a stream.
fn resets(config: &dyn PolicyConfig, stream: &[Made], lane: u64) -> Vec<u64> {
    assert_eq!(config.check(), Ok(()));
    let mut policy = config.build(7, lane);
    let ahead = config.needs().lookahead as usize;
    let tell = |policy: &mut Box<dyn Policy>, t: usize| {
        if stream.get(t).is_some_and(|step| step.begins) {
            policy.begins(t as u64);
        }
    };
    (0..ahead).for_each(|t| tell(&mut policy, t));
    let mut found = Vec::new();
    for (t, step) in stream.iter().enumerate() {
        tell(&mut policy, t + ahead);
        let seen = Seen {
            step: t as u64,
            copy: 0,
            begins: step.begins,
            input: step.input,
            output: if t == 0 { &[] } else { &step.output },
            norm: step.norm,
        };
        match policy.decide(&seen) {
            Action::Leave => {}
            Action::Reset => found.push(t as u64),
            other => panic!("{config}: {other:?}"),
        }
    }
    found
}

/// A stream of `steps` plain steps, changed by `change`.
fn stream(steps: usize, change: impl Fn(usize, &mut Made)) -> Vec<Made> {
    let mut stream = vec![PLAIN; steps];
    (stream.iter_mut().enumerate()).for_each(|(t, step)| change(t, step));
    stream
}

/// Samples begin at these steps.
fn samples(steps: usize, at: &[usize]) -> Vec<Made> {
    stream(steps, |t, step| step.begins = at.contains(&t))
}

#[test]
fn never_and_oracle() {
    let stream = samples(50, &[0, 13, 14, 40]);
    assert!(resets(&Never {}, &stream, 0).is_empty());
    assert_eq!(resets(&Oracle {}, &stream, 0), [0, 13, 14, 40]);
}

#[test]
fn periodic_resets_come_every_so_many_steps_from_the_offset_on() {
    let stream = samples(20, &[3]);
    let periodic = |every, offset| resets(&Periodic { every, offset }, &stream, 0);
    assert_eq!(periodic(6, 0), [0, 6, 12, 18]);
    assert_eq!(periodic(6, 5), [5, 11, 17]);
    assert_eq!(periodic(1, 0).len(), 20);
}

#[test]
fn without_error_misaligned_resets_are_the_oracle_s() {
    let stream = samples(300, &[0, 13, 14, 40, 299]);
    let oracle = resets(&Oracle {}, &stream, 3);
    assert_eq!(resets(&Misaligned(0.0), &stream, 3), oracle);
}

#[test]
fn misaligned_resets_err_as_the_normal_law_says() {
    // Far enough from each other that every reset is nearest to its own sample.
    let (sigma, apart, n) = (4.0, 60, 4_000);
    let at: Vec<usize> = (0..n).map(|k| 30 + k * apart).collect();
    let stream = stream(n * apart, |t, step| step.begins = t % apart == 30);
    let config = Misaligned(sigma);
    let found = resets(&config, &stream, 0);
    assert_eq!(found.len(), n);
    let errors: Vec<f64> = (found.iter().zip(&at))
        .map(|(&found, &at)| found as f64 - at as f64)
        .collect();
    assert_eq!(config.needs().lookahead, 24);
    assert!(errors.iter().all(|e| e.abs() <= 24.0));
    let mean = errors.iter().sum::<f64>() / n as f64;
    let square = errors.iter().map(|e| e * e).sum::<f64>() / n as f64;
    // Rounding to whole steps adds a twelfth to the variance; five standard errors.
    let variance = sigma * sigma + 1.0 / 12.0;
    assert!(mean.abs() < 5.0 * (variance / n as f64).sqrt(), "{mean}");
    let wide = 5.0 * variance * (2.0 / n as f64).sqrt();
    assert!((square - variance).abs() < wide, "{square}");
    assert_ne!(resets(&config, &stream, 1), found, "another lane");
    assert_eq!(resets(&config, &stream, 0), found, "the same lane again");
}

/// Resets that would fall before the stream are none, and two that fall together are one.
#[test]
fn misaligned_resets_at_the_beginning_of_a_stream() {
    let at: Vec<usize> = (0..200).collect();
    let found = resets(&Misaligned(50.0), &samples(200, &at), 0);
    assert!(found.len() < 200 && found.len() > 50, "{}", found.len());
    assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn random_resets_come_as_often_as_they_should() {
    let (n, p) = (100_000, 0.01);
    let count = resets(&Random(p), &vec![PLAIN; n], 0).len() as f64;
    let expected = n as f64 * p;
    // Five standard deviations of the binomial.
    assert!((count - expected).abs() < 5.0 * (expected * (1.0 - p)).sqrt());
    assert_eq!(resets(&Random(1.0), &[PLAIN; 5], 0), [0, 1, 2, 3, 4]);
    let of = |lane| resets(&Random(p), &vec![PLAIN; 10_000], lane);
    assert_ne!(of(0), of(1));
}

#[test]
fn a_silence_is_answered_once() {
    let quiet = [(10..30), (40..44), (50..55), (70..90)];
    let stream = stream(90, |t, step| {
        if quiet.iter().any(|q| q.contains(&t)) {
            step.input = 0.0;
        }
    });
    let window = 5;
    let config = Silence {
        threshold: 0.0,
        window,
    };
    // At the fifth silent step; four are too few.
    assert_eq!(resets(&config, &stream, 0), [14, 54, 74]);
    // Up to one event in five steps is silence, too: a step sooner, and the four steps now suffice.
    let config = Silence {
        threshold: 0.2,
        window,
    };
    assert_eq!(resets(&config, &stream, 0), [13, 43, 53, 73]);
    // A stream that begins in silence triggers once its window is full.
    let config = Silence {
        threshold: 1.0,
        window,
    };
    assert_eq!(resets(&config, &stream, 0), [4]);
}

#[test]
fn an_unsure_output_is_answered_once() {
    let unsure = [(10..13), (20..40), (50..58)];
    let stream = stream(80, |t, step| {
        if unsure.iter().any(|u| u.contains(&t)) {
            step.output = [0.5, 0.5];
        }
    });
    let entropy = |level, hold| Output::Entropy(EntropyOver { level, hold });
    assert_eq!(resets(&entropy(0.9, 5), &stream, 0), [24, 54]);
    assert_eq!(resets(&entropy(0.9, 1), &stream, 0), [10, 20, 50]);
    // 0.5 and 0.5 have the largest entropy; 0.9 and 0.1 have 0.469 of it.
    let half_sure = self::stream(9, |_, step| step.output = [0.9, 0.1]);
    assert_eq!(resets(&entropy(0.468, 2), &half_sure, 0), [2]);
    assert!(resets(&entropy(0.470, 2), &half_sure, 0).is_empty());
}

#[test]
fn a_large_state_is_reset_while_it_is_large() {
    let stream = stream(10, |t, step| step.norm = t as f64);
    assert_eq!(resets(&Output::Norm(6.5), &stream, 0), [7, 8, 9]);
}

#[test]
fn a_new_answer_is_a_boundary_once_it_is_held() {
    let class = |t: usize| usize::from((10..20).contains(&t) || t == 30 || t >= 40);
    let stream = stream(50, |t, step| {
        step.output = [1.0 - class(t) as f32, class(t) as f32];
    });
    let boundary = |hold| Output::Boundary(ClassHeld { hold });
    // Held for three steps: the single step at 30 is none, and the first class is none either.
    assert_eq!(resets(&boundary(3), &stream, 0), [12, 22, 42]);
    assert_eq!(resets(&boundary(1), &stream, 0), [10, 20, 30, 31, 40]);
}

#[test]
fn windows_begin_in_turn_and_the_oldest_that_fits_is_read() {
    for (length, hop) in [(6, 2), (7, 3), (5, 1), (4, 4), (1, 1)] {
        let window = Window { length, hop };
        let copies = window.needs().copies as u64;
        let mut policy = window.build(0, 0);
        let mut ages = vec![0; copies as usize];
        for step in 0..60 {
            for (copy, age) in ages.iter_mut().enumerate() {
                let seen = Seen {
                    step,
                    copy,
                    begins: false,
                    input: 0.0,
                    output: &[],
                    norm: 0.0,
                };
                *age = if policy.decide(&seen) == Action::Reset {
                    1
                } else {
                    *age + 1
                };
            }
            let read = ages[window.reads(step)];
            let expected = ages.iter().copied().filter(|&a| a <= length).max();
            assert_eq!(Some(read), expected, "{window} at {step}: {ages:?}");
            assert!(read > (length - hop).min(step), "{window} at {step}");
        }
    }
}

#[test]
fn what_cannot_be_has_an_error() {
    let wrong: [(&dyn PolicyConfig, &str, &str); 13] = [
        (
            &Misaligned(-1.0),
            "",
            "`-1` is out of range: it must be 0 to 10000",
        ),
        (
            &Misaligned(f64::NAN),
            "",
            "`NaN` is out of range: it must be 0 to 10000",
        ),
        (
            &Random(0.0),
            "",
            "`0` is out of range: it must be above 0 and at most 1",
        ),
        (
            &Random(f64::NAN),
            "",
            "`NaN` is out of range: it must be above 0 and at most 1",
        ),
        (
            &Decay(1.5),
            "",
            "`1.5` is out of range: it must be above 0 and at most 1",
        ),
        (
            &Decay(-0.5),
            "",
            "`-0.5` is out of range: it must be above 0 and at most 1",
        ),
        (
            &Clip(0.0),
            "",
            "`0` is out of range: it must be above 0 and finite",
        ),
        (
            &Silence {
                threshold: -1.0,
                window: 5,
            },
            "threshold",
            "`-1` is out of range: it must be 0 or more",
        ),
        (
            &Silence {
                threshold: 0.0,
                window: 0,
            },
            "window",
            "`0` is out of range: it must be 1 to 100000",
        ),
        (
            &Output::Entropy(EntropyOver {
                level: 1.0,
                hold: 5,
            }),
            "entropy.level",
            "`1` is out of range: it must be 0 to below 1",
        ),
        (
            &Output::Norm(f64::INFINITY),
            "norm",
            "`inf` is out of range: it must be above 0 and finite",
        ),
        (
            &Window {
                length: 10,
                hop: 11,
            },
            "hop",
            "`11` is out of range: it must be 1 to `length`, which is 10",
        ),
        (
            &Window {
                length: 1000,
                hop: 3,
            },
            "hop",
            "a window of 1000 steps every 3 needs 334 copies of the net, and the maximum is 256: raise \
            `hop` to 4 or more",
        ),
    ];
    for (config, key, message) in wrong {
        let error = config.check().expect_err(message);
        assert_eq!((error.key(), error.to_string().as_str()), (key, message));
    }
}
