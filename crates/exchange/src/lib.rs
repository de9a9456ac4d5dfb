//! Import and export of foreign formats.
//!
//! - [`nir`]: the Neuromorphic Intermediate Representation: its files, the habits of simulators, and a reference simulator;
//! - [`from_nir`]: networks from NIR files;
//! - [`from_pytorch`]: networks from state dicts of PyTorch modules, in safetensors.
//!
//! The last two give an [`Imported`] network: layers, weights, and a verdict on each part. Out of Saturn go
//!
//! - [`step`]: one time step of a network as a short program, which the next two write;
//! - [`to_onnx`]: as an ONNX graph with the states as inputs and outputs;
//! - [`to_c`]: as C99 for microcontrollers.

mod exported;
pub mod from_nir;
pub mod from_pytorch;
mod imported;
pub mod nir;
pub mod step;
pub mod to_c;
pub mod to_onnx;

pub use exported::{ExportError, Precision};
pub use imported::{Fidelity, ImportError, Imported, Tensors, Verdict};
