//! The one generic parameter of Saturn: the number type, `f32` to run and `f64` to check gradients.

pub mod elementary;

use std::any::Any;

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

/// Declares a function that is generic over [`Real`] and is compiled in its own crate alone, once for `f32` and once
/// for `f64`, so that a crate that calls it does not compile all beneath it again.
#[macro_export]
macro_rules! compiled_once {
    ($(#[$doc:meta])* $vis:vis fn $name:ident<$real:ident>($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<$real: $crate::Real>($($arg: $type),*) $(-> $result)? {
            type Function<$real> = fn($($type),*) $(-> $result)?;
            #[allow(clippy::too_many_arguments)]
            fn body<$real: $crate::Real>($($arg: $type),*) $(-> $result)? $body
            #[inline(never)]
            fn narrow() -> Function<f32> {
                body::<f32>
            }
            #[inline(never)]
            fn wide() -> Function<f64> {
                body::<f64>
            }
            $crate::of_real::<Function<$real>>(&narrow(), &wide())($($arg),*)
        }
    };
}

/// The one of two values that is a `F`. Panics where neither is.
#[doc(hidden)]
pub fn of_real<F: Copy + 'static>(narrow: &dyn Any, wide: &dyn Any) -> F {
    let found = narrow.downcast_ref().or_else(|| wide.downcast_ref());
    *found.expect("a number is f32 or f64")
}
