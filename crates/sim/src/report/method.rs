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
            dd { "The state of a network is reset once, at the first step of the stream, and never again." }
            dt { "Oracle reset" }
            dd { "The state is reset at the first step of every sample, as if boundaries were known. It is \
                a reference, since they are unknown in a running system." }
            dt { "Arms" }
            dd {
                @for arm in &summary.roles.arms {
                    (names::arm(&arm.name)) ": " (arm.role.map_or("a variant, which the scenario below describes", meaning)) ". "
                }
                "Every update of every arm saw the same samples."
            }
            dt { "Summed, last step, detector" }
            dd { "Three columns of accuracy. Summed: the class whose probabilities, summed from a sample's \
                first event to its last, are highest. Last step: the highest class at a sample's last step. \
                Both use the known ends of a sample, for scoring only. Detector: detections without any \
                knowledge of boundaries, with the threshold chosen on the validation set." }
            dt { "Intervals" }
            dd { "95 %, two-sided. A long stream repeats few recordings, and all seeds are evaluated on the \
                same ones: the variance is that of seeds plus the shared variance of recordings, each with \
                Student's t of its own degrees of freedom, and the ends are Wilson's, which stay within 0 \
                and 100 %. With one seed the interval covers only its recordings; if correct predictions by \
                recording were not stored, it uses an upper bound on the variance of recordings. \
                Differences from the reference are paired by seed and recording; where these are unknown, \
                by seed only. p is two-sided, by the same errors, after Holm's correction for all nets and \
                arms on the same stream under the same policy. Equations, sources and the measured coverage \
                of such intervals are in docs/statistics.md." }
            dt { "Shown, not shown, shown otherwise" }
            dd { "Whether an accuracy is at most " (100.0 * MARGIN) " points below the reference's. Shown: \
                the one-sided 95 % lower bound of the difference is above the margin. Shown otherwise: the \
                upper bound is below it. Not shown: the data are inconclusive, as with a difference near 0 \
                and a wide interval." }
            dt { "Slope" }
            dd { "The least-squares line through correct and wrong predictions against stream position, \
                from sample " (FROM) " of each lane on (the first " (FIRST) " are counted apart), in percentage points per 10⁶ steps, with a standard error clustered by recording, or over the seeds if there are several. Each of the " (e.lanes) " lanes ran for " (e.steps / e.lanes as u64) " steps: the slope of a short stream has a large error." }
            dt { "Highest probability late in gaps" }
            dd { "The mean of the largest class probability " (LATE) " or more steps after a sample's end. \
                At chance level a network outputs no class in gaps; near 1 it is overconfident of an absent \
                class." }
            dt { "Contraction" }
            dd { "The states of one net after " (c.samples) " different samples, each after at least " (c.lead_steps) " steps of a never-reset stream, ran on through the same gap. Shown is the mean distance between two of them, relative to that at the gap's start, averaged over " (c.realisations) " gaps and over the layers below the readout." }
            dt { "Inside the nets" }
            dd { "Pinned (saturated): |h| above 0.95, a gate below 0.05 or above 0.95. Silent: no spike in \
                a window; always on: spikes in more than half of its steps. The bound of a state-space \
                model is the largest state possible with its input so far. Effective rank: the \
                participation ratio of the covariance of the state." }
            dt { "Spikes and synaptic operations" }
            dd { "Per step and lane, over all layers: a spike or an input event counts one operation per \
                weight, a dense layer all of its weights." }
        }
    }
}

/// What an arm with a role trains on.
fn meaning(role: ArmRole) -> &'static str {
    match role {
        ArmRole::Classic => "one sample from the initial state, cross-entropy",
        ArmRole::Lead => "one gap, then one sample, cross-entropy",
        ArmRole::Carry => "concatenated samples and gaps, plain cross-entropy",
        ArmRole::Adaptive => {
            "concatenated samples and gaps, cross-entropy where the mask of the labels is 1 and the divergence from \
             the uniform distribution where it is 0"
        }
        ArmRole::Estimated => {
            "concatenated samples and gaps, the adaptive loss with a mask that is estimated from the input"
        }
    }
}
