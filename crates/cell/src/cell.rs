//! The core trait: a recurrent cell in six kernels, written once, shared by streaming and training.

use std::borrow::Cow;
use std::ops::Range;

use nalgebra::DMatrix;

use crate::{EventBatch, EventView, Input, Name, Params, Real, View, ViewMut, kernel};

/// A recurrent cell, generic over the number type alone and object-safe: a net is a
/// `Vec<Box<dyn Cell<R>>>`.
///
/// The forward kernels are, for input `x_t`, state `h_t` and output `y_t`,
///
/// ```text
/// (1) d   = project(x)             all columns at once   one product, or one gather an event
/// (2) h_t = advance(d_t, h_{t-1})  step by step
/// (3) y   = emit(d, h)             all columns at once   or rows of h: see [`Output`]
/// ```
///
/// and each has its reverse, `project_backward`, `advance_backward` and `emit_backward`. A cell keeps what its reverse needs (gates, normalised inputs) in rows of
/// `drive`: kernels may overwrite their drive columns, and the tape keeps them.
///
/// All matrices have one column a (step, lane). `advance` and `advance_backward` see one step, `[.., B]`; the
/// others see any number of columns. None of the kernels allocates.
pub trait Cell<R: Real>: Send + Sync {
    /// The kind of cell, as it is called in scenarios.
    fn name(&self) -> &'static str;

    /// Rows of input, drive, state and output.
    fn widths(&self) -> Widths;

    /// The parts of the state.
    fn fields(&self) -> Vec<Field>;

    /// The parts of the drive that are worth watching once `advance` has run: gates, state inputs.
    fn drive_fields(&self) -> Vec<Field> {
        Vec::new()
    }

    /// The moduli of the eigenvalues of a diagonal cell, `[P]`: |x_p| <= sup |drive_p| / (1 - |L_p|).
    fn moduli(&self) -> Option<Vec<R>> {
        None
    }

    /// Time constants in ms, each kind with its key in a scenario, one a unit `[H]`; none for a cell that has no
    /// such parameter.
    fn time_constants_ms(&self) -> Vec<(&'static str, &[f64])> {
        Vec::new()
    }

    /// The numbers in the cell's equations that derive from parameters and settings (decays, factors of a step), each
    /// under its symbol there. Numbers that are settings themselves, such as thresholds, are not among them.
    fn constants(&self) -> Vec<(Name, &[R])> {
        Vec::new()
    }

    /// Whether the output is spikes, handed to the next cell as events.
    fn spikes(&self) -> bool {
        false
    }

    /// Adds a column to `into` for each of `states [S, N]`, with those outputs whose adjoint the reverse pass reads, for
    /// a cell whose surrogate is 0 outside a window: it multiplies the others by 0. False, and nothing added, of a cell
    /// that reads all.
    fn active(&self, _states: View<R>, _into: &mut EventBatch) -> bool {
        false
    }

    /// Whether the reverse pass reads the drive. Training does not keep that of a cell whose reverse pass does not:
    /// see [`Tape::drop_drive`](crate::Tape::drop_drive).
    fn reads_drive(&self) -> bool {
        true
    }

    /// The weights from the cell's own outputs `[H, H]`, of a cell that keeps those of few connections: 0 where there is none.
    /// For what knows dense weights alone. A cell that keeps all has them among its parameters.
    fn recurrent_with_zeros(&self) -> Option<DMatrix<R>> {
        None
    }

    /// W_r `[H, H]` of a recurrent spiking cell with few connections or all: 0 where there is none.
    fn recurrent(&self) -> Option<Cow<'_, DMatrix<R>>> {
        let kept = || {
            self.params()
                .tensors()
                .iter()
                .find(|t| t.name == "recurrent")
        };
        let with_zeros = self.recurrent_with_zeros().map(Cow::Owned);
        with_zeros.or_else(|| kept().map(|tensor| Cow::Borrowed(&tensor.value)))
    }

    /// Synaptic operations, for counting.
    fn synapses(&self) -> Synapses;

    /// The parameters.
    fn params(&self) -> &Params<R>;

    /// Changes the parameters, then recomputes what derives from them (decays, discretisation).
    fn update(&mut self, change: &mut dyn FnMut(&mut Params<R>));

    /// A copy behind a new box.
    fn boxed(&self) -> Box<dyn Cell<R>>;

    /// The state before the first input, for one lane: `state [S]`. Zero unless a cell says otherwise.
    fn rest(&self, state: &mut [R]) {
        state.fill(R::zero());
    }

    /// (1) Sets `drive [D, N]` from `x [I, N]`. All rows are written.
    fn project(&self, x: Input<R>, drive: ViewMut<R>);

    /// (2) One step: sets `next [S, B]` from `drive [D, B]` and `prev [S, B]`.
    fn advance(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>);

    /// (2) at a known place of the stream: what the tape and the live stream call. A cell that draws random
    /// numbers as it advances (stochastic rounding) draws those of the place; for all others it is
    /// [`Self::advance`].
    fn advance_at(&self, drive: ViewMut<R>, prev: View<R>, next: ViewMut<R>, _at: RngPosition) {
        self.advance(drive, prev, next);
    }

    /// (3) Where the output is: among the rows of the state, or computed by kernels of its own.
    fn output(&self) -> Output<'_, R>;

    /// (2)ᵀ Reverse of `advance`, one step: `adj [S, B]` turns from the adjoint of `next` into that of
    /// `prev`, and those rows of `d_drive [D, B]` are set that [`Emit::emit_backward`] left.
    fn advance_backward(
        &self,
        at: Recorded<R>,
        adj: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    );

    /// (1)ᵀ Reverse of `project`, and of every product with recorded states: recurrent weights take
    /// their gradient here, as one product over the sequence. Sets `dx [I, N]` if requested.
    fn project_backward(
        &self,
        x: Input<R>,
        at: Recorded<R>,
        d_drive: View<R>,
        grad: &mut Params<R>,
        dx: Option<ViewMut<R>>,
    );
}

