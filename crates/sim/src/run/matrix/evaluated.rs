//! One place's net, evaluated: now, or in an earlier run.

use anyhow::Result;
use saturn_cell::Real;
use saturn_cell::kernel::Isa;
use serde::Serialize;

use super::Matrix;
use super::key::{Keyed, Keys};
use super::metric::Metric;
use super::partial::{Evaluated, Partial, PartialStore};
use crate::run::entry::Entry;
use crate::run::input::{Input, choosing, threshold_steps};
use crate::run::summary::{NamedContraction, NamedEvaluation};
use crate::scenario::{Gap, StateReset};
use saturn_eval::contraction::contraction;
use saturn_eval::evaluate::{
    Evaluation, Extras, Plan, TracePlan, TwinPlan, choose_threshold, evaluate, widened,
};
use saturn_eval::experiments::Setting;
use saturn_eval::trace;
use saturn_network::Network;
use saturn_stream::Split;

/// A stream's name, a policy, and the number that both have in the names of checkpoints.
pub(super) type Named<'a> = (&'a str, &'a StateReset, &'a str);

/// Where the recorded stretch of a stream begins, in lane steps.
const TRACE_START: u64 = 5_000;
/// How long it is.
const TRACE_STEPS: usize = 600;

impl Matrix<'_> {
    /// Evaluates `net` on every stream under every policy, or loads earlier results. `None` if it is not done
    /// and only existing results are used.
    pub(super) fn evaluated<R: Real>(
        &self,
        entry: &Entry,
        keys: &Keys,
        net: &Network<R>,
        done: bool,
    ) -> Result<Option<Evaluated>> {
        let name = &self.shared.split;
        // Without opening the test split, results do not depend on its file.
        let received = self.received(&keys.evaluated, name == "test")?;
        let file = entry.place.file("results", &format!("{name}.json"));
        let known = self.folder.read_json::<Keyed<Evaluated>>(&file)?;
        let key = received.known_as(known.as_ref().map(|known| &*known.key));
        let partials = PartialStore::new(self, entry, &key);
        if let Some(known) = known
            && known.key == key
        {
            self.progress.skip(self.evaluation_work());
            if !done {
                partials.clear()?;
            }
            return Ok(Some(known.result));
        }
        if done {
            return Ok(None);
        }
        let result = Evaluated {
            isa: Some(Isa::current().name().to_owned()),
            ..self.evaluate(entry, net, &partials)?
        };
        let keyed = Keyed { key, result };
        self.folder.write_json(&file, &keyed)?;
        partials.clear()?;
        Ok(Some(keyed.result))
    }

    /// Evaluates `net`, from where an earlier run was left. Every evaluation leaves a line of `metrics.jsonl`,
    /// the first stream a trace.
    fn evaluate<R: Real>(
        &self,
        entry: &Entry,
        net: &Network<R>,
        partials: &PartialStore,
    ) -> Result<Evaluated> {
        let (e, b, place) = (&self.scenario.evaluate, self.dataset, entry.place);
        let name = &self.shared.split;
        let tested = b.test.as_ref().filter(|_| name == "test");
        let split = tested.unwrap_or(&b.valid);
        let mut partial = partials.load()?;
        self.folder.retract(&place.lines(), |line| {
            let of = |key: &str| line[key].as_str().unwrap_or_default();
            let own = Metric::new(place, name, &()).is_of(line);
            own && !partial.knows(of("stream"), of("state_reset"))
        })?;
        let twin = self.twin(entry, net)?;
        for (index, (stream, gap)) in e.streams.iter().enumerate() {
            let gap = gap.as_ref();
            for (number, state_reset) in e.state_reset.iter().enumerate() {
                let stage = format!("{index}.{number}");
                let named = (stream, state_reset, stage.as_str());
                if partial.has(stream, &state_reset.to_string()) {
                    self.progress.skip(e.steps + threshold_steps(e, &b.valid));
                    continue;
                }
                self.progress.doing(&format!(
                    "evaluating {place} on {stream}, state_reset {state_reset}"
                ));
                let plan = self.plan(entry, split, gap, state_reset);
                let threshold = self.threshold(net, &plan, (partials, named), &mut partial)?;
                let found = NamedEvaluation {
                    stream: stream.to_owned(),
                    state_reset: state_reset.to_string(),
                    evaluation: self.one(
                        entry,
                        net,
                        &plan,
                        (partials, named),
                        threshold,
                        twin.as_ref(),
                    )?,
                };
                let metric = &brief(&found);
                (self.folder).metric(&place.lines(), &Metric::new(place, name, metric))?;
                partial.found.evaluations.push(found);
                partial.threshold = None;
                partials.save(&partial)?;
                partials.ended(&stage)?;
            }
            self.stored(
                entry,
                net,
                split,
                (index, stream, gap),
                partials,
                &mut partial,
            )?;
            if gap.is_some() && !partial.has_contraction(stream) {
                let source = b.source(&b.valid, gap);
                let curves = contraction(net, source, b.channels, place.seed, &e.contraction)?;
                partial.found.contraction.push(NamedContraction {
                    stream: stream.to_owned(),
                    curves,
                });
                partials.save(&partial)?;
            }
            if !partial.has_experiments(stream) {
                let piece = partials.piece(&index.to_string(), "tried")?;
                let setting = Setting {
                    wanted: e.experiments(),
                    stream,
                    source: b.source(split, gap),
                    channels: b.channels,
                    seed: place.seed,
                    shard_lanes: self.scenario.train.shard_lanes,
                    stage: Some(piece.stage()),
                };
                (partial.found.experiments).run(net, &setting, self.progress)?;
                partial.tried.push(stream.to_owned());
                partials.save(&partial)?;
                partials.ended(&format!("{index}.tried"))?;
            }
            if index == 0 && !partial.traced {
                let trace = trace::record(
                    net,
                    b.source(split, gap),
                    b.channels,
                    b.dt_ms,
                    place.seed,
                    (e.steps / e.lanes as u64).min(TRACE_START),
                    TRACE_STEPS,
                )?;
                trace.save(&self.folder.path().join(place.trace(name)))?;
                partial.traced = true;
                partials.save(&partial)?;
            }
        }
        Ok(partial.found)
    }

    /// The detector's threshold for `plan`, chosen on validation samples now or in an earlier run.
    pub(super) fn threshold<R: Real>(
        &self,
        net: &Network<R>,
        plan: &Plan,
        (partials, (_, _, stage)): (&PartialStore, Named),
        partial: &mut Partial,
    ) -> Result<f64> {
        let (e, b) = (&self.scenario.evaluate, self.dataset);
        let steps = threshold_steps(e, &b.valid);
        if let Some(threshold) = partial.threshold {
            self.progress.skip(steps);
            return Ok(threshold);
        }
        let piece = partials.piece(stage, "threshold")?;
        let choosing = Plan {
            extras: Extras {
                stage: Some(piece.stage()),
                ..Extras::default()
            },
            ..choosing(plan, b.source(&b.valid, plan.source.gap), steps)
        };
        let threshold = choose_threshold(net, &choosing, self.progress)?;
        partial.threshold = Some(threshold);
        partials.save(partial)?;
        Ok(threshold)
    }

    /// One evaluation with all additional measurements.
    fn one<R: Real>(
        &self,
        entry: &Entry,
        net: &Network<R>,
        plan: &Plan,
        (partials, (stream, state_reset, stage)): (&PartialStore, Named),
        threshold: f64,
        twin: Option<&Network<f64>>,
    ) -> Result<Evaluation> {
        let e = &self.scenario.evaluate;
        let piece = partials.piece(stage, "stream")?;
        let window = entry
            .place
            .window(&self.shared.split, stream, &state_reset.to_string());
        let stem = self.folder.path().join(window);
        let extras = Extras {
            stage: Some(piece.stage()),
            traces: e.traces.map(|traces| TracePlan {
                windows: traces.windows,
                steps: traces.steps,
                spacing: traces.spacing,
                stem: &stem,
            }),
            twin: e.twin.zip(twin).map(|(config, net)| TwinPlan {
                net,
                windows: config.windows,
                steps: config.steps,
            }),
            segments: None,
        };
        let plan = Plan { extras, ..*plan };
        Ok(evaluate(net, &plan, threshold, self.progress)?)
    }

    /// The network in f64, if one is to run alongside.
    fn twin<R: Real>(&self, entry: &Entry, net: &Network<R>) -> Result<Option<Network<f64>>> {
        if self.scenario.evaluate.twin.is_none() {
            return Ok(None);
        }
        Ok(Some(widened(net, self.fresh(entry)?)))
    }

    /// The evaluation of a place's net on a stream of `split`.
    pub(super) fn plan<'b>(
        &'b self,
        entry: &Entry,
        split: &'b Split,
        gap: Option<&'b Gap>,
        state_reset: &'b StateReset,
    ) -> Plan<'b> {
        let (s, b) = (self.scenario, self.dataset);
        let input = Input {
            source: b.source(split, gap),
            channels: b.channels,
            dt_ms: b.dt_ms,
            seed: entry.place.seed,
            shard_lanes: s.train.shard_lanes,
        };
        input.plan(&s.evaluate, state_reset)
    }
}

/// The part of an evaluation for `metrics.jsonl`.
#[derive(Serialize)]
pub(super) struct Brief<'a> {
    stream: &'a str,
    state_reset: &'a str,
    summed: Option<f64>,
    last: Option<f64>,
    detector: Option<f64>,
    balanced: Option<f64>,
    macro_f1: Option<f64>,
    recalls: Vec<Option<f64>>,
    steps: u64,
    steps_per_second: f64,
}

pub(super) fn brief(found: &NamedEvaluation) -> Brief<'_> {
    let e = &found.evaluation;
    Brief {
        stream: &found.stream,
        state_reset: &found.state_reset,
        summed: e.summed.as_ref().map(|a| a.value),
        last: e.last.as_ref().map(|a| a.value),
        detector: e.detector.as_ref().map(|a| a.value),
        balanced: e.balanced,
        macro_f1: e.macro_f1,
        recalls: e.by_class.recalls(),
        steps: e.steps,
        steps_per_second: e.steps_per_second,
    }
}
