//! What the reader of an event file repaired or left out, for the log of a run.

use std::fmt;

use crate::error::DataError;
use crate::steps::Grid;

/// How many of each kind are named; the rest are counted.
const NAMED: usize = 5;

/// What was mended or left out of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notices {
    samples: usize,
    unsorted: usize,
    skipped: usize,
    first_unsorted: Vec<usize>,
    first_skipped: Vec<(usize, String)>,
    grid: Option<Grid>,
}

impl Notices {
    pub(crate) fn new(samples: usize) -> Self {
        Self {
            samples,
            ..Self::default()
        }
    }

    pub(crate) fn count_unsorted(&mut self, index: usize) {
        self.unsorted += 1;
        if self.first_unsorted.len() < NAMED {
            self.first_unsorted.push(index);
        }
    }

    pub(crate) fn count_skipped(&mut self, index: usize, error: &DataError) {
        self.skipped += 1;
        if self.first_skipped.len() < NAMED {
            self.first_skipped.push((index, error.to_string()));
        }
    }

    pub(crate) fn set_grid(&mut self, grid: Grid) {
        self.grid = Some(grid);
    }

    /// A grid that float16 times lie on and are not rounded to.
    pub fn grid(&self) -> Option<Grid> {
        self.grid
    }

    /// How many samples had times out of order; they are sorted.
    pub fn unsorted(&self) -> usize {
        self.unsorted
    }

    /// Indices in the file of the first few of them.
    pub fn first_unsorted(&self) -> &[usize] {
        &self.first_unsorted
    }

    /// How many samples were left out.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Index in the file, and reason, of the first few of them.
    pub fn first_skipped(&self) -> &[(usize, String)] {
        &self.first_skipped
    }

    /// Whether there are no notices.
    pub fn is_empty(&self) -> bool {
        self.unsorted == 0 && self.skipped == 0 && self.grid.is_none()
    }
}

/// One line per notice, without the file's name; possibly empty.
impl fmt::Display for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let samples = self.samples;
        let more = |count: usize| if count > NAMED { ", ..." } else { "" };
        let mut line_break = "";
        if self.unsorted > 0 {
            let named: Vec<String> = self.first_unsorted.iter().map(usize::to_string).collect();
            write!(
                f,
                "{} of {samples} samples had times out of order and were sorted: {}{}",
                self.unsorted,
                named.join(", "),
                more(self.unsorted)
            )?;
            line_break = "\n";
        }
        if self.skipped > 0 {
            write!(
                f,
                "{line_break}{} of {samples} samples are bad and were skipped:",
                self.skipped
            )?;
            for (_, reason) in &self.first_skipped {
                write!(f, "\n  {reason}")?;
            }
            if self.skipped > NAMED {
                write!(f, "\n  ...")?;
            }
            line_break = "\n";
        }
        if let Some(grid) = self.grid {
            write!(
                f,
                "{line_break}the times are float16 and on a grid of {grid}, but are floored as stored: \
                 about half of those at a step's start fall one step early; hint: round them to the grid, \
                 `data.grid_hz: {}` in a scenario, or `--grid-hz {}`",
                grid.hz(),
                grid.hz()
            )?;
        }
        Ok(())
    }
}