/// (3) and its reverse, of a cell that computes its output from drive and states.
///
/// The two are a trait of their own, so that a cell with one of them alone does not compile:
///
/// ```compile_fail,E0046
/// use saturn_cell::{Emit, Real, View, ViewMut};
///
/// struct WithoutReverse;
///
/// impl<R: Real> Emit<R> for WithoutReverse {
///     fn emit(&self, _drive: ViewMut<R>, _states: View<R>, _y: ViewMut<R>) {}
/// }
/// ```
pub trait Emit<R: Real> {
    /// (3) Sets `y [O, N]` from `drive [D, N]` and `states [S, N]` (those after each step).
    fn emit(&self, drive: ViewMut<R>, states: View<R>, y: ViewMut<R>);

    /// (3)ᵀ Reverse of `emit`: sets `d_states [S, N]`, the part of the states' adjoint that came through
    /// the output, and those rows of `d_drive [D, N]` that `emit` reads; the others hold anything.
    fn emit_backward(
        &self,
        at: Recorded<R>,
        dy: View<R>,
        d_states: ViewMut<R>,
        d_drive: ViewMut<R>,
        grad: &mut Params<R>,
    );
}

/// Where the output of a cell is.
pub enum Output<'a, R: Real> {
    /// These rows of the state are the output. The tape copies nothing.
    Rows(Range<usize>),
    /// The cell computes it: `Output::Emitted(self)`.
    Emitted(&'a dyn Emit<R>),
}

impl<R: Real> Output<'_, R> {
    /// The rows of the state that are the output, if it is not computed.
    pub fn rows(&self) -> Option<Range<usize>> {
        match self {
            Self::Rows(rows) => Some(rows.clone()),
            Self::Emitted(_) => None,
        }
    }

    /// (3) Sets `y [O, N]` from `drive [D, N]` and `states [S, N]`, wherever the output is.
    pub fn emit(&self, drive: ViewMut<R>, states: View<R>, mut y: ViewMut<R>) {
        match self {
            Self::Rows(rows) => kernel::copy(&mut y, &states.rows(rows.start, rows.len())),
            Self::Emitted(cell) => cell.emit(drive, states, y),
        }
    }
}

/// Where a step stands among all steps. What is random in a step depends on this alone, so that it is the same
/// in any chunks, at any number of threads, and when the step is computed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RngPosition {
    /// Which of several passes over the same lanes and steps: updates of training count up.
    pub pass: u64,
    /// The number of the first of the B lanes.
    pub lane: u64,
    /// The number of the step.
    pub step: u64,
}

impl RngPosition {
    /// So many steps later.
    #[must_use]
    pub fn after(self, steps: usize) -> Self {
        Self {
            step: self.step + steps as u64,
            ..self
        }
    }
}

/// What the forward pass left behind, for the columns that a reverse kernel sees.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a, R: Real> {
    /// The drive `[D, N]`, as the forward kernels left it; of a cell that does not read it, any numbers.
    pub drive: View<'a, R>,
    /// The states before each step `[S, N]`, as `advance` read them.
    pub prev: View<'a, R>,
    /// The states after each step `[S, N]`.
    pub next: View<'a, R>,
    /// The spikes among the states before each step, of a cell whose output they are: those rows of `prev` as
    /// events, where they are known.
    pub spikes: Option<EventView<'a>>,
    /// The states that the steps before left `[S, N]`: those of `prev`, unless a reset came between. Their adjoints are
    /// read where [`Cell::active`] says; where this is `None`, all are.
    pub left: Option<View<'a, R>>,
    /// The rows of the input whose adjoint is read, `[I, N]`; all where this is `None`.
    pub read: Option<&'a EventView<'a>>,
}

/// Rows of a cell's arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// I, rows of the input.
    pub input: usize,
    /// D, rows of the drive.
    pub drive: usize,
    /// S, rows of the state.
    pub state: usize,
    /// O, rows of the output.
    pub output: usize,
}

/// A named range of rows of a state or a drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Short name for figures and files: `v`, `s`, `h`, `x`.
    pub name: Name,
    /// Its rows.
    pub rows: Range<usize>,
    /// What the numbers are.
    pub kind: FieldKind,
}

/// What the numbers of a field are; it decides which instruments look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Bounded by ±1 through a tanh: *pinned* where |h| > 0.95.
    Tanh,
    /// A gate in 0..1: *pinned* where < 0.05 or > 0.95.
    Gate,
    /// A membrane potential in units of the threshold.
    Membrane,
    /// Spikes, 0 or 1.
    Spikes,
    /// Complex states: the first half of the rows holds real, the second half imaginary parts.
    Complex,
    /// The inputs of complex states, laid out as these are.
    ComplexDrive,
    /// Any other real number.
    Value,
}

/// How many synaptic operations a step takes (NeuroBench's effective operations).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synapses {
    /// Operations for each non-zero input.
    pub per_input: usize,
    /// Operations for each non-zero spike of the own state.
    pub per_spike: usize,
    /// Operations in every step, in all cases.
    pub always: usize,
}
