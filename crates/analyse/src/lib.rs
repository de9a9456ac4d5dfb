//! Behaviour of a trained network on an endless stream: theoretical results and measurements.
//!
//! ```text
//! weights ──────────▶ theory        norms, conditions for contraction, bounds of states, gains
//! weights, silence ─▶ quiet, settle fixed points and their stability; where the whole network settles
//! weights, streams ─▶ trajectory    Lyapunov exponents of each cell, derivatives along the path
//!                     attractors    from several starts: which of them converge
//!                     forgetting    distance of two pasts in the same gap
//! all of it ────────▶ verdict       in plain words
//! ```
//!
//! Everything is computed in f64, independent of the precision of training.

mod attractors;
pub mod claim;
pub mod convergence;
pub mod described;
mod error;
pub mod fixed_points;
pub mod forgetting;
pub mod jacobian;
pub mod lyapunov;
mod report;
pub mod silent_input;
pub mod spectrum;
pub mod theory;
pub mod trajectory;
pub mod verdict;
pub mod without_surrogate;

use nalgebra::DMatrix;
use rayon::prelude::*;
use saturn_data::DataError;

use attractors::Path;
use convergence::settle;
use forgetting::Forgetting;
use jacobian::Slope;
use lyapunov::Spectrum;
use saturn_eval::contraction::contraction;
use saturn_eval::instruments::contraction::ContractionConfig;
use saturn_network::Layer;
use saturn_network::Network;
use saturn_stream::{Fill, Gap};
use saturn_stream::{Form, Source};
use silent_input::{LARGEST, quiet};
use theory::{Heard, theory};
use trajectory::{CellSpectra, Seen, Trajectory, has_spikes};
use without_surrogate::still;

pub use report::{Analysis, Attractor, Cloud, LayerAnalysis, Measured, NetMeasured};

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Lyapunov exponents of each cell.
    pub exponents: usize,
    /// Steps of each input that they are measured over.
    pub steps: usize,
    /// States that each input is run from, to find attractors side by side: 1 at least.
    pub starts: usize,
    /// Of the streams.
    pub seed: u64,
}

/// Steps that are not looked at, in which starts may come together: of the stream, of a gap, and of silence.
const WARM_UP: [usize; 3] = [500, 200, 500];
/// Steps after which further silence changes nothing.
const SILENCE: usize = 4_000;
/// Steps within which a network should settle.
const TO_REST: usize = 4_000;
/// States of the stream from which it is followed into silence.
const STARTS: usize = 24;
/// Moments at which derivatives are looked at.
const MOMENTS: usize = 12;
/// How the distance of two pasts is measured.
const PASTS: ContractionConfig = ContractionConfig {
    samples: 32,
    lead_steps: 200,
    gap_steps: 400,
    realisations: 2,
};

/// A network with its metadata.
pub struct Subject<'a> {
    /// The net, in f64.
    pub net: &'a Network<f64>,
    /// Its cells as the scenario describes them, where it does.
    pub layers: Vec<Option<&'a Layer>>,
    /// The stream of its input; `None`: only silence.
    pub source: Option<Source<'a>>,
    /// Events or frames.
    pub form: Form,
    /// I.
    pub channels: usize,
    /// Length of a step, ms.
    pub dt_ms: f64,
}

/// What a report says of the network that it is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Its name.
    pub net: &'a str,
    /// The checksum of its weights; empty if they are in no file.
    pub weights: &'a str,
    /// The precision of training.
    pub precision: &'a str,
}

/// The report on the network of `subject`; `say` receives progress lines.
pub fn report(
    subject: &Subject,
    options: &Options,
    about: About,
    say: &dyn Fn(&str),
) -> Result<Analysis, DataError> {
    let (layers, settled, exponents) = analyse(subject, options, say)?;
    let dt_ms = subject.dt_ms;
    Ok(Analysis {
        saturn: env!("CARGO_PKG_VERSION").to_owned(),
        net: about.net.to_owned(),
        weights: about.weights.to_owned(),
        precision: about.precision.to_owned(),
        dt_ms,
        seed: options.seed,
        verdict: verdict::verdict(&layers, &settled, &exponents, dt_ms),
        exponents,
        settled,
        layers,
    })
}

