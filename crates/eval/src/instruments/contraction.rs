//! Contraction: how much of the past is left in the state after the same gap.
//!
//! The states s_i of one net, i = 1..64, each after another past (the end of another sample on a stream
//! that was never reset), all run on through the *same* gap. What still tells them apart after k steps
//! is what the past has left:
//!
//! ```text
//! (1) D(k) = mean over pairs i < j of |s_i(k) - s_j(k)|, then over gap realisations
//! (2) contraction(k) = D(k) / D(0)
//! (3) relative(k) = D(k) / sqrt(2 tr C)
//! ```
//!
//! with C the covariance of the state along an ordinary stream: sqrt(2 tr C) is the root mean square
//! distance of two of its states, and so (3) compares what is left with what the net's states differ by
//! at all. Each field of each layer stands for itself, spikes apart; complex numbers are (re, im).
//!
//! The caller runs the nets. For each gap realisation it sets the starts, shows lag 0, then each step:
//!
//! ```text
//! for gap in gaps { net = starts; observe(0, states); for k in 1..=K { step; observe(k, states) } }
//! ```
//!
//! Distances are taken directly, in f64: by the Gram matrix they would drown in rounding just where a
//! net forgets well. A distance that is not finite is passed over.
//!
//! | symbol | here | shape |
//! |---|---|---|
//! | s | `states`, one column a start | `[S, 64]` |
//! | k | `lag`, steps | - |
//! | D | [`ContractionCurve::distances`] | one a lag |

mod settings;

use std::ops::Range;

use saturn_cell::kernel::{PAIRS, squared_distances};
use saturn_cell::{Cell, FieldKind, Real, View, column};
use serde::{Deserialize, Serialize};

pub use settings::ContractionConfig;

/// The curves of one field of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContractionCurve {
    /// The layer, from 0.
    pub layer: usize,
    /// The field's name.
    pub field: String,
    /// Whether these are spikes.
    pub spikes: bool,
    /// Whether this field stands for its layer in [`headline`]: its membrane, else its first field that
    /// is not spikes.
    pub main: bool,
    /// k, the lags that were shown, ascending.
    pub lags: Vec<usize>,
    /// (1) D at each lag.
    pub distances: Vec<f64>,
    /// (2) at each lag; empty where the starts did not differ, or lag 0 was not shown.
    pub values: Vec<f64>,
    /// (3) at each lag; `None` unless two states of a stream were shown that differ.
    pub relative_to_stream: Option<Vec<f64>>,
}

/// One curve a net: the mean over layers of their main fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContractionHeadline {
    /// k, the lags.
    pub lags: Vec<usize>,
    /// (2), mean over layers.
    pub values: Vec<f64>,
    /// (3), mean over layers; `None` if a layer lacks it.
    pub relative_to_stream: Option<Vec<f64>>,
}

/// Collects the distances of one layer's states.
#[derive(Clone, Debug)]
pub struct Contraction {
    layer: usize,
    fields: Vec<Distances>,
}

#[derive(Clone, Debug)]
struct Distances {
    name: String,
    kind: FieldKind,
    rows: Range<usize>,
    main: bool,
    /// By lag: the sum of (1) over realisations, and their number.
    lags: Vec<(f64, u64)>,
    /// The field's rows of each start, widened, `[rows, starts]`.
    wide: Vec<f64>,
    stream: Spread,
}

/// Mean and sum of squares around it of each row, by Welford's recurrence.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    n: f64,
    mean: Vec<f64>,
    squares: f64,
}

impl Spread {
    /// Nothing seen yet of `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self {
            n: 0.0,
            mean: vec![0.0; rows],
            squares: 0.0,
        }
    }

    /// The rows of a state; one that is not finite is passed over.
    pub fn add<R: Real>(&mut self, values: &[R]) {
        if !values.iter().all(|v| v.wide().is_finite()) {
            return;
        }
        self.n += 1.0;
        for (mean, v) in self.mean.iter_mut().zip(values) {
            let before = v.wide() - *mean;
            *mean += before / self.n;
            self.squares += before * (v.wide() - *mean);
        }
    }

    /// sqrt(2 tr C), exactly the root mean square distance over all pairs shown.
    pub fn rms_distance(&self) -> Option<f64> {
        let distance = (2.0 * self.squares / (self.n - 1.0)).sqrt();
        (self.n > 1.0 && distance > 0.0).then_some(distance)
    }
}

