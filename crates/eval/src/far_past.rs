//! Far-past dependence: the effect on the output of inputs more than k steps ago.
//!
//! At a step t of a stream, p(t) are the probabilities after the whole past, and p_k(t) those of the same
//! network reset k steps ago, which has received only the last k steps:
//!
//! ```text
//! (1) TV_k = mean over lanes and t of 1/2 sum_c |p_c(t) - p_{k,c}(t)|       total variation, 0..1
//! (2) changed_k = share of (lane, t) whose most probable class is another
//! ```
//!
//! TV_k is the mean over streams of the *effective remembrance* of Buitrago & Gu 2025, EffRem_T(t') = TV(q(. | x_{0:T}),
//! q(. | x_{t':T})), with T = t and t' = t - k: the distance between the outputs after the whole past and after the last k
//! steps.
//!
//! TV_k is the most by which the probability of any event differs. A large value at a short k is use of
//! context; a large value at a long k, where no useful input is so far back, would be absent with a window of
//! k steps. k goes in octaves from 1 to 512 steps; t is 1,024 and each 31st step after it, 16 of them, on 16
//! lanes. The initial state is not visited along the stream, so short k also include the effect of the start.
//!
//! Cost: about 300,000 steps of the net, and the input of 16 lanes for 1,500 steps in memory.
//!
//! | symbol | here | unit |
//! |---|---|---|
//! | k | [`FarPast::lags`] | steps |
//! | TV_k | [`FarPast::variation`] | - |
//!
//! Source: the total variation is Gibbs & Su 2002, *On choosing and bounding probability metrics*; the
//! restart k steps ago is the truncation of Miller & Hardt 2019, *Stable recurrent models*, §3; effective remembrance is
//! Buitrago Ruiz & Gu 2025, *Understanding and improving length generalization in recurrent models* (arXiv 2507.02782).

use saturn_cell::{Real, column, compiled_once};
use saturn_data::DataError;
use saturn_loss::softmax::{argmax, softmax};
use serde::{Deserialize, Serialize};

use super::lanes::CHUNK;
use crate::stats::estimate::over_seeds;
use saturn_network::{Network, Tapes};
use saturn_stream::{Columns, Composer, Source};

/// Lanes, and steps t on each.
const LANES: usize = 16;
const TIMES: usize = 16;
/// The first t, and from one to the next.
const FIRST: usize = 1_024;
const APART: usize = 31;
/// The longest k.
const LONGEST: usize = 512;
/// Steps of the net in all.
pub const STEPS: u64 = (LANES * (FIRST + APART * TIMES) + LANES * TIMES * (2 * LONGEST - 1)) as u64;

/// (1) and (2) against k.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FarPast {
    /// The stream's name in the scenario.
    pub stream: String,
    /// k.
    pub lags: Vec<usize>,
    /// (1), one a lag.
    pub variation: Vec<f64>,
    /// Standard error of (1) over lanes.
    pub standard_error: Vec<f64>,
    /// (2), one a lag.
    pub changed: Vec<f64>,
}

compiled_once! {
    /// The far-past dependence of `net` on the stream of `source` called `stream`.
    pub fn far_past<R>(
        net: &Network<R>,
        source: Source,
        channels: usize,
        seed: u64,
        stream: &str,
    ) -> Result<FarPast, DataError> {
        let heard = compose(source, channels, seed)?;
        Ok(compare(net, &heard, stream))
    }
}

/// The input of each lane.
fn compose<R: Real>(
    source: Source,
    channels: usize,
    seed: u64,
) -> Result<Vec<Columns<R>>, DataError> {
    (0..LANES as u64)
        .map(|lane| {
            let mut input = Columns::new(source.split.form(), channels);
            let mut composer = Composer::new(source, "far past", seed, lane)?;
            for _ in 0..FIRST + APART * TIMES {
                composer.step(&mut input)?;
            }
            Ok(input)
        })
        .collect()
}

fn compare<R: Real>(net: &Network<R>, heard: &[Columns<R>], stream: &str) -> FarPast {
    let times: Vec<usize> = (0..TIMES).map(|i| FIRST + APART * i).collect();
    // After the whole past: all steps once, stopping at each t.
    let mut tapes = Tapes::new(net);
    let (mut done, mut whole) = (0, Vec::new());
    for &t in &times {
        let starts: Vec<usize> = vec![done; heard.len()];
        let lanes: Vec<&Columns<R>> = heard.iter().collect();
        whole.extend(run(net, &mut tapes, &lanes, &starts, t - done));
        done = t;
    }
    let mut found = FarPast {
        stream: stream.to_owned(),
        lags: (0..=LONGEST.ilog2()).map(|i| 1 << i).collect(),
        variation: Vec::new(),
        standard_error: Vec::new(),
        changed: Vec::new(),
    };
    // From rest: all (t, lane) side by side.
    let lanes: Vec<&Columns<R>> = times.iter().flat_map(|_| heard).collect();
    for &k in &found.lags {
        let starts: Vec<usize> = (times.iter())
            .flat_map(|t| heard.iter().map(move |_| t - k))
            .collect();
        let recent = run(net, &mut Tapes::new(net), &lanes, &starts, k);
        let mut of_lane = vec![0.0; heard.len()];
        let mut changed = 0;
        for (i, (p, q)) in whole.iter().zip(&recent).enumerate() {
            let apart: f64 = p.iter().zip(q).map(|(p, q)| f64::from((p - q).abs())).sum();
            of_lane[i % heard.len()] += apart / 2.0 / TIMES as f64;
            changed += usize::from(argmax(p) != argmax(q));
        }
        let mean = over_seeds(&of_lane);
        found.variation.push(mean.map_or(f64::NAN, |m| m.value));
        let error = mean.and_then(|m| m.standard_error);
        found.standard_error.push(error.unwrap_or(f64::NAN));
        found.changed.push(changed as f64 / whole.len() as f64);
    }
    found
}

