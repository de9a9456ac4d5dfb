//! One time step of a network as a list of instructions on vectors: what the cells are lowered to, and all that the
//! writers of formats need to know.
//!
//! Every instruction makes one [`Value`], a vector whose length does not change, from values that were made before it.
//! Elementwise instructions take vectors of one length, or of length 1, which then stands for every element. The order of
//! sums is part of the meaning, so that two consumers of a program can have the same bits:
//!
//! ```text
//! (1) product     y_i = start_i + w_i0 x_0 + w_i1 x_1 + ..          added from left to right
//! (2) codes       y_i = start_i + q_i (n_i0 x_0 + n_i1 x_1 + ..)    w_ij = q_i n_ij
//! (3) transposed  y_j = start_j + w_0j x_0 + w_1j x_1 + ..          with codes: n_0j (q_0 x_0) + ..
//! (4) sum         Σ x = ((s_0 + s_1) + ..) + s_15,  s_k = x_k + x_{k+16} + ..
//! (5) convolution the sum of (1) or (2) over the window of each output: by input channel, row and column
//! ```
//!
//! A *sparse* product leaves out terms with x_j = 0: its x are events or spikes.

use saturn_cell::Real;
use saturn_neurons::graph::Convolution;

/// A vector: the position of the instruction that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub usize);

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// -x.
    Negate,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// tanh x.
    Tanh,
    /// exp x.
    Exp,
    /// √x.
    Sqrt,
    /// ln(1 + exp x).
    Softplus,
    /// The greatest whole number that is not above x.
    Floor,
    /// sin x.
    Sin,
    /// cos x.
    Cos,
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// a + b.
    Add,
    /// a - b.
    Sub,
    /// a b.
    Mul,
    /// a / b.
    Div,
    /// The smaller one: a where a < b, else b.
    Min,
    /// 1 where a > b, else 0.
    Greater,
    /// 1 where a >= b, else 0.
    AtLeast,
}

/// What an instruction computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Op<R> {
    /// The input x `[I]`.
    Input,
    /// A state before the step, by its position among [`Program::states`].
    State(usize),
    /// These numbers.
    Constant(Vec<R>),
    /// (1), (2) or (3).
    Product {
        /// What the terms are added to.
        start: Value,
        /// Position among [`Program::matrices`].
        matrix: usize,
        /// Whether the transpose is meant: (3).
        transposed: bool,
        /// The factor.
        x: Value,
        /// Whether terms with a factor of 0 are left out.
        sparse: bool,
    },
    /// (5), of x `[C, rows, columns]`.
    Convolution {
        /// What the sums are added to.
        start: Value,
        /// Position among [`Program::matrices`]: output channels; input channels of a group times the kernel.
        matrix: usize,
        /// Sizes, strides and so on.
        geometry: Convolution,
        /// The input.
        x: Value,
    },
    /// Element by element.
    Unary(Function, Value),
    /// Element by element.
    Binary(Operator, Value, Value),
    /// Element by element: `then` where `condition` is not 0, else `otherwise`.
    Select {
        /// Numbers, 0 for `otherwise`.
        condition: Value,
        /// Taken elsewhere.
        then: Value,
        /// Taken where the condition is 0.
        otherwise: Value,
    },
    /// As many elements as the instruction is long, from `first` on.
    Slice {
        /// The vector.
        of: Value,
        /// The first element.
        first: usize,
    },
    /// The elements at these positions.
    Gather {
        /// The vector.
        of: Value,
        /// Positions, one for each element of the result.
        indices: Vec<usize>,
    },
    /// One vector after the other.
    Concat(Vec<Value>),
    /// (4), of length 1.
    Sum(Value),
    /// exp(x_i - max x) / Σ_j exp(x_j - max x), the sum from left to right.
    Softmax(Value),
}

/// An instruction and the length of its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction<R> {
    /// What it computes.
    pub op: Op<R>,
    /// Elements of the result.
    pub len: usize,
    /// A name for readers, such as `0.d`; empty for intermediate values.
    pub name: String,
}

/// Numbers of a matrix `[rows, columns]`, column by column.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights<R> {
    /// w.
    Full(Vec<R>),
    /// n and q of (2).
    Codes {
        /// n, -127 to 127, column by column.
        codes: Vec<i8>,
        /// q, one a row.
        scales: Vec<R>,
    },
}

/// The grids of a matrix in low precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grids {
    /// None: it stays in full, since it is no weight.
    None,
    /// One for each row.
    Rows,
    /// One for the whole matrix.
    One,
}

/// A weight matrix `[rows, columns]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<R> {
    /// `LAYER.TENSOR`, with its rows where it is a part of the tensor.
    pub name: String,
    /// Rows: elements of the result.
    pub rows: usize,
    /// Columns: elements of the factor.
    pub columns: usize,
    /// The numbers.
    pub weights: Weights<R>,
    /// Its grids in low precision.
    pub grids: Grids,
}

