//! The rule against exact rational arithmetic, over the steps, types and times that people have.

use half::f16;
use num_bigint::BigInt;
use num_rational::BigRational;

use super::*;

/// dt in ms, with P and Q of dt in seconds.
const DTS: [(f64, u64, u64); 4] = [
    (0.1, 1, 10_000),
    (1.0, 1, 1_000),
    (4.0, 1, 250),
    (10.0, 1, 100),
];
const MONTH_S: f64 = 30.0 * 86_400.0;

fn stored(float: TimeFloat, unit: TimeUnit) -> Stored {
    Stored { float, unit }
}

fn rational(x: f64) -> BigRational {
    BigRational::from_float(x).expect("a finite number")
}

/// Equation (1) in exact arithmetic: floor((x + h) / dt).
fn truth(x: f64, half_unit: f64, over: u64, under: u64) -> u64 {
    let dt = BigRational::new(BigInt::from(over), BigInt::from(under));
    let steps = ((rational(x) + rational(half_unit)) / dt)
        .floor()
        .to_integer();
    u64::try_from(steps).expect("a step")
}

/// The k that are looked at up to `most`: all small ones, and some thousands spread over the rest.
fn some_of(most: u64) -> impl Iterator<Item = u64> {
    let stride = (most / 3_000).max(1) | 1;
    (0..2_000.min(most)).chain((0..most).step_by(stride as usize))
}

#[test]
fn times_on_the_grid_have_their_step() {
    for (dt_ms, over, under) in DTS {
        let on_grid = |k: u64| (k * over) as f64 / under as f64;
        let most = (MONTH_S * under as f64 / over as f64) as u64;
        let double = Steps::new(dt_ms);
        for k in some_of(most) {
            let x = on_grid(k);
            assert_eq!(double.of(x), k, "{dt_ms} ms, {x} s in f64");
            let us = k * over * 1_000_000 / under;
            assert_eq!(double.of_us(us), k, "{dt_ms} ms, {us} us");
            assert_eq!(double.start_us(k), us);
            if k > 0 {
                assert_eq!(double.of_us(us - 1), k - 1);
            }
        }
        // f32, as long as its spacing is below half a step.
        let kind = stored(TimeFloat::Single, TimeUnit::Seconds);
        let single = Steps::stored(dt_ms, kind, None);
        let fine = (0..most).take_while(|k| kind.spacing_s(on_grid(*k)) < 0.5e-3 * dt_ms);
        let mut last = 0;
        for k in fine {
            let x = f64::from(on_grid(k) as f32);
            assert_eq!(single.of(x), k, "{dt_ms} ms, {x} s in f32");
            last = k;
        }
        assert!(on_grid(last) > 500.0, "{dt_ms} ms: {last}");
    }
}

#[test]
fn other_times_are_floored_exactly() {
    for (dt_ms, over, under) in DTS {
        let most = (MONTH_S * under as f64 / over as f64) as u64;
        for k in some_of(most) {
            let edge = (k * over) as f64 / under as f64;
            let steps = Steps::new(dt_ms);
            // On either side of a step's start, by a few units of f64.
            let mut x = edge;
            for _ in 0..3 {
                x = x.next_down().max(0.0);
            }
            for _ in 0..7 {
                let half_unit = half_unit(x);
                assert_eq!(
                    steps.of(x),
                    truth(x, half_unit, over, under),
                    "{dt_ms}: {x}"
                );
                x = x.next_up();
            }
            // The same for f32.
            let kind = stored(TimeFloat::Single, TimeUnit::Seconds);
            let steps = Steps::stored(dt_ms, kind, None);
            let mut x = (edge as f32).next_down().max(0.0);
            for _ in 0..3 {
                let wide = f64::from(x);
                let half_unit = 0.5 * (f64::from(x.next_up()) - wide);
                assert_eq!(
                    steps.of(wide),
                    truth(wide, half_unit, over, under),
                    "{dt_ms}: {x}"
                );
                x = x.next_up();
            }
        }
    }
}

#[test]
fn float16_is_floored_as_stored() {
    for (dt_ms, over, under) in DTS {
        let kind = stored(TimeFloat::Half, TimeUnit::Seconds);
        let steps = Steps::stored(dt_ms, kind, None);
        for bits in (0..f16::from_f64(4_000.0).to_bits()).step_by(3) {
            let x = f16::from_bits(bits).to_f64();
            assert_eq!(steps.of(x), truth(x, 0.0, over, under), "{dt_ms}: {x}");
        }
    }
}

#[test]
fn float16_on_a_grid_may_be_rounded_to_it() {
    let kind = stored(TimeFloat::Half, TimeUnit::Seconds);
    let grid = Grid::new(1_000.0);
    let (floored, rounded) = (
        Steps::stored(1.0, kind, None),
        Steps::stored(1.0, kind, grid),
    );
    let stored = |k: u64| f16::from_f64(k as f64 / 1e3).to_f64();
    let wrong = (0..1_000).filter(|k| floored.of(stored(*k)) != *k).count();
    assert!((400..600).contains(&wrong), "{wrong}");
    assert!((0..1_000).all(|k| rounded.of(stored(k)) == k));
    // Ten ticks are a step of 10 ms; 360 Hz has no finite decimal, and 18 ticks are 50 ms.
    let tens = Steps::stored(10.0, kind, grid);
    assert!((0..1_000).all(|k| tens.of(stored(k)) == k / 10));
    let beats = Steps::stored(10.0, kind, Grid::new(360.0));
    assert!((0..300).all(|m| beats.of(f16::from_f64(m as f64 / 360.0).to_f64()) == m * 10 / 36));
}

