//! The gradient against lag: how far back the state still affects the output.
//!
//! With z_t the logits, h_{t-k} the state of all cells k steps before, and J_k = dz_t / dh_{t-k}, taken by
//! the reverse kernels that training uses (so of a spiking cell through its surrogate):
//!
//! ```text
//! (1) |J_k|^2 = E |J_k' u|^2,  u of independent signs, one a logit        Frobenius norm
//! (2) norm_k  = sqrt(mean over lanes, t and 4 draws of u of |J_k' u|^2)
//! ```
//!
//! A leak has a^k, a diagonal state-space model |L|^k; a curve that falls fast is a network that cannot learn
//! from so far back, a rising one an exploding gradient. k goes in octaves from 1 to 256 steps; t are 4 steps
//! on 16 lanes of a stream that is never reset. (2) is dominated by its largest parts, so the median over
//! lanes and t is given as well.
//!
//! Cost: about 45,000 steps of the net forward and 130,000 in reverse; the tape of 256 steps on 16 lanes.
//!
//! Sources: R. Pascanu, T. Mikolov and Y. Bengio, *On the difficulty of training recurrent neural networks*,
//! ICML 2013, §2; (1) M. F. Hutchinson, Communications in Statistics 18, 1989.

use nalgebra::DMatrix;
use rand::RngExt;
use saturn_cell::rng::generator;
use saturn_cell::{Real, compiled_once};
use saturn_data::DataError;
use serde::{Deserialize, Serialize};

use super::lanes::CHUNK;
use saturn_network::{Network, Tapes};
use saturn_stream::{Columns, Composer, Source};

const LANES: usize = 16;
/// The first t, from one to the next, and how many.
const FIRST: usize = 512;
const APART: usize = 67;
const TIMES: usize = 4;
/// The longest k.
const LONGEST: usize = 256;
/// Draws of u.
const DRAWS: usize = 4;
/// Steps of the net in all; one in reverse counts as two.
pub const STEPS: u64 =
    (LANES * (FIRST + APART * TIMES + TIMES * (2 * LONGEST - 1) * (1 + 2 * DRAWS))) as u64;

/// (2) against k.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientLag {
    /// The stream's name in the scenario.
    pub stream: String,
    /// k.
    pub lags: Vec<usize>,
    /// (2), one a lag.
    pub norm: Vec<f64>,
    /// The median over lanes and t, one a lag.
    pub median: Vec<f64>,
    /// (2) for the state of each cell separately, one row per cell, from input to readout.
    pub cells: Vec<Vec<f64>>,
}

compiled_once! {
    /// The gradient of `net` against lag on the stream of `source` called `stream`.
    pub fn gradient_lag<R>(
        net: &Network<R>,
        source: Source,
        channels: usize,
        seed: u64,
        stream: &str,
    ) -> Result<GradientLag, DataError> {
        let mut heard = Columns::new(source.split.form(), channels);
        let mut composers = (0..LANES as u64)
            .map(|lane| Composer::new(source, "gradient lag", seed, lane))
            .collect::<Result<Vec<_>, _>>()?;
        for _ in 0..FIRST + APART * TIMES {
            for composer in &mut composers {
                composer.step(&mut heard)?;
            }
        }
        Ok(measure(net, &heard, seed, stream))
    }
}

/// `heard [I, T*LANES]` is the input.
fn measure<R: Real>(net: &Network<R>, heard: &Columns<R>, seed: u64, stream: &str) -> GradientLag {
    let lags: Vec<usize> = (0..=LONGEST.ilog2()).map(|i| 1 << i).collect();
    let times: Vec<usize> = (0..TIMES).map(|i| FIRST + APART * i).collect();
    let starts: Vec<usize> = times
        .iter()
        .flat_map(|t| lags.iter().map(move |k| t - k))
        .collect();
    let states = states_at(net, heard, &starts);
    let mut found = GradientLag {
        stream: stream.to_owned(),
        norm: Vec::new(),
        median: Vec::new(),
        cells: vec![Vec::new(); net.cells().len()],
        lags,
    };
    let lags = found.lags.clone();
    for (i, &k) in lags.iter().enumerate() {
        // |J' u|^2 of each cell, of each (t, lane), summed over draws.
        let mut squares = vec![vec![0.0; TIMES * LANES]; net.cells().len()];
        for (j, &t) in times.iter().enumerate() {
            let state = &states[j * lags.len() + i];
            let mut tapes = Tapes::new(net);
            tapes.start(net, k, LANES);
            tapes.begin_from(state);
            let all = heard.input();
            let x = all.slice((t - k) * LANES, k * LANES);
            tapes.forward(net, x, None);
            for draw in 0..DRAWS {
                let mut rng = generator(seed, "gradient probes", (j * DRAWS + draw) as u64);
                let signs: Vec<R> = (0..net.outputs() * LANES)
                    .map(|_| R::of(if rng.random::<bool>() { 1.0 } else { -1.0 }))
                    .collect();
                let last = (k - 1) * LANES;
                tapes.backward(
                    net,
                    x,
                    &mut |first, _, mut d| {
                        d.fill(R::zero());
                        for c in 0..d.ncols() {
                            if first + c >= last {
                                let from = (first + c - last) * net.outputs();
                                d.column_mut(c)
                                    .copy_from_slice(&signs[from..from + net.outputs()]);
                            }
                        }
                    },
                    &mut net.zero_gradient(),
                    &mut |_, _, _, _| {},
                );
                for (cell, squares) in squares.iter_mut().enumerate() {
                    let adjoint = tapes.tape(cell).d_initial();
                    for lane in 0..LANES {
                        let own = adjoint.column(lane);
                        let square: f64 = own.iter().map(|a| a.wide() * a.wide()).sum();
                        squares[j * LANES + lane] += square / DRAWS as f64;
                    }
                }
            }
        }
        found.add(&squares);
    }
    found
}

