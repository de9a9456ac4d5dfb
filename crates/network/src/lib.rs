//! A network: a stack of cells, described, built, run and trained.
//!
//! | module | contents |
//! |---|---|
//! | [`layer`] | the kinds of layers, a line a cell |
//! | [`config`] | what a network is made of: layers and a readout |
//! | [`build()`] | from a description to a network, if this machine can hold it |
//! | [`Network`] | its forward and reverse passes: by sequence ([`Tapes`]) and step by step ([`NetworkStream`]) |
//! | [`machine`] | how much memory this machine has |

#[cfg(test)]
extern crate self as saturn_network;

mod build;
pub mod config;
pub mod layer;
pub mod machine;
mod network;

pub use build::{BuildError, NetSize, Outputs, Part, build};
pub use config::{LeakyReadout, NetworkConfig, Readout};
pub use layer::Layer;
pub use network::{Gradient, Network, NetworkStream, Observe, Penalty, Tapes};
