//! Import and export of foreign formats.
//!
//! - [`nir`]: the Neuromorphic Intermediate Representation, HDF5 files of networks.

pub mod nir;
