//! A network: a stack of cells, the last one the readout.

mod live;
mod tapes;
#[cfg(test)]
mod tests;

use saturn_cell::{Cell, Input, Params, Real};

pub use live::NetworkStream;
pub use tapes::{Observe, Penalty, Tapes};

/// A stack of cells. The outputs of the last cell are the logits, those of the classes first.
pub struct Network<R: Real> {
    cells: Vec<Box<dyn Cell<R>>>,
    classes: usize,
    /// Whether the events that the first cell reads are multiplied densely.
    dense: bool,
}

/// The share of active (step, channel) cells above which the first cell's products with its input are
/// dense: there, on AVX-512, a gather of columns takes as long as a dense product.
const DENSE: f64 = 0.25;

/// A gradient, or any other value for each parameter of a net.
pub type Gradient<R> = Vec<Params<R>>;

impl<R: Real> Clone for Network<R> {
    fn clone(&self) -> Self {
        Self {
            cells: self.cells.iter().map(|cell| cell.boxed()).collect(),
            classes: self.classes,
            dense: self.dense,
        }
    }
}

impl<R: Real> Network<R> {
    /// From cells whose widths fit: each one's output is the next one's input. Every output of the last
    /// one is a class.
    pub fn new(cells: Vec<Box<dyn Cell<R>>>) -> Self {
        for pair in cells.windows(2) {
            assert_eq!(
                pair[0].widths().output,
                pair[1].widths().input,
                "{} feeds {}",
                pair[0].name(),
                pair[1].name()
            );
        }
        let classes = cells.last().map_or(0, |cell| cell.widths().output);
        Self {
            cells,
            classes,
            dense: false,
        }
    }

    /// The same net with outputs of which only the first `classes` are classes.
    pub fn with_classes(self, classes: usize) -> Self {
        assert!(classes <= self.outputs(), "a class has an output");
        Self { classes, ..self }
    }

    /// The same net for data in which a share `density` of the (step, channel) cells is active: it fixes
    /// whether the first cell gathers a column an event or multiplies densely. Both give the same numbers
    /// but for the order of their sums.
    #[must_use]
    pub fn for_density(self, density: f64) -> Self {
        Self {
            dense: density > DENSE,
            ..self
        }
    }

    /// The same net of other cells, of the same widths.
    pub fn with_cells(&self, cells: Vec<Box<dyn Cell<R>>>) -> Self {
        Self {
            classes: self.classes,
            dense: self.dense,
            ..Self::new(cells)
        }
    }

    /// The input as the first cell is to read it.
    fn input<'a>(&self, x: Input<'a, R>) -> Input<'a, R> {
        match x {
            Input::Events(events) => Input::Events(events.dense(self.dense)),
            dense @ Input::Dense(_) => dense,
        }
    }

    /// The cells, from input to readout.
    pub fn cells(&self) -> &[Box<dyn Cell<R>>] {
        &self.cells
    }

    /// The cells, to be changed.
    pub fn cells_mut(&mut self) -> &mut [Box<dyn Cell<R>>] {
        &mut self.cells
    }

    /// C, the number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Rows of the logits: the classes and, optionally, further outputs ("nothing").
    pub fn outputs(&self) -> usize {
        self.cells.last().map_or(0, |cell| cell.widths().output)
    }

    /// How many parameters there are.
    pub fn parameters(&self) -> usize {
        self.cells.iter().map(|cell| cell.params().count()).sum()
    }

    /// A gradient of zeros.
    pub fn zero_gradient(&self) -> Gradient<R> {
        self.cells
            .iter()
            .map(|cell| cell.params().zeros_like())
            .collect()
    }

    /// Copies the parameters of a net of the same shape.
    pub fn copy_from(&mut self, other: &Self) {
        for (to, from) in self.cells.iter_mut().zip(&other.cells) {
            to.update(&mut |params| params.clone_from(from.params()));
        }
    }
}
