//! The diagonal recurrence and its reverse, shared by `ssm`, `lru`, `spiking_ssm` and `ssm_block`.
//!
//! ```text
//! (1) L_p, f_p                      from what is learnt: see [`crate::continuous`] and [`crate::lru`]
//! (2) w_t = B u_t                   one product, or one gather an event
//! (3) v_t = f w_t                   overwrites w_t
//! (4) x_t = L x_{t-1} + v_t
//! (5) C x_t, real: k Re(C' x_t)     k = 2 where one of each conjugate pair is kept, else 1
//! ```
//!
//! | symbol | where | shape |
//! |---|---|---|
//! | x | state, real parts above imaginary parts | `[2P, N]` |
//! | w, then v | drive, laid out as x | `[2P, N]` |
//! | L, f | [`Diagonal`], parts apart | `[P]` |
//! | B | parameter, real parts above imaginary parts | `[2P, I]` |
//! | C | parameter, k Re C' left of -k Im C' | `[O, 2P]` |
//! | log_re, .. or nu_log, .. | the last parameters | `[P, 1]` |
//!
//! B and C are kept as the real matrices that meet the real layout of x: a complex product is one real
//! product, an event is one column, and k and the sign of (5) cost nothing. To load C' from S5, write
//! (2 Re C', -2 Im C') and a log_gain of 0; from the LRU, write (Re C', -Im C').
//!
//! # Reverse
//!
//! Write ā for ∂loss/∂Re a + i ∂loss/∂Im a. Then z = a b gives ā += b* z̄, and z = g(a) with g holomorphic
//! gives ā += g'(a)* z̄; if a is real, only the real part counts. So, with x̄ what comes in at x_t,
//!
//! ```text
//! (4)ᵀ x̄_{t-1} = L* x̄                 L̄ = Σ x_{t-1}* x̄
//! (3)ᵀ w̄ = f* x̄                       f̄ = Σ w* x̄
//! (2)ᵀ B̄_grad = w̄ uᵀ                  ū = Bᵀ w̄                  in the real layout
//! (1)ᵀ what is learnt, from L̄ and f̄
//! ```
//!
//! Only x̄_{t-1} and w̄ are sequential. What the drive's adjoint keeps is w̄; as f is never 0, x̄ = w̄/f* and
//! w = v/f give both sums from the recorded v, x and w̄ at the end: L̄ = Σ x_{t-1}* w̄ / f*, f̄ = Σ v* w̄ / f*².

use std::ops::Range;

use nalgebra::Complex;
use saturn_cell::for_each_isa;
use saturn_cell::{Lane, Name, Params, Real, Step, View, column};

use crate::dynamics::Dynamics;

/// Position of B `[2P, I]`.
pub const B: usize = 0;
/// Position of C `[O, 2P]`.
pub const C: usize = 1;

/// States whose sums are held in registers at a time.
const CHUNK: usize = 64;

/// What one step of the recurrence needs, recomputed when the parameters change.
#[derive(Clone, Debug)]
pub struct Diagonal<R: Real> {
    dynamics: Dynamics,
    /// The bin width over the one that dynamics are given for.
    bins: f64,
    /// Position of the first parameter of the dynamics; they are the last ones.
    first: usize,
    l_re: Vec<R>,
    l_im: Vec<R>,
    f_re: Vec<R>,
    f_im: Vec<R>,
}

impl<R: Real> Diagonal<R> {
    /// The recurrence of these dynamics, whose parameters are the last ones of `params`; `bins` is
    /// `dt_ms` / 10.
    pub fn new(dynamics: Dynamics, bins: f64, params: &Params<R>) -> Self {
        let zeros = vec![R::zero(); dynamics.states()];
        let mut diagonal = Self {
            dynamics,
            bins,
            first: params.tensors().len() - dynamics.tensors(),
            l_re: zeros.clone(),
            l_im: zeros.clone(),
            f_re: zeros.clone(),
            f_im: zeros,
        };
        diagonal.refresh(params);
        diagonal
    }

    /// P, complex states.
    pub fn states(&self) -> usize {
        self.l_re.len()
    }

    /// The position among a cell's parameters of number `own` of the dynamics' parameters.
    pub fn position(&self, own: usize) -> usize {
        self.first + own
    }

    /// |L_p| `[P]`.
    pub fn moduli(&self) -> Vec<R> {
        let parts = self.l_re.iter().zip(&self.l_im);
        parts.map(|(&re, &im)| re.hypot(im)).collect()
    }

    /// (1), in `f64` for any R: f cancels where λΔ is small.
    pub fn refresh(&mut self, params: &Params<R>) {
        let learnt = &params.tensors()[self.first..];
        for p in 0..self.states() {
            let (l, f) = self.dynamics.step(self.bins, learnt, p);
            (self.l_re[p], self.l_im[p]) = (R::of(l.re), R::of(l.im));
            (self.f_re[p], self.f_im[p]) = (R::of(f.re), R::of(f.im));
        }
    }

