//! One place's net, evaluated: now, or in an earlier run.

use anyhow::Result;
use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::key::{Keyed, Keys, key};
use super::{Entry, Matrix, Metric, threshold_steps};
use crate::eval::contraction::contraction;
use crate::eval::evaluate::{Plan, choose_threshold, evaluate};
use crate::eval::experiments::{Experiments, Setting};
use crate::network::Network;
use crate::run::summary::{NamedContraction, NamedEvaluation};
use crate::run::trace;
use crate::scenario::{Gap, StateReset};
use crate::stream::Split;

/// What an evaluation leaves.
#[derive(Serialize, Deserialize)]
pub struct Evaluated {
    /// Under each policy on each stream.
    pub evaluations: Vec<NamedEvaluation>,
    /// On each stream with gaps.
    pub contraction: Vec<NamedContraction>,
    /// On each stream, what is asked for beside.
    #[serde(flatten)]
    pub experiments: Experiments,
}

/// Where the recorded stretch of a stream begins, in lane steps.
const TRACE_START: u64 = 5_000;
/// How long it is.
const TRACE_STEPS: usize = 600;

impl Matrix<'_> {
    /// Evaluates `net` on every stream under every policy, or takes up earlier results. `None` if it is not
    /// done, and only what is done is wanted.
    pub(super) fn evaluated<R: Real>(
        &self,
        entry: &Entry,
        keys: &Keys,
        net: &Network<R>,
        done: bool,
    ) -> Result<Option<Evaluated>> {
        let name = &self.shared.split;
        let key = key(&(&keys.evaluated, &self.shared.data))?;
        let file = entry.place.file("results", &format!("{name}.json"));
        if let Some(known) = self.folder.read_json::<Keyed<Evaluated>>(&file)?
            && known.key == key
        {
            self.progress.advance(self.evaluation_work());
            return Ok(Some(known.result));
        }
        if done {
            return Ok(None);
        }
        let result = self.evaluate(entry, net, name)?;
        let keyed = Keyed { key, result };
        self.folder.write_json(&file, &keyed)?;
        Ok(Some(keyed.result))
    }

    /// Evaluates `net` on the split called `name`; every evaluation leaves a line of `metrics.jsonl`, the
    /// first stream a trace.
    fn evaluate<R: Real>(&self, entry: &Entry, net: &Network<R>, name: &str) -> Result<Evaluated> {
        let (e, b, place) = (&self.scenario.evaluate, self.bench, entry.place);
        let tested = b.test.as_ref().filter(|_| name == "test");
        let split = tested.unwrap_or(&b.valid);
        let mut done = Evaluated {
            evaluations: Vec::new(),
            contraction: Vec::new(),
            experiments: Experiments::default(),
        };
        for (index, (stream, gap)) in e.streams.iter().enumerate() {
            let gap = gap.as_ref();
            for state_reset in &e.state_reset {
                self.progress.doing(&format!(
                    "evaluating {place} on {stream}, state_reset {state_reset}"
                ));
                let plan = self.plan(entry, split, gap, state_reset);
                let choosing = Plan {
                    source: b.source(&b.valid, gap),
                    purpose: "threshold",
                    steps: threshold_steps(e, b),
                    instruments: &[],
                    ..plan
                };
                let threshold = choose_threshold(net, &choosing, self.progress)?;
                let found = NamedEvaluation {
                    stream: stream.to_owned(),
                    state_reset: state_reset.to_string(),
                    evaluation: evaluate(net, &plan, threshold, self.progress)?,
                };
                (self.folder).metric(&Metric::new(place, name, &brief(&found)))?;
                done.evaluations.push(found);
            }
            if gap.is_some() {
                let source = b.source(&b.valid, gap);
                let curves = contraction(net, source, b.channels, place.seed, &e.contraction)?;
                done.contraction.push(NamedContraction {
                    stream: stream.to_owned(),
                    curves,
                });
            }
            let setting = Setting {
                evaluate: e,
                stream,
                source: b.source(split, gap),
                channels: b.channels,
                seed: place.seed,
                shard_lanes: self.scenario.train.shard_lanes,
            };
            (done.experiments).run(net, &setting, self.progress)?;
            if index == 0 {
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
            }
        }
        Ok(done)
    }

    /// The evaluation of a place's net on a stream of `split`.
    fn plan<'b>(
        &'b self,
        entry: &Entry,
        split: &'b Split,
        gap: Option<&'b Gap>,
        state_reset: &'b StateReset,
    ) -> Plan<'b> {
        let (s, b) = (self.scenario, self.bench);
        let e = &s.evaluate;
        Plan {
            source: b.source(split, gap),
            state_reset: state_reset.config(),
            channels: b.channels,
            purpose: "evaluation",
            seed: entry.place.seed,
            steps: e.steps,
            lanes: e.lanes,
            shard_lanes: s.train.shard_lanes,
            windows: e.windows,
            dt_ms: b.dt_ms,
            detector: e.detector,
            instruments: &e.instruments,
        }
    }
}

/// What of an evaluation goes into `metrics.jsonl`.
#[derive(Serialize)]
struct Brief<'a> {
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

fn brief(found: &NamedEvaluation) -> Brief<'_> {
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
