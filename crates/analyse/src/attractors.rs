//! Trajectories of a network under one input, from several starts.
//!
//! An exponent belongs to an attractor: a network with several attractors has several leading exponents, and
//! one start reveals only one of them. So each input is run from several states: from the initial state (or,
//! without a stream, a random state); then in turn from the state after another stream and from a random
//! state (for networks whose states are plain numbers; for others, after further streams). All runs receive
//! the same input. After a warm-up, and again at the end, the states of two runs are compared:
//!
//! ```text
//! (1) d = max |x - y| / (1 + max |x|)
//! (2) one attractor:  d <= 1e-4 at the end, or d at the end <= d after the warm-up / 10
//! ```
//!
//! In a chaotic network, and in one whose spikes keep two pasts apart, runs never converge although they are
//! on one attractor. There, two runs count as one if their leading exponents agree within two of their
//! errors.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::random;
use saturn_cell::rng::generator;
use saturn_data::DataError;

use super::convergence::distance;
use super::jacobian::Slope;
use super::report::Attractor;
use super::trajectory::{CellSpectra, Seen, Trajectory, has_spikes};
use super::{Options, SILENCE, Subject, WARM_UP, plain_gap, together};
use saturn_network::Network;
use saturn_stream::{Columns, Composer, OpenGap, Tally};

/// (2): runs that are so near have met.
const MET: f64 = 1e-4;
/// (2): runs that converged by this factor will converge.
const NEARER: f64 = 0.1;

/// One input and a trajectory under it.
pub(super) struct Path {
    pub name: String,
    pub trajectory: Trajectory,
    pub attractor: Attractor,
    /// After the warm-up and at the end.
    between: [States; 2],
}

/// One `[S, 1]` a cell.
type States = Vec<DMatrix<f64>>;

/// An input, at its beginning.
type Hear<'a> = Box<dyn FnMut(&mut Columns<f64>) -> Result<(), DataError> + 'a>;

impl Path {
    /// (2)
    fn meets(&self, between: &[States; 2]) -> bool {
        let apart = |k: usize| distance(&self.between[k], &between[k], 0, 0);
        apart(1) <= MET || apart(1) <= NEARER * apart(0)
    }
}

impl Subject<'_> {
    /// The net on its stream, in a gap and in silence, one after the other, from each start.
    pub(super) fn paths(
        &self,
        options: &Options,
        seen: &mut [Seen],
    ) -> Result<Vec<Path>, DataError> {
        let seed = options.seed;
        let mut states: Vec<Option<States>> = (0..options.starts.max(1))
            .map(|start| self.start(start, seed))
            .collect::<Result<_, _>>()?;
        let mut paths = Vec::new();
        if let Some(source) = self.source {
            let hear = || -> Result<Hear<'_>, DataError> {
                let mut composer = Composer::new(source, "analysis", seed, 0)?;
                let next = move |out: &mut Columns<f64>| composer.step(out).map(|_| ());
                Ok(Box::new(next))
            };
            let steps = (WARM_UP[0], options.steps);
            paths.extend(self.courses("stream", &mut states, steps, &hear, seen)?);
            let gap = plain_gap(source.gap);
            let hear = || -> Result<Hear, DataError> {
                let mut rng = generator(seed, "analysis gap", 0);
                let (_, mut open) = OpenGap::draw(&gap, &mut rng);
                let mut tally = Tally::default();
                let next =
                    move |out: &mut Columns<f64>| open.step(source, &mut rng, &mut tally, out);
                Ok(Box::new(next))
            };
            let name = format!("gap of {}", gap.fill[0].name());
            let steps = (WARM_UP[1], options.steps);
            paths.extend(self.courses(&name, &mut states, steps, &hear, seen)?);
        }
        let hear = || -> Result<Hear, DataError> {
            Ok(Box::new(|out: &mut Columns<f64>| {
                out.push_empty();
                Ok(())
            }))
        };
        let steps = (WARM_UP[2], options.steps.min(SILENCE));
        paths.extend(self.courses("silence", &mut states, steps, &hear, seen)?);
        Ok(paths)
    }

    /// Whether any numbers are a state of the net: no spikes, counters or windows.
    fn is_plain(&self) -> bool {
        let plain = ["rnn", "gru", "lstm", "ssm", "lru", "ssm_block", "li"];
        self.net
            .cells()
            .iter()
            .all(|cell| plain.contains(&cell.name()))
    }

    /// Where a run begins; `None` is rest.
    fn start(&self, start: usize, seed: u64) -> Result<Option<States>, DataError> {
        match (self.source, start) {
            (Some(_), 0) => Ok(None),
            (Some(source), start) if start % 2 == 1 || !self.is_plain() => {
                let mut composer = Composer::new(source, "analysis start", seed, start as u64)?;
                let mut unseen = vec![Seen::default(); self.net.cells().len()];
                let form = (self.form, self.channels);
                let next = |out: &mut Columns<f64>| composer.step(out).map(|_| ());
                let (_, at) =
                    Trajectory::record(self.net, None, WARM_UP[0], form, next, &mut unseen)?;
                Ok(Some(at))
            }
            (_, start) => {
                let cells = self.net.cells().iter().enumerate();
                let own = cells.map(|(i, cell)| {
                    random(
                        cell.widths().state,
                        1,
                        0.5,
                        7 + i as u64 + 1_000 * start as u64,
                    )
                });
                Ok(Some(own.collect()))
            }
        }
    }

    /// The trajectories under one input; `states` advance to the end of each.
    fn courses<'a>(
        &self,
        name: &str,
        states: &mut [Option<States>],
        (warm_up, steps): (usize, usize),
        hear: &dyn Fn() -> Result<Hear<'a>, DataError>,
        seen: &mut [Seen],
    ) -> Result<Vec<Path>, DataError> {
        let form = (self.form, self.channels);
        let all = states.len();
        let mut unseen = vec![Seen::default(); seen.len()];
        let mut paths: Vec<Path> = Vec::new();
        for state in states {
            let mut next = hear()?;
            let from = state.as_deref();
            let (_, begin) =
                Trajectory::record(self.net, from, warm_up, form, &mut next, &mut unseen)?;
            let (trajectory, end) =
                Trajectory::record(self.net, Some(&begin), steps, form, &mut next, &mut *seen)?;
            *state = Some(end.clone());
            let between = [begin, end];
            if let Some(path) = paths.iter_mut().find(|path| path.meets(&between)) {
                path.attractor.starts += 1;
                continue;
            }
            paths.push(Path {
                name: name.to_owned(),
                trajectory,
                attractor: Attractor {
                    number: 1,
                    of: 1,
                    starts: 1,
                    all,
                },
                between,
            });
        }
        Ok(paths)
    }
}

