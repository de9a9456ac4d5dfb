//! Everything that can be wrong with a NIR file, with its place and a remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use saturn_data::DataError;

use super::graph::TYPES;
use super::limits::{MAX_DEPTH, MAX_NODES};

/// An error of reading, flattening or running a NIR graph.
#[derive(Debug, thiserror::Error)]
pub enum NirError {
    /// The file cannot be read as HDF5.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file has no HDF5 signature.
    #[error(
        "{}: not an HDF5 file\nhint: NIR files are HDF5, write the network again with `nir.write`",
        file.display()
    )]
    NotHdf5 {
        /// The file.
        file: PathBuf,
    },
    /// Something in the graph.
    #[error("{}: {place}: {fault}\nhint: {}", shown(file), fault.hint())]
    At {
        /// The file; empty for a graph made in memory.
        file: PathBuf,
        /// The node or edge, as `lif1.w_rec`, or the place in the file, as `/node/nodes/lif1/tau`.
        place: String,
        /// What is wrong.
        fault: Box<Fault>,
    },
}

impl NirError {
    pub(crate) fn at(file: &Path, place: impl Into<String>, fault: Fault) -> Self {
        Self::At {
            file: file.to_owned(),
            place: place.into(),
            fault: Box::new(fault),
        }
    }

    /// What is wrong in the graph, if that is where the error is.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::At { fault, .. } => Some(fault),
            Self::Data(_) | Self::NotHdf5 { .. } => None,
        }
    }
}

fn shown(file: &Path) -> String {
    if file.as_os_str().is_empty() {
        "a graph in memory".to_owned()
    } else {
        file.display().to_string()
    }
}

/// What is wrong at a place of a graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A group or dataset does not exist.
    Missing(String),
    /// A node has a dataset that NIR does not know.
    UnknownParameter(String),
    /// A node has a type that NIR does not know.
    UnknownType(String),
    /// A dataset has another type or shape than it must have.
    Unreadable {
        /// What was found.
        found: String,
        /// What must be there.
        expected: &'static str,
    },
    /// More nodes than are read.
    TooManyNodes,
    /// Subgraphs or metadata nested more deeply than are read.
    TooDeep,
    /// Signals or buffers with more numbers in all than are allowed.
    TooLarge,
    /// The graph has no node.
    NoNodes,
    /// An edge names a node that does not exist.
    NoSuchNode {
        /// From.
        from: String,
        /// To.
        to: String,
        /// The name that is missing.
        missing: String,
    },
    /// No Input, and none can be added: every node has an incoming edge, or the shape is unknown.
    NoInput(String),
    /// The same of the Output.
    NoOutput(String),
    /// Several Inputs.
    SeveralInputs(Vec<String>),
    /// Several Outputs.
    SeveralOutputs(Vec<String>),
    /// The shapes of two nodes differ.
    ShapesDiffer {
        /// The node before.
        from: String,
        /// Its output.
        output: Vec<usize>,
        /// The node after.
        to: String,
        /// Its input.
        input: Vec<usize>,
    },
    /// A parameter has a shape that does not fit the node.
    ParameterShape {
        /// The parameter.
        parameter: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// What it must be.
        expected: String,
    },
    /// The input of a node cannot be of this shape.
    InputShape {
        /// The shape.
        found: Vec<usize>,
        /// What it must be.
        expected: String,
    },
    /// No shape arrives at a node.
    NoShape,
    /// A parameter is NaN or infinite.
    NotFinite {
        /// The parameter.
        parameter: &'static str,
        /// Its position, row by row.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A parameter is out of its range.
    OutOfRange {
        /// The parameter.
        parameter: &'static str,
        /// Its position, row by row.
        index: usize,
        /// Its value.
        value: f64,
        /// What it must be.
        expected: &'static str,
    },
    /// A loop without state.
    AlgebraicLoop(Vec<String>),
    /// No step.
    NoStep,
    /// A step that is not a positive number.
    BadStep(f64),
    /// The file does not determine what a spike does to the membrane; the name of the dialect.
    NoReset(&'static str),
    /// A file contradicts what its writer does.
    Dialect {
        /// The dialect.
        dialect: &'static str,
        /// The contradiction.
        detail: String,
    },
}

/// At most a few names.
fn few(names: &[String]) -> String {
    const NAMED: usize = 8;
    let more = if names.len() > NAMED { ", ..." } else { "" };
    format!("{}{more}", names[..names.len().min(NAMED)].join(", "))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::UnknownParameter(name) => write!(f, "unknown parameter {name}"),
            Self::UnknownType(name) => write!(f, "unknown node type {name:?}"),
            Self::Unreadable { found, .. } => write!(f, "found {found}"),
            Self::TooManyNodes => write!(f, "more than {MAX_NODES} nodes and entries"),
            Self::TooDeep => write!(f, "nested more than {MAX_DEPTH} deep"),
            Self::TooLarge => write!(f, "signals of more than 2^28 numbers in all"),
            Self::NoNodes => write!(f, "the graph has no nodes"),
            Self::NoSuchNode { from, to, missing } => {
                write!(
                    f,
                    "the edge {from} -> {to} names {missing}, which does not exist"
                )
            }
            Self::NoInput(why) => write!(f, "no Input, and none can be added: {why}"),
            Self::NoOutput(why) => write!(f, "no Output, and none can be added: {why}"),
            Self::SeveralInputs(names) => write!(f, "several Inputs: {}", few(names)),
            Self::SeveralOutputs(names) => write!(f, "several Outputs: {}", few(names)),
            Self::ShapesDiffer {
                from,
                output,
                to,
                input,
            } => write!(
                f,
                "{from} outputs shape {output:?}, but {to} needs {input:?}"
            ),
            Self::ParameterShape {
                parameter,
                found,
                expected,
            } => write!(f, "{parameter} has shape {found:?}, not {expected}"),
            Self::InputShape { found, expected } => {
                write!(f, "its input has shape {found:?}, not {expected}")
            }
            Self::NoShape => write!(f, "the shape of its input is unknown"),
            Self::NotFinite {
                parameter,
                index,
                value,
            }
            | Self::OutOfRange {
                parameter,
                index,
                value,
                ..
            } => write!(f, "{parameter}[{index}] is {value}"),
            Self::AlgebraicLoop(names) => write!(f, "algebraic loop: {}", few(names)),
            Self::NoStep => write!(f, "NIR files have no time step"),
            Self::BadStep(dt_s) => write!(f, "the time step is {dt_s} s"),
            Self::NoReset(dialect) => {
                write!(
                    f,
                    "{dialect} does not write what a spike does to the membrane"
                )
            }
            Self::Dialect { dialect, detail } => write!(f, "not as {dialect} writes: {detail}"),
        }
    }
}

