//! Formats and rounding: round trips, ties, saturation, means.

use saturn_cell::rng::pass_of;
use saturn_cell::{Real, RngPosition};

use crate::precision::grid::{Fixed, Grid};
use crate::precision::random::Key;
use crate::precision::{Format, ScaleRule};

const FIXED: [Format; 6] = [
    Format::Int16,
    Format::Int12,
    Format::Int10,
    Format::Int8,
    Format::Int6,
    Format::Int4,
];

fn key(step: u64) -> Key {
    let at = RngPosition {
        step,
        ..RngPosition::default()
    };
    Key::new(7, 0, at, 0)
}

/// Every code of every format is exact under both rounding modes, and there are no values between the codes.
fn codes_stay<R: Real>() {
    for format in FIXED {
        let top = format.top().expect("fixed") as i32;
        for rule in [ScaleRule::Real, ScaleRule::PowerOfTwo] {
            let grid = Grid::<R>::new(format, 3.7, rule);
            let Grid::Fixed(fixed) = grid else {
                unreachable!("fixed")
            };
            let codes: Vec<R> = (-top..=top)
                .map(|k| R::of(f64::from(k)) * fixed.step)
                .collect();
            let mut near = codes.clone();
            grid.nearest(&mut near);
            assert!(near == codes, "{format:?} {rule:?} {}", R::NAME);
            if rule == ScaleRule::PowerOfTwo {
                let mut random = codes.clone();
                grid.stochastic(&mut random, key(1), 0);
                assert!(random == codes, "{format:?} {}", R::NAME);
            }
        }
    }
}

#[test]
fn a_code_is_held_as_it_is() {
    codes_stay::<f32>();
    codes_stay::<f64>();
    assert_eq!(Format::Int8.top(), Some(127.0));
    assert_eq!(Format::Int16.top(), Some(32_767.0));
}

#[test]
fn ties_go_to_the_even_code_and_the_rest_to_the_nearest() {
    let grid = Grid::Fixed(Fixed::<f32>::new(0.25, 127.0));
    let mut x = [0.125, 0.375, 0.625, -0.125, -0.375, 0.126, 0.374, -0.3];
    grid.nearest(&mut x);
    let known = [0.0, 0.5, 0.5, 0.0, -0.5, 0.25, 0.25, -0.25];
    assert!(
        x.iter().zip(known).all(|(x, y)| (x - y).abs() < 1e-7),
        "{x:?}"
    );
}

#[test]
fn beyond_its_range_a_format_saturates() {
    let grid = Grid::<f32>::new(Format::Int8, 1.0, ScaleRule::Real);
    let far = [
        1.01,
        5.0,
        1e30,
        f32::INFINITY,
        -1.01,
        -7.0,
        f32::NEG_INFINITY,
    ];
    let (mut near, mut random) = (far, far);
    grid.nearest(&mut near);
    grid.stochastic(&mut random, key(2), 0);
    for x in near.into_iter().chain(random) {
        assert!((x.abs() - 1.0).abs() < 1e-6, "{x}");
        assert!(grid.is_end(x));
    }
    let mut inside = [0.99];
    grid.nearest(&mut inside);
    assert!(!grid.is_end(inside[0]), "126 of 127");
    let mut none = [f32::NAN];
    grid.nearest(&mut none);
    assert!(none[0].is_nan(), "what is no number is not made one");
    assert!(!Grid::Full.is_end(1e30f32) && !Grid::Bf16.is_end(1e30f32));
}

#[test]
fn a_step_is_the_range_over_the_largest_code_or_the_power_of_two_above() {
    let step = |rule| match Grid::<f64>::new(Format::Int8, 0.7, rule) {
        Grid::Fixed(fixed) => fixed.step,
        _ => unreachable!("fixed"),
    };
    assert!((step(ScaleRule::Real) - 0.7 / 127.0).abs() < 1e-15);
    // 0.7 / 127 = 0.0055 lies between 2^-8 and 2^-7.
    assert!((step(ScaleRule::PowerOfTwo) - 0.007_812_5).abs() < 1e-15);
}