/// Analyses the network of `subject`; `say` receives progress lines.
pub fn analyse(
    subject: &Subject,
    options: &Options,
    say: &dyn Fn(&str),
) -> Result<(Vec<LayerAnalysis>, convergence::Settled, Vec<NetMeasured>), DataError> {
    let net = subject.net;
    let still = still(net, &subject.layers, subject.dt_ms);
    let mut seen = vec![Seen::default(); net.cells().len()];
    say("running the net on its stream");
    let paths = subject.paths(options, &mut seen)?;
    say("measuring exponents");
    let spectra: Vec<Vec<Option<CellSpectra>>> = (paths.par_iter())
        .map(|path| path.trajectory.spectra(net, &still, options.exponents))
        .collect();
    let (paths, spectra) = attractors::told_apart(net, paths, spectra);
    say("searching for its settled states");
    let starts = side_by_side(net, &paths[0].trajectory);
    let silence = DMatrix::zeros(subject.channels, 1);
    let (settled, ends) = settle(net, &starts, &silence, TO_REST);
    // From states of the stream, and from where they led.
    let starts: Vec<DMatrix<f64>> = (starts.iter().zip(&ends))
        .map(|(from, to)| {
            let columns: Vec<_> = from.column_iter().chain(to.column_iter()).collect();
            if columns.is_empty() || from.nrows() == 0 {
                from.clone()
            } else {
                DMatrix::from_columns(&columns)
            }
        })
        .collect();
    let points = quiet(&still, &starts, subject.channels);
    say("following two pasts into the same gap");
    let curves = match subject.source {
        Some(source) => {
            let gap = plain_gap(source.gap);
            let source = Source {
                gap: Some(&gap),
                ..source
            };
            contraction(net, source, subject.channels, options.seed, &PASTS)?
        }
        None => Vec::new(),
    };
    let mut slowest: Option<f64> = None;
    let mut layers = Vec::new();
    for (i, (cell, points)) in net.cells().iter().zip(points).enumerate() {
        let cell = cell.as_ref();
        let own = |path: usize| spectra[path][i].as_ref();
        let exponents = measured(paths.iter().enumerate().map(|(k, p)| (p, own(k))));
        // Two pasts are compared in a gap: the slowest of its attractors, here and below.
        let gaps = (0..paths.len()).filter(|k| paths[*k].name.starts_with("gap"));
        for rate in gaps.filter_map(|k| own(k)?.exact.leading()?.per_step) {
            slowest = Some(slowest.map_or(rate, |s: f64| s.max(rate)));
        }
        let main = curves.iter().find(|curve| curve.layer == i && curve.main);
        let heard = Heard {
            input: &seen[i].input,
            state: &seen[i].state,
        };
        let w = cell.widths();
        layers.push(LayerAnalysis {
            layer: i,
            cell: cell.name().to_owned(),
            state: w.state,
            outputs: w.output,
            spiking: has_spikes(cell),
            pinned: seen[i].pinned,
            largest: (seen[i].state.iter())
                .map(|(low, high)| low.abs().max(high.abs()))
                .reduce(f64::max),
            theory: theory(cell, subject.layers[i], heard),
            exponents,
            fixed_points: points,
            clouds: clouds([&still, net], i, &paths[0].trajectory),
            forgetting: main.and_then(|curve| Forgetting::new(curve, slowest)),
        });
    }
    let whole = (paths.iter().zip(&spectra))
        .flat_map(|(path, spectra)| together(path, spectra))
        .collect();
    Ok((layers, settled, whole))
}

