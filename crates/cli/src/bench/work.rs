//! The work to be timed: nets, inputs and labels, all from fixed seeds.
//!
//! Inputs are Bernoulli events: each of 700 channels is active in each step with a probability, the
//! *density*. Real speech events fill 1-2 % of the (step, channel) cells at 1 ms and about 13 % at 10 ms.
//! Each lane has one label of 20 classes, asked for at every step.
//!
//! Spiking units are to spike in 5-7 % of the steps, for any density p: the work of a spiking net
//! grows with it. A weight drawn with standard deviation g / sqrt(I) gives, through a membrane of decay a,
//! a potential of variance
//!
//! ```text
//! (1) g² (p (1 - p) / (1 - a²) + p² / (1 - a)²)
//! ```
//!
//! over units: events come and go, but their mean stays and adds up. So the gain is (1) turned round,
//! `LIVELINESS` being the standard deviation that gives the rate.

use rand::RngExt;
use rand_distr::{Distribution, Geometric};
use saturn_cell::EventBatch;
use saturn_cell::rng::generator;
use saturn_neurons::decay::TimeConstants;
use saturn_neurons::gru::GruConfig;
use saturn_neurons::lif::LifConfig;
use saturn_neurons::rnn::RnnConfig;
use saturn_neurons::surrogate::Surrogate;
use saturn_ssm::SsmBlockConfig;
use serde::{Deserialize, Serialize};

use saturn_network::Network;
use saturn_network::{BuildError, build};
use saturn_network::{Layer, NetworkConfig, Readout};
use saturn_train::batch::Batch;

/// Channels of the input of all tasks.
pub const INPUTS: usize = 700;
/// C, classes.
pub const CLASSES: usize = 20;
/// The seed of all weights, events and labels.
pub const SEED: u64 = 1;
/// Milliseconds a step.
pub const DT_MS: f64 = 10.0;
/// Membrane time constant of spiking units; one for all and not learnt, as in what Saturn is compared to.
const TAU_MEM_MS: f64 = 20.0;
/// Standard deviation of the potential, in thresholds, that makes units spike in some 6 % of the steps.
const LIVELINESS: f64 = 0.83;
/// Width of the window of a surrogate, in thresholds: some 12 % of the potentials lie within it.
const WINDOW: f64 = 0.5;
/// Share of the recurrent connections of a sparse net.
const CONNECTED: f64 = 0.1;
/// The rate that [`LIVELINESS`] aims at, and what the layer above sees as its density.
const HIDDEN_RATE: f64 = 0.06;

/// A net to be timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[clap(rename_all = "snake_case")]
pub enum Net {
    /// One layer of recurrent LIF units.
    LifRecurrent,
    /// The same with a surrogate that is 0 outside a window, so that few units take part in the reverse pass.
    LifWindow,
    /// One layer of recurrent LIF units with a tenth of the recurrent connections.
    LifSparse,
    /// Two layers of LIF units, without recurrence.
    #[clap(name = "lif_256_256")]
    LifTwice,
    /// One vanilla recurrent layer.
    Rnn,
    /// One layer of gated recurrent units.
    Gru,
    /// A linear encoder and one block with as many complex states as units, GELU and GLU.
    Ssm,
}

impl Net {
    /// Those of all tasks, in the order of tables.
    pub const ALL: [Self; 5] = [
        Self::LifRecurrent,
        Self::LifTwice,
        Self::Rnn,
        Self::Gru,
        Self::Ssm,
    ];

    /// Those of task A.
    pub const TRAINED: [Self; 6] = [
        Self::LifRecurrent,
        Self::LifWindow,
        Self::LifTwice,
        Self::Rnn,
        Self::Gru,
        Self::Ssm,
    ];

    /// The name in tables, JSON lines and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::LifRecurrent => "lif_recurrent",
            Self::LifWindow => "lif_window",
            Self::LifSparse => "lif_sparse",
            Self::LifTwice => "lif_256_256",
            Self::Rnn => "rnn",
            Self::Gru => "gru",
            Self::Ssm => "ssm",
        }
    }

    /// The layers for `hidden` units and an input of density `density`.
    pub fn layers(self, hidden: usize, density: f64) -> Vec<Layer> {
        match self {
            Self::LifRecurrent => vec![Layer::Lif(lif(hidden, density, true))],
            Self::LifWindow => vec![Layer::Lif(LifConfig {
                surrogate: Surrogate::Boxcar(WINDOW),
                ..lif(hidden, density, true)
            })],
            Self::LifSparse => vec![Layer::Lif(LifConfig {
                density: CONNECTED,
                ..lif(hidden, density, true)
            })],
            Self::LifTwice => vec![
                Layer::Lif(lif(hidden, density, false)),
                Layer::Lif(lif(hidden, HIDDEN_RATE, false)),
            ],
            Self::Rnn => vec![Layer::Rnn(RnnConfig {
                hidden,
                ..RnnConfig::default()
            })],
            Self::Gru => vec![Layer::Gru(GruConfig { hidden })],
            Self::Ssm => vec![Layer::SsmBlock(SsmBlockConfig {
                width: hidden,
                states: hidden,
                ..SsmBlockConfig::default()
            })],
        }
    }
}

