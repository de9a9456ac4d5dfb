//! (1): seconds of short trials of a net, of two lengths.

use std::time::Instant;

use saturn_cell::Real;
use saturn_data::DataError;
use saturn_loss::{Loss, SpikeRate};

use super::{DRAWN, EstimateError, LANES, REPEATS, STEPS, TRAINED, TRIALS, Trials, operations};
use crate::command::made_up::fill;
use saturn_eval::evaluate::{Extras, Plan, choose_threshold, evaluate};
use saturn_eval::position::Spacing;
use saturn_eval::reset::Never;
use saturn_network::Network;
use saturn_network::{Layer, NetSize, NetworkConfig, Readout, build};
use saturn_sim::scenario::{Arm, Train};
use saturn_store::Progress;
use saturn_train::objective::Objective;
use saturn_train::update::Update;

/// (1).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// a, seconds.
    pub(super) start: f64,
    /// b, seconds a column.
    pub(super) column: f64,
}

impl Line {
    /// For a net of `ratio` times the operations.
    pub(super) fn times(self, ratio: f64) -> Self {
        Self {
            start: self.start * ratio,
            column: self.column * ratio,
        }
    }
}

impl Trials<'_> {
    /// Steps of a trial on each of `lanes` lanes of a net of `size`, longest; `weight` is how many operations of
    /// a step forward a column takes.
    fn steps(&self, size: &NetSize, lanes: usize, weight: f64) -> usize {
        let columns = self.share / (weight * operations(size) * TRIALS);
        (columns / lanes as f64).clamp(STEPS.0, STEPS.1) as usize
    }

    /// Lanes of a trial, where there are `lanes` in shards of `shard_lanes`.
    fn lanes(&self, size: &NetSize, lanes: usize, shard_lanes: usize, weight: f64) -> usize {
        let busy = LANES * shard_lanes.saturating_mul(rayon::current_num_threads());
        let most = self.share / (weight * operations(size) * STEPS.0 * TRIALS);
        lanes.min(busy).min(most as usize).max(1)
    }

    /// (1) of an update.
    pub(super) fn update<R: Real>(
        &mut self,
        net: &Network<R>,
        size: &NetSize,
        arm: &Arm,
        settings: &Train,
    ) -> Result<Line, EstimateError> {
        let (s, b) = (self.scenario, self.dataset);
        let lanes = self.lanes(size, settings.lanes, settings.shard_lanes, TRAINED);
        let steps = self.steps(size, lanes, TRAINED);
        // The net has an output a class: of a loss with more outputs, that many fewer classes are shown, and of a data
        // set with no more classes than these the cost is that of plain cross-entropy.
        let classes = net.outputs().saturating_sub(arm.loss.extra_outputs());
        let loss = if classes > 0 {
            Loss::new(&arm.loss)?
        } else {
            Loss::default()
        };
        let spike_rate = match &arm.spike_rate {
            Some(config) => Some(SpikeRate::new(config, b.dt_ms)?),
            None => None,
        };
        let objective = Objective {
            spike_rate: spike_rate.as_ref(),
            recompute: settings.recompute,
            grad_detach: arm.grad_detach,
            ..Objective::of(&loss)
        };
        let mut net = net.clone();
        let mut update = Update::new(settings.optimizer, &net)
            .starting_from(arm.initial_state, s.seed)
            .held_by(arm.fptt.as_ref(), &net);
        let shard_lanes = settings.shard_lanes.min(lanes);
        let form = b.train.form();
        self.line(size, lanes, steps, TRAINED, |steps| {
            let count = lanes.div_ceil(shard_lanes);
            let filled = update.fill(&net, count, |shard, batch| {
                let first = shard * shard_lanes;
                let own = first..lanes.min(first + shard_lanes);
                fill(batch, form, &b.mean_counts, classes, own, steps);
                Ok::<_, DataError>(())
            })?;
            let began = Instant::now();
            update.part(&net, objective, 0..filled);
            // A step of no length leaves the net as it is.
            update.step(&mut net, settings.clip_norm, 0.0);
            Ok(began.elapsed().as_secs_f64())
        })
    }

    /// (1) of choosing a threshold and of an evaluation.
    pub(super) fn stream<R: Real>(
        &mut self,
        net: &Network<R>,
        size: &NetSize,
        shard_lanes: usize,
    ) -> Result<(Line, Line), EstimateError> {
        let (s, b) = (self.scenario, self.dataset);
        let e = &s.evaluate;
        let lanes = self.lanes(size, e.lanes, shard_lanes, 1.0);
        let steps = self.steps(size, lanes, 1.0);
        let plan = |steps: usize| Plan {
            source: b.source(&b.valid, s.stream.gap.as_ref()),
            state_reset: &Never {},
            channels: b.channels,
            purpose: "estimate",
            seed: s.seed,
            steps: (steps * lanes) as u64,
            lanes,
            shard_lanes: shard_lanes.min(lanes),
            windows: 1,
            spacing: Spacing::Even,
            dt_ms: b.dt_ms,
            detector: e.detector,
            extras: Extras::default(),
            instruments: &e.instruments,
        };
        let progress = Progress::quiet();
        let quiet = self.line(size, lanes, steps, 1.0, |steps| {
            let began = Instant::now();
            choose_threshold(net, &plan(steps), &progress)?;
            Ok(began.elapsed().as_secs_f64())
        })?;
        let watched = self.line(size, lanes, steps, 1.0, |steps| {
            let began = Instant::now();
            evaluate(net, &plan(steps), 0.5, &progress)?;
            Ok(began.elapsed().as_secs_f64())
        })?;
        Ok((quiet, watched))
    }

    /// (1), from trials of `steps` steps and of a quarter of them; `trial` returns its seconds.
    fn line(
        &mut self,
        size: &NetSize,
        lanes: usize,
        steps: usize,
        weight: f64,
        mut trial: impl FnMut(usize) -> Result<f64, EstimateError>,
    ) -> Result<Line, EstimateError> {
        let short = (steps / 4).max(1);
        let mut seconds = [0.0; 2];
        let spent = &mut self.spent;
        let mut timed = |steps: usize| -> Result<f64, EstimateError> {
            spent.steps += (steps * lanes) as u64;
            spent.operations += weight * operations(size) * (steps * lanes) as f64;
            trial(steps)
        };
        timed(steps)?;
        for _ in 0..REPEATS {
            for (sum, steps) in seconds.iter_mut().zip([short, steps]) {
                *sum += timed(steps)? / f64::from(REPEATS);
            }
        }
        let [brief, whole] = seconds;
        let columns = (steps * lanes) as f64;
        let more = ((steps - short) * lanes) as f64;
        // On a busy machine the shorter trial may have taken longer: then all counts as columns.
        let column = if whole > brief && more > 0.0 {
            (whole - brief) / more
        } else {
            whole / columns
        };
        // No column is cheaper than a quarter of the mean.
        let column = column.clamp(0.25 * whole / columns, whole / columns);
        Ok(Line {
            start: (whole - column * columns).max(0.0),
            column,
        })
    }

    /// Cost `which` (quiet, watched, training) of a net that is too large to be tried.
    pub(super) fn of_small(&mut self, size: &NetSize, which: usize) -> Result<Line, EstimateError> {
        let (own, lines) = if let Some(known) = self.small {
            known
        } else {
            let known = self.small_net()?;
            self.small = Some(known);
            known
        };
        Ok(lines[which].times(operations(size) / own))
    }

    /// The costs of a small net on the scenario's data.
    fn small_net(&mut self) -> Result<(f64, [Line; 3]), EstimateError> {
        let b = self.dataset;
        let model = NetworkConfig {
            layers: vec![Layer::Gru(saturn_neurons::gru::GruConfig::default())],
            readout: Some(Readout::Linear),
        };
        let (inputs, classes) = (b.channels, b.classes.len());
        let size = NetSize::of("small", &model, inputs, classes);
        let net: Network<f32> = build("small", &model, inputs, classes, b.dt_ms, 1)?;
        self.spent.nets += 1;
        self.spent.operations += DRAWN * size.parameters().real();
        let settings = &self.scenario.train;
        let (quiet, watched) = self.stream(&net, &size, settings.shard_lanes)?;
        let training = self.update(&net, &size, &Arm::default(), settings)?;
        Ok((operations(&size), [quiet, watched, training]))
    }
}