/// Runs `lanes` for `steps` steps, each from its own column of `starts`; returns the probabilities after the
/// last step, `[C]` per lane.
fn run<R: Real>(
    net: &Network<R>,
    tapes: &mut Tapes<R>,
    lanes: &[&Columns<R>],
    starts: &[usize],
    steps: usize,
) -> Vec<Vec<f32>> {
    let mut input = Columns::default();
    let mut done = 0;
    while done < steps {
        let now = CHUNK.min(steps - done);
        input.clear(lanes[0].form(), lanes[0].channels());
        for t in done..done + now {
            for (lane, start) in lanes.iter().zip(starts) {
                input.push_from(lane, start + t);
            }
        }
        tapes.carry_on(net, now, lanes.len());
        tapes.forward(net, input.input(), None);
        done += now;
    }
    let logits = tapes.logits();
    let first = logits.ncols() - lanes.len();
    (0..lanes.len())
        .map(|lane| {
            let mut p = vec![0.0f32; net.outputs()];
            softmax(column(&logits, first + lane), &mut p);
            p
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use saturn_cell::CellConfig;
    use saturn_neurons::li::LiConfig;

    use super::*;
    use saturn_stream::Form;

    /// Effective remembrance as it is defined, one sequence at a time: the total variation between the distributions after
    /// x_{0:T} and after x_{t:T}.
    #[test]
    fn it_is_the_effective_remembrance_of_buitrago_and_gu() {
        let (inputs, classes) = (3, 4);
        let layers = vec![saturn_neurons::gru::GruConfig { hidden: 6 }.into()];
        let config = saturn_network::NetworkConfig::new(layers);
        let net = saturn_network::build::<f64>("gru", &config, inputs, classes, 10.0, 1).unwrap();
        let lanes: Vec<Columns<f64>> = (0..2)
            .map(|lane| {
                let mut input = Columns::new(Form::Frames, inputs);
                for t in 0..FIRST + APART * TIMES {
                    let x = |i: usize| (0.7 * (t * (i + 2)) as f64 + lane as f64).sin();
                    input.push_frame([x(0), x(1), x(2)].map(|x| x as f32));
                }
                input
            })
            .collect();
        let found = compare(&net, &lanes, "waves");
        let after = |lane: &Columns<f64>, from: usize, to: usize| -> Vec<f64> {
            let mut stream = saturn_network::NetworkStream::new(&net, 1);
            let mut logits = vec![0.0; classes];
            for t in from..to {
                let scores = stream.step(&net, lane.input().slice(t, 1));
                logits.copy_from_slice(column(&scores, 0));
            }
            let top = logits.iter().fold(f64::MIN, |a, &b| a.max(b));
            let exps: Vec<f64> = logits.iter().map(|x| (x - top).exp()).collect();
            let sum: f64 = exps.iter().sum();
            exps.iter().map(|e| e / sum).collect()
        };
        for (i, &k) in found.lags.iter().enumerate().step_by(3) {
            let mut remembrance = Vec::new();
            for lane in &lanes {
                for end in (0..TIMES).map(|n| FIRST + APART * n) {
                    let (q, recent) = (after(lane, 0, end), after(lane, end - k, end));
                    let apart = q.iter().zip(&recent).map(|(a, b)| (a - b).abs());
                    remembrance.push(apart.sum::<f64>() / 2.0);
                }
            }
            let mean = remembrance.iter().sum::<f64>() / remembrance.len() as f64;
            let off = (found.variation[i] - mean).abs();
            assert!(off < 1e-6, "k = {k}: {} and {mean}", found.variation[i]);
        }
        assert!(
            found.variation[0] > 1e-3,
            "the past counts: {:?}",
            found.variation
        );
    }

    /// A leaky net in a constant input has v_k = (1 - a^k) v: TV is that of the outputs at v and v_k.
    #[test]
    fn a_leaky_net_forgets_as_its_leak_says() {
        let mut rng = saturn_cell::rng::generator(1, "test", 0);
        let config = LiConfig {
            outputs: 2,
            bias: false,
            ..LiConfig::default()
        };
        let mut cell = config.build::<f64>(1, 10.0, &mut rng).expect("a cell");
        cell.update(&mut |params| {
            let weight = &mut params.tensors_mut()[0];
            assert_eq!(weight.name, "weight");
            weight.value.copy_from_slice(&[2.0, 0.5]);
        });
        let net = Network::new(vec![cell]);
        let mut one = Columns::new(Form::Frames, 1);
        (0..FIRST + APART * TIMES).for_each(|_| one.push_frame([1.0]));
        let found = compare(&net, &vec![one; 2], "constant");
        let a = (-10.0f64 / 50.0).exp();
        let p = |k: f64| 1.0 / (1.0 + (-1.5 * (1.0 - a.powf(k))).exp());
        for (i, &k) in found.lags.iter().enumerate() {
            let exact = p(f64::INFINITY) - p(k as f64);
            let off = (found.variation[i] - exact).abs();
            assert!(off < 1e-6, "{}, {exact} at {k}", found.variation[i]);
            assert!(found.standard_error[i].abs() < 1e-9 && found.changed[i] == 0.0);
        }
        assert!(found.variation[0] > 0.2 && found.lags.last() == Some(&512));
    }
}