/// The mean of n draws is x, to 4.5 standard errors: a draw is q f (1 - f) q in variance, f the fraction.
#[test]
fn stochastic_rounding_is_right_in_the_mean() {
    const DRAWS: u64 = 40_000;
    let grid = Grid::Fixed(Fixed::<f32>::new(0.1, 127.0));
    for x in [0.01f32, 0.033, 0.05, 0.099, -0.07, 3.17, -12.499] {
        let fraction = f64::from(x / 0.1) - f64::from((x / 0.1).floor());
        let error = 0.1 * (fraction * (1.0 - fraction) / DRAWS as f64).sqrt();
        let mut sum = 0.0;
        for step in 0..DRAWS {
            let mut value = [x];
            grid.stochastic(&mut value, key(step), 3);
            let codes = f64::from(value[0] / 0.1);
            assert!((codes - codes.round()).abs() < 1e-4, "a code");
            assert!((value[0] - x).abs() < 0.1 + 1e-5, "a neighbour");
            sum += f64::from(value[0]);
        }
        let mean = sum / DRAWS as f64;
        assert!(
            (mean - f64::from(x)).abs() < 4.5 * error + 1e-6,
            "{x}: {mean}"
        );
    }
}

/// bf16 to nearest matches the crate `half`; at random it has the correct mean.
#[test]
fn bf16_is_the_upper_half_of_f32() {
    let mut x: Vec<f32> = (0..20_000u32)
        .map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b9)))
        .collect();
    x.extend([0.0, -0.0, 1.0, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE]);
    let mut near = x.clone();
    Grid::Bf16.nearest(&mut near);
    for (x, near) in x.iter().zip(&near) {
        let known = half::bf16::from_f32(*x).to_f32();
        assert!(
            near.to_bits() == known.to_bits() || (x.is_nan() && near.is_nan()),
            "{x:e}: {near:e}, not {known:e}"
        );
    }
    // 1 + 2^-9 is a quarter of the way from 1 to 1 + 2^-7.
    let draws = 40_000;
    let ups = (0..draws).filter(|&step| {
        let mut value = [1.0f32 + 2f32.powi(-9)];
        Grid::Bf16.stochastic(&mut value, key(step), 0);
        assert!([1.0, 1.0 + 2f32.powi(-7)].contains(&value[0]));
        value[0] > 1.0
    });
    let share = ups.count() as f64 / draws as f64;
    let error = (0.25 * 0.75 / draws as f64).sqrt();
    assert!((share - 0.25).abs() < 4.5 * error, "{share}");
}

/// Bits of neighbouring rows, lanes, steps, layers and passes are independent: their correlation is within
/// 4.5 standard errors of 0, and each mean of 1/2.
#[test]
fn random_bits_of_any_two_places_are_apart() {
    const N: u64 = 20_000;
    let u = |pass, lane, step, layer, row| {
        let at = RngPosition { pass, lane, step };
        f64::from(Key::new(1, layer, at, 0).bits(row)) / 2f64.powi(32) - 0.5
    };
    let neighbours: [fn(u64) -> [u64; 5]; 5] = [
        |t| [0, 0, t, 0, 1],
        |t| [0, 1, t, 0, 0],
        |t| [0, 0, t + 1, 0, 0],
        |t| [0, 0, t, 1, 0],
        |t| [1, 0, t, 0, 0],
    ];
    let at = |p: [u64; 5]| u(p[0], p[1], p[2], p[3], p[4] as u32);
    for (k, other) in neighbours.iter().enumerate() {
        let (mut mean, mut product) = (0.0, 0.0);
        for t in 0..N {
            let (a, b) = (at([0, 0, t, 0, 0]), at(other(t)));
            mean += b;
            product += a * b;
        }
        let n = N as f64;
        // Variance of u is 1/12.
        assert!((mean / n).abs() < 4.5 * (1.0 / 12.0 / n).sqrt(), "{k}");
        assert!((product / n).abs() < 4.5 / 12.0 / n.sqrt(), "{k}");
    }
    assert_ne!(pass_of("evaluation"), pass_of("threshold"));
    let lane = |lane, column| {
        Key::new(
            1,
            0,
            RngPosition {
                lane,
                ..RngPosition::default()
            },
            column,
        )
    };
    assert_eq!(lane(3, 2), lane(5, 0), "a lane has its number in any shard");
}
