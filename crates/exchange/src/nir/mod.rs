//! Networks in NIR, the Neuromorphic Intermediate Representation (<https://neuroir.org>).
//!
//! ```text
//! file --Graph::read--> Graph --Flat::new--> Flat --Dialect::undo--> Flat, dt --Reference--> spikes
//! file <-Graph::write-- Graph
//! ```
//!
//! - [`Graph`] is the file: nodes, edges and metadata, nested as they are, with a [fingerprint](Graph::fingerprint);
//! - [`Flat`] is the same without subgraphs, in the order of execution, with every shape checked;
//! - [`Dialect`] undoes what the simulator that wrote the file does differently from NIR's equations;
//! - [`Reference`] simulates NIR's equations in f64, apart from Saturn's cells.
//!
//! ```no_run
//! use saturn_exchange::nir::{Dialect, Flat, Graph, Reference};
//!
//! # fn main() -> Result<(), saturn_exchange::nir::NirError> {
//! let graph = Graph::read("network.nir")?;
//! let (flat, dt_s, _notices) = Dialect::Nir.undo(Flat::new(&graph)?, Some(1e-3), None)?;
//! let mut network = Reference::new(&flat, dt_s)?;
//! let spikes = network.step(&vec![1.5; network.inputs()]);
//! # assert_eq!(spikes.len(), flat.node(flat.output()).outputs());
//! # Ok(())
//! # }
//! ```

mod array;
mod check;
mod dialect;
mod error;
mod fields;
mod fingerprint;
mod flat;
mod graph;
mod inline;
mod limits;
mod neuron;
mod op;
mod order;
mod read;
mod reference;
mod write;

pub use array::Array;
pub use dialect::Dialect;
pub use error::{Fault, NirError};
pub use flat::{Flat, FlatEdge, FlatNode};
pub use graph::{Graph, Metadata, Node, Padding, Value};
pub use limits::{MAX_DEPTH, MAX_NODES};
pub use neuron::{Decay, Neuron, Reset, Semantics, Start};
pub use op::{Conv, Op, Pool, steps};
pub use reference::{Reference, State};

/// Something that was repaired, chosen or could not be restored, as a sentence.
pub type Notice = String;
