//! What states of each layer differ by on the undisturbed stream: the unit of distances.

use std::ops::Range;

use saturn_cell::{Real, View, column};

use super::{RecoveryPlan, lanes};
use crate::evaluate::EvalError;
use crate::instruments::contraction::{Spread, main_field};
use saturn_network::Network;

/// Lanes and steps from which the covariance is computed, and the steps between samples.
const LANES: usize = 8;
const STEPS: u64 = 2_000;
const EVERY: u64 = 10;

/// The layers whose states are compared.
pub(super) struct Scales {
    layers: Vec<Layer>,
}

struct Layer {
    /// Its number in the net.
    index: usize,
    /// Of its main field.
    rows: Range<usize>,
    /// sqrt(2 tr C).
    rms: f64,
}

impl Scales {
    /// From the stream of `plan`.
    pub fn of<R: Real>(net: &Network<R>, plan: &RecoveryPlan) -> Result<Self, EvalError> {
        let hidden = (net.cells().len() - 1).max(1);
        let rows = net.cells().iter().take(hidden).enumerate();
        let rows: Vec<(usize, Range<usize>)> = rows
            .filter_map(|(i, cell)| {
                let fields = cell.fields();
                Some((i, fields[main_field(&fields)?].rows.clone()))
            })
            .collect();
        let mut spreads: Vec<Spread> = rows.iter().map(|(_, r)| Spread::new(r.len())).collect();
        let mut stream = lanes(net, plan, (0, plan.lanes.min(LANES)))?;
        let steps = STEPS.min(plan.steps / plan.lanes as u64);
        let mut done = 0;
        while done < steps {
            let now = (steps - done).min(stream.longest() as u64);
            let chunk = stream.run(now as usize)?;
            for t in (0..chunk.steps).filter(|t| (chunk.start + *t as u64).is_multiple_of(EVERY)) {
                for ((layer, rows), spread) in rows.iter().zip(&mut spreads) {
                    let states = chunk.tapes.tape(*layer).states();
                    for lane in 0..chunk.lanes {
                        let state = column(&states, chunk.read[t] + lane);
                        spread.add(&state[rows.clone()]);
                    }
                }
            }
            done += now;
        }
        let layers = rows.into_iter().zip(spreads).filter_map(|(layer, spread)| {
            Some(Layer {
                index: layer.0,
                rows: layer.1,
                // A layer that never moves cannot be moved by a disturbance either.
                rms: spread.rms_distance()?,
            })
        });
        Ok(Self {
            layers: layers.collect(),
        })
    }

    /// (1) between columns `a` of `states` and `b` of `others`, which give the states of a layer; 0 without
    /// any layer.
    pub fn distance<'s, R: Real>(
        &self,
        (states, a): (impl Fn(usize) -> View<'s, R>, usize),
        (others, b): (impl Fn(usize) -> View<'s, R>, usize),
    ) -> f64 {
        let each = self.layers.iter().map(|layer| {
            let (s, other) = (states(layer.index), others(layer.index));
            let (s, other) = (column(&s, a), column(&other, b));
            let pairs = s[layer.rows.clone()].iter().zip(&other[layer.rows.clone()]);
            let squares: f64 = pairs.map(|(x, y)| (x.wide() - y.wide()).powi(2)).sum();
            squares.sqrt() / layer.rms
        });
        each.sum::<f64>() / self.layers.len().max(1) as f64
    }
}
