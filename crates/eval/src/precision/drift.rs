//! How far a stored net's state is from the same net's state in full precision, along the same stream.
//!
//! Two networks receive the same lanes, never reset, one quantised and one in full precision. In windows of
//! the position in the stream whose lengths grow as powers of ten,
//!
//! ```text
//! (1) distance  = sqrt(Σ |h' - h|² / Σ |h|²)             over the window's steps, lanes and rows of a field
//! (2) saturated = share of the h' at an end of their range
//! (3) held      = share of the h' that are not zero and have been the same for 16 steps
//! (4) agreement = share of steps at which both nets' likeliest class is the same
//! ```
//!
//! A distance that grows from window to window is drift; a constant one is rounding noise. (3) shows the dead
//! zone of [`super::grid`]: a value in full precision hardly ever stays.

use rayon::prelude::*;
use saturn_cell::{Cell, Field, Real, View, column, compiled_once};
use saturn_data::DataError;
use saturn_loss::softmax::argmax;
use serde::{Deserialize, Serialize};

use super::calibrate::{Ranges, ranges};
use super::config::PrecisionConfig;
use super::grid::Grid;
use super::quantise;
use super::quantised::grids;
use crate::evaluate::EvalError;
use crate::lanes::{Chunk, Lanes, SavedLanes};
use crate::reset::Never;
use saturn_network::Network;
use saturn_store::Progress;
use saturn_store::checkpoint::{Keeper, Stage};
use saturn_stream::Source;

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
    /// Its storage format.
    pub config: PrecisionConfig,
    /// The ranges of its states.
    pub ranges: Ranges,
    /// The net.
    pub net: Network<R>,
}

impl<R: Real> Twin<R> {
    /// `full` as it is stored under `config`, with the ranges of its states on the streams of `source`.
    pub fn new(
        full: &Network<R>,
        config: PrecisionConfig,
        source: Source,
        channels: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        let ranges = ranges(full, &config, source, channels, seed)?;
        Ok(Self {
            net: quantise(full, &config, &ranges, seed),
            config,
            ranges,
        })
    }
}

/// The networks to follow, and for how long.
#[derive(Clone, Copy)]
pub struct Following<'a> {
    /// Samples, noise and gaps.
    pub source: Source<'a>,
    /// I.
    pub channels: usize,
    /// The seed of the evaluation whose first [`LANES`] lanes these are.
    pub seed: u64,
    /// Steps of each lane.
    pub steps: u64,
    /// The folder of checkpoints; without one, an interrupted part starts again.
    pub stage: Option<Stage<'a>>,
}

/// State in a checkpoint: finished steps, the lanes of each network, and the statistics of each twin.
type Saved = (u64, Vec<SavedLanes>, Vec<Seen>);

compiled_once! {
    /// Runs the network `full` and all its `twins` along `on`, from the last checkpoint. Returns the windows of
    /// each twin.
    pub fn drift<R>(
        full: &Network<R>,
        twins: &[Twin<R>],
        on: &Following,
        progress: &Progress,
    ) -> Result<Vec<Vec<DriftWindow>>, EvalError> {
        let mut keeper = on.stage.map(|stage| Keeper::new(stage, ""));
        let mut party = Party::new(full, twins, on)?;
        let saved = match &mut keeper {
            Some(keeper) => keeper.load::<Saved>(&|line| progress.line(line))?,
            None => None,
        };
        if let Some(saved) = saved
            && !party.resume(saved)?
        {
            progress
                .line("a checkpoint does not fit its networks, so this part of the run starts again");
            party = Party::new(full, twins, on)?;
        }
        let work = LANES as u64 * twins.len() as u64;
        progress.skip(work * party.done);
        for end in ends(on.steps) {
            while party.done < end {
                let before = party.done;
                party.go_on(end)?;
                progress.advance(work * (party.done - before));
                let stopped = progress.stopped();
                if let Some(keeper) = &mut keeper
                    && (stopped || keeper.is_due())
                {
                    keeper.save(&party.save())?;
                }
                if stopped {
                    return Err(EvalError::Interrupted);
                }
            }
        }
        let seen = party.followers.into_iter().map(|f| f.seen.windows);
        Ok(seen.collect())
    }
}

