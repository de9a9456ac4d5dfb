//! Gaps of a run's own stream, for `saturn send --gaps-of`.
//!
//! A run's healthy ranges are learnt on its validation samples with gaps between them: silence, noise at the
//! training set's rates, or another fill of its scenario. A recording sent with the same gaps matches the
//! network's training; one sent with silence may be out of range for that reason alone.
//!
//! Steps are those of the run, and so are the drawn lengths and contents (not the order of the samples): a
//! gap is whole steps, before each recording, and each of its events is at a random microsecond of its step.

use std::path::Path;

use anyhow::Result;
use rand::RngExt;
use saturn_cell::rng::{ChaCha8Rng, generator};
use saturn_data::Steps;

use super::run_of;
use crate::run::dataset::Dataset;
use crate::run::paths::paths_if_there;
use crate::scenario::{DataSource, Gap, Scenario};
use saturn_live::LiveError;
use saturn_live::protocol::{Item, gathered};
use saturn_live::send::Gaps;
use saturn_stream::{Columns, Form, OpenGap, Tally};

/// The gaps of a run.
pub struct RunGaps {
    dataset: Dataset,
    gap: Option<Gap>,
    rng: ChaCha8Rng,
    steps: Steps,
}

impl RunGaps {
    /// The first microsecond of step `k`.
    fn begin_us(&self, k: u64) -> u64 {
        self.steps.start_us(k)
    }

    /// The step that begins at `time_us` or after it.
    fn step_from(&self, time_us: u64) -> u64 {
        let before = time_us.checked_sub(1);
        before.map_or(0, |before| self.steps.of_us(before) + 1)
    }
}

impl Gaps for RunGaps {
    fn of(path: &Path, seed: u64) -> Result<Self> {
        let (run, _) = run_of(path)?;
        let scenario = Scenario::load(&run.join("scenario.yaml"), &[""; 0])?;
        let refused = |what: &str, hint: &str| LiveError::Model {
            path: path.to_owned(),
            what: what.to_owned(),
            hint: hint.to_owned(),
        };
        if matches!(scenario.data.source, DataSource::Frames { .. }) {
            let what = "its data are frames, and `saturn send` sends events";
            return Err(refused(what, "name a run on `data.events`").into());
        }
        let Some(paths) = paths_if_there(&scenario)? else {
            let what = "its data were not found, and its noise has their rates";
            return Err(refused(what, "run its scenario, or `saturn data make`, first").into());
        };
        Ok(Self {
            gap: scenario.first_gap().cloned(),
            dataset: Dataset::open(&scenario, &paths, false)?,
            rng: generator(seed, "send gaps", 0),
            steps: Steps::new(scenario.data.dt_ms),
        })
    }

    fn channels(&self) -> usize {
        self.dataset.channels
    }

    fn after(&self, time_us: u64) -> u64 {
        self.begin_us(self.step_from(time_us + 1))
    }

    fn draw(
        &mut self,
        from_us: u64,
        send: &mut dyn FnMut(Vec<Item>) -> Result<bool, LiveError>,
    ) -> Result<u64> {
        let first = self.step_from(from_us);
        let Some(gap) = &self.gap else {
            return Ok(self.begin_us(first));
        };
        let (steps, mut open) = OpenGap::draw(gap, &mut self.rng);
        let source = self.dataset.source(&self.dataset.valid, self.gap.as_ref());
        let (mut tally, mut columns) = (Tally::default(), Columns::<f32>::default());
        let mut end = first;
        for k in first..first + steps as u64 {
            columns.clear(Form::Events, self.dataset.channels);
            open.step(source, &mut self.rng, &mut tally, &mut columns)?;
            let (begin, next) = (self.begin_us(k), self.begin_us(k + 1));
            let (units, counts) = columns.events().view().column(0);
            let mut events = Vec::new();
            for (&unit, &count) in units.iter().zip(counts) {
                for _ in 0..count as u64 {
                    events.push((self.rng.random_range(begin..next.max(begin + 1)), unit));
                }
            }
            end = k + 1;
            if !send(gathered(events))? {
                break;
            }
        }
        Ok(self.begin_us(end))
    }
}
