//! Networks to export.

#![allow(dead_code, reason = "each test uses a part")]

use saturn_exchange::to_nir::{Exported, Options, export};
use saturn_exchange::{Imported, Source};
use saturn_network::{Layer, LeakyReadout, Network, NetworkConfig, Readout, build};
use saturn_neurons::cuba_lif::CubaLifConfig;
use saturn_neurons::decay::{InputScale, TimeConstants};
use saturn_neurons::lif::LifConfig;
use saturn_neurons::linear::LinearConfig;
use saturn_neurons::spike_reset::SpikeReset;

/// Inputs of every network.
pub const CHANNELS: usize = 7;

/// A network with its description.
pub struct Net {
    pub config: NetworkConfig,
    pub classes: Vec<String>,
    pub dt_ms: f64,
    pub network: Network<f64>,
}

impl Net {
    pub fn new(layers: Vec<Layer>, readout: Readout, classes: usize, dt_ms: f64) -> Self {
        let config = NetworkConfig {
            layers,
            readout: Some(readout),
        };
        let mut network: Network<f64> = build("net", &config, CHANNELS, classes, dt_ms, 5).unwrap();
        // As after training or loading: time constants are those of the parameters.
        network
            .cells_mut()
            .iter_mut()
            .for_each(|cell| cell.update(&mut |_| {}));
        Self {
            network,
            classes: (0..classes).map(|i| format!("class/{i}")).collect(),
            config,
            dt_ms,
        }
    }

    pub fn of(imported: &Imported) -> Self {
        Self {
            config: imported.config.clone(),
            classes: (0..imported.outputs).map(|i| i.to_string()).collect(),
            dt_ms: imported.dt_ms,
            network: imported.network().unwrap(),
        }
    }

    pub fn source(&self) -> Source<'_> {
        Source {
            name: "net",
            config: &self.config,
            classes: &self.classes,
            dt_ms: self.dt_ms,
            network: &self.network,
            modules: &[],
        }
    }

    pub fn export(&self, options: Options) -> Exported {
        export(&self.source(), &options).unwrap_or_else(|e| panic!("{e}"))
    }

    pub fn refused(&self, options: Options) -> String {
        export(&self.source(), &options).unwrap_err().to_string()
    }
}

pub fn lif(recurrent: bool, input_scale: InputScale) -> LifConfig {
    LifConfig {
        hidden: 16,
        recurrent,
        tau_mem_ms: TimeConstants::Range([3.0, 40.0]),
        spike_reset: SpikeReset::Zero,
        input_scale,
        input_gain: 3.0,
        recurrent_scale: 1.0,
        ..LifConfig::default()
    }
}

pub fn cuba(recurrent: bool, synapse_scale: InputScale) -> CubaLifConfig {
    CubaLifConfig {
        hidden: 12,
        recurrent,
        spike_reset: SpikeReset::Zero,
        synapse_scale,
        input_gain: 2.0,
        ..CubaLifConfig::default()
    }
}

/// Networks of every cell that NIR has.
pub fn nets() -> Vec<Net> {
    let (one, decay) = (InputScale::One, InputScale::Decay);
    let leaky = || Readout::Leaky(LeakyReadout::default());
    let without_bias = LifConfig {
        bias: false,
        threshold: 0.7,
        ..lif(true, decay)
    };
    let linear = LinearConfig { out: 9, bias: true };
    let sparse = LifConfig {
        density: 0.2,
        connection_seed: 4,
        ..lif(true, decay)
    };
    vec![
        Net::new(vec![lif(false, one).into()], leaky(), 3, 10.0),
        Net::new(
            vec![lif(true, one).into(), lif(true, decay).into()],
            leaky(),
            3,
            2.5,
        ),
        Net::new(vec![without_bias.into()], Readout::Linear, 4, 1.0),
        Net::new(
            vec![cuba(true, decay).into(), cuba(false, one).into()],
            leaky(),
            3,
            5.0,
        ),
        Net::new(
            vec![linear.into(), lif(false, one).into()],
            Readout::Linear,
            2,
            1.0,
        ),
        Net::new(vec![sparse.into()], leaky(), 3, 10.0),
    ]
}
