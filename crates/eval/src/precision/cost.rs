//! Memory and operations by NeuroBench's definitions.
//!
//! ```text
//! footprint           = bytes of weights + states of one lane + buffers
//! connection sparsity = share of the weights that are zero
//! activation sparsity = share of the hidden cells' outputs that are zero, over all steps
//! dense operations    = products with every weight, zero or not, a step
//! effective MACs      = products of a weight and an activation that are not zero, a step
//! effective ACs       = the same where the activation is an event or a spike, so that nothing is multiplied
//! ```
//!
//! Weights of matrices take the bits of their format, and 4 bytes of scale a row; other parameters take 4 bytes.
//! States take the bits of theirs, spikes one bit, and other rows (a counter) 4 bytes. A buffer is one step's drive,
//! 4 bytes a number. Zero weights are taken off by their share in each cell, not one by one. Products with a dense
//! state, and those that an inner norm makes dense, count whole.
//!
//! Source: Yik et al. 2025, "The NeuroBench framework for benchmarking neuromorphic computing algorithms and
//! systems", Nature Communications 16, 1545 (algorithm track, complexity metrics).

use saturn_cell::{Cell, FieldKind, Kind, Real, compiled_once};
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::config::{Format, PrecisionConfig};
use super::quantised::stored_fields;
use super::weights::is_stored;
use super::with_stored_weights;
use crate::lanes::Lanes;
use crate::reset::Never;
use saturn_network::Network;
use saturn_stream::{Form, Source};

/// Lanes and steps that operations are counted on.
const LANES: usize = 8;
const STEPS: usize = 2_000;
/// Bytes of a number in full.
const WHOLE: f64 = 4.0;

/// The costs of a stored network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Bytes of all parameters, with the scales of their rows.
    pub weight_bytes: f64,
    /// Bytes of one lane's state.
    pub state_bytes: f64,
    /// Bytes of one lane's buffers.
    pub buffer_bytes: f64,
    /// Share of the weights that are zero, 0..1.
    pub connection_sparsity: f64,
    /// Share of the hidden outputs that are zero, 0..1.
    pub activation_sparsity: f64,
    /// A step.
    pub dense_operations: f64,
    /// A step.
    pub effective_macs: f64,
    /// A step.
    pub effective_acs: f64,
}

impl Cost {
    /// Bytes of weights, states and buffers.
    pub fn footprint_bytes(&self) -> f64 {
        self.weight_bytes + self.state_bytes + self.buffer_bytes
    }
}

compiled_once! {
    /// The cost of `stored`, which is `full` stored under `config`, on streams of `source` that are never reset.
    pub fn cost<R>(
        full: &Network<R>,
        stored: &Network<R>,
        config: &PrecisionConfig,
        source: Source,
        channels: usize,
        seed: u64,
    ) -> Result<Cost, DataError> {
        let weights = with_stored_weights(full, config);
        let dense: Vec<Share> = (weights.cells().iter())
            .map(|cell| non_zero_weights(cell.as_ref()))
            .collect();
        let mut cost = Cost::default();
        for cell in full.cells() {
            add_memory(&mut cost, cell.as_ref(), config);
        }
        let all = dense.iter().fold(Share::default(), |sum, s| sum.and(*s));
        cost.connection_sparsity = 1.0 - all.value();

        let never = Never {};
        let mut lanes = Lanes::new(stored, source, &never, channels, "cost", seed, 0, LANES)?;
        let (mut done, mut hidden) = (0, Share::default());
        while done < STEPS {
            let chunk = lanes.run(lanes.longest().min(STEPS - done))?;
            done += chunk.steps;
            let columns = chunk.logits.ncols();
            let (mut active, mut events) = (chunk.input.active(), source.split.form() == Form::Events);
            let last = stored.cells().len() - 1;
            for (i, cell) in stored.cells().iter().enumerate() {
                let (synapses, widths) = (cell.synapses(), cell.widths());
                let fired = chunk.tapes.spikes(i);
                let share = dense[i].value();
                let from_input = share * (synapses.per_input * active) as f64;
                if events {
                    cost.effective_acs += from_input;
                } else {
                    cost.effective_macs += from_input;
                }
                cost.effective_acs += share * (synapses.per_spike * fired.unwrap_or(0)) as f64;
                cost.effective_macs += share * (synapses.always * columns) as f64;
                let rows = if synapses.per_spike > 0 {
                    widths.output
                } else {
                    0
                };
                let each = synapses.per_input * widths.input + synapses.per_spike * rows;
                cost.dense_operations += ((each + synapses.always) * columns) as f64;

                active = fired.unwrap_or_else(|| {
                    let output = chunk.tapes.tape(i).output();
                    output.iter().filter(|y| !y.is_zero()).count()
                });
                events = fired.is_some();
                if i < last {
                    hidden = hidden.and(Share {
                        part: active as f64,
                        of: (widths.output * columns) as f64,
                    });
                }
            }
        }
        let steps = (STEPS * LANES) as f64;
        cost.dense_operations /= steps;
        cost.effective_macs /= steps;
        cost.effective_acs /= steps;
        cost.activation_sparsity = 1.0 - hidden.value();
        Ok(cost)
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    part: f64,
    of: f64,
}

impl Share {
    fn and(self, other: Self) -> Self {
        Self {
            part: self.part + other.part,
            of: self.of + other.of,
        }
    }

    /// The share of an empty set is 1.
    fn value(self) -> f64 {
        if self.of > 0.0 {
            self.part / self.of
        } else {
            1.0
        }
    }
}

fn non_zero_weights<R: Real>(cell: &dyn Cell<R>) -> Share {
    let tensors = cell.params().tensors().iter();
    let weights = tensors.filter(|t| t.kind == Kind::Weight);
    weights.fold(Share::default(), |sum, tensor| {
        let part = tensor.value.iter().filter(|w| !w.is_zero()).count();
        sum.and(Share {
            part: part as f64,
            of: tensor.value.len() as f64,
        })
    })
}

/// Adds the bytes of `cell`, in full, stored under `config`.
fn add_memory<R: Real>(cost: &mut Cost, cell: &dyn Cell<R>, config: &PrecisionConfig) {
    let bytes = |format: Format| f64::from(format.bits()) / 8.0;
    for tensor in cell.params().tensors() {
        let count = tensor.value.len() as f64;
        cost.weight_bytes += if is_stored(tensor) {
            let scales = config.weights.top().map_or(0, |_| tensor.value.nrows());
            count * bytes(config.weights) + WHOLE * scales as f64
        } else {
            WHOLE * count
        };
    }
    let widths = cell.widths();
    let rows = |fields: &[saturn_cell::Field]| fields.iter().map(|f| f.rows.len()).sum::<usize>();
    let mut spikes = cell.fields();
    spikes.retain(|field| field.kind == FieldKind::Spikes);
    let (values, spikes) = (rows(&stored_fields(cell)), rows(&spikes));
    let others = widths.state - values - spikes;
    cost.state_bytes += values as f64 * bytes(config.states);
    cost.state_bytes += spikes as f64 / 8.0 + WHOLE * others as f64;
    cost.buffer_bytes += WHOLE * widths.drive as f64;
}