/// The field that stands for its layer: its membrane, else its first field that is not spikes.
pub(crate) fn main_field(fields: &[saturn_cell::Field]) -> Option<usize> {
    (fields.iter())
        .position(|f| f.kind == FieldKind::Membrane)
        .or_else(|| fields.iter().position(|f| f.kind != FieldKind::Spikes))
}

impl Contraction {
    /// For `cell`, the net's layer number `layer`.
    pub fn new<R: Real>(layer: usize, cell: &dyn Cell<R>) -> Self {
        let fields = cell.fields();
        let main = main_field(&fields);
        let distances = |(i, field): (usize, saturn_cell::Field)| Distances {
            name: field.name.to_string(),
            kind: field.kind,
            main: Some(i) == main,
            lags: Vec::new(),
            wide: Vec::new(),
            stream: Spread::new(field.rows.len()),
            rows: field.rows,
        };
        Self {
            layer,
            fields: fields.into_iter().enumerate().map(distances).collect(),
        }
    }

    /// The `states [S, starts]` at `lag` in one gap realisation.
    pub fn observe<R: Real>(&mut self, lag: usize, states: View<R>) {
        for field in &mut self.fields {
            field.observe(lag, &states);
        }
    }

    /// `states [S, B]` along an ordinary stream, for (3); at steps far apart, any number of times.
    pub fn observe_stream<R: Real>(&mut self, states: View<R>) {
        for field in &mut self.fields {
            for lane in 0..states.ncols() {
                field.stream.add(&column(&states, lane)[field.rows.clone()]);
            }
        }
    }

    /// The curves of each field.
    pub fn curves(&self) -> Vec<ContractionCurve> {
        (self.fields.iter())
            .map(|field| field.curve(self.layer))
            .collect()
    }
}

impl Distances {
    fn observe<R: Real>(&mut self, lag: usize, states: &View<R>) {
        self.wide.clear();
        for start in 0..states.ncols() {
            let own = &column(states, start)[self.rows.clone()];
            self.wide.extend(own.iter().map(|v| v.wide()));
        }
        let distance = spike_distance(&self.wide, self.rows.len())
            .or_else(|| mean_distance(&self.wide, self.rows.len()));
        let Some(distance) = distance else {
            return;
        };
        if self.lags.len() <= lag {
            self.lags.resize(lag + 1, (0.0, 0));
        }
        self.lags[lag].0 += distance;
        self.lags[lag].1 += 1;
    }

    fn curve(&self, layer: usize) -> ContractionCurve {
        let seen = self.lags.iter().enumerate().filter(|(_, l)| l.1 > 0);
        let (lags, distances): (Vec<usize>, Vec<f64>) =
            seen.map(|(k, &(sum, n))| (k, sum / n as f64)).unzip();
        let over = |unit: f64| distances.iter().map(|d| d / unit).collect();
        let start = match (lags.first(), distances.first()) {
            (Some(0), Some(&d)) if d > 0.0 => Some(d),
            _ => None,
        };
        ContractionCurve {
            layer,
            field: self.name.clone(),
            spikes: self.kind == FieldKind::Spikes,
            main: self.main,
            values: start.map(over).unwrap_or_default(),
            relative_to_stream: self.stream.rms_distance().map(over),
            lags,
            distances,
        }
    }
}

