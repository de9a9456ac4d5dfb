//! Runs the networks for the contraction measure: different pasts, then the same gap.
//!
//! Each lane receives a stream that is never reset for at least `lead_steps`, then its own sample, and all
//! lanes end together. From there every lane receives the same gap; see [`crate::instruments::contraction`] for
//! the measure on the states.

use std::sync::Arc;

use nalgebra::DMatrix;
use saturn_cell::rng::generator;
use saturn_cell::{Real, compiled_once};
use saturn_data::DataError;

use super::lanes::CHUNK;
use crate::instruments::contraction::ContractionConfig;
use crate::instruments::contraction::{Contraction, ContractionCurve};
use saturn_network::{Network, Tapes};
use saturn_stream::{Columns, Composer, OpenGap, Sample, Source, Tally};

compiled_once! {
    /// The contraction curves of every cell of `net` in the gaps of `source`.
    pub fn contraction<R>(
        net: &Network<R>,
        source: Source,
        channels: usize,
        seed: u64,
        config: &ContractionConfig,
    ) -> Result<Vec<ContractionCurve>, DataError> {
        let Some(gap) = source.gap else {
            return Ok(Vec::new());
        };
        let lanes = config.samples.min(source.split.len());
        let mut curves: Vec<Contraction> = net
            .cells()
            .iter()
            .enumerate()
            .map(|(layer, cell)| Contraction::new(layer, cell.as_ref()))
            .collect();
        let pasts = Pasts {
            source,
            channels,
            seed,
            lanes,
            lead_steps: config.lead_steps,
        };
        let starts = pasts.run(net, &mut curves)?;
        let mut tapes = Tapes::new(net);
        let form = source.split.form();
        let (mut input, mut one) = (Columns::new(form, channels), Columns::new(form, channels));
        let mut tally = Tally::default();
        for realisation in 0..config.realisations {
            for (curve, state) in curves.iter_mut().zip(&starts) {
                curve.observe(0, state.as_view());
            }
            let mut rng = generator(seed, "contraction", realisation as u64);
            let (_, mut open) = OpenGap::draw(gap, &mut rng);
            let mut states = starts.clone();
            let mut lag = 0;
            while lag < config.gap_steps {
                let steps = CHUNK.min(config.gap_steps - lag);
                input.clear(form, channels);
                for _ in 0..steps {
                    one.clear(form, channels);
                    open.step(source, &mut rng, &mut tally, &mut one)?;
                    for _ in 0..lanes {
                        input.push_from(&one, 0);
                    }
                }
                tapes.start(net, steps, lanes);
                tapes.begin_from(&states);
                tapes.forward(net, input.input(), None);
                for t in 0..steps {
                    for (i, curve) in curves.iter_mut().enumerate() {
                        let all = tapes.tape(i).states();
                        curve.observe(lag + t + 1, all.columns(t * lanes, lanes));
                    }
                }
                states = tapes.last_states();
                lag += steps;
            }
        }
        Ok(curves.iter().flat_map(Contraction::curves).collect())
    }
}

/// Different pasts that end together.
struct Pasts<'a> {
    source: Source<'a>,
    channels: usize,
    seed: u64,
    lanes: usize,
    lead_steps: usize,
}

impl Pasts<'_> {
    /// The states at the end of the lanes' samples, one `[S, lanes]` per cell; on the way, `curves` collects
    /// the states of an ordinary stream.
    fn run<R: Real>(
        &self,
        net: &Network<R>,
        curves: &mut [Contraction],
    ) -> Result<Vec<DMatrix<R>>, DataError> {
        let samples = self.samples()?;
        let longest = samples.iter().map(|s| s.steps()).max().unwrap_or(0);
        let steps = self.lead_steps + longest;
        let mut lanes = (0..self.lanes as u64)
            .map(|lane| Composer::new(self.source, "pasts", self.seed, lane))
            .collect::<Result<Vec<_>, _>>()?;
        let mut tapes = Tapes::new(net);
        let form = self.source.split.form();
        let mut input = Columns::new(form, self.channels);
        let mut done = 0;
        while done < steps {
            let now = CHUNK.min(steps - done);
            input.clear(form, self.channels);
            for t in done..done + now {
                // A lane's own sample ends with the last step.
                for (lane, sample) in lanes.iter_mut().zip(&samples) {
                    match (t + sample.steps()).checked_sub(steps) {
                        Some(at) => sample.content.push(at, &mut input),
                        None => {
                            lane.step(&mut input)?;
                        }
                    }
                }
            }
            tapes.carry_on(net, now, self.lanes);
            tapes.forward(net, input.input(), None);
            for (curve, state) in curves.iter_mut().zip(tapes.last_states()) {
                curve.observe_stream(state.as_view());
            }
            done += now;
        }
        Ok(tapes.last_states())
    }

    /// The lanes' own samples, from all over the split.
    fn samples(&self) -> Result<Vec<Arc<Sample>>, DataError> {
        let split = self.source.split;
        (0..self.lanes)
            .map(|i| split.sample(i * split.len() / self.lanes))
            .collect()
    }
}
