//! One place's net as it is stored in few bits, evaluated.

use anyhow::Result;
use saturn_cell::Real;

use super::evaluated::brief;
use super::{Entry, Matrix, Metric, threshold_steps};
use crate::eval::evaluate::{Plan, choose_threshold, evaluate};
use crate::network::Network;
use crate::precision::calibrate::ranges;
use crate::precision::cost::cost;
use crate::precision::drift::{LANES, Twin, drift};
use crate::precision::result::{Stored, StoredEvaluation, line};
use crate::precision::{PrecisionConfig, quantise};
use crate::run::summary::NamedEvaluation;
use crate::scenario::Gap;
use crate::stream::Split;

impl Matrix<'_> {
    /// Evaluates `net` in all formats that the scenario asks for on one stream of `split`; nothing if it asks for
    /// none. Ranges of states and the detector's threshold are set on the validation split.
    pub(super) fn stored<R: Real>(
        &self,
        entry: &Entry,
        net: &Network<R>,
        split: &Split,
        (stream, gap): (&str, Option<&Gap>),
    ) -> Result<Vec<Stored>> {
        let (e, b) = (&self.scenario.evaluate, self.bench);
        if e.precision.is_empty() {
            return Ok(Vec::new());
        }
        let (place, seed) = (entry.place, entry.place.seed);
        let valid = b.source(&b.valid, gap);
        let full = PrecisionConfig::default();
        let mut done = vec![Stored {
            stream: stream.to_owned(),
            precision: full.to_string(),
            config: full,
            cost: cost(net, net, &full, valid, b.channels, seed)?,
            evaluations: Vec::new(),
            drift: Vec::new(),
        }];
        let mut twins = Vec::new();
        for &config in &e.precision {
            let name = config.to_string();
            let ranges = ranges(net, &config, valid, b.channels, seed)?;
            let stored = quantise(net, &config, &ranges, seed);
            let mut evaluations = Vec::new();
            for state_reset in &e.state_reset {
                self.progress.doing(&format!(
                    "evaluating {place} in {name} on {stream}, state_reset {state_reset}"
                ));
                let plan = self.plan(entry, split, gap, state_reset);
                let choosing = Plan {
                    source: valid,
                    purpose: "threshold",
                    steps: threshold_steps(e, b),
                    instruments: &[],
                    ..plan
                };
                let threshold = choose_threshold(&stored, &choosing, self.progress)?;
                let found = NamedEvaluation {
                    stream: line(stream, &name),
                    state_reset: state_reset.to_string(),
                    evaluation: evaluate(&stored, &plan, threshold, self.progress)?,
                };
                let what = &self.shared.split;
                (self.folder).metric(&Metric::new(place, what, &brief(&found)))?;
                let kept = StoredEvaluation::of(found.state_reset, &found.evaluation);
                evaluations.push(kept);
            }
            done.push(Stored {
                stream: stream.to_owned(),
                precision: name,
                config,
                cost: cost(net, &stored, &config, valid, b.channels, seed)?,
                evaluations,
                drift: Vec::new(),
            });
            twins.push(Twin {
                config,
                ranges,
                net: stored,
            });
        }
        self.progress
            .doing(&format!("following {place} in few bits on {stream}"));
        let (source, steps) = (b.source(split, gap), e.steps / e.lanes as u64);
        let found = drift(net, &twins, source, b.channels, seed, steps, self.progress)?;
        for (stored, windows) in done[1..].iter_mut().zip(found) {
            stored.drift = windows;
        }
        Ok(done)
    }

    /// Steps of all of that for one net, roughly.
    pub(super) fn stored_work(&self) -> u64 {
        let e = &self.scenario.evaluate;
        let policies = e.state_reset.len() as u64;
        let each = policies * (e.steps + threshold_steps(e, self.bench));
        let followed = LANES as u64 * (e.steps / e.lanes as u64);
        (e.streams.len() * e.precision.len()) as u64 * (each + followed)
    }
}
