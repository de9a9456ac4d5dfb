//! State-space models with a diagonal recurrence: see [`saturn_ssm::ssm`], [`saturn_ssm::lru`],
//! [`saturn_ssm::spiking_ssm`] and [`saturn_ssm::block`], whose equations have these numbers, and for the sources. Every
//! discretisation and kind of dynamics is in the constants L and f.

use saturn_cell::Real;
use saturn_ssm::gelu::{CUBIC, SCALE};
use saturn_ssm::norm::{EPSILON, Norm};
use saturn_ssm::{SpikingSsmConfig, SsmBlockConfig};

use super::scope::Scope;
use super::spiking::left;
use crate::step::build::Var;

/// (3), (4) of [`saturn_ssm::diagonal`]: the states after the step, real parts above imaginary parts, from w.
fn recurrence<'b, R: Real>(l: &Scope<'b, R>, w: Var<'b, R>) -> Var<'b, R> {
    let [x_re, x_im] = l.state("x").blocks();
    let [l_re, l_im, f_re, f_im] = l.constants(["re L", "im L", "re f", "im f"]);
    let [w_re, w_im] = w.blocks();
    let (v_re, v_im) = (f_re * w_re - f_im * w_im, f_re * w_im + f_im * w_re); // (3)
    let x_re_next = l_re * x_re - l_im * x_im + v_re; // (4)
    let x_im_next = l_re * x_im + l_im * x_re + v_im; // (4)
    l.set("x", l.builder.concat(&[x_re_next, x_im_next]))
}

/// (1), (2): the states after the step, and what the outputs read of the input.
fn system<'b, R: Real>(l: &Scope<'b, R>, skip: bool, u: Var<'b, R>) -> (Var<'b, R>, Var<'b, R>) {
    let b = l.matrix("B");
    let w = l.zeros(l.rows("B")).plus_product(b, u); // (1)
    let none = l.zeros(l.outputs());
    let s = if skip {
        none.plus_product(l.matrix("D"), u) // (1)
    } else {
        none
    };
    (recurrence(l, w), s) // (2)
}

/// (1) to (3)
pub(super) fn ssm<'b, R: Real>(l: &Scope<'b, R>, skip: bool, u: Var<'b, R>) -> Var<'b, R> {
    let (x, s) = system(l, skip, u);
    s.plus_product(l.matrix("C"), x) // (3)
}

/// (1) to (6)
pub(super) fn spiking_ssm<'b, R: Real>(
    l: &Scope<'b, R>,
    c: &SpikingSsmConfig,
    u: Var<'b, R>,
) -> Var<'b, R> {
    let (x, d) = system(l, c.skip, u);
    let [m, s] = l.states(["m", "s"]);
    let [alpha, scale] = l.constants(["alpha", "exp(-eta)"]);
    let i = d.plus_product(l.matrix("C"), x) * scale; // (3)
    let p = left(c.spike_reset, 1.0, m, s); // (4)
    let m = l.set("m", alpha * p + i); // (5)
    l.set("s", (m - 1.0).positive()) // (6)
}

/// (1) of the block: see [`saturn_ssm::norm`].
fn normalised<'b, R: Real>(l: &Scope<'b, R>, norm: Norm, x: Var<'b, R>) -> Var<'b, R> {
    let centred = match norm {
        Norm::Layer => x - x.mean(),
        Norm::Rms | Norm::None => x,
    };
    if norm == Norm::None {
        return centred;
    }
    let r = 1.0 / ((centred * centred).mean() + EPSILON).sqrt();
    let scaled = centred * r * l.param("norm.weight");
    l.find("norm.bias").map_or(scaled, |bias| scaled + bias)
}

/// (1) to (8)
pub(super) fn ssm_block<'b, R: Real>(
    l: &Scope<'b, R>,
    c: &SsmBlockConfig,
    x: Var<'b, R>,
) -> Var<'b, R> {
    let u = normalised(l, c.norm, x); // (1)
    let w = l.zeros(l.rows("B")).plus_product(l.matrix("B"), u); // (2)
    let h = recurrence(l, w); // (3)
    let s = l.zeros(c.width).plus_product(l.matrix("C"), h) + l.param("D") * u; // (4)
    let gate = (s * (SCALE + CUBIC * SCALE * s * s)).sigmoid();
    let g = s * gate; // (5)
    let out = (l.param("out.bias")).plus_product(l.matrix("out.weight"), g); // (6)
    let o = if c.glu {
        let [a, c] = out.blocks();
        a * c.sigmoid() // (7)
    } else {
        out // (7)
    };
    if c.residual { o + x } else { o } // (8)
}
