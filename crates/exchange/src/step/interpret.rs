//! Runs a [`Program`] as it is written, instruction by instruction. In `f32` it has the bits of the C sources that are
//! made from the program; it is there to check them, and is slow.

use saturn_cell::Real;
use saturn_neurons::graph::Convolution;

use super::functions;
use super::program::{Matrix, Op, Program, Value, Weights};

/// The input of a step.
#[derive(Clone, Copy, Debug)]
pub enum StepInput<'a, R> {
    /// Values `[I]`.
    Dense(&'a [R]),
    /// Numbers of channels, one for each event; others are 0. Their columns are added in this order.
    Events(&'a [u16]),
}

/// A program with the values of its last step.
pub struct Interpreter<'a, R: Real> {
    program: &'a Program<R>,
    values: Vec<Vec<R>>,
    states: Vec<Vec<R>>,
    as_vector: bool,
}

impl<'a, R: Real> Interpreter<'a, R> {
    /// `program` before its first step.
    pub fn new(program: &'a Program<R>) -> Self {
        let zeros = |len: usize| vec![R::zero(); len];
        Self {
            program,
            values: program.instructions.iter().map(|i| zeros(i.len)).collect(),
            states: program.states.iter().map(|s| s.start.clone()).collect(),
            as_vector: program.reads_input_as_vector(),
        }
    }

    /// The states, in the order of the program.
    pub fn states(&self) -> &[Vec<R>] {
        &self.states
    }

    /// The states, to be set between two steps.
    pub fn states_mut(&mut self) -> &mut [Vec<R>] {
        &mut self.states
    }

    /// The scores of the last step `[O]`.
    pub fn logits(&self) -> &[R] {
        &self.values[self.program.logits.0]
    }

    /// The probabilities of the last step `[O]`.
    pub fn probabilities(&self) -> &[R] {
        &self.values[self.program.probabilities.0]
    }

    /// One step. Events of channels that the network does not have are left out.
    pub fn step(&mut self, input: StepInput<R>) {
        let mut events = None;
        for i in 0..self.values.len() {
            let mut y = std::mem::take(&mut self.values[i]);
            match (&self.program.instructions[i].op, input) {
                (Op::Input, StepInput::Dense(x)) => y.copy_from_slice(x),
                (Op::Input, StepInput::Events(units)) => {
                    count(units, &mut y);
                    events = (!self.as_vector).then_some((Value(i), units));
                }
                (Op::State(state), _) => y.copy_from_slice(&self.states[*state]),
                (Op::Constant(values), _) => y.copy_from_slice(values),
                (op, _) => self.compute(op, events, &mut y),
            }
            self.values[i] = y;
        }
        for (to, state) in self.states.iter_mut().zip(&self.program.states) {
            to.copy_from_slice(&self.values[state.next.0]);
        }
    }

    fn compute(&self, op: &Op<R>, events: Option<(Value, &[u16])>, y: &mut [R]) {
        let get = |value: &Value| self.values[value.0].as_slice();
        let at = |x: &[R], i: usize| if x.len() == 1 { x[0] } else { x[i] };
        match op {
            Op::Input | Op::State(_) | Op::Constant(_) => {}
            Op::Product {
                start,
                matrix,
                transposed,
                x,
                sparse,
            } => {
                let units = events.and_then(|(input, units)| (input == *x).then_some(units));
                let (start, x) = (get(start), get(x));
                let matrix = &self.program.matrices[*matrix];
                let n = matrix.rows;
                let column = |to: &mut [R], k: usize, x: R| match &matrix.weights {
                    Weights::Full(w) => add_column(to, w[k * n..][..n].iter().copied(), x),
                    Weights::Codes { codes, .. } => {
                        let codes = codes[k * n..][..n].iter();
                        add_column(to, codes.map(|&code| R::of(f64::from(code))), x);
                    }
                };
                if *transposed {
                    transposed_product(y, start, &matrix.weights, x);
                    return;
                }
                match &matrix.weights {
                    Weights::Full(_) => y.copy_from_slice(start),
                    Weights::Codes { .. } => y.fill(R::zero()),
                }
                if let Some(units) = units {
                    let known = units.iter().map(|&unit| usize::from(unit));
                    known
                        .filter(|&unit| unit < matrix.columns)
                        .for_each(|unit| column(y, unit, R::one()));
                } else {
                    for (k, &x) in x.iter().enumerate() {
                        if !sparse || x != R::zero() {
                            column(y, k, x);
                        }
                    }
                }
                if let Weights::Codes { scales, .. } = &matrix.weights {
                    for ((y, &start), &scale) in y.iter_mut().zip(start).zip(scales) {
                        *y = start + scale * *y;
                    }
                }
            }
            Op::Convolution {
                start,
                matrix,
                geometry,
                x,
            } => convolve(
                y,
                get(start),
                &self.program.matrices[*matrix],
                geometry,
                get(x),
            ),
            Op::Unary(function, x) => {
                let x = get(x);
                (y.iter_mut().zip(x)).for_each(|(y, &x)| *y = functions::unary(*function, x));
            }
            Op::Binary(operator, a, b) => {
                let (a, b) = (get(a), get(b));
                for (i, y) in y.iter_mut().enumerate() {
                    *y = functions::binary(*operator, at(a, i), at(b, i));
                }
            }
            Op::Select {
                condition,
                then,
                otherwise,
            } => {
                let (condition, then, otherwise) = (get(condition), get(then), get(otherwise));
                for (i, y) in y.iter_mut().enumerate() {
                    let taken = at(condition, i) != R::zero();
                    *y = at(if taken { then } else { otherwise }, i);
                }
            }
            Op::Slice { of, first } => y.copy_from_slice(&get(of)[*first..][..y.len()]),
            Op::Gather { of, indices } => {
                let of = get(of);
                y.iter_mut().zip(indices).for_each(|(y, &i)| *y = of[i]);
            }
            Op::Concat(parts) => {
                let mut rest = y;
                for part in parts {
                    let (to, after) = rest.split_at_mut(get(part).len());
                    to.copy_from_slice(get(part));
                    rest = after;
                }
            }
            Op::Sum(x) => y[0] = functions::sum(get(x)),
            Op::Softmax(x) => functions::softmax(get(x), y),
        }
    }
}