    /// (4)ᵀ, (3)ᵀ and (1)ᵀ for the parameters of the dynamics, over all columns: from the states before each
    /// step `prev`, the inputs `v` and the adjoint `d_w`, each `[2P, N]`.
    pub fn add_gradients(
        &self,
        params: &Params<R>,
        prev: &View<R>,
        v: &View<R>,
        d_w: &View<R>,
        grad: &mut Params<R>,
    ) {
        let n = self.states();
        let learnt = &params.tensors()[self.first..];
        let grad = &mut grad.tensors_mut()[self.first..];
        for start in (0..n).step_by(CHUNK) {
            let len = CHUNK.min(n - start);
            let mut sums = [[R::zero(); CHUNK]; 4];
            add_sums([prev, v, d_w], start..start + len, &mut sums);
            let [xd_re, xd_im, vd_re, vd_im] = &sums;
            for i in 0..len {
                let p = start + i;
                let f = Complex::new(self.f_re[p].wide(), -self.f_im[p].wide());
                let d_l = Complex::new(xd_re[i].wide(), xd_im[i].wide()) / f; // (4)ᵀ
                let d_f = Complex::new(vd_re[i].wide(), vd_im[i].wide()) / (f * f); // (3)ᵀ
                let adjoint = (d_l, d_f);
                (self.dynamics).step_backward(self.bins, learnt, p, adjoint, grad); // (1)ᵀ
            }
        }
    }

    /// L and f, as [`saturn_cell::Cell::constants`] has them, each `[P]`.
    pub fn constants(&self) -> Vec<(Name, &[R])> {
        let (l_re, l_im, f_re, f_im) = self.parts();
        vec![
            ("re L".into(), l_re),
            ("im L".into(), l_im),
            ("re f".into(), f_re),
            ("im f".into(), f_im),
        ]
    }

    /// L and f, parts apart, each `[P]`.
    fn parts(&self) -> (&[R], &[R], &[R], &[R]) {
        let n = self.states();
        (
            &self.l_re[..n],
            &self.l_im[..n],
            &self.f_re[..n],
            &self.f_im[..n],
        )
    }
}

/// The states are the first 2P rows of the state, their inputs the first 2P rows of the drive; other rows are left.
impl<R: Real> Step<R> for Diagonal<R> {
    /// (3), (4): `w`, the first rows of the drive, turn into v.
    #[inline(always)]
    fn step(&self, w: &mut [R], prev: &[R], next: &mut [R]) {
        let n = self.states();
        let (l_re, l_im, f_re, f_im) = self.parts();
        let (w_re, w_im) = halves_mut(w, n);
        let (x_re, x_im) = halves(prev, n);
        let (y_re, y_im) = halves_mut(next, n);
        for p in 0..n {
            let (re, im) = (w_re[p], w_im[p]);
            w_re[p] = f_re[p] * re - f_im[p] * im; // (3)
            w_im[p] = f_re[p] * im + f_im[p] * re; // (3)
        }
        for p in 0..n {
            y_re[p] = l_re[p] * x_re[p] - l_im[p] * x_im[p] + w_re[p]; // (4)
        }
        for p in 0..n {
            y_im[p] = l_re[p] * x_im[p] + l_im[p] * x_re[p] + w_im[p]; // (4)
        }
    }

    /// (4)ᵀ, (3)ᵀ
    #[inline(always)]
    fn step_backward(&self, _at: Lane<'_, R>, adj: &mut [R], d_w: &mut [R], _grad: &mut Params<R>) {
        let n = self.states();
        let (l_re, l_im, f_re, f_im) = self.parts();
        let (a_re, a_im) = halves_mut(adj, n);
        let (d_re, d_im) = halves_mut(d_w, n);
        for p in 0..n {
            d_re[p] = f_re[p] * a_re[p] + f_im[p] * a_im[p]; // (3)ᵀ
        }
        for p in 0..n {
            d_im[p] = f_re[p] * a_im[p] - f_im[p] * a_re[p]; // (3)ᵀ
        }
        for p in 0..n {
            let (re, im) = (a_re[p], a_im[p]);
            a_re[p] = l_re[p] * re + l_im[p] * im; // (4)ᵀ
            a_im[p] = l_re[p] * im - l_im[p] * re; // (4)ᵀ
        }
    }
}

for_each_isa! {
    /// Adds up Re and Im of Σ x* w̄ and of Σ v* w̄ for the states of `own`, at most [`CHUNK`] of them, over all
    /// columns `of` x before each step, v and w̄, each `[2P, N]`.
    fn add_sums<R: Real>(of: [&View<R>; 3], own: Range<usize>, sums: &mut [[R; CHUNK]; 4]) {
        let [prev, v, d_w] = of;
        let (n, start, len) = (d_w.nrows() / 2, own.start, own.len());
        let [xd_re, xd_im, vd_re, vd_im] = sums;
        for j in 0..d_w.ncols() {
            let (d_re, d_im) = chunk(d_w, j, n, start, len);
            let (x_re, x_im) = chunk(prev, j, n, start, len);
            let (v_re, v_im) = chunk(v, j, n, start, len);
            for (i, (&re, &im)) in d_re.iter().zip(d_im).enumerate() {
                xd_re[i] += x_re[i] * re + x_im[i] * im; // Σ x* w̄
                xd_im[i] += x_re[i] * im - x_im[i] * re;
                vd_re[i] += v_re[i] * re + v_im[i] * im; // Σ v* w̄
                vd_im[i] += v_re[i] * im - v_im[i] * re;
            }
        }
    }
}

/// Real and imaginary parts of `x [2n]`.
fn halves<R: Real>(x: &[R], n: usize) -> (&[R], &[R]) {
    (&x[..n], &x[n..2 * n])
}

/// Real and imaginary parts of `x [2n]`, mutably.
fn halves_mut<R: Real>(x: &mut [R], n: usize) -> (&mut [R], &mut [R]) {
    x[..2 * n].split_at_mut(n)
}

/// Real and imaginary parts of states `start..start + len` in column `j` of `m [2n, N]`.
fn chunk<'a, R: Real>(
    m: &'a View<'_, R>,
    j: usize,
    n: usize,
    start: usize,
    len: usize,
) -> (&'a [R], &'a [R]) {
    let (re, im) = halves(column(m, j), n);
    (&re[start..start + len], &im[start..start + len])
}
