//! How far a stored net's state is from the same net's state in full precision, along the same stream.
//!
//! Two nets hear the same lanes, never reset, one as it is stored and one in full. In windows of the position in
//! the stream whose lengths grow as powers of ten,
//!
//! ```text
//! (1) distance  = sqrt(Σ |h' - h|² / Σ |h|²)             over the window's steps, lanes and rows of a field
//! (2) saturated = share of the h' at an end of their range
//! (3) held      = share of the h' that are not zero and have been the same for 16 steps
//! (4) agreement = share of steps at which both nets' likeliest class is the same
//! ```
//!
//! A distance that grows from window to window is drift; one that stays is the noise of rounding. (3) shows the
//! dead zone of [`super::grid`]: a value in full precision hardly ever stays.

use rayon::prelude::*;
use saturn_cell::{Cell, Field, Real, View, column};
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
/// Steps for which a value that is held has been the same.
pub const HELD: u32 = 16;
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

/// A net as it is stored.
pub struct Twin<R: Real> {
    /// What it is stored in.
    pub config: PrecisionConfig,
    /// The ranges of its states.
    pub ranges: Ranges,
    /// The net.
    pub net: Network<R>,
}

/// Follows the net `full` and all its `twins` for `steps` steps on each of [`LANES`] lanes of `source`, which have
/// `channels` channels and are those of an evaluation under `seed`. Returns the windows of each twin.
pub fn drift<R: Real>(
    full: &Network<R>,
    twins: &[Twin<R>],
    source: Source,
    channels: usize,
    seed: u64,
    steps: u64,
    progress: &Progress,
) -> Result<Vec<Vec<DriftWindow>>, EvalError> {
    let never = Never {};
    let lanes = |net| Lanes::new(net, source, &never, channels, "evaluation", seed, 0, LANES);
    let nets = [full].into_iter().chain(twins.iter().map(|twin| &twin.net));
    let mut lanes: Vec<Lanes<R>> = nets.map(lanes).collect::<Result<_, _>>()?;
    let mut followers: Vec<Follower<R>> = twins.iter().map(Follower::new).collect();
    let mut windows = vec![Vec::new(); twins.len()];
    let mut done = 0;
    for end in ends(steps) {
        while done < end {
            if progress.stopped() {
                return Err(EvalError::Interrupted);
            }
            let now = (end - done).min(lanes[0].longest() as u64) as usize;
            let chunks = (lanes.par_iter_mut())
                .map(|lanes| lanes.run(now))
                .collect::<Result<Vec<Chunk<R>>, _>>()?;
            let (full, stored) = chunks.split_first().expect("the net in full");
            (followers.par_iter_mut().zip(stored)).for_each(|(f, stored)| f.follow(full, stored));
            done += now as u64;
            progress.advance((now * LANES * twins.len()) as u64);
        }
        for (windows, follower) in windows.iter_mut().zip(&mut followers) {
            windows.push(follower.take(end));
        }
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

/// Sums over a window of one twin.
struct Follower<R: Real> {
    fields: Vec<FieldSums<R>>,
    classes: usize,
    agreed: u64,
    compared: u64,
}

impl<R: Real> Follower<R> {
    fn new(twin: &Twin<R>) -> Self {
        let of_cell = |(layer, cell): (usize, &dyn Cell<R>)| {
            let (name, own) = (cell.name(), twin.ranges.of_cell(layer));
            let grids = grids(cell, &twin.config, own).into_iter();
            let sums = move |(field, grid)| FieldSums::new(layer, name, field, grid);
            grids.map(sums).collect::<Vec<_>>()
        };
        Self {
            fields: (twin.net.cells().iter().map(AsRef::as_ref).enumerate())
                .flat_map(of_cell)
                .collect(),
            classes: twin.net.classes(),
            agreed: 0,
            compared: 0,
        }
    }

    /// Adds a chunk of both nets.
    fn follow(&mut self, full: &Chunk<R>, stored: &Chunk<R>) {
        for field in &mut self.fields {
            let tapes = [full, stored].map(|chunk| chunk.tapes.tape(field.layer).states());
            field.add(tapes);
        }
        for j in 0..stored.logits.ncols() {
            let [a, b] =
                [full, stored].map(|chunk| argmax(&column(&chunk.logits, j)[..self.classes]));
            self.agreed += u64::from(a == b);
            self.compared += 1;
        }
    }

    /// What the window that ends at `step` was, and a new one.
    fn take(&mut self, step: u64) -> DriftWindow {
        let window = DriftWindow {
            step,
            agreement: self.agreed as f64 / self.compared.max(1) as f64,
            fields: self.fields.iter_mut().map(FieldSums::take).collect(),
        };
        (self.agreed, self.compared) = (0, 0);
        window
    }
}

/// Sums over a window of one field.
struct FieldSums<R: Real> {
    layer: usize,
    cell: &'static str,
    field: Field,
    grid: Grid<R>,
    apart: f64,
    size: f64,
    ends: u64,
    values: u64,
    held: u64,
    /// The last values, and for how many steps they have been the same, lane by lane.
    before: Vec<R>,
    runs: Vec<u32>,
}

impl<R: Real> FieldSums<R> {
    fn new(layer: usize, cell: &'static str, field: Field, grid: Grid<R>) -> Self {
        let values = field.rows.len() * LANES;
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
            before: vec![R::zero(); values],
            runs: vec![0; values],
        }
    }

    /// Adds the states in full and as stored, `[S, T*B]` each.
    fn add(&mut self, [full, stored]: [View<R>; 2]) {
        let rows = self.field.rows.clone();
        for j in 0..stored.ncols() {
            let (h, now) = (
                &column(&full, j)[rows.clone()],
                &column(&stored, j)[rows.clone()],
            );
            // Sums of one column in the number type itself: they are short.
            let (mut apart, mut size) = (R::zero(), R::zero());
            for (&h, &now) in h.iter().zip(now) {
                let d = now - h;
                apart += d * d;
                size += h * h;
            }
            self.apart += apart.wide();
            self.size += size.wide();
            let ends = now.iter().filter(|x| self.grid.is_end(**x)).count();
            self.ends += ends as u64;
            self.values += rows.len() as u64;
            let own = (j % LANES) * rows.len()..(j % LANES + 1) * rows.len();
            let known = self.before[own.clone()].iter_mut().zip(&mut self.runs[own]);
            for (&now, (before, run)) in now.iter().zip(known) {
                *run = if now == *before {
                    run.saturating_add(1)
                } else {
                    0
                };
                *before = now;
                self.held += u64::from(*run >= HELD && !now.is_zero());
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
            held: share(self.held, self.values),
        };
        (self.apart, self.size) = (0.0, 0.0);
        (self.ends, self.values, self.held) = (0, 0, 0);
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
