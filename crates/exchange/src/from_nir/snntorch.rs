//! What snnTorch's files do not determine.

use crate::imported::{Fidelity, Verdict};
use crate::nir::{Flat, Op, Reset};

/// Takes back *exact* from neurons that snnTorch resets to zero in another way than the graph, unless it was told otherwise by an
/// argument that is not in the file: its Synaptic, RLeaky and RSynaptic.
pub(super) fn judge(flat: &Flat, verdicts: &mut [Verdict]) {
    for (k, node) in flat.nodes.iter().enumerate() {
        let Op::Neuron(neuron) = &node.op else {
            continue;
        };
        // Edges that close a loop lead to the neurons, or from them to their weights.
        let is_in_loop = || {
            flat.edges
                .iter()
                .any(|e| e.delayed && (e.to == k || e.from == k))
        };
        let is_reset = neuron.v_threshold.is_some() && neuron.semantics.reset == Reset::Zero;
        if !is_reset || (neuron.tau_syn.is_none() && !is_in_loop()) {
            continue;
        }
        let found = verdicts
            .iter_mut()
            .find(|verdict| verdict.part == node.name);
        if let Some(verdict) = found.filter(|verdict| verdict.fidelity == Fidelity::Exact) {
            verdict.fidelity = Fidelity::Approximate {
                why: "the file does not contain reset_delay, with whose default snnTorch loses the input of the step after a \
                      spike"
                    .to_owned(),
                by: "that input; nothing if reset_delay was False".to_owned(),
            };
        }
    }
}