fn lif(hidden: usize, density: f64, recurrent: bool) -> LifConfig {
    let decay = (-DT_MS / TAU_MEM_MS).exp();
    let comes_and_goes = density * (1.0 - density) / (1.0 - decay * decay);
    let stays = (density / (1.0 - decay)).powi(2);
    LifConfig {
        hidden,
        recurrent,
        tau_mem_ms: TimeConstants::Same(TAU_MEM_MS),
        learn_tau: false,
        input_gain: LIVELINESS / (comes_and_goes + stays).sqrt(), // (1)
        recurrent_scale: 0.3,
        ..LifConfig::default()
    }
}

/// One net with the sizes of one task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// The net.
    pub net: Net,
    /// I, channels.
    pub inputs: usize,
    /// H, hidden units of a layer.
    pub hidden: usize,
    /// C.
    pub classes: usize,
    /// B.
    pub lanes: usize,
    /// T.
    pub steps: usize,
    /// The share of (step, channel) cells with an event.
    pub density: f64,
    /// Lanes of one shard; it does not depend on the number of threads.
    pub shard_lanes: usize,
}

impl Work {
    /// A: 64 lanes, T = 100, hidden 256.
    pub fn train(net: Net, density: f64) -> Self {
        Self {
            net,
            inputs: INPUTS,
            hidden: 256,
            classes: CLASSES,
            lanes: 64,
            steps: 100,
            density,
            shard_lanes: 32,
        }
    }

    /// B: one lane, 100,000 steps.
    pub fn stream(net: Net, density: f64) -> Self {
        Self {
            lanes: 1,
            steps: 100_000,
            ..Self::train(net, density)
        }
    }

    /// C: 64 lanes, T = 1,000.
    pub fn infer(net: Net, density: f64) -> Self {
        Self {
            steps: 1_000,
            ..Self::train(net, density)
        }
    }

    /// D: hidden 1,024, 32 lanes, T = 100.
    pub fn train_wide(net: Net, density: f64) -> Self {
        Self {
            hidden: 1_024,
            lanes: 32,
            shard_lanes: 16,
            ..Self::train(net, density)
        }
    }

    /// The net, with the weights that it has before training.
    pub fn network(&self) -> Result<Network<f32>, BuildError> {
        let model = NetworkConfig {
            layers: self.net.layers(self.hidden, self.density),
            readout: Some(Readout::Linear),
        };
        let net = build(
            self.net.name(),
            &model,
            self.inputs,
            self.classes,
            DT_MS,
            SEED,
        )?;
        Ok(net.for_density(self.density))
    }

    /// How many shards the lanes are cut into.
    pub fn shards(&self) -> usize {
        self.lanes.div_ceil(self.shard_lanes)
    }

    /// Fills the batch of shard `shard`; where it is filled already, it is left as it is.
    pub fn fill(&self, shard: usize, batch: &mut Batch<f32>) {
        if batch.steps > 0 {
            return;
        }
        let first = shard * self.shard_lanes;
        let lanes = first..self.lanes.min(first + self.shard_lanes);
        batch.steps = self.steps;
        batch.lanes = lanes.len();
        batch.input = events(self, lanes.clone()).into();
        let labels: Vec<u32> = lanes.map(|lane| label(lane, self.classes)).collect();
        batch.labels = labels.repeat(self.steps);
        batch.mask = vec![1.0; batch.labels.len()];
        batch.weight = vec![1.0; batch.labels.len()];
    }
}

/// The class of a lane.
fn label(lane: usize, classes: usize) -> u32 {
    generator(SEED, "bench label", lane as u64).random_range(0..classes as u32)
}

/// Events of some lanes over all steps of `work`, `[I, T*B]`; those of a lane do not depend on the others.
pub fn events(work: &Work, lanes: std::ops::Range<usize>) -> EventBatch {
    let (inputs, steps, density) = (work.inputs, work.steps, work.density);
    let Ok(gap) = Geometric::new(density) else {
        unreachable!("a density lies above 0 and not above 1");
    };
    let mut rngs: Vec<_> = lanes
        .map(|lane| generator(SEED, "bench events", lane as u64))
        .collect();
    let mut batch = EventBatch::new(inputs);
    for _ in 0..steps {
        for rng in &mut rngs {
            // From one active channel to the next; what lies beyond the last belongs to no one.
            let mut channel = gap.sample(rng);
            while channel < inputs as u64 {
                batch.push(channel as u32, 1.0);
                channel = channel.saturating_add(1).saturating_add(gap.sample(rng));
            }
            batch.end_column();
        }
    }
    batch
}