/// How often each channel is in `units`.
fn count<R: Real>(units: &[u16], x: &mut [R]) {
    x.fill(R::zero());
    for &unit in units {
        if let Some(x) = x.get_mut(usize::from(unit)) {
            *x += R::one();
        }
    }
}

fn add_column<R: Real>(to: &mut [R], column: impl Iterator<Item = R>, x: R) {
    to.iter_mut().zip(column).for_each(|(to, w)| *to += w * x);
}

/// (3) of [`super::program`].
fn transposed_product<R: Real>(y: &mut [R], start: &[R], weights: &Weights<R>, x: &[R]) {
    let n = x.len();
    for (j, y) in y.iter_mut().enumerate() {
        let own = j * n..(j + 1) * n;
        *y = match weights {
            Weights::Full(w) => (w[own].iter().zip(x)).fold(start[j], |y, (&w, &x)| y + w * x),
            Weights::Codes { codes, scales } => {
                let terms = codes[own].iter().zip(x.iter().zip(scales));
                terms.fold(start[j], |y, (&code, (&x, &scale))| {
                    y + R::of(f64::from(code)) * (scale * x)
                })
            }
        };
    }
}

/// (5) of [`super::program`].
fn convolve<R: Real>(
    y: &mut [R],
    start: &[R],
    matrix: &Matrix<R>,
    geometry: &Convolution,
    x: &[R],
) {
    let [inputs, height, width] = geometry.input;
    let [channels, rows, columns] = geometry.output();
    let ([kernel_rows, kernel_columns], groups) = (geometry.kernel, geometry.groups);
    let [top, _, left, _] = geometry.padding;
    let from = inputs / groups;
    for (i, y) in y.iter_mut().enumerate() {
        let (channel, row, column) = (i / (rows * columns), i / columns % rows, i % columns);
        let first = channel / (channels / groups) * from;
        let mut sum = match matrix.weights {
            Weights::Full(_) => start[i],
            Weights::Codes { .. } => R::zero(),
        };
        for tap in 0..from * kernel_rows * kernel_columns {
            let (c, k) = (
                tap / (kernel_rows * kernel_columns),
                tap % (kernel_rows * kernel_columns),
            );
            let at_row = row * geometry.stride[0] + k / kernel_columns * geometry.dilation[0];
            let at_column = column * geometry.stride[1] + k % kernel_columns * geometry.dilation[1];
            let inside =
                (top..top + height).contains(&at_row) && (left..left + width).contains(&at_column);
            if inside {
                let x = x[((first + c) * height + at_row - top) * width + at_column - left];
                let at = tap * channels + channel;
                let w = match &matrix.weights {
                    Weights::Full(w) => w[at],
                    Weights::Codes { codes, .. } => R::of(f64::from(codes[at])),
                };
                sum += w * x;
            }
        }
        *y = match &matrix.weights {
            Weights::Full(_) => sum,
            Weights::Codes { scales, .. } => start[i] + scales[channel] * sum,
        };
    }
}
