//! Gradients against central differences, in `f64`.
//!
//! For a tensor with analytic gradient a and numeric gradient n the error is
//! ||a - n|| / max(||a||, ||n||, 1e-8); it must be at most 1e-6, and no gradient may be all zero. The
//! scalar that is differentiated is L = Σ c y + Σ e h_T with random c and e, so every output at every step
//! and the last state count.

use nalgebra::DMatrix;
use rand_distr::{Distribution, StandardNormal};

use crate::rng::generator;
use crate::{Cell, EventBatch, Input, Kind, Tape, Tensor};

/// The largest error that a gradient may have.
pub const TOLERANCE: f64 = 1e-6;

/// What to check a cell with.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// T, steps.
    pub steps: usize,
    /// B, lanes.
    pub lanes: usize,
    /// Seed of inputs, initial state and the weights of the scalar.
    pub seed: u64,
    /// Standard deviation of the inputs and of the initial state.
    pub scale: f64,
    /// The half-width of a central difference.
    pub epsilon: f64,
    /// Whether states are partly kept and reset along the way (`keep`).
    pub resets: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            steps: 7,
            lanes: 3,
            seed: 1,
            scale: 1.0,
            epsilon: 1e-5,
            resets: true,
        }
    }
}

impl Setup {
    /// The default; one without state resets; a longer sequence on one lane.
    pub fn varied() -> [Self; 3] {
        let default = Self::default();
        let quiet = Self {
            resets: false,
            seed: 8,
            ..default
        };
        let long = Self {
            steps: 20,
            lanes: 1,
            scale: 0.5,
            seed: 9,
            ..default
        };
        [default, quiet, long]
    }
}

/// The error of one gradient.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The parameter's name, `input` or `initial state`.
    pub name: String,
    /// The error as defined above.
    pub error: f64,
    /// The norm of the analytic gradient.
    pub norm: f64,
}

/// ||a - n|| / max(||a||, ||n||, 1e-8).
pub fn error(analytic: &DMatrix<f64>, numeric: &DMatrix<f64>) -> f64 {
    (analytic - numeric).norm() / analytic.norm().max(numeric.norm()).max(1e-8)
}

/// Checks every parameter, the input and the initial state of `cell` on dense input.
///
/// # Panics
/// If a gradient is off by more than [`TOLERANCE`] or is all zero; the message names it.
pub fn assert_gradients(cell: &dyn Cell<f64>, setup: Setup) {
    for outcome in check(cell, setup) {
        assert!(
            outcome.norm > 0.0,
            "{}: the gradient of `{}` is all zero",
            cell.name(),
            outcome.name
        );
        assert!(
            outcome.error <= TOLERANCE,
            "{}: the gradient of `{}` is off by {:.2e} (norm {:.2e})",
            cell.name(),
            outcome.name,
            outcome.error,
            outcome.norm
        );
    }
}

/// The errors of all gradients of `cell`.
pub fn check(cell: &dyn Cell<f64>, setup: Setup) -> Vec<Outcome> {
    let problem = Problem::new(cell, setup);
    let mut grad = cell.params().zeros_like();
    let mut dx = DMatrix::zeros(problem.x.nrows(), problem.x.ncols());
    let mut tape = problem.run(cell, &problem.x, &problem.initial);
    tape.backward_from(
        cell,
        Input::Dense(problem.x.as_view()),
        problem.c.as_view(),
        Some(problem.e.as_view()),
        &mut grad,
        Some(dx.as_view_mut()),
    );
    let d_initial = tape.d_initial().clone_owned();

    let mut outcomes = Vec::new();
    let mut record = |name: &str, analytic: &DMatrix<f64>, numeric: &DMatrix<f64>| {
        outcomes.push(Outcome {
            name: name.to_owned(),
            error: error(analytic, numeric),
            norm: analytic.norm(),
        });
    };
    let learnt = |(_, tensor): &(usize, &Tensor<f64>)| tensor.kind != Kind::Fixed;
    for (i, tensor) in grad.tensors().iter().enumerate().filter(learnt) {
        let base = &cell.params()[i];
        let numeric = differences(base, setup.epsilon, |changed| {
            let mut other = cell.boxed();
            other.update(&mut |p| p[i].copy_from(changed));
            problem.value(other.as_ref(), &problem.x, &problem.initial)
        });
        record(&tensor.name, &tensor.value, &numeric);
    }
    let numeric = differences(&problem.x, setup.epsilon, |x| {
        problem.value(cell, x, &problem.initial)
    });
    record("input", &dx, &numeric);
    if !problem.initial.is_empty() {
        let numeric = differences(&problem.initial, setup.epsilon, |h| {
            problem.value(cell, &problem.x, h)
        });
        record("initial state", &d_initial, &numeric);
    }
    outcomes
}

