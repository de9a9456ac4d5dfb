//! The values that a format can represent, and rounding to them.
//!
//! ```text
//! (1) fixed, nearest      Q(x) = q even(clamp(x / q, -N, N))           even: to the nearest integer, ties to even
//! (2) fixed, stochastic   Q(x) = q (floor(y) + [u < y - floor(y)])     y = clamp(x / q, -N, N), u uniform in [0, 1)
//! (3) bf16, nearest       the upper 16 bits of x as f32, ties to even
//! (4) bf16, stochastic    the upper 16 bits of x as f32, after 16 random bits are added to the lower
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | q | the step, in the units of the state |
//! | N | the largest code: 127 of int8; codes are symmetric, so that zero is exact and signs are treated alike |
//!
//! (1) and (2) saturate: values beyond N q are clamped. (2) and (4) have the correct mean if they do not saturate.
//!
//! **The dead zone.** A leak v <- a v under (1) moves v only if it moves it by half a step: v = k q stays for ever
//! where (1 - a) |k| < 1/2, so a membrane with a = 0.95 in int8 stops at 9 steps of 127, 7 % of its range. Under
//! (2) the mean decays as it should.

use saturn_cell::Real;
use saturn_cell::for_each_isa;

use super::config::{Format, ScaleRule};
use super::random::Key;

/// The values that a number may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grid<R: Real> {
    /// All of the number type's.
    Full,
    /// Those of bf16.
    Bf16,
    /// -N q to N q in steps of q.
    Fixed(Fixed<R>),
}

/// A fixed-point format with its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fixed<R: Real> {
    /// q.
    pub step: R,
    /// 1 / q.
    pub per_step: R,
    /// N.
    pub top: R,
}

impl<R: Real> Grid<R> {
    /// The grid of `format` for values up to `range`; a range of 0, of values that were never seen, is taken as 1.
    pub fn new(format: Format, range: f64, rule: ScaleRule) -> Self {
        let Some(top) = format.top() else {
            return if format == Format::Bf16 {
                Self::Bf16
            } else {
                Self::Full
            };
        };
        let range = if range > 0.0 { range } else { 1.0 };
        let exact = range / top;
        let step = match rule {
            ScaleRule::Real => exact,
            ScaleRule::PowerOfTwo => exact.log2().ceil().exp2(),
        };
        Self::Fixed(Fixed::new(step, top))
    }

    /// Whether `x`, a value of the grid, lies at an end of its range: it counts as saturated.
    #[inline(always)]
    pub fn is_end(&self, x: R) -> bool {
        match self {
            Self::Fixed(fixed) => fixed.is_end(x),
            Self::Full | Self::Bf16 => false,
        }
    }

    /// Rounds `values` to the grid, to nearest: (1), (3).
    pub fn nearest(&self, values: &mut [R]) {
        match self {
            Self::Full => {}
            Self::Bf16 => bf16_nearest(values),
            Self::Fixed(fixed) => fixed_nearest(*fixed, values),
        }
    }

    /// Rounds `values`, those of the rows from `first` on, to the grid at random: (2), (4).
    pub fn stochastic(&self, values: &mut [R], key: Key, first: u32) {
        match self {
            Self::Full => {}
            Self::Bf16 => bf16_stochastic(values, key, first),
            Self::Fixed(fixed) => fixed_stochastic(*fixed, values, key, first),
        }
    }
}

impl<R: Real> Fixed<R> {
    /// Steps of `step`, up to `top` of them.
    pub fn new(step: f64, top: f64) -> Self {
        Self {
            step: R::of(step),
            per_step: R::of(1.0 / step),
            top: R::of(top),
        }
    }

    /// x / q within -N..N.
    #[inline(always)]
    fn codes(&self, x: R) -> R {
        let y = x * self.per_step;
        let y = if y > self.top { self.top } else { y };
        if y < -self.top { -self.top } else { y }
    }

    #[inline(always)]
    fn is_end(&self, x: R) -> bool {
        x.abs() * self.per_step > self.top - R::of(0.5)
    }
}

/// A sum with this number has no place for a fraction, and rounds it to even.
#[inline(always)]
fn shifter<R: Real>() -> R {
    // 1.5 times 2^23 or 2^52.
    R::of(1.5 / R::default_epsilon().wide())
}

for_each_isa! {
    /// (1)
    fn fixed_nearest<R: Real>(fixed: Fixed<R>, values: &mut [R]) {
        let shifter = shifter::<R>();
        for x in values {
            *x = ((fixed.codes(*x) + shifter) - shifter) * fixed.step;
        }
    }
}

for_each_isa! {
    /// (2)
    fn fixed_stochastic<R: Real>(fixed: Fixed<R>, values: &mut [R], key: Key, first: u32) {
        let shifter = shifter::<R>();
        let unit = R::of(1.0 / f64::from(1u32 << 24));
        for (i, x) in values.iter_mut().enumerate() {
            let y = fixed.codes(*x);
            let near = (y + shifter) - shifter;
            let below = if near > y { near - R::one() } else { near };
            let u = R::of(f64::from(key.bits(first + i as u32) >> 8)) * unit;
            let up = if u < y - below { R::one() } else { R::zero() };
            *x = (below + up) * fixed.step;
        }
    }
}

for_each_isa! {
    /// (3)
    fn bf16_nearest<R: Real>(values: &mut [R]) {
        for x in values {
            let bits = (x.wide() as f32).to_bits();
            let half = 0x7fff + ((bits >> 16) & 1);
            *x = upper(*x, bits, half);
        }
    }
}

for_each_isa! {
    /// (4)
    fn bf16_stochastic<R: Real>(values: &mut [R], key: Key, first: u32) {
        for (i, x) in values.iter_mut().enumerate() {
            let bits = (x.wide() as f32).to_bits();
            *x = upper(*x, bits, key.bits(first + i as u32) >> 16);
        }
    }
}

/// The upper half of `bits` after `add` is added to the lower; NaN and infinities are unchanged.
#[inline(always)]
fn upper<R: Real>(x: R, bits: u32, add: u32) -> R {
    let rounded = f32::from_bits(bits.wrapping_add(add) & 0xffff_0000);
    let finite = (bits & 0x7f80_0000) != 0x7f80_0000;
    if finite { R::of(f64::from(rounded)) } else { x }
}
