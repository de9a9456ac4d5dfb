//! The arguments of `saturn export`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use saturn_exchange::step::Precision as Stored;

use crate::command::export::{ExportOptions, Format, Reader, export};

#[derive(Args)]
pub(super) struct ExportArgs {
    /// The network: a run's folder and a network in it, or a weights file or folder that describes itself
    model: PathBuf,
    /// The format
    #[arg(long, value_enum)]
    to: FormatName,
    /// The file to write, which must not exist, unless --overwrite is given
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    overwrite: bool,
    /// The program that reads the file, each with its own demands
    #[arg(long = "for", value_enum, value_name = "PROGRAM")]
    reader: Option<ReaderName>,
    /// NIR: replace parts that NIR lacks by similar ones; the table says what is lost
    #[arg(long)]
    approximate: bool,
    /// ONNX and C: what weight matrices are stored in
    #[arg(long, value_enum)]
    weights: Option<WeightsName>,
    /// For a state dict: names of the modules from input to output [default: those that they had at the import, or 0,1,..]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    layers: Option<Vec<String>>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    /// The Neuromorphic Intermediate Representation, HDF5
    Nir,
    /// Saturn's weights with a description; with --for pytorch or snntorch a state dict
    Safetensors,
    /// ONNX: one time step, with the states as inputs and outputs
    Onnx,
    /// C99 for microcontrollers: one time step; NAME.c, with the header NAME.h
    C,
}

#[derive(Clone, Copy, ValueEnum)]
enum WeightsName {
    /// 32 bits
    F32,
    /// 8 bits, each row with a scale of its own
    Int8,
}

#[derive(Clone, Copy, ValueEnum)]
enum ReaderName {
    /// NIR: steps of 0.1 ms, r = tau/dt; safetensors: a state dict of nn.Linear and neurons of snnTorch
    Snntorch,
    /// NIR: r = 1
    Norse,
    /// NIR: one time constant a layer, r = tau/dt
    Spikingjelly,
    /// Safetensors: a state dict of nn.RNN, nn.GRU, nn.LSTM, nn.Linear
    Pytorch,
}

impl ExportArgs {
    pub(super) fn run(self) -> Result<()> {
        export(&ExportOptions {
            model: &self.model,
            format: match self.to {
                FormatName::Nir => Format::Nir,
                FormatName::Safetensors => Format::Safetensors,
                FormatName::Onnx => Format::Onnx,
                FormatName::C => Format::C,
            },
            out: &self.out,
            overwrite: self.overwrite,
            reader: self.reader.map(|reader| match reader {
                ReaderName::Snntorch => Reader::SnnTorch,
                ReaderName::Norse => Reader::Norse,
                ReaderName::Spikingjelly => Reader::SpikingJelly,
                ReaderName::Pytorch => Reader::PyTorch,
            }),
            approximate: self.approximate,
            weights: self.weights.map(|weights| match weights {
                WeightsName::F32 => Stored::F32,
                WeightsName::Int8 => Stored::Int8,
            }),
            layers: self.layers.as_deref(),
        })
    }
}
