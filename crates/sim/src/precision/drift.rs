//! How far a stored net's state is from the same net's state in full precision, along the same stream.
//!
//! Two nets hear the same lanes, never reset, one as it is stored and one in full. In windows of the position in
//! the stream whose lengths grow as powers of ten,
//!
//! ```text
//! (1) distance  = sqrt(Σ |h' - h|² / Σ |h|²)             over the window's steps, lanes and rows of a field
//! (2) saturated = share of the h' at an end of their range
//! (3) held      = share of the h' that are not zero and the same as a step before
//! (4) agreement = share of steps at which both nets' likeliest class is the same
//! ```
//!
//! A distance that grows from window to window is drift; one that stays is the noise of rounding. (3) shows the
//! dead zone of [`super::grid`]: a value in full precision hardly ever stays.

use saturn_cell::{Field, Real, column};
use serde::{Deserialize, Serialize};

use super::calibrate::Ranges;
use super::config::PrecisionConfig;
use super::grid::Grid;
use super::quantised::grids;
use crate::eval::evaluate::EvalError;
use crate::eval::lanes::{Chunk, Lanes};
use crate::eval::reset::Never;
use crate::network::Network;
use crate::run::Progress;
use crate::stream::Source;
use crate::train::validate::argmax;

/// Lanes that are followed.
pub const LANES: usize = 4;
/// The first window's end, in lane steps; each further one is √10 times as far.
const FIRST: f64 = 100.0;

/// One window of stream position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftWindow {
    /// The lane step at which it ends.
    pub step: u64,
    /// (4)
    pub agreement: f64,
    /// One a cell and field.
    pub fields: Vec<FieldDrift>,
}

/// One field of a state in one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldDrift {
    /// Index of the cell in its net.
    pub layer: usize,
    /// The kind of cell.
    pub cell: String,
    /// The field's name.
    pub field: String,
    /// (1); `None` where the state in full is zero throughout.
    pub distance: Option<f64>,
    /// (2)
    pub saturated: f64,
    /// (3)
    pub held: f64,
}

/// What is followed.
#[derive(Clone, Copy)]
pub struct Twins<'a, R: Real> {
    /// The net in full.
    pub full: &'a Network<R>,
    /// The same as it is stored.
    pub stored: &'a Network<R>,
    /// What it is stored in.
    pub config: &'a PrecisionConfig,
    /// The ranges of its states.
    pub ranges: &'a Ranges,
}

/// Follows both nets for `steps` steps on each of [`LANES`] lanes of `source`, which have `channels` channels and
/// are those of an evaluation under `seed`.
pub fn drift<R: Real>(
    twins: Twins<R>,
    source: Source,
    channels: usize,
    seed: u64,
    steps: u64,
    progress: &Progress,
) -> Result<Vec<DriftWindow>, EvalError> {
    let never = Never {};
    let lanes = |net| Lanes::new(net, source, &never, channels, "evaluation", seed, 0, LANES);
    let (mut full, mut stored) = (lanes(twins.full)?, lanes(twins.stored)?);
    let mut fields = Vec::new();
    for (layer, cell) in twins.stored.cells().iter().enumerate() {
        let own = twins.ranges.of_cell(layer);
        for (field, grid) in grids(cell.as_ref(), twins.config, own) {
            fields.push(Follower::new(layer, cell.name(), field, grid));
        }
    }
    let mut windows = Vec::new();
    let (mut done, mut agreed, mut compared) = (0, 0u64, 0u64);
    for end in ends(steps) {
        while done < end {
            if progress.stopped() {
                return Err(EvalError::Interrupted);
            }
            let now = (end - done).min(full.longest() as u64) as usize;
            let (a, b) = (full.run(now)?, stored.run(now)?);
            for field in &mut fields {
                field.follow(&a, &b);
            }
            for j in 0..now * LANES {
                let said =
                    |chunk: &Chunk<R>| argmax(&column(&chunk.logits, j)[..twins.full.classes()]);
                agreed += u64::from(said(&a) == said(&b));
            }
            compared += (now * LANES) as u64;
            done += now as u64;
            progress.advance((now * LANES) as u64);
        }
        windows.push(DriftWindow {
            step: end,
            agreement: agreed as f64 / compared.max(1) as f64,
            fields: fields.iter_mut().map(Follower::take).collect(),
        });
        (agreed, compared) = (0, 0);
    }
    Ok(windows)
}

/// Where windows end, up to `steps`: 100, 316, 1,000, and so on, and `steps`.
fn ends(steps: u64) -> Vec<u64> {
    let grown = (0..).map(|k| (FIRST * 10f64.powf(f64::from(k) / 2.0)).round() as u64);
    // A last window that is short would say little.
    let mut ends: Vec<u64> = grown.take_while(|&end| 2 * end <= steps).collect();
    ends.push(steps);
    ends
}

/// Sums over a window of one field.
struct Follower<R: Real> {
    layer: usize,
    cell: &'static str,
    field: Field,
    grid: Grid<R>,
    apart: f64,
    size: f64,
    ends: u64,
    values: u64,
    held: u64,
    pairs: u64,
}

impl<R: Real> Follower<R> {
    fn new(layer: usize, cell: &'static str, field: Field, grid: Grid<R>) -> Self {
        Self {
            layer,
            cell,
            field,
            grid,
            apart: 0.0,
            size: 0.0,
            ends: 0,
            values: 0,
            held: 0,
            pairs: 0,
        }
    }

    /// Adds a chunk of both nets.
    fn follow(&mut self, full: &Chunk<R>, stored: &Chunk<R>) {
        let (a, b) = (full.tapes.tape(self.layer), stored.tapes.tape(self.layer));
        let (a, b) = (a.states(), b.states());
        let rows = self.field.rows.clone();
        for j in 0..b.ncols() {
            let (h, stored) = (&column(&a, j)[rows.clone()], &column(&b, j)[rows.clone()]);
            // Sums of one column in the number type itself: they are short.
            let (mut apart, mut size) = (R::zero(), R::zero());
            for (&h, &stored) in h.iter().zip(stored) {
                let d = stored - h;
                apart += d * d;
                size += h * h;
            }
            self.apart += apart.wide();
            self.size += size.wide();
            let ends = stored.iter().filter(|x| self.grid.is_end(**x)).count();
            self.ends += ends as u64;
            self.values += rows.len() as u64;
            if j >= LANES {
                let before = &column(&b, j - LANES)[rows.clone()];
                let pairs = stored.iter().zip(before);
                let held = pairs.filter(|(now, before)| now == before && !now.is_zero());
                self.held += held.count() as u64;
                self.pairs += rows.len() as u64;
            }
        }
    }

    /// What the window was, and a new one.
    fn take(&mut self) -> FieldDrift {
        let share = |part: u64, of: u64| part as f64 / of.max(1) as f64;
        let drift = FieldDrift {
            layer: self.layer,
            cell: self.cell.to_owned(),
            field: self.field.name.to_owned(),
            distance: (self.size > 0.0).then(|| (self.apart / self.size).sqrt()),
            saturated: share(self.ends, self.values),
            held: share(self.held, self.pairs),
        };
        (self.apart, self.size) = (0.0, 0.0);
        (self.ends, self.values, self.held, self.pairs) = (0, 0, 0, 0);
        drift
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_further_and_further_apart() {
        assert_eq!(ends(40), [40]);
        assert_eq!(ends(700), [100, 316, 700]);
        assert_eq!(ends(10_000), [100, 316, 1_000, 3_162, 10_000]);
    }
}
