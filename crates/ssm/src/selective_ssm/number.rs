//! Real and complex states of [`crate::selective_ssm`] behind one face, so that its equations stand once.

use nalgebra::Complex;
use saturn_cell::Real;
use saturn_cell::elementary::{exp, tanh};

/// R itself, or complex numbers of parts R.
pub(super) trait Number<R: Real>: Copy {
    /// κ: what the real part of a sum over one of each conjugate pair is multiplied by.
    const KAPPA: f64;
    /// Whether there are imaginary parts.
    const COMPLEX: bool;
    /// 0.
    fn zero() -> Self;
    /// A real number.
    fn real_number(x: R) -> Self;
    /// Number `k` of real parts `re` and imaginary parts `im`, which are empty for real numbers.
    fn at(re: &[R], im: &[R], k: usize) -> Self;
    /// Writes number `k`.
    fn put(self, re: &mut [R], im: &mut [R], k: usize);
    /// a + b.
    fn plus(self, other: Self) -> Self;
    /// a b.
    fn times(self, other: Self) -> Self;
    /// a* b.
    fn conjugate_times(self, other: Self) -> Self;
    /// a r.
    fn scaled(self, by: R) -> Self;
    /// The real part.
    fn real(self) -> R;
    /// The imaginary part.
    fn imaginary(self) -> R;
    /// exp(a) and exp(a) - 1, for Re a <= 0.
    fn growth(self) -> (Self, Self);
}

impl<R: Real> Number<R> for R {
    const KAPPA: f64 = 1.0;
    const COMPLEX: bool = false;

    #[inline(always)]
    fn zero() -> Self {
        R::of(0.0)
    }

    #[inline(always)]
    fn real_number(x: R) -> Self {
        x
    }

    #[inline(always)]
    fn at(re: &[R], _im: &[R], k: usize) -> Self {
        re[k]
    }

    #[inline(always)]
    fn put(self, re: &mut [R], _im: &mut [R], k: usize) {
        re[k] = self;
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn conjugate_times(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn scaled(self, by: R) -> Self {
        self * by
    }

    #[inline(always)]
    fn real(self) -> R {
        self
    }

    #[inline(always)]
    fn imaginary(self) -> R {
        R::of(0.0)
    }

    /// With t = tanh(a/2), exp(a) = (1 + t) / (1 - t): nothing cancels where a is small.
    #[inline(always)]
    fn growth(self) -> (Self, Self) {
        let t = tanh(R::of(0.5) * self);
        let over = R::of(1.0) / (R::of(1.0) - t);
        ((R::of(1.0) + t) * over, R::of(2.0) * t * over)
    }
}

impl<R: Real> Number<R> for Complex<R> {
    const KAPPA: f64 = 2.0;
    const COMPLEX: bool = true;

    #[inline(always)]
    fn zero() -> Self {
        Self::new(R::of(0.0), R::of(0.0))
    }

    #[inline(always)]
    fn real_number(x: R) -> Self {
        Self::new(x, R::of(0.0))
    }

    #[inline(always)]
    fn at(re: &[R], im: &[R], k: usize) -> Self {
        Self::new(re[k], im[k])
    }

    #[inline(always)]
    fn put(self, re: &mut [R], im: &mut [R], k: usize) {
        (re[k], im[k]) = (self.re, self.im);
    }

    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Self::new(self.re + other.re, self.im + other.im)
    }

    #[inline(always)]
    fn times(self, other: Self) -> Self {
        Self::new(
            self.re * other.re - self.im * other.im,
            self.re * other.im + self.im * other.re,
        )
    }

    #[inline(always)]
    fn conjugate_times(self, other: Self) -> Self {
        Self::new(
            self.re * other.re + self.im * other.im,
            self.re * other.im - self.im * other.re,
        )
    }

    #[inline(always)]
    fn scaled(self, by: R) -> Self {
        Self::new(self.re * by, self.im * by)
    }

    #[inline(always)]
    fn real(self) -> R {
        self.re
    }

    #[inline(always)]
    fn imaginary(self) -> R {
        self.im
    }

    /// exp(x + iy) - 1 = (exp(x) - 1) - 2 exp(x) sin²(y/2) + i exp(x) sin y: nothing cancels where both are small.
    #[inline(always)]
    fn growth(self) -> (Self, Self) {
        let (_, less) = self.re.growth();
        let size = exp(self.re);
        let (half_sin, half_cos) = (R::of(0.5) * self.im).sin_cos();
        let sine = R::of(2.0) * half_sin * half_cos;
        let versine = R::of(2.0) * half_sin * half_sin;
        (
            Self::new(size - size * versine, size * sine),
            Self::new(less - size * versine, size * sine),
        )
    }
}

/// `len` numbers of `block` from number `start` on: of its `half` real parts and, if there are any, of as many imaginary
/// parts below.
#[inline(always)]
pub(super) fn parts<R: Real, Z: Number<R>>(
    block: &[R],
    half: usize,
    (start, len): (usize, usize),
) -> (&[R], &[R]) {
    let (re, im) = block.split_at(half);
    if Z::COMPLEX {
        (&re[start..][..len], &im[start..][..len])
    } else {
        (&re[start..][..len], &[])
    }
}

/// [`parts`], mutably.
#[inline(always)]
pub(super) fn parts_mut<R: Real, Z: Number<R>>(
    block: &mut [R],
    half: usize,
    (start, len): (usize, usize),
) -> (&mut [R], &mut [R]) {
    let (re, im) = block.split_at_mut(half);
    if Z::COMPLEX {
        (&mut re[start..][..len], &mut im[start..][..len])
    } else {
        (&mut re[start..][..len], &mut [])
    }
}
