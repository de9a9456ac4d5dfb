//! Import and export of foreign formats.
//!
//! - [`nir`]: the Neuromorphic Intermediate Representation, HDF5 files of networks;
//! - [`pytorch`]: state dicts of PyTorch modules, in safetensors.
//!
//! Both give an [`Imported`] network: layers, weights, and a verdict on each part.

mod imported;
pub mod nir;
pub mod pytorch;

pub use imported::{Fidelity, ImportError, Imported, Tensors, Verdict};