#[test]
fn declared_units_keep_their_grid() {
    for (dt_ms, over, under) in DTS {
        for unit in [TimeUnit::Milliseconds, TimeUnit::Microseconds] {
            let per_second = u64::from(unit.per_second());
            let written = |k: u64| (k * over * per_second) as f64 / under as f64;
            for float in [TimeFloat::Single, TimeFloat::Double] {
                let kind = stored(float, unit);
                let steps = Steps::stored(dt_ms, kind, None);
                for k in 0..20_000 {
                    let number = match float {
                        TimeFloat::Single => f64::from(written(k) as f32),
                        _ => written(k),
                    };
                    let time_s = number / per_second as f64;
                    assert_eq!(steps.of(time_s), k, "{dt_ms} ms, {number} {}", unit.name());
                }
            }
        }
    }
}

#[test]
fn a_microsecond_lies_in_the_step_of_its_time() {
    for float in [TimeFloat::Half, TimeFloat::Single, TimeFloat::Double] {
        let kind = stored(float, TimeUnit::Seconds);
        let micros = Steps::stored(1e-3, kind, None);
        for (dt_ms, ..) in DTS {
            let steps = Steps::stored(dt_ms, kind, None);
            for k in 0..200_000_u64 {
                let exact = k as f64 * 0.000_732_1;
                let time_s = match float {
                    TimeFloat::Half => f16::from_f64(exact).to_f64(),
                    TimeFloat::Single => f64::from(exact as f32),
                    _ => exact,
                };
                assert_eq!(steps.of_us(micros.of(time_s)), steps.of(time_s), "{time_s}");
            }
        }
        // 29 ms are 29,000 us.
        if float != TimeFloat::Half {
            let time_s = if float == TimeFloat::Single {
                f64::from(0.029_f32)
            } else {
                0.029
            };
            assert_eq!(micros.of(time_s), 29_000);
        }
    }
}

#[test]
fn sums_carry_the_rounding_of_their_terms() {
    for float in [TimeFloat::Single, TimeFloat::Double] {
        let steps = Steps::stored(10.0, stored(float, TimeUnit::Seconds), None);
        // Beats at 360 Hz: 18 samples are 50 ms.
        for start in (0..648_000_u64).step_by(97) {
            for after in [0, 1, 7, 18, 301] {
                let mut time_s = after as f64 / 360.0;
                if float == TimeFloat::Single {
                    time_s = f64::from(time_s as f32);
                }
                let step = steps.of_sum(&[start as f64 / 360.0, time_s]);
                assert_eq!(step, (start + after) * 10 / 36, "{start} + {after}");
            }
        }
    }
    let steps = Steps::new(10.0);
    assert_eq!(steps.of_sum(&[0.3, -0.1, -0.1]), 10);
    assert_eq!(steps.of_sum(&[0.1, -0.25]), 0);
    assert_eq!(steps.of_sum(&[]), 0);
}

#[test]
fn no_number_is_too_odd() {
    for dt_ms in [1e-300, 1e-9, 0.1, 1.0 / 3.0, 1e-7 / 3.0, 1e9, f64::MAX] {
        for float in [TimeFloat::Half, TimeFloat::Single, TimeFloat::Double] {
            for unit in [TimeUnit::Seconds, TimeUnit::Microseconds] {
                let steps = Steps::stored(dt_ms, stored(float, unit), None);
                for x in [
                    0.0,
                    -0.0,
                    5e-324,
                    1e-300,
                    1e-9,
                    0.3,
                    1.0,
                    2.6e6,
                    1e300,
                    f64::NAN,
                ] {
                    let step = steps.of(x);
                    assert!(step <= steps.of(x.next_up()).max(step));
                    steps.of_sum(&[x, -x, x]);
                }
                steps.of_us(u64::MAX);
                steps.start_us(u64::MAX);
            }
        }
    }
    // A third of a millisecond, as it is written with sixteen digits, is a little less than a third.
    assert_eq!(Steps::new(1.0 / 3.0).of(1e-3), 3);
    assert_eq!(Steps::new(0.05).of(1e-3), 20);
}

#[test]
fn the_clock_behind_times_is_found() {
    let found = |kind: Stored, times_s: &mut dyn Iterator<Item = f64>| {
        let mut finder = Finder::new(kind);
        for time_s in times_s {
            finder.add(time_s);
        }
        finder.found().map(Grid::hz)
    };
    let half = stored(TimeFloat::Half, TimeUnit::Seconds);
    let double = Stored::default();
    let to_half = |x: f64| f16::from_f64(x).to_f64();
    for hz in [100.0, 360.0, 1_000.0] {
        let mut halves = (1..800).map(|k| to_half(f64::from(k * 7 % 1_009) / hz));
        let seen = found(half, &mut halves);
        // A grid as fine as float16's own spacing cannot be distinguished from chance.
        assert_eq!(seen, Some(hz), "{hz} Hz in float16");
    }
    for hz in [8_000.0, 44_100.0, 1e6] {
        let mut doubles = (1..100).map(|k| f64::from(k * 7_919) / hz);
        assert_eq!(found(double, &mut doubles), Some(hz));
    }
    // Times anywhere lie on none.
    let anywhere = |k: u32| (f64::from(k) * 0.618_033_988_749_895).fract();
    assert_eq!(
        found(half, &mut (1..2_000).map(|k| to_half(anywhere(k)))),
        None
    );
    assert_eq!(found(double, &mut (1..100).map(anywhere)), None);
    // A few times prove nothing.
    assert_eq!(found(half, &mut [0.5, 0.25, 0.75].into_iter()), None);
}