/// The net in full and its twins, side by side.
struct Party<'a, R: Real> {
    /// Of the net in full and of each twin.
    lanes: Vec<Lanes<'a, R>>,
    /// One a twin.
    followers: Vec<Follower<R>>,
    /// Steps of each lane that are done.
    done: u64,
}

impl<'a, R: Real> Party<'a, R> {
    fn new(
        full: &'a Network<R>,
        twins: &'a [Twin<R>],
        on: &Following<'a>,
    ) -> Result<Self, EvalError> {
        let lanes = |net| {
            let (source, channels, seed) = (on.source, on.channels, on.seed);
            Lanes::new(
                net,
                source,
                &Never {},
                channels,
                "evaluation",
                seed,
                0,
                LANES,
            )
        };
        let nets = [full].into_iter().chain(twins.iter().map(|twin| &twin.net));
        Ok(Self {
            lanes: nets.map(lanes).collect::<Result<_, _>>()?,
            followers: twins.iter().map(Follower::new).collect(),
            done: 0,
        })
    }

    /// The next chunk of the window that ends at `end`.
    fn go_on(&mut self, end: u64) -> Result<(), EvalError> {
        let now = (end - self.done).min(self.lanes[0].longest() as u64) as usize;
        let chunks = (self.lanes.par_iter_mut())
            .map(|lanes| lanes.run(now))
            .collect::<Result<Vec<Chunk<R>>, _>>()?;
        let (full, stored) = chunks.split_first().expect("the net in full");
        let each = self.followers.par_iter_mut().zip(stored);
        each.for_each(|(follower, stored)| follower.follow(full, stored));
        self.done += now as u64;
        if self.done == end {
            self.followers.iter_mut().for_each(|f| f.close(end));
        }
        Ok(())
    }

    fn save(&self) -> (u64, Vec<SavedLanes>, Vec<&Seen>) {
        let lanes = self.lanes.iter().map(Lanes::save);
        let seen = self.followers.iter().map(|f| &f.seen);
        (self.done, lanes.collect(), seen.collect())
    }

    /// Restores `saved`. False if it does not fit; then it may have been restored in part.
    fn resume(&mut self, (done, lanes, seen): Saved) -> Result<bool, EvalError> {
        let fields = self.followers.iter().map(|f| f.fields.len());
        if lanes.len() != self.lanes.len() || !seen.iter().map(|s| s.fields.len()).eq(fields) {
            return Ok(false);
        }
        for (own, saved) in self.lanes.iter_mut().zip(lanes) {
            if !own.resume(saved)? {
                return Ok(false);
            }
        }
        for (follower, seen) in self.followers.iter_mut().zip(seen) {
            follower.seen = seen;
        }
        self.done = done;
        Ok(true)
    }
}

/// Where windows end, up to `steps`: 100, 316, 1,000, and so on, and `steps`.
fn ends(steps: u64) -> Vec<u64> {
    let grown = (0..).map(|k| (FIRST * 10f64.powf(f64::from(k) / 2.0)).round() as u64);
    // A short last window would be uninformative.
    let mut ends: Vec<u64> = grown.take_while(|&end| 2 * end <= steps).collect();
    ends.push(steps);
    ends
}

/// Sees what becomes of one twin.
struct Follower<R: Real> {
    fields: Vec<Followed<R>>,
    classes: usize,
    seen: Seen,
}

/// A field of a cell's state that is followed.
struct Followed<R: Real> {
    layer: usize,
    cell: &'static str,
    field: Field,
    grid: Grid<R>,
}

/// The windows of one twin, and the sums of the one that is open.
#[derive(Serialize, Deserialize)]
struct Seen {
    agreed: u64,
    compared: u64,
    /// One a field.
    fields: Vec<Sums>,
    windows: Vec<DriftWindow>,
}

/// Sums over a window of one field.
#[derive(Serialize, Deserialize)]
struct Sums {
    apart: f64,
    size: f64,
    ends: u64,
    values: u64,
    held: u64,
    /// The last values, and for how many steps they have been the same, lane by lane.
    before: Vec<f64>,
    runs: Vec<u32>,
}

