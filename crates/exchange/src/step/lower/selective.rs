//! The selective state-space model: see [`saturn_ssm::selective_ssm`], whose equations have these numbers, and for the
//! source.
//!
//! The logarithm of (2), and the sine and cosine of complex states, are those of [`crate::step::functions`], where the cell has
//! the system's: the last bits differ.

use saturn_cell::Real;
use saturn_ssm::{SelectiveSsmConfig, SelectiveStep};

use super::scope::Scope;
use crate::step::build::Var;

/// A number of real and, where states are complex, imaginary part.
#[derive(Clone, Copy)]
struct Number<'b, R: Real>(Var<'b, R>, Option<Var<'b, R>>);

impl<'b, R: Real> Number<'b, R> {
    /// All of a vector, or the halves of one with real parts above imaginary parts.
    fn of(complex: bool, v: Var<'b, R>) -> Self {
        let [re, im] = if complex { v.blocks() } else { [v, v] };
        Self(re, complex.then_some(im))
    }

    fn map(self, f: impl Fn(Var<'b, R>) -> Var<'b, R>) -> Self {
        Self(f(self.0), self.1.map(f))
    }

    fn plus(self, other: Self) -> Self {
        let im = self.1.zip(other.1).map(|(a, b)| a + b);
        Self(self.0 + other.0, im)
    }

    fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self(a, Some(b)), Self(c, Some(d))) => Self(a * c - b * d, Some(a * d + b * c)),
            (Self(a, _), Self(c, _)) => Self(a * c, None),
        }
    }

    /// exp(a) and exp(a) - 1: see `number.rs` of the cell.
    fn growth(self) -> (Self, Self) {
        let t = (0.5 * self.0).tanh();
        let over = 1.0 / (1.0 - t);
        let less = 2.0 * t * over;
        let Some(im) = self.1 else {
            return (Self((1.0 + t) * over, None), Self(less, None));
        };
        let size = self.0.exp();
        let (half_sin, half_cos) = (0.5 * im).sin_cos();
        let sine = size * (2.0 * half_sin * half_cos);
        let versine = size * (2.0 * half_sin * half_sin);
        (
            Self(size - versine, Some(sine)),
            Self(less - versine, Some(sine)),
        )
    }
}

/// (1) to (6). The state of unit i and number n is element nH + i, imaginary parts below all real ones.
pub(super) fn selective_ssm<'b, R: Real>(
    l: &Scope<'b, R>,
    c: &SelectiveSsmConfig,
    x: Var<'b, R>,
) -> Var<'b, R> {
    let (width, states) = (c.width, c.states);
    let of_unit = |v: Var<'b, R>| v.gather((0..states * width).map(|k| k % width).collect());
    let of_number = |v: Var<'b, R>| v.gather((0..states * width).map(|k| k / width).collect());
    let parts = if c.complex { 2 * states } else { states };

    let projected = (l.param("in_proj.bias")).plus_product(l.matrix("in_proj.weight"), x); // (1)
    let mut first = 0;
    let mut rows = |n: usize| {
        first += n;
        projected.slice(first - n..first)
    };
    let (u, delta) = (rows(width), rows(width));
    let z = c.gate.then(|| rows(width));
    let [b, readout] = [rows(parts), rows(parts)].map(|v| Number::of(c.complex, v));
    let delta = delta.softplus(); // (2)

    let h = Number::of(c.complex, l.state("h"));
    let [a, inverse] = l
        .constants(["A", "1 / A"])
        .map(|v| Number::of(c.complex, v));
    let (steps, inputs, b) = (of_unit(delta), of_unit(u), b.map(of_number));
    let (decay, less) = a.map(|a| a * steps).growth(); // (3)
    let taken = match c.discretization {
        SelectiveStep::Zoh => less.times(inverse).times(b).map(|f| f * inputs), // (3), (4)
        SelectiveStep::Euler => b.map(|b| b * (steps * inputs)),                // (3), (4)
    };
    let h = decay.times(h).plus(taken); // (4)
    let all = h.1.map_or(h.0, |im| l.builder.concat(&[h.0, im]));
    l.set("h", all);

    let kappa = if c.complex { 2.0 } else { 1.0 };
    let mut y = l.param("D") * u; // (5)
    for n in 0..states {
        let weight = readout.map(|c| c.slice(n..n + 1) * kappa);
        let own = h.map(|h| h.slice(n * width..(n + 1) * width));
        y = y + weight.times(own).0; // (5)
    }
    z.map_or(y, |z| y * (z * z.sigmoid())) // (6)
}
