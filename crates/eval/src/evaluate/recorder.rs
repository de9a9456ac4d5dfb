//! Traces of the first lane in windows of a stream, a closed file each, written while the evaluation runs.

use std::path::{Path, PathBuf};

use saturn_cell::Real;
use serde::{Deserialize, Serialize};

use super::Plan;
use super::windows::Spread;
use crate::lanes::Chunk;
use crate::trace::{Trace, TraceError};
use saturn_network::Network;

/// Which windows are recorded, and where they go.
#[derive(Clone, Copy, Debug)]
pub struct TracePlan<'a> {
    /// How many windows, at most.
    pub windows: usize,
    /// Steps of each.
    pub steps: u64,
    /// How they lie in the stream.
    pub spacing: Spread,
    /// The files' path, to which `.wNN.h5` is added.
    pub stem: &'a Path,
}

/// Records window after window.
#[derive(Serialize, Deserialize)]
pub struct Recorder {
    /// The first steps of the windows.
    starts: Vec<u64>,
    steps: u64,
    /// The window that is open, or the next one.
    next: usize,
    open: Option<Trace>,
}

impl Recorder {
    /// For a lane of `length` steps.
    pub fn new(plan: &TracePlan, length: u64) -> Self {
        let steps = plan.steps.min(length);
        Self {
            starts: plan.spacing.starts(length, plan.windows, steps, 1),
            steps,
            next: 0,
            open: None,
        }
    }

    /// Records what of a chunk is in a window, and closes the files of windows that end in it.
    pub fn observe<R: Real>(
        &mut self,
        net: &Network<R>,
        chunk: &Chunk<R>,
        plan: &Plan,
        traces: &TracePlan,
    ) -> Result<(), TraceError> {
        let end = chunk.start + chunk.steps as u64;
        while let Some(&start) = self.starts.get(self.next)
            && start < end
        {
            let trace = self
                .open
                .get_or_insert_with(|| Trace::begin(net, start, plan.channels, plan.dt_ms));
            let until = end.min(start + self.steps);
            for at in start.max(chunk.start)..until {
                trace.push(net, chunk, (at - chunk.start) as usize);
            }
            if until < start + self.steps {
                break;
            }
            trace.save(&file(traces.stem, self.next))?;
            self.open = None;
            self.next += 1;
        }
        Ok(())
    }
}

/// The file of window `k`.
fn file(stem: &Path, k: usize) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(format!(".w{k:02}.h5"));
    path.into()
}
