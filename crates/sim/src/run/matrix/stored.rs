//! Evaluation of one trial's network at low precision.

use anyhow::Result;
use saturn_cell::Real;

use super::Matrix;
use super::evaluated::{Named, brief};
use super::metric::Metric;
use super::partial::{Partial, PartialStore};
use crate::run::entry::Entry;
use crate::run::input::threshold_steps;
use crate::run::summary::NamedEvaluation;
use crate::scenario::Gap;
use saturn_eval::evaluate::{Extras, Plan, evaluate};
use saturn_eval::precision::PrecisionConfig;
use saturn_eval::precision::cost::cost;
use saturn_eval::precision::drift::{Following, LANES, Twin, drift};
use saturn_eval::precision::result::{Stored, StoredEvaluation, line};
use saturn_network::Network;
use saturn_stream::Split;

impl Matrix<'_> {
    /// Evaluates `net` in all storage formats of the scenario on one stream of `split`, resuming from
    /// `partial`; nothing if there are none. Ranges of states and the detector's threshold are set on the
    /// validation split.
    pub(super) fn stored<R: Real>(
        &self,
        entry: &Entry,
        net: &Network<R>,
        split: &Split,
        (index, stream, gap): (usize, &str, Option<&Gap>),
        partials: &PartialStore,
        partial: &mut Partial,
    ) -> Result<()> {
        let (e, b) = (&self.scenario.evaluate, self.dataset);
        if e.precision.is_empty() {
            return Ok(());
        }
        if partial.has_followed(stream) {
            self.progress
                .skip(self.stored_work() / e.streams.len() as u64);
            return Ok(());
        }
        let seed = entry.place.seed;
        let valid = b.source(&b.valid, gap);
        let first = partial.first_stored(stream);
        let begun = |config: PrecisionConfig, stored: &Network<R>| -> Result<Stored> {
            Ok(Stored {
                stream: stream.to_owned(),
                precision: config.to_string(),
                config,
                cost: cost(net, stored, &config, valid, b.channels, seed)?,
                evaluations: Vec::new(),
                drift: Vec::new(),
            })
        };
        if partial.found.stored.len() == first {
            let full = begun(PrecisionConfig::default(), net)?;
            partial.found.stored.push(full);
        }
        let mut twins = Vec::new();
        for (k, &config) in e.precision.iter().enumerate() {
            let twin = Twin::new(net, config, valid, b.channels, seed)?;
            let at = first + 1 + k;
            if partial.found.stored.len() == at {
                partial.found.stored.push(begun(config, &twin.net)?);
            }
            for (number, state_reset) in e.state_reset.iter().enumerate() {
                let stage = format!("{index}.{number}.{k}");
                let named = (stream, state_reset, stage.as_str());
                let plan = self.plan(entry, split, gap, state_reset);
                self.in_few_bits(entry, &twin, (at, named), &plan, partials, partial)?;
            }
            twins.push(twin);
        }
        let place = entry.place;
        let said = format!("following {place} at low precision on {stream}");
        self.progress.doing(&said);
        let piece = partials.piece(&index.to_string(), "followed")?;
        let on = Following {
            source: b.source(split, gap),
            channels: b.channels,
            seed,
            steps: e.steps / e.lanes as u64,
            stage: Some(piece.stage()),
        };
        let found = drift(net, &twins, &on, self.progress)?;
        let stored = partial.found.stored[first + 1..].iter_mut();
        for (stored, windows) in stored.zip(found) {
            stored.drift = windows;
        }
        partial.followed.push(stream.to_owned());
        partials.save(partial)?;
        partials.ended(&format!("{index}.followed"))
    }

    /// Evaluates `twin`, whose results are at `at`, under one policy, if that is not done yet.
    fn in_few_bits<R: Real>(
        &self,
        entry: &Entry,
        twin: &Twin<R>,
        (at, named): (usize, Named),
        plan: &Plan,
        partials: &PartialStore,
        partial: &mut Partial,
    ) -> Result<()> {
        let (place, (stream, state_reset, stage)) = (entry.place, named);
        let state_reset = state_reset.to_string();
        if partial.found.stored[at].has(&state_reset) {
            let chosen = threshold_steps(&self.scenario.evaluate, &self.dataset.valid);
            self.progress.skip(plan.steps + chosen);
            return Ok(());
        }
        let precision = twin.config.to_string();
        self.progress.doing(&format!(
            "evaluating {place} in {precision} on {stream}, state_reset {state_reset}"
        ));
        let threshold = self.threshold(&twin.net, plan, (partials, named), partial)?;
        let piece = partials.piece(stage, "stream")?;
        let plan = Plan {
            extras: Extras {
                stage: Some(piece.stage()),
                ..Extras::default()
            },
            instruments: &[],
            ..*plan
        };
        let found = NamedEvaluation {
            stream: line(stream, &precision),
            state_reset,
            evaluation: evaluate(&twin.net, &plan, threshold, self.progress)?,
        };
        let what = &self.shared.split;
        let metric = &brief(&found);
        (self.folder).metric(&place.lines(), &Metric::new(place, what, metric))?;
        let kept = StoredEvaluation::of(found.state_reset, &found.evaluation);
        partial.found.stored[at].evaluations.push(kept);
        partial.threshold = None;
        partials.save(partial)?;
        partials.ended(stage)
    }

    /// Steps of all of that for one net, roughly.
    pub(super) fn stored_work(&self) -> u64 {
        let e = &self.scenario.evaluate;
        let policies = e.state_reset.len() as u64;
        let each = policies * (e.steps + threshold_steps(e, &self.dataset.valid));
        let followed = LANES as u64 * (e.steps / e.lanes as u64);
        (e.streams.len() * e.precision.len()) as u64 * (each + followed)
    }
}
