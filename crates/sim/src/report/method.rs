//! How everything in a report was measured.

use maud::{Markup, html};

use crate::figures::names;
use crate::run::summary::Summary;
use crate::scenario::{ArmRole, Scenario};
use saturn_eval::evaluate::LATE;
use saturn_eval::stats::slope::{FIRST, FROM};
use saturn_eval::stats::verdict::MARGIN;

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
            dd { "95 %, two-sided. A long stream repeats few recordings, and all seeds are judged on the same ones: the variance is that of seeds plus what seeds share by their recordings, each with Student's t of its own degrees of freedom, and the ends are Wilson's, which stay within 0 and 100 %. With one seed the interval holds its recordings alone; where right answers by recording were not kept, recordings at their most. Differences from the reference are paired by seed and recording; where these are not known, by seed alone. p is two-sided, by the same errors, after Holm's correction for all nets and arms on the same stream under the same policy. Equations, sources and how often such intervals hold the truth are in docs/statistics.md." }
            dt { "Shown, not shown, shown otherwise" }
            dd { "Whether an accuracy is at most " (100.0 * MARGIN) " points below the reference's. Shown: the one-sided 95 % bound of the difference from below lies above the margin. Shown otherwise: that from above lies below it. Not shown: the data cannot tell, as with a difference near 0 and a wide interval." }
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