impl Fault {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing(_) => "write the network again with `nir.write` of nir 1.0.8".to_owned(),
            Self::UnknownParameter(_) => {
                "NIR allows extra values inside `metadata` only; move it there, or remove it"
                    .to_owned()
            }
            Self::UnknownType(_) => format!("the types are {TYPES}"),
            Self::OutOfRange {
                parameter: "tau" | "tau_mem" | "tau_syn",
                value,
                expected,
                ..
            } if *value < 0.0 => format!(
                "it must be {expected}; snnTorch writes a beta or alpha above 1 so: clamp it, as its neurons do, or import the state dict"
            ),
            Self::Unreadable { expected, .. } | Self::OutOfRange { expected, .. } => {
                format!("it must be {expected}")
            }
            Self::TooManyNodes => "divide the network into several files".to_owned(),
            Self::TooDeep => {
                "a group may contain itself; write the network with fewer levels".to_owned()
            }
            Self::TooLarge => "check shapes, paddings and delays; use a smaller network".to_owned(),
            Self::NoNodes => "write a graph that has nodes".to_owned(),
            Self::NoSuchNode { .. } => {
                "correct the edge, or add the node; names are those inside the same graph"
                    .to_owned()
            }
            Self::NoInput(_) => "add an Input node with a shape, and an edge from it".to_owned(),
            Self::NoOutput(_) => "add an Output node with a shape, and an edge to it".to_owned(),
            Self::SeveralInputs(_) => {
                "one Input is supported: concatenate the inputs, or connect every node".to_owned()
            }
            Self::SeveralOutputs(_) => {
                "one Output is supported: keep one, and remove nodes that lead nowhere".to_owned()
            }
            Self::ShapesDiffer { from, to, .. } => {
                format!("check the sizes of {from} and {to}, or put a Flatten between them")
            }
            Self::ParameterShape { .. } | Self::InputShape { .. } => {
                "give the parameters of a node their full width".to_owned()
            }
            Self::NoShape => {
                "connect it to the Input, or give the node before it a shape".to_owned()
            }
            Self::NotFinite {
                parameter: "r" | "tau" | "tau_mem",
                value,
                ..
            } if value.is_infinite() => {
                "it must be finite; snnTorch writes beta = 1 so: import the state dict, which contains beta"
                    .to_owned()
            }
            Self::NotFinite { .. } => {
                "every parameter must be finite; train or write it again".to_owned()
            }
            Self::AlgebraicLoop(_) => {
                "put a neuron with state or a Delay of at least one step into the loop".to_owned()
            }
            Self::NoStep => {
                "give the step that the network was trained with: `--dt-ms` in milliseconds, `dt_s` in seconds in the library".to_owned()
            }
            Self::BadStep(_) => "it must be greater than 0 and finite".to_owned(),
            Self::NoReset(_) => {
                "give the reset that the network was trained with: `--reset zero`, `subtract` or `none`"
                    .to_owned()
            }
            Self::Dialect { .. } => "read the file with another dialect, or with `nir`".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_infinite_resistance_is_an_integrator_of_snntorch() {
        let hint = |parameter, value| {
            let index = 0;
            Fault::NotFinite {
                parameter,
                index,
                value,
            }
            .hint()
        };
        assert!(hint("r", f64::INFINITY).contains("import the state dict"));
        assert!(hint("r", f64::NAN).contains("must be finite"));
        assert!(hint("weight", f64::INFINITY).contains("must be finite"));
    }
}
