//! The linear system of `ssm`, `lru` and `spiking_ssm`: what reads the input, and the recurrence behind it.
//!
//! ```text
//! (1) w_t = B u_t,  s_t = D u_t          two products, or two gathers an event; D where there is a skip
//! (2) v_t = f w_t,  x_t = L x_{t-1} + v_t         see [`crate::diagonal`]
//! ```
//!
//! The drive is w `[2P]`, then, where there is a skip, s `[O]`.

use saturn_cell::init::normal;
use saturn_cell::kernel;
use saturn_cell::rng::ChaCha8Rng;
use saturn_cell::{
    ConfigError, Field, FieldKind, Input, Kind, Params, Real, Recorded, View, ViewMut,
};

use crate::diagonal::{B, C, Diagonal};
use crate::dynamics::{Dynamics, REFERENCE_DT_MS, matrices};

/// Position of D `[O, I]`, where there is one; the parameters of the dynamics come last.
pub const D: usize = 2;

/// `dt_ms` over the bin width that dynamics are given for, once inputs and `dt_ms` are checked.
pub(crate) fn bins(inputs: usize, dt_ms: f64) -> Result<f64, ConfigError> {
    ConfigError::unless_at_least_one("inputs", inputs)?;
    ConfigError::unless_positive("dt_ms", dt_ms)?;
    Ok(dt_ms / REFERENCE_DT_MS)
}

/// B, C and, with `skip`, D on (I, O) inputs and outputs, the readouts C and D times `gain`; and what the dynamics
/// learn.
pub(crate) fn draw<R: Real>(
    dynamics: &Dynamics,
    (inputs, outputs): (usize, usize),
    skip: bool,
    gain: f64,
    bins: f64,
    rng: &mut ChaCha8Rng,
) -> (Params<R>, Params<R>) {
    let learnt = dynamics.draw(bins, rng);
    let mut params = matrices(dynamics.states(), inputs, outputs, rng);
    params[C] *= R::of(gain);
    if skip {
        let d = normal(outputs, inputs, gain / (inputs as f64).sqrt(), rng);
        params = params.with("D", Kind::Weight, d);
    }
    (params, learnt)
}

/// A diagonal recurrence with what it reads of the input.
#[derive(Clone, Debug)]
pub(crate) struct System<R: Real> {
    /// (2)
    pub diagonal: Diagonal<R>,
    /// Whether there is D.
    pub skip: bool,
}

impl<R: Real> System<R> {
    /// 2P, the rows of x and of v.
    pub fn rows(&self) -> usize {
        2 * self.diagonal.states()
    }

    /// The drive's field v.
    pub fn drive_fields(&self) -> Vec<Field> {
        vec![Field {
            name: "v".into(),
            rows: 0..self.rows(),
            kind: FieldKind::ComplexDrive,
        }]
    }

    /// (1): sets `drive [D, N]`; rows that neither B nor D sets become 0.
    pub fn project(&self, params: &Params<R>, x: Input<R>, mut drive: ViewMut<R>) {
        let (n, o) = (self.rows(), params[C].nrows());
        kernel::fill_zero(&mut drive);
        x.apply(params[B].as_view(), drive.rows_mut(0, n));
        if self.skip {
            x.apply(params[D].as_view(), drive.rows_mut(n, o));
        }
    }

    /// (2)ᵀ for what is learnt, and (1)ᵀ.
    pub fn project_backward(
        &self,
        params: &Params<R>,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        mut dx: Option<ViewMut<R>>,
    ) {
        let (n, o) = (self.rows(), params[C].nrows());
        let (prev, v, d_w) = (at.prev.rows(0, n), at.drive.rows(0, n), d_drive.rows(0, n));
        (self.diagonal).add_gradients(params, &prev, &v, &d_w, grad); // (2)ᵀ
        x.apply_backward(d_w, grad[B].as_view_mut()); // (1)ᵀ
        if let Some(dx) = &mut dx {
            kernel::set_transpose_product(dx.as_view_mut(), params[B].as_view(), d_w);
        }
        if self.skip {
            let d_s = d_drive.rows(n, o);
            x.apply_backward(d_s, grad[D].as_view_mut()); // (1)ᵀ
            if let Some(dx) = &mut dx {
                kernel::add_transpose_product(dx.as_view_mut(), params[D].as_view(), d_s);
            }
        }
    }
}
