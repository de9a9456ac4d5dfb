//! Progress of generating files, reported after each sample, and stopping it.

use std::ops::ControlFlow;
use std::path::Path;

use crate::error::DataError;

/// How far the writing of a set has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetProgress {
    /// Samples made so far, over all splits.
    pub done: usize,
    /// Samples to be made, over all splits.
    pub total: usize,
}

/// Receives the number of finished samples after each; [`ControlFlow::Break`] stops the work.
pub type Watch<'a> = &'a mut dyn FnMut(SetProgress) -> ControlFlow<()>;

/// Counts samples for a [`Watch`].
pub(crate) struct Tally<'a> {
    watch: Watch<'a>,
    so_far: SetProgress,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(watch: Watch<'a>, total: usize) -> Self {
        Self {
            watch,
            so_far: SetProgress { done: 0, total },
        }
    }

    /// One more sample of the file at `output` is done.
    pub(crate) fn count(&mut self, output: &Path) -> Result<(), DataError> {
        self.so_far.done += 1;
        match (self.watch)(self.so_far) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(DataError::Stopped {
                path: output.to_owned(),
            }),
        }
    }
}