impl<R: Real> Follower<R> {
    fn new(twin: &Twin<R>) -> Self {
        let of_cell = |(layer, cell): (usize, &dyn Cell<R>)| {
            let (name, own) = (cell.name(), twin.ranges.of_cell(layer));
            let grids = grids(cell, &twin.config, own).into_iter();
            let followed = move |(field, grid)| Followed {
                layer,
                cell: name,
                field,
                grid,
            };
            grids.map(followed).collect::<Vec<_>>()
        };
        let cells = twin.net.cells().iter().map(AsRef::as_ref).enumerate();
        let fields: Vec<Followed<R>> = cells.flat_map(of_cell).collect();
        Self {
            seen: Seen {
                agreed: 0,
                compared: 0,
                fields: fields
                    .iter()
                    .map(|f| Sums::of(f.field.rows.len()))
                    .collect(),
                windows: Vec::new(),
            },
            fields,
            classes: twin.net.classes(),
        }
    }

    /// Adds a chunk of both nets.
    fn follow(&mut self, full: &Chunk<R>, stored: &Chunk<R>) {
        for (field, sums) in self.fields.iter().zip(&mut self.seen.fields) {
            let tapes = [full, stored].map(|chunk| chunk.tapes.tape(field.layer).states());
            sums.add(field, tapes);
        }
        for j in 0..stored.logits.ncols() {
            let [a, b] =
                [full, stored].map(|chunk| argmax(&column(&chunk.logits, j)[..self.classes]));
            self.seen.agreed += u64::from(a == b);
            self.seen.compared += 1;
        }
    }

    /// The window ends at `step`, and a new one begins.
    fn close(&mut self, step: u64) {
        let Seen {
            agreed, compared, ..
        } = self.seen;
        let fields = self.fields.iter().zip(&mut self.seen.fields);
        let window = DriftWindow {
            step,
            agreement: share(agreed, compared),
            fields: fields.map(|(field, sums)| sums.take(field)).collect(),
        };
        self.seen.windows.push(window);
        (self.seen.agreed, self.seen.compared) = (0, 0);
    }
}

impl Sums {
    /// For a field of so many rows.
    fn of(rows: usize) -> Self {
        Self {
            apart: 0.0,
            size: 0.0,
            ends: 0,
            values: 0,
            held: 0,
            before: vec![0.0; rows * LANES],
            runs: vec![0; rows * LANES],
        }
    }

    /// Adds the states in full and as stored, `[S, T*B]` each.
    fn add<R: Real>(&mut self, followed: &Followed<R>, [full, stored]: [View<R>; 2]) {
        let rows = followed.field.rows.clone();
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
            let ends = now.iter().filter(|x| followed.grid.is_end(**x)).count();
            self.ends += ends as u64;
            self.values += rows.len() as u64;
            let own = (j % LANES) * rows.len()..(j % LANES + 1) * rows.len();
            let known = self.before[own.clone()].iter_mut().zip(&mut self.runs[own]);
            for (now, (before, run)) in now.iter().map(|x| x.wide()).zip(known) {
                let same = now.to_bits() == before.to_bits();
                *run = if same { run.saturating_add(1) } else { 0 };
                *before = now;
                self.held += u64::from(*run >= HELD && now != 0.0);
            }
        }
    }

    /// Returns the finished window, and starts a new one.
    fn take<R: Real>(&mut self, followed: &Followed<R>) -> FieldDrift {
        let drift = FieldDrift {
            layer: followed.layer,
            cell: followed.cell.to_owned(),
            field: followed.field.name.to_string(),
            distance: (self.size > 0.0).then(|| (self.apart / self.size).sqrt()),
            saturated: share(self.ends, self.values),
            held: share(self.held, self.values),
        };
        (self.apart, self.size) = (0.0, 0.0);
        (self.ends, self.values, self.held) = (0, 0, 0);
        drift
    }
}

fn share(part: u64, of: u64) -> f64 {
    part as f64 / of.max(1) as f64
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
