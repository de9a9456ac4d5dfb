//! What a cell gives to its equations: parameters by name, constants by symbol, states by field.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use saturn_cell::{Cell, FieldKind, Kind, Real};

use crate::step::build::{Builder, Var};
use crate::step::program::{Grids, Matrix, Weights};

/// One cell of the network, and the program that its step is added to.
pub(super) struct Scope<'b, R: Real> {
    pub builder: &'b Builder<R>,
    cell: &'b dyn Cell<R>,
    index: usize,
    rest: Vec<R>,
    /// The states so far, by field.
    states: RefCell<BTreeMap<String, (usize, Var<'b, R>)>>,
}

impl<'b, R: Real> Scope<'b, R> {
    pub fn new(builder: &'b Builder<R>, cell: &'b dyn Cell<R>, index: usize) -> Self {
        let mut rest = vec![R::zero(); cell.widths().state];
        cell.rest(&mut rest);
        Self {
            builder,
            cell,
            index,
            rest,
            states: RefCell::default(),
        }
    }

    /// O, outputs of the cell.
    pub fn outputs(&self) -> usize {
        self.cell.widths().output
    }

    /// Milliseconds a step.
    pub fn dt_ms(&self) -> f64 {
        self.builder.dt_ms()
    }

    /// Rows of the parameter `name`.
    pub fn rows(&self, name: &str) -> usize {
        self.tensor(name).value.nrows()
    }

    /// So many zeros.
    pub fn zeros(&self, len: usize) -> Var<'b, R> {
        (self.builder).constant(String::new(), vec![R::zero(); len])
    }

    fn named(&self, name: &str) -> String {
        format!("{}.{name}", self.index)
    }

    /// The parameter `name`, where the cell has it, as numbers.
    pub fn find(&self, name: &str) -> Option<Var<'b, R>> {
        let tensor = (self.cell.params().tensors().iter()).find(|tensor| tensor.name == name)?;
        let values = tensor.value.as_slice().to_vec();
        Some(self.builder.constant(self.named(name), values))
    }

    /// The parameter `name` as numbers.
    pub fn param(&self, name: &str) -> Var<'b, R> {
        self.find(name)
            .unwrap_or_else(|| panic!("no parameter `{name}`"))
    }

    /// Whether the cell has a parameter `name`.
    pub fn has(&self, name: &str) -> bool {
        let mut tensors = self.cell.params().tensors().iter();
        tensors.any(|tensor| tensor.name == name)
    }

    /// The parameter `name` as a matrix.
    pub fn matrix(&self, name: &str) -> usize {
        let rows = self.tensor(name).value.nrows();
        self.rows_of(name, 0..rows)
    }

    /// W_r as a matrix, where the cell is recurrent: 0 where it has no connection.
    pub fn recurrent(&self) -> Option<usize> {
        if let Some(w_r) = self.cell.recurrent_with_zeros() {
            return Some(self.builder.matrix(Matrix {
                name: self.named("recurrent"),
                rows: w_r.nrows(),
                columns: w_r.ncols(),
                weights: Weights::Full(w_r.as_slice().to_vec()),
                grids: Grids::One,
            }));
        }
        self.has("recurrent").then(|| self.matrix("recurrent"))
    }

    /// Rows of the parameter `name` as a matrix.
    pub fn rows_of(&self, name: &str, rows: Range<usize>) -> usize {
        let tensor = self.tensor(name);
        let part = tensor.value.rows_range(rows.clone());
        let whole = rows == (0..tensor.value.nrows());
        let suffix = if whole {
            String::new()
        } else {
            format!("[{}..{}]", rows.start, rows.end)
        };
        self.builder.matrix(Matrix {
            name: self.named(&format!("{name}{suffix}")),
            rows: part.nrows(),
            columns: part.ncols(),
            weights: Weights::Full(part.iter().copied().collect()),
            grids: if tensor.kind == Kind::Weight && tensor.value.ncols() > 1 {
                Grids::Rows
            } else {
                Grids::None
            },
        })
    }

    /// The parameter `name [I, 1]` as a matrix of one row.
    pub fn row(&self, name: &str) -> usize {
        let tensor = self.tensor(name);
        self.builder.matrix(Matrix {
            name: self.named(name),
            rows: 1,
            columns: tensor.value.len(),
            weights: Weights::Full(tensor.value.as_slice().to_vec()),
            grids: Grids::None,
        })
    }

    /// A matrix of these rows and columns with one number everywhere.
    pub fn filled(&self, name: &str, (rows, columns): (usize, usize), value: f64) -> usize {
        self.builder.matrix(Matrix {
            name: self.named(name),
            rows,
            columns,
            weights: Weights::Full(vec![R::of(value); rows * columns]),
            grids: Grids::None,
        })
    }

    fn tensor(&self, name: &str) -> &'b saturn_cell::Tensor<R> {
        let mut tensors = self.cell.params().tensors().iter();
        tensors
            .find(|tensor| tensor.name == name)
            .unwrap_or_else(|| panic!("no parameter `{name}`"))
    }

    /// Constants by their symbols.
    pub fn constants<const N: usize>(&self, symbols: [&str; N]) -> [Var<'b, R>; N] {
        symbols.map(|symbol| self.constant(symbol))
    }

    /// A constant by its symbol.
    pub fn constant(&self, symbol: &str) -> Var<'b, R> {
        let all = self.cell.constants();
        let found = all.iter().find(|(name, _)| name == symbol);
        let (_, values) = found.unwrap_or_else(|| panic!("no constant `{symbol}`"));
        self.builder.constant(self.named(symbol), values.to_vec())
    }

    /// States before the step, by their fields.
    pub fn states<const N: usize>(&self, fields: [&str; N]) -> [Var<'b, R>; N] {
        fields.map(|field| self.state(field))
    }

    /// The state `field` before the step.
    pub fn state(&self, field: &str) -> Var<'b, R> {
        let found = self.cell.fields().into_iter().find(|f| f.name == field);
        let found = found.unwrap_or_else(|| panic!("no state `{field}`"));
        let start = self.rest[found.rows].to_vec();
        let spikes = found.kind == FieldKind::Spikes;
        let (position, before) = self.builder.state(self.named(field), start, spikes);
        (self.states.borrow_mut()).insert(field.to_owned(), (position, before));
        before
    }

    /// The state `field` before the step, once more.
    pub fn before(&self, field: &str) -> Var<'b, R> {
        self.states.borrow()[field].1
    }

    /// Sets the state `field` after the step, and returns it.
    pub fn set(&self, field: &str, next: Var<'b, R>) -> Var<'b, R> {
        let (position, _) = self.states.borrow()[field];
        self.builder.set_next(position, next);
        next.named(format!("{}'", self.named(field)))
    }
}
