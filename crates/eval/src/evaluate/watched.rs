//! The instruments of every cell on the first lanes, window by window of stream position.

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::instruments::definition::Setting;
use crate::instruments::{Monitor, WindowStats};
use crate::lanes::Chunk;
use saturn_network::Network;
use saturn_store::checkpoint::as_json;

/// One cell in one window of stream position.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    /// The lane step at which the window ends.
    pub step: u64,
    /// Index of the cell in its net.
    pub layer: usize,
    /// The kind of cell.
    pub cell: String,
    /// What the instruments saw.
    pub stats: WindowStats,
}

/// Runs the instruments of every cell, and closes a window where it ends.
#[derive(Serialize, Deserialize)]
pub struct Watcher {
    monitors: Vec<(String, Monitor)>,
    /// Where windows end, ascending: the last may leave a rest of the stream.
    ends: Vec<u64>,
    /// The open window, and its first step.
    open: usize,
    start: u64,
    /// Steps from look to look.
    every: u64,
    /// What was seen, in the order of the steps.
    #[serde(with = "as_json")]
    pub seen: Vec<Watched>,
}

impl Watcher {
    /// At most so many steps of a window are looked at: the covariance costs S² each.
    const LOOKS: u64 = 200;

    /// For `steps` steps a lane.
    pub fn new<R: Real>(net: &Network<R>, steps: u64, plan: &Plan) -> Self {
        let ends: Vec<u64> = if plan.spacing.is_even() {
            let window = (steps / plan.windows as u64).max(1);
            (1..=steps / window).map(|k| k * window).collect()
        } else {
            plan.spacing.ends(steps, plan.windows)
        };
        let mut watcher = Self {
            monitors: net
                .cells()
                .iter()
                .enumerate()
                .map(|(layer, cell)| {
                    let name = cell.name().to_owned();
                    let setting = Setting {
                        seed: plan.seed,
                        layer,
                        dt_ms: plan.dt_ms,
                    };
                    let wanted = plan.instruments;
                    (name, Monitor::new(cell.as_ref(), setting, wanted))
                })
                .collect(),
            ends,
            open: 0,
            start: 0,
            every: 1,
            seen: Vec::new(),
        };
        watcher.every = watcher.pace();
        watcher
    }

    /// Steps from look to look in the open window.
    fn pace(&self) -> u64 {
        let end = self.ends.get(self.open).copied();
        end.map_or(self.every, |end| ((end - self.start) / Self::LOOKS).max(1))
    }

    /// Looks at a chunk.
    pub fn observe<R: Real>(&mut self, chunk: &Chunk<R>) {
        for t in 0..chunk.steps {
            let at = chunk.start + t as u64;
            let columns = (chunk.read[t], chunk.lanes);
            let looks = at.is_multiple_of(self.every);
            for (i, (_, monitor)) in self.monitors.iter_mut().enumerate() {
                let tape = chunk.tapes.tape(i);
                let (drive, states) = (tape.drive(), tape.states());
                let drive = drive.columns(columns.0, columns.1);
                let state = states.columns(columns.0, columns.1);
                monitor.follow(drive, state);
                if looks {
                    monitor.observe(drive, state);
                } else {
                    monitor.track(drive);
                }
            }
            if self.ends.get(self.open) == Some(&(at + 1)) {
                for (i, (name, monitor)) in self.monitors.iter_mut().enumerate() {
                    self.seen.push(Watched {
                        step: at + 1,
                        layer: i,
                        cell: name.clone(),
                        stats: monitor.take(),
                    });
                }
                (self.open, self.start) = (self.open + 1, at + 1);
                self.every = self.pace();
            }
        }
    }
}