impl GradientLag {
    /// One lag, from |J' u|^2 of each cell at each (t, lane).
    fn add(&mut self, squares: &[Vec<f64>]) {
        let n = (TIMES * LANES) as f64;
        let mut all: Vec<f64> = (0..TIMES * LANES)
            .map(|i| squares.iter().map(|cell| cell[i]).sum())
            .collect();
        self.norm.push((all.iter().sum::<f64>() / n).sqrt());
        all.sort_by(f64::total_cmp);
        let middle = f64::midpoint(all[(all.len() - 1) / 2], all[all.len() / 2]);
        self.median.push(middle.sqrt());
        for (to, cell) in self.cells.iter_mut().zip(squares) {
            to.push((cell.iter().sum::<f64>() / n).sqrt());
        }
    }
}

/// The states before each of the steps `at`, one `[S, LANES]` a cell, in the order of `at`.
fn states_at<R: Real>(net: &Network<R>, heard: &Columns<R>, at: &[usize]) -> Vec<Vec<DMatrix<R>>> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by_key(|&i| at[i]);
    let mut states = vec![Vec::new(); at.len()];
    let mut tapes = Tapes::new(net);
    let mut done = 0;
    for i in order {
        while done < at[i] {
            let now = CHUNK.min(at[i] - done);
            tapes.carry_on(net, now, LANES);
            let all = heard.input();
            let x = all.slice(done * LANES, now * LANES);
            tapes.forward(net, x, None);
            done += now;
        }
        states[i] = tapes.last_states();
    }
    states
}

#[cfg(test)]
mod tests {
    use saturn_cell::CellConfig;
    use saturn_neurons::li::LiConfig;
    use saturn_ssm::SsmConfig;

    use super::*;
    use saturn_stream::Form;

    fn heard() -> Columns<f64> {
        let mut heard = Columns::new(Form::Frames, 2);
        let mut rng = generator(2, "test", 0);
        for _ in 0..(FIRST + APART * TIMES) * LANES {
            heard.push_frame([rng.random::<f32>() - 0.5, rng.random::<f32>()]);
        }
        heard
    }

    /// C leaks of one time constant, each a logit: |J_k| = a^k sqrt C.
    #[test]
    fn a_leak_has_its_power() {
        let config = LiConfig {
            outputs: 3,
            ..LiConfig::default()
        };
        let mut rng = generator(1, "test", 0);
        let net = Network::new(vec![
            config.build::<f64>(2, 10.0, &mut rng).expect("a cell"),
        ]);
        let found = measure(&net, &heard(), 1, "noise");
        let a = (-10.0f64 / 50.0).exp();
        for (k, norm) in found.lags.iter().zip(&found.norm) {
            let exact = a.powi(*k as i32) * 3f64.sqrt();
            assert!((norm / exact - 1.0).abs() < 1e-9, "{norm}, {exact} at {k}");
        }
        assert_eq!(found.norm, found.cells[0]);
    }

    /// One complex state: |J_k| / |J_1| = |L|^(k - 1).
    #[test]
    fn a_diagonal_state_has_its_modulus() {
        let config = SsmConfig {
            width: 1,
            states: 1,
            dt_min: 0.01,
            dt_max: 0.02,
            ..SsmConfig::default()
        };
        let mut rng = generator(4, "test", 0);
        let cell = config.build::<f64>(2, 10.0, &mut rng).expect("a cell");
        let modulus = cell.moduli().expect("moduli")[0];
        let found = measure(&Network::new(vec![cell]), &heard(), 1, "noise");
        for (k, norm) in found.lags.iter().zip(&found.norm) {
            let exact = found.norm[0] * modulus.powi(*k as i32 - 1);
            assert!((norm / exact - 1.0).abs() < 1e-9, "{norm}, {exact} at {k}");
        }
    }
}
