//! The selective state-space model: see [`saturn_ssm::selective_ssm`], whose equations have these numbers, and for the
//! source.
//!
//! The logarithm of (2) is that of [`crate::step::functions`], where the cell has the system's: the last bits differ.

use saturn_cell::Real;
use saturn_ssm::{SelectiveSsmConfig, SelectiveStep};

use super::scope::Scope;
use crate::step::build::Var;

/// (1) to (6), of real states. The state of unit i and number n is element nH + i.
pub(super) fn selective_ssm<'b, R: Real>(
    l: &Scope<'b, R>,
    c: &SelectiveSsmConfig,
    x: Var<'b, R>,
) -> Result<Var<'b, R>, String> {
    if c.complex {
        return Err("`complex: true` needs sine and cosine, which no step here has".to_owned());
    }
    let (width, states) = (c.width, c.states);
    let of_unit = |v: Var<'b, R>| v.gather((0..states * width).map(|k| k % width).collect());
    let of_number = |v: Var<'b, R>| v.gather((0..states * width).map(|k| k / width).collect());

    let projected = (l.param("in_proj.bias")).plus_product(l.matrix("in_proj.weight"), x); // (1)
    let mut first = 0;
    let mut rows = |n: usize| {
        first += n;
        projected.slice(first - n..first)
    };
    let (u, delta) = (rows(width), rows(width));
    let z = c.gate.then(|| rows(width));
    let (b, readout) = (rows(states), rows(states));
    let delta = delta.softplus(); // (2)

    let h = l.state("h");
    let [a, inverse] = l.constants(["A", "1 / A"]);
    let (steps, inputs, b) = (of_unit(delta), of_unit(u), of_number(b));
    let t = (0.5 * (a * steps)).tanh();
    let over = 1.0 / (1.0 - t);
    let decay = (1.0 + t) * over; // (3)
    let taken = match c.discretization {
        SelectiveStep::Zoh => 2.0 * t * over * inverse * b * inputs, // (3), (4)
        SelectiveStep::Euler => b * (steps * inputs),                // (3), (4)
    };
    let h = l.set("h", decay * h + taken); // (4)

    let mut y = l.param("D") * u; // (5)
    for n in 0..states {
        let weight = readout.slice(n..n + 1);
        y = y + weight * h.slice(n * width..(n + 1) * width); // (5)
    }
    Ok(z.map_or(y, |z| y * (z * z.sigmoid()))) // (6)
}