/// Seconds of one row of one pair of states in (1), by a few thousand pairs.
pub fn pair_seconds() -> f64 {
    const ROWS: usize = 256;
    const STARTS: usize = 32;
    const TIMES: u32 = 20;
    let states: Vec<f64> = (0..ROWS * STARTS).map(|i| (i % 97) as f64).collect();
    let began = std::time::Instant::now();
    for _ in 0..TIMES {
        std::hint::black_box(mean_distance(std::hint::black_box(&states), ROWS));
    }
    let pairs = (STARTS * (STARTS - 1) / 2) as f64 * f64::from(TIMES);
    began.elapsed().as_secs_f64() / (pairs * ROWS as f64)
}

/// (1) of `states [rows, starts]`; `None` where it is not finite, or there is no pair.
fn mean_distance(states: &[f64], rows: usize) -> Option<f64> {
    let columns: Vec<&[f64]> = states.chunks_exact(rows.max(1)).collect();
    let mut sum = 0.0;
    for (i, a) in columns.iter().enumerate() {
        for b in columns[..i].chunks(PAIRS) {
            // The last is repeated where there are fewer.
            let last = b.len() - 1;
            let squares = squared_distances(a, [b[0], b[last.min(1)], b[last.min(2)], b[last]]);
            for square in &squares[..b.len()] {
                sum += square.sqrt();
            }
        }
    }
    let pairs = columns.len() * columns.len().saturating_sub(1) / 2;
    let mean = sum / pairs as f64;
    mean.is_finite().then_some(mean)
}

fn is_zero(v: f64) -> bool {
    v.to_bits() == 0
}

fn is_one(v: f64) -> bool {
    v.to_bits() == 1.0f64.to_bits()
}

/// (1) of `states [rows, starts]` that are all 0 or 1; `None` where one is not, or there is no pair. The squared
/// distance of two is the number of rows in which they differ: it is exact, so the bits are those of [`mean_distance`],
/// which costs a pass over all numbers of both.
fn spike_distance(states: &[f64], rows: usize) -> Option<f64> {
    let columns = states.chunks_exact(rows.max(1));
    let (pairs, words) = (
        columns.len() * columns.len().saturating_sub(1) / 2,
        rows.div_ceil(64),
    );
    if pairs == 0 || !states.iter().all(|v| is_zero(*v) || is_one(*v)) {
        return None;
    }
    let bits = |some: &[f64]| {
        let bits = some.iter().enumerate();
        bits.fold(0u64, |bits, (k, v)| bits | u64::from(is_one(*v)) << k)
    };
    let bits: Vec<u64> = columns.flat_map(|own| own.chunks(64).map(bits)).collect();
    let mut sum = 0.0;
    for (i, a) in bits.chunks_exact(words).enumerate() {
        for b in bits.chunks_exact(words).take(i) {
            let differ = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones());
            sum += f64::from(differ.sum::<u32>()).sqrt();
        }
    }
    Some(sum / pairs as f64)
}

/// One curve a net, from the curves of its layers: the mean over those main fields that have (2), at
/// the lags that all of them have. `None` if there are none.
pub fn headline(curves: &[ContractionCurve]) -> Option<ContractionHeadline> {
    let main: Vec<&ContractionCurve> = (curves.iter())
        .filter(|c| c.main && !c.values.is_empty())
        .collect();
    let lags: Vec<usize> = (main.first()?.lags.iter().copied())
        .filter(|k| main.iter().all(|c| c.lags.binary_search(k).is_ok()))
        .collect();
    let mean = |curve: &dyn Fn(&ContractionCurve, usize) -> Option<f64>| -> Option<Vec<f64>> {
        let at = |k: &usize| -> Option<f64> {
            let sum: Option<f64> = (main.iter())
                .map(|c| curve(c, c.lags.binary_search(k).ok()?))
                .sum();
            Some(sum? / main.len() as f64)
        };
        lags.iter().map(at).collect()
    };
    Some(ContractionHeadline {
        values: mean(&|c, i| c.values.get(i).copied())?,
        relative_to_stream: mean(&|c, i| c.relative_to_stream.as_ref()?.get(i).copied()),
        lags,
    })
}

#[cfg(test)]
mod tests;
