//! The arguments of `saturn import`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use saturn_exchange::from_pytorch::AlphaNeuron;
use saturn_exchange::nir::{Decay, Dialect, Reset};

use super::numbers::{Numbers, positive};
use crate::command::import::{Format, ImportOptions, import};

#[derive(Args)]
pub(super) struct ImportArgs {
    /// The network: a NIR file (HDF5), or a state dict of PyTorch or snnTorch in safetensors
    source: PathBuf,
    /// The folder to write: weights.safetensors, which describes the network, and import.json with the verdicts
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// The format [default: that of the file]
    #[arg(long, value_enum)]
    from: Option<FormatName>,
    /// Milliseconds a step [default: as in the file's metadata or as the dialect determines; 1 for state dicts]
    #[arg(long, value_name = "MS", value_parser = positive)]
    dt_ms: Option<f64>,
    /// Names of the outputs, comma-separated [default: 0,1,..]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    classes: Option<Vec<String>>,
    /// The precision of the weights
    #[arg(long, value_enum, default_value_t = Numbers::F32)]
    precision: Numbers,
    /// NIR: the simulator that wrote the file, whose habits are undone [default: nir]
    #[arg(long, value_enum)]
    dialect: Option<DialectName>,
    /// NIR: what a spike does to the membrane [default: sets it to v_reset, or as the dialect has it]
    #[arg(long, value_enum)]
    reset: Option<ResetName>,
    /// NIR: how states decay in a step [default: euler, or as the dialect has it]
    #[arg(long, value_enum)]
    decay: Option<DecayName>,
    /// PyTorch and snnTorch: names of the modules from input to output [default: in the order in which their widths fit]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    layers: Option<Vec<String>>,
    /// snnTorch: what neurons with an `alpha` are, whose state dicts do not differ
    #[arg(long, value_enum)]
    neuron: Option<NeuronName>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    Nir,
    Pytorch,
}

#[derive(Clone, Copy, ValueEnum)]
enum DialectName {
    Nir,
    Snntorch,
    Norse,
    Spikingjelly,
    Sinabs,
    Spyx,
    Rockpool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ResetName {
    /// To v_reset, 0 unless the file has another value
    Zero,
    /// Subtracts the threshold
    Subtract,
    /// Nothing
    None,
}

#[derive(Clone, Copy, ValueEnum)]
enum NeuronName {
    /// A synapse before the membrane
    Synaptic,
    /// The difference of two synapses, which is refused
    Alpha,
}

#[derive(Clone, Copy, ValueEnum)]
enum DecayName {
    /// By 1 - dt/tau
    Euler,
    /// By exp(-dt/tau)
    Exact,
}

impl ImportArgs {
    pub(super) fn run(self) -> Result<()> {
        import(&ImportOptions {
            source: &self.source,
            out: &self.out,
            format: self.from.map(|format| match format {
                FormatName::Nir => Format::Nir,
                FormatName::Pytorch => Format::PyTorch,
            }),
            dt_ms: self.dt_ms,
            classes: self.classes.as_deref(),
            precision: self.precision.into(),
            dialect: self.dialect.map(|dialect| match dialect {
                DialectName::Nir => Dialect::Nir,
                DialectName::Snntorch => Dialect::SnnTorch,
                DialectName::Norse => Dialect::Norse,
                DialectName::Spikingjelly => Dialect::SpikingJelly,
                DialectName::Sinabs => Dialect::Sinabs,
                DialectName::Spyx => Dialect::Spyx,
                DialectName::Rockpool => Dialect::Rockpool,
            }),
            reset: self.reset.map(|reset| match reset {
                ResetName::Zero => Reset::Zero,
                ResetName::Subtract => Reset::Subtract,
                ResetName::None => Reset::None,
            }),
            decay: self.decay.map(|decay| match decay {
                DecayName::Euler => Decay::Euler,
                DecayName::Exact => Decay::Exact,
            }),
            layers: self.layers.as_deref(),
            neuron: self.neuron.map(|neuron| match neuron {
                NeuronName::Synaptic => AlphaNeuron::Synaptic,
                NeuronName::Alpha => AlphaNeuron::Alpha,
            }),
        })
    }
}