/// The distinct attractors, numbered, with the exponents of each.
pub(super) fn told_apart(
    net: &Network<f64>,
    paths: Vec<Path>,
    spectra: Vec<Vec<Option<CellSpectra>>>,
) -> (Vec<Path>, Vec<Vec<Option<CellSpectra>>>) {
    let spiking = net.cells().iter().any(|cell| has_spikes(cell.as_ref()));
    let mut kept: Vec<(Path, Vec<Option<CellSpectra>>)> = Vec::new();
    for (path, own) in paths.into_iter().zip(spectra) {
        let same = |other: &(Path, Vec<Option<CellSpectra>>)| {
            other.0.name == path.name
                && one_by_rate(spiking, leading(other), leading_of(&path, &own))
        };
        match kept.iter().position(same) {
            Some(first) => kept[first].0.attractor.starts += path.attractor.starts,
            None => kept.push((path, own)),
        }
    }
    let names: Vec<String> = kept.iter().map(|(path, _)| path.name.clone()).collect();
    for (k, (path, _)) in kept.iter_mut().enumerate() {
        path.attractor.of = names.iter().filter(|name| **name == path.name).count();
        path.attractor.number = 1 + names[..k].iter().filter(|name| **name == path.name).count();
    }
    kept.into_iter().unzip()
}

/// λ_1 of the whole net and its error; `None` is -∞.
type Rate = Option<(f64, f64)>;

fn leading((path, own): &(Path, Vec<Option<CellSpectra>>)) -> Rate {
    leading_of(path, own)
}

fn leading_of(path: &Path, own: &[Option<CellSpectra>]) -> Rate {
    let nets = together(path, own);
    let net = nets.iter().find(|net| net.slope == Slope::True)?;
    let leading = net.spectrum.leading()?;
    Some((leading.per_step?, leading.error.unwrap_or(0.0)))
}

/// Whether two runs that stay apart are on one attractor, kept apart by chaos or spikes.
fn one_by_rate(spiking: bool, a: Rate, b: Rate) -> bool {
    match (a, b) {
        (None, None) => spiking,
        (Some((a, a_error)), Some((b, b_error))) => {
            let agree = (a - b).abs() <= 2.0 * a_error.hypot(b_error);
            let chaotic = a > 2.0 * a_error && b > 2.0 * b_error;
            agree && (spiking || chaotic)
        }
        _ => false,
    }
}
