//! The fixed points of a network without input events, layer by layer.
//!
//! A layer's constant input is the output of the layers below at one of their fixed points: the first layer
//! receives silence, the next one the output of each stable point of the first, and so on.

use nalgebra::{DMatrix, DVector};
use saturn_cell::gradcheck::random;
use saturn_cell::{Cell, Input};
use serde::{Deserialize, Serialize};

use super::fixed_points::{FixedPoint, Map, find};
use super::jacobian::{Slope, Step, jacobian};
use saturn_network::Network;

/// Rows of a state above which its matrices are not made.
pub const LARGEST: usize = 600;
/// Constant inputs of one cell that are followed.
const INPUTS: usize = 4;
/// Random starts, in addition to those of the stream.
const RANDOM: usize = 8;

/// A fixed point of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The number of its constant input.
    pub input: usize,
    /// max |F(x) - x|.
    pub residual: f64,
    /// |x|_2.
    pub norm: f64,
    /// ρ(J) there.
    pub radius: f64,
    /// Whether that is below 1.
    pub stable: bool,
    /// Starts that led to it.
    pub starts: usize,
    /// The eigenvalues of J there, (re, im).
    pub eigenvalues: Vec<(f64, f64)>,
}

/// The fixed points of one cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    /// Constant inputs that were tried.
    pub inputs: usize,
    /// Starts for each.
    pub starts: usize,
    /// Starts that found no point.
    pub lost: usize,
    /// What was found.
    pub points: Vec<Point>,
}

/// A cell under a constant input `[I, 1]`, as a map of its state.
struct Held<'a> {
    cell: &'a dyn Cell<f64>,
    input: &'a DMatrix<f64>,
    step: Step,
}

impl Held<'_> {
    fn run(&mut self, x: &DVector<f64>) {
        let input = Input::Dense(self.input.as_view());
        self.step.run(self.cell, input, x.as_slice());
    }
}

impl Map for Held<'_> {
    fn apply(&mut self, x: &DVector<f64>) -> DVector<f64> {
        self.run(x);
        DVector::from_column_slice(&self.step.next)
    }

    fn derivative(&mut self, x: &DVector<f64>) -> DMatrix<f64> {
        self.run(x);
        jacobian(self.cell, self.step.at(x.as_slice()), Slope::True)
    }
}

/// The fixed points of each cell of `net` with a state of at most [`LARGEST`] rows, from the `states` (one
/// `[S, B]` per cell), the initial state, and random states of their spread; none for a cell above one
/// without a stable point.
pub fn quiet(net: &Network<f64>, states: &[DMatrix<f64>], inputs: usize) -> Vec<Option<Quiet>> {
    let mut heard = vec![DMatrix::zeros(inputs, 1)];
    let mut all = Vec::with_capacity(net.cells().len());
    for (cell, states) in net.cells().iter().zip(states) {
        let cell = cell.as_ref();
        let rows = cell.widths().state;
        if rows > LARGEST {
            heard.clear();
        }
        if rows == 0 {
            heard = heard
                .iter()
                .map(|x| output(cell, x, &DVector::zeros(0)))
                .collect();
            all.push(None);
            continue;
        }
        let starts = starts(cell, states);
        let mut quiet = Quiet {
            inputs: heard.len(),
            starts: starts.len(),
            ..Quiet::default()
        };
        let mut next = Vec::new();
        for (number, input) in heard.iter().enumerate() {
            let step = Step::new(cell);
            let (found, lost) = find(&mut Held { cell, input, step }, &starts);
            quiet.lost += lost;
            let stable = found.iter().filter(|point| point.stable());
            next.extend(stable.map(|point| output(cell, input, &point.state)));
            quiet.points.extend(found.iter().map(|p| point(number, p)));
        }
        next.truncate(INPUTS);
        all.push((!heard.is_empty()).then_some(quiet));
        heard = next;
    }
    all
}

fn point(input: usize, point: &FixedPoint) -> Point {
    Point {
        input,
        residual: point.residual,
        norm: point.state.norm(),
        radius: point.radius,
        stable: point.stable(),
        starts: point.starts,
        eigenvalues: point.eigenvalues.iter().map(|e| (e.re, e.im)).collect(),
    }
}

/// The output `[O, 1]` at the state `x`.
fn output(cell: &dyn Cell<f64>, input: &DMatrix<f64>, x: &DVector<f64>) -> DMatrix<f64> {
    let mut step = Step::new(cell);
    step.run(cell, Input::Dense(input.as_view()), x.as_slice());
    DMatrix::from_column_slice(step.output.len(), 1, &step.output)
}

fn starts(cell: &dyn Cell<f64>, states: &DMatrix<f64>) -> Vec<DVector<f64>> {
    let mut rest = DVector::zeros(states.nrows());
    cell.rest(rest.as_mut_slice());
    let spread = states.norm() / (states.len().max(1) as f64).sqrt();
    let drawn = random(states.nrows(), RANDOM, spread.max(0.1), 3);
    let seen = states.column_iter().map(|c| c.clone_owned());
    let drawn = drawn
        .column_iter()
        .map(|c| c.clone_owned())
        .collect::<Vec<_>>();
    seen.chain([rest]).chain(drawn).collect()
}

#[cfg(test)]
mod tests {
    use saturn_cell::CellConfig;
    use saturn_cell::rng::generator;

    use super::*;
    use saturn_network::Layer;

    fn cell(yaml: &str, inputs: usize) -> Box<dyn Cell<f64>> {
        let layer: Layer = serde_saphyr::from_str(yaml).unwrap();
        layer
            .build(inputs, 10.0, &mut generator(2, "init", 0))
            .unwrap()
    }

    /// A loop of 2 below a weak one: each stable point of the first gives the second one of its own.
    #[test]
    fn a_second_cell_rests_where_the_first_one_does() {
        let mut below = cell("rnn: {hidden: 1, bias: false}", 1);
        below.update(&mut |p| p[1].fill(2.0));
        let mut above = cell("rnn: {hidden: 1, bias: false}", 1);
        above.update(&mut |p| {
            p[0].fill(1.0);
            p[1].fill(0.0);
        });
        let net = Network::new(vec![below, above]);
        let starts = DMatrix::from_row_slice(1, 3, &[-0.8, 0.1, 0.7]);
        let found = quiet(&net, &[starts.clone(), starts], 1);
        let first = found[0].as_ref().unwrap();
        assert_eq!(first.points.len(), 3);
        let second = found[1].as_ref().unwrap();
        assert_eq!((second.inputs, second.points.len()), (2, 2));
        for point in &second.points {
            assert!((point.norm - 0.957_504f64.tanh()).abs() < 1e-5 && point.stable);
            assert!(point.radius < 1e-9);
        }
    }

    /// A leaky neuron without input rests at g b / (1 - a), silent, with the eigenvalue a.
    #[test]
    fn a_leaky_neuron_rests_at_its_offset() {
        let yaml = "lif: {hidden: 1, tau_mem_ms: 50, learn_tau: false}";
        let mut lif = cell(yaml, 1);
        lif.update(&mut |p| p[1].fill(0.1));
        let net = Network::new(vec![lif]);
        let starts = DMatrix::from_row_slice(2, 2, &[0.3, 1.4, 0.0, 1.0]);
        let found = quiet(&net, &[starts], 1);
        let [point] = &found[0].as_ref().unwrap().points[..] else {
            panic!("{found:?}");
        };
        let a = (-0.2f64).exp();
        assert!((point.norm - 0.1 / (1.0 - a)).abs() < 1e-9, "{point:?}");
        assert!((point.radius - a).abs() < 1e-12 && point.stable);
    }
}
