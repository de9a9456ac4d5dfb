//! The instruments of every cell on the first lanes, window by window of stream position.

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::eval::lanes::Chunk;
use crate::monitor::asked::Asking;
use crate::monitor::{Monitor, WindowStats};
use crate::network::Network;

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
pub struct Watcher {
    monitors: Vec<(String, Monitor)>,
    /// Steps of a window, and from look to look.
    window: u64,
    every: u64,
    /// What was seen, in the order of the steps.
    pub seen: Vec<Watched>,
}

impl Watcher {
    /// At most so many steps of a window are looked at: the covariance costs S² each.
    const LOOKS: u64 = 200;

    /// For `steps` steps a lane.
    pub fn new<R: Real>(net: &Network<R>, steps: u64, plan: &Plan) -> Self {
        let window = (steps / plan.windows as u64).max(1);
        Self {
            monitors: net
                .cells()
                .iter()
                .enumerate()
                .map(|(layer, cell)| {
                    let name = cell.name().to_owned();
                    let asking = Asking {
                        instruments: plan.instruments,
                        seed: plan.seed,
                        layer,
                        dt_ms: plan.dt_ms,
                    };
                    let monitor = Monitor::new(cell.as_ref(), plan.dt_ms);
                    (name, monitor.asked(cell.as_ref(), asking))
                })
                .collect(),
            window,
            every: (window / Self::LOOKS).max(1),
            seen: Vec::new(),
        }
    }

    /// Looks at a chunk.
    pub fn observe<R: Real>(&mut self, chunk: &Chunk<R>) {
        for t in 0..chunk.steps {
            let at = chunk.start + t as u64;
            let columns = (chunk.read[t], chunk.lanes);
            for (i, (_, monitor)) in self.monitors.iter_mut().enumerate() {
                let tape = chunk.tapes.tape(i);
                let (drive, states) = (tape.drive(), tape.states());
                let drive = drive.columns(columns.0, columns.1);
                monitor.follow(states.columns(columns.0, columns.1));
                if at.is_multiple_of(self.every) {
                    monitor.observe(drive, states.columns(columns.0, columns.1));
                } else {
                    monitor.track(drive);
                }
            }
            if (at + 1).is_multiple_of(self.window) {
                for (i, (name, monitor)) in self.monitors.iter_mut().enumerate() {
                    self.seen.push(Watched {
                        step: at + 1,
                        layer: i,
                        cell: name.clone(),
                        stats: monitor.take(),
                    });
                }
            }
        }
    }
}
