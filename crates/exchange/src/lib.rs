//! Import and export of foreign formats.
//!
//! - [`nir`]: the Neuromorphic Intermediate Representation: its files, the habits of simulators, and a reference simulator;
//! - [`from_nir`]: networks from NIR files;
//! - [`from_pytorch`]: networks from state dicts of PyTorch modules and snnTorch's neurons, in safetensors;
//! - [`to_nir`]: networks as NIR files;
//! - [`to_safetensors`]: networks as state dicts of PyTorch modules, or as weights that describe themselves;
//! - [`step`]: one time step of a network as a program of few instructions;
//! - [`to_onnx`], [`to_c`]: that program as an ONNX model and as C99 sources.
//!
//! What reads gives an [`Imported`] network: layers, weights, and a verdict on each part. What writes takes a [`Source`], and
//! refuses with an [`ExportError`] what the format cannot express.

mod exported;
pub mod from_nir;
pub mod from_pytorch;
mod imported;
pub mod nir;
mod own;
mod probe;
pub mod step;
pub mod to_c;
pub mod to_nir;
pub mod to_onnx;
pub mod to_safetensors;

pub use exported::{ExportError, Source};
pub use imported::{Fidelity, ImportError, Imported, Tensors, Verdict};
pub use probe::Distance;
