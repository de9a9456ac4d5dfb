//! A network: a stack of cells, described, built, run and trained.
//!
//! | module | contents |
//! |---|---|
//! | [`layer`] | the kinds of layers, one line per cell |
//! | [`config`] | description of a network: layers and a readout |
//! | [`build()`] | from a description to a network, if it fits into this machine's memory |
//! | [`Network`] | its forward and reverse passes: by sequence ([`Tapes`]) and step by step ([`NetworkStream`]) |
//! | [`resources`] | memory of this machine |

#[cfg(test)]
extern crate self as saturn_network;

mod build;
pub mod config;
pub mod layer;
mod network;
pub mod resources;

pub use build::{BuildError, NetSize, Outputs, Part, build};
pub use config::{LeakyReadout, NetworkConfig, Readout};
pub use layer::Layer;
pub use network::{Gradient, Network, NetworkStream, Observe, Penalty, Tapes};