/// Gaps of one kind: the first of `gap` that is not silence, or silence.
fn plain_gap(gap: Option<&Gap>) -> Gap {
    let fills = gap.map_or(&[][..], |gap| &gap.fill);
    let heard = fills.iter().find(|fill| **fill != Fill::Silence);
    Gap {
        fill: vec![heard.copied().unwrap_or(Fill::Silence)],
        ..gap.cloned().unwrap_or_default()
    }
}

/// States of a path, one `[S, B]` a cell.
fn side_by_side(net: &Network<f64>, path: &Trajectory) -> Vec<DMatrix<f64>> {
    let states: Vec<&[DMatrix<f64>]> = path.states(STARTS).collect();
    (0..net.cells().len())
        .map(|i| {
            let rows = net.cells()[i].widths().state;
            DMatrix::from_fn(rows, states.len(), |row, lane| states[lane][i][row])
        })
        .collect()
}

/// The exponents of one cell on each path.
fn measured<'a>(all: impl Iterator<Item = (&'a Path, Option<&'a CellSpectra>)>) -> Vec<Measured> {
    all.flat_map(|(path, spectra)| {
        let one = |slope, spectrum: &Spectrum| Measured {
            input: path.name.clone(),
            attractor: Some(path.attractor),
            slope,
            spectrum: spectrum.clone(),
        };
        let exact = spectra.map(|s| one(Slope::True, &s.exact));
        let surrogate = spectra.and_then(|s| s.surrogate.as_ref());
        let surrogate = surrogate.map(|s| one(Slope::Surrogate, s));
        [exact, surrogate].into_iter().flatten()
    })
    .collect()
}

/// The leading exponents of the whole net: those of its cells, taken together.
fn together(path: &Path, cells: &[Option<CellSpectra>]) -> Vec<NetMeasured> {
    let spiking = (cells.iter().flatten()).any(|cell| cell.surrogate.is_some());
    let slopes: &[Slope] = if spiking {
        &[Slope::True, Slope::Surrogate]
    } else {
        &[Slope::True]
    };
    let spectrum = |slope: Slope| {
        let of = |cell: &CellSpectra| match (slope, &cell.surrogate) {
            (Slope::Surrogate, Some(spectrum)) => spectrum.clone(),
            _ => cell.exact.clone(),
        };
        let all: Vec<Spectrum> = cells.iter().flatten().map(of).collect();
        let longest = all.iter().map(|s| s.exponents.len()).max().unwrap_or(0);
        let mut merged: Vec<_> = all.into_iter().flat_map(|s| s.exponents).collect();
        merged.sort_by(|a, b| {
            let rate = |e: &lyapunov::Exponent| e.per_step.unwrap_or(f64::NEG_INFINITY);
            rate(b).total_cmp(&rate(a))
        });
        // Further down, a cell may have more than were measured.
        merged.truncate(longest);
        Spectrum::new(merged, false)
    };
    (slopes.iter())
        .map(|&slope| NetMeasured {
            input: path.name.clone(),
            steps: path.trajectory.steps(),
            attractor: Some(path.attractor),
            slope,
            spectrum: spectrum(slope),
        })
        .filter(|net| !net.spectrum.exponents.is_empty())
        .collect()
}

/// The derivatives of cell `i` along a path.
fn clouds([still, net]: [&Network<f64>; 2], i: usize, path: &Trajectory) -> Vec<Cloud> {
    let cell = net.cells()[i].as_ref();
    let rows = cell.widths().state;
    if rows == 0 || rows > LARGEST {
        return Vec::new();
    }
    let slopes: &[Slope] = if has_spikes(cell) {
        &[Slope::True, Slope::Surrogate]
    } else {
        &[Slope::True]
    };
    (slopes.iter())
        .map(|&slope| {
            let net = if slope == Slope::True { still } else { net };
            Cloud::of(slope, &path.jacobians(net, i, MOMENTS, slope))
        })
        .collect()
}

#[cfg(test)]
mod tests;