/// The gradient of `f` at `at` by central differences.
pub fn differences(
    at: &DMatrix<f64>,
    epsilon: f64,
    mut f: impl FnMut(&DMatrix<f64>) -> f64,
) -> DMatrix<f64> {
    let mut moved = at.clone();
    let mut slope = DMatrix::zeros(at.nrows(), at.ncols());
    for i in 0..at.len() {
        moved[i] = at[i] + epsilon;
        let above = f(&moved);
        moved[i] = at[i] - epsilon;
        let below = f(&moved);
        moved[i] = at[i];
        slope[i] = (above - below) / (2.0 * epsilon);
    }
    slope
}

/// Random event counts `[channels, columns]`, each cell active with probability `density`.
pub fn random_events(channels: usize, columns: usize, density: f64, seed: u64) -> EventBatch {
    let mut rng = generator(seed, "random events", 0);
    let mut batch = EventBatch::new(channels);
    for _ in 0..columns {
        for unit in 0..channels {
            let u: f64 = rand_distr::StandardUniform.sample(&mut rng);
            if u < density {
                batch.push(unit as u32, if u < 0.3 * density { 2.0 } else { 1.0 });
            }
        }
        batch.end_column();
    }
    batch
}

/// A random matrix `[rows, columns]`, normal times `scale`.
pub fn random(rows: usize, columns: usize, scale: f64, seed: u64) -> DMatrix<f64> {
    let mut rng = generator(seed, "random matrix", 0);
    DMatrix::from_fn(rows, columns, |_, _| {
        let z: f64 = StandardNormal.sample(&mut rng);
        scale * z
    })
}

/// One differentiable scalar of a cell.
struct Problem {
    setup: Setup,
    x: DMatrix<f64>,
    initial: DMatrix<f64>,
    keep: Option<DMatrix<f64>>,
    c: DMatrix<f64>,
    e: DMatrix<f64>,
}

impl Problem {
    fn new(cell: &dyn Cell<f64>, setup: Setup) -> Self {
        let w = cell.widths();
        let columns = setup.steps * setup.lanes;
        let keep = setup.resets.then(|| {
            // Whole, partly kept, and reset.
            DMatrix::from_fn(setup.steps, setup.lanes, |t, b| match (t + 2 * b) % 5 {
                3 => 0.5,
                4 if t > 0 => 0.0,
                _ => 1.0,
            })
        });
        Self {
            setup,
            x: random(w.input, columns, setup.scale, setup.seed),
            initial: random(w.state, setup.lanes, setup.scale, setup.seed + 1),
            keep,
            c: random(w.output, columns, 1.0, setup.seed + 2),
            e: random(w.state, setup.lanes, 1.0, setup.seed + 3),
        }
    }

    fn run(&self, cell: &dyn Cell<f64>, x: &DMatrix<f64>, initial: &DMatrix<f64>) -> Tape<f64> {
        let mut tape = Tape::new();
        tape.start(cell, self.setup.steps, self.setup.lanes);
        tape.initial_mut().copy_from(initial);
        tape.forward(cell, Input::Dense(x.as_view()), self.keep.as_ref());
        tape
    }

    fn value(&self, cell: &dyn Cell<f64>, x: &DMatrix<f64>, initial: &DMatrix<f64>) -> f64 {
        let tape = self.run(cell, x, initial);
        let states = tape.states();
        let last = states.columns(states.ncols() - self.setup.lanes, self.setup.lanes);
        tape.output().dot(&self.c) + last.dot(&self.e)
    }
}
