//! The one generic parameter of Saturn: the number type, `f32` to run and `f64` to check gradients.

pub mod elementary;

use nalgebra::RealField;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`. Sealed: cells, losses and optimisers are generic over this and nothing else.
pub trait Real: sealed::Sealed + RealField + Copy + Default + bytemuck::Pod {
    /// The type's name in scenarios and files.
    const NAME: &'static str;
    /// The nearest value to `x`.
    fn of(x: f64) -> Self;
    /// This value, widened.
    fn wide(self) -> f64;
    /// [`crate::elementary::exp`].
    fn exponential(self) -> Self;
    /// [`crate::elementary::tanh`].
    fn hyperbolic_tangent(self) -> Self;
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    fn of(x: f64) -> Self {
        x as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn exponential(self) -> Self {
        elementary::exp_f32(self)
    }
    #[inline(always)]
    fn hyperbolic_tangent(self) -> Self {
        elementary::tanh_f32(self)
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    fn of(x: f64) -> Self {
        x
    }
    fn wide(self) -> f64 {
        self
    }
    fn exponential(self) -> Self {
        self.exp()
    }
    fn hyperbolic_tangent(self) -> Self {
        self.tanh()
    }
}
