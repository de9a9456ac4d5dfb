//! How everything in a report was measured.

use maud::{Markup, html};

use crate::eval::evaluate::LATE;
use crate::eval::slope::{FIRST, FROM};
use crate::figures::names;
use crate::run::summary::Summary;
use crate::scenario::{ArmRole, Scenario};

/// The definitions behind the numbers, with the scenario's own settings.
pub fn method(scenario: &Scenario, summary: &Summary) -> Markup {
    let e = &scenario.evaluate;
    let c = &e.contraction;
    html! {
        dl {
            dt { "Never reset" }
            dd { "The state of a net is put to rest once, at the first step of the stream, and not again." }
            dt { "Oracle reset" }
            dd { "The state is put to rest at the first step of every sample, as if boundaries were known. It is a reference, for a running system does not know them." }
            dt { "Arms" }
            dd {
                @for arm in &summary.roles.arms {
                    (names::arm(&arm.name)) ": " (arm.role.map_or("a variant, which the scenario below describes", meaning)) ". "
                }
                "Every update of every arm saw the same samples."
            }
            dt { "Summed, last step, detector" }
            dd { "Three columns of accuracy. Summed: the class whose probabilities, summed from a sample's first event to its last, are highest. Last step: the highest class at a sample's last step. Both use the known ends of a sample, for scoring only. Detector: detections without any knowledge of boundaries, with the threshold chosen on the validation set." }
            dt { "Intervals" }
            dd { "95 %. A long stream repeats few recordings, so errors are clustered: with one seed the interval is from a bootstrap over recordings, with several it is Student's over seeds. Differences from the reference are paired by seed, with Student's interval and two-sided p over the seeds; p is after Holm's correction for all nets and arms on the same stream under the same policy. With a single seed they are paired by recording, and have no p." }
            dt { "Slope" }
            dd { "The least-squares line through right and wrong answers against stream position, from sample " (FROM) " of each lane on (the first " (FIRST) " are counted apart), in percentage points per 10⁶ steps, with a standard error clustered by recording, or over the seeds if there are several. Each of the " (e.lanes) " lanes ran for " (e.steps / e.lanes as u64) " steps: the slope of a short stream has a large error." }
            dt { "Highest probability late in gaps" }
            dd { "The mean of the largest class probability " (LATE) " or more steps after a sample's end. At chance a net says nothing in gaps; near 1 it insists on a class that is not there." }
            dt { "Contraction" }
            dd { "The states of one net after " (c.samples) " different samples, each after at least " (c.lead_steps) " steps of a never-reset stream, ran on through the same gap. Shown is the mean distance between two of them, relative to that at the gap's start, averaged over " (c.realisations) " gaps and over the layers below the readout." }
            dt { "Inside the nets" }
            dd { "Pinned: |h| above 0.95, a gate below 0.05 or above 0.95. Silent: no spike in a window; always on: spikes in more than half of its steps. The bound of a state-space model is the largest state that its input so far allows. Effective rank: the participation ratio of the covariance of the state." }
            dt { "Spikes and synaptic operations" }
            dd { "Per step and lane, over all layers: a spike or an input event counts one operation for each weight that it meets, a dense layer all of its weights." }
        }
    }
}

/// What an arm with a role trains on.
fn meaning(role: ArmRole) -> &'static str {
    match role {
        ArmRole::Classic => "one sample from the initial state, cross-entropy",
        ArmRole::Lead => "one gap, then one sample, cross-entropy",
        ArmRole::Carry => "concatenated samples and gaps, cross-entropy alone",
        ArmRole::Adaptive => {
            "concatenated samples and gaps, cross-entropy where the mask of the labels is 1 and the divergence from \
             the uniform distribution where it is 0"
        }
        ArmRole::Estimated => {
            "concatenated samples and gaps, the adaptive loss with a mask that is estimated from the input"
        }
    }
}