/// A state: what a step leaves for the next one.
#[derive(Clone, Debug, PartialEq)]
pub struct State<R> {
    /// `LAYER.FIELD`.
    pub name: String,
    /// The state before the first step.
    pub start: Vec<R>,
    /// Whether it is spikes.
    pub spikes: bool,
    /// The state after the step.
    pub next: Value,
}

/// One time step of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Program<R> {
    /// I.
    pub inputs: usize,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// C: the first outputs are scores of classes.
    pub classes: usize,
    /// The kinds of layers, from input to output.
    pub layers: Vec<String>,
    /// Weight matrices.
    pub matrices: Vec<Matrix<R>>,
    /// States.
    pub states: Vec<State<R>>,
    /// In the order of the computation; values are positions in it.
    pub instructions: Vec<Instruction<R>>,
    /// The scores `[O]`.
    pub logits: Value,
    /// Their softmax `[O]`.
    pub probabilities: Value,
}

impl<R> Op<R> {
    /// The values that it reads.
    pub fn reads(&self) -> Vec<Value> {
        match self {
            Self::Input | Self::State(_) | Self::Constant(_) => Vec::new(),
            Self::Product { start, x, .. } | Self::Convolution { start, x, .. } => {
                vec![*start, *x]
            }
            Self::Unary(_, x) | Self::Sum(x) | Self::Softmax(x) => vec![*x],
            Self::Slice { of, .. } | Self::Gather { of, .. } => vec![*of],
            Self::Binary(_, a, b) => vec![*a, *b],
            Self::Select {
                condition,
                then,
                otherwise,
            } => vec![*condition, *then, *otherwise],
            Self::Concat(parts) => parts.clone(),
        }
    }

    /// Whether each element depends on one element of each value that it reads.
    pub fn is_elementwise(&self) -> bool {
        matches!(
            self,
            Self::Unary(..) | Self::Binary(..) | Self::Select { .. }
        )
    }
}

impl<R> Program<R> {
    /// The instruction that makes `value`.
    pub fn at(&self, value: Value) -> &Instruction<R> {
        &self.instructions[value.0]
    }

    /// The length of `value`.
    pub fn len(&self, value: Value) -> usize {
        self.at(value).len
    }

    /// O, the number of scores.
    pub fn outputs(&self) -> usize {
        self.len(self.logits)
    }

    /// The values that outlive the step: next states, logits and probabilities.
    pub fn results(&self) -> impl Iterator<Item = Value> {
        let states = self.states.iter().map(|state| state.next);
        states.chain([self.logits, self.probabilities])
    }

    /// Whether `instruction` is a product with the input that can be added up event by event before all else.
    pub fn is_front(&self, instruction: &Instruction<R>) -> bool {
        match instruction.op {
            Op::Product {
                start,
                x,
                sparse: true,
                transposed: false,
                ..
            } => matches!(self.at(x).op, Op::Input) && matches!(self.at(start).op, Op::Constant(_)),
            _ => false,
        }
    }

    /// Whether anything but such products reads the input, so that it is needed as a vector.
    pub fn reads_input_as_vector(&self) -> bool {
        let is_input = |value: &Value| matches!(self.at(*value).op, Op::Input);
        let reads = |instruction: &Instruction<R>| {
            !self.is_front(instruction) && instruction.op.reads().iter().any(is_input)
        };
        self.instructions.iter().any(reads)
    }

    /// Multiply-accumulate operations of products in a step in which every input and spike is active.
    pub fn products(&self) -> usize {
        let size = |instruction: &Instruction<R>| match &instruction.op {
            Op::Product { matrix, .. } => {
                let matrix = &self.matrices[*matrix];
                matrix.rows * matrix.columns
            }
            Op::Convolution { matrix, .. } => instruction.len * self.matrices[*matrix].columns,
            _ => 0,
        };
        self.instructions.iter().map(size).sum()
    }
}

impl<R: Real> Program<R> {
    /// The name of a matrix, constant or state that contains a number that is NaN or infinite.
    pub fn not_finite(&self) -> Option<&str> {
        let finite = |values: &[R]| values.iter().all(|x| x.wide().is_finite());
        let weights = |matrix: &&Matrix<R>| match &matrix.weights {
            Weights::Full(values) | Weights::Codes { scales: values, .. } => !finite(values),
        };
        let constant = |instruction: &&Instruction<R>| match &instruction.op {
            Op::Constant(values) => !finite(values),
            _ => false,
        };
        let matrix = self.matrices.iter().find(weights).map(|m| &*m.name);
        let state = self.states.iter().find(|state| !finite(&state.start));
        let instruction = self.instructions.iter().find(constant);
        matrix
            .or(state.map(|state| &*state.name))
            .or(instruction.map(|instruction| &*instruction.name))
    }
}
