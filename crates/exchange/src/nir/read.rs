//! Reading a NIR file.
//!
//! ```text
//! /version                                   optional
//! /node/{type = "NIRGraph", edges [E, 2], nodes/NAME/{type, PARAMETER, ...}, metadata/...}
//! ```
//!
//! A node of type `NIRGraph` has `edges` and `nodes` of its own. Files of nir 0.1 to 1.0.8 are read: arrays contiguous
//! or in compressed chunks, strings of fixed or variable length, numbers of any width, an empty `edges` of any type,
//! without `v_reset` (0), and with `w_in` a single number or missing (1). A dataset that the type of the node does
//! not have is an error, as it is for nir: only `metadata` is free.
//!
//! Sizes are bounded before memory is allocated: those of arrays by [`Hdf5Tree`], nodes and entries of metadata by
//! [`MAX_NODES`], levels by [`MAX_DEPTH`] (a damaged group may contain itself).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use saturn_data::{DataError, Hdf5Array, Hdf5Group, Hdf5Names, Hdf5Tree};

use super::array::Array;
use super::error::{Fault, NirError};
use super::graph::{Graph, Metadata, Node, Padding, Value};
use super::limits::{MAX_DEPTH, MAX_NODES};

impl Graph {
    /// Reads a file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, NirError> {
        let file = path.as_ref();
        let tree = Hdf5Tree::open(file).map_err(|error| match error {
            DataError::NotHdf5 { path } => NirError::NotHdf5 { file: path },
            error => error.into(),
        })?;
        let root = tree.root()?;
        let names = root.names()?;
        let version = if names.arrays.iter().any(|name| name == "version") {
            match root.array("version")? {
                Hdf5Array::Strings { values, .. } => values.into_iter().next(),
                Hdf5Array::Numbers { .. } => None,
            }
        } else {
            None
        };
        if !names.groups.iter().any(|name| name == "node") {
            return Err(NirError::at(
                file,
                "/",
                Fault::Missing("the group node".to_owned()),
            ));
        }
        let reader = Reader {
            file,
            left: Cell::new(MAX_NODES),
        };
        let top = root.group("node")?;
        if let Some(found) = Fields::open(&reader, &top)?.type_name()?
            && found != "NIRGraph"
        {
            let fault = Fault::Unreadable {
                found: format!("a node of type {found:?}"),
                expected: "a NIRGraph: put the node into a graph",
            };
            return Err(NirError::at(file, top.path(), fault));
        }
        let mut graph = reader.graph(&top, 0)?;
        graph.version = version;
        Ok(graph)
    }
}

struct Reader<'f> {
    file: &'f Path,
    /// How many nodes and entries may still be read.
    left: Cell<usize>,
}

impl Reader<'_> {
    fn error(&self, place: &str, fault: Fault) -> NirError {
        NirError::at(self.file, place, fault)
    }

    fn count(&self, place: &str) -> Result<(), NirError> {
        let rest = self.left.get().checked_sub(1);
        self.left
            .set(rest.ok_or_else(|| self.error(place, Fault::TooManyNodes))?);
        Ok(())
    }

    fn graph(&self, group: &Hdf5Group<'_>, depth: usize) -> Result<Graph, NirError> {
        if depth > MAX_DEPTH {
            return Err(self.error(group.path(), Fault::TooDeep));
        }
        let fields = Fields::open(self, group)?;
        let edges = fields.edges()?;
        let mut graph = Graph {
            edges,
            metadata: fields.metadata()?,
            file: self.file.to_owned(),
            ..Graph::default()
        };
        fields.use_group("nodes")?;
        let inside = group.group("nodes")?;
        let names = inside.names()?;
        if let Some(name) = names.arrays.first() {
            let fault = Fault::Unreadable {
                found: "a dataset".to_owned(),
                expected: "a group, a node",
            };
            return Err(self.error(&inside.path_of(name), fault));
        }
        for name in names.groups {
            self.count(inside.path())?;
            let (node, metadata) = self.node(&inside.group(&name)?, depth)?;
            if !metadata.is_empty() {
                graph.node_metadata.insert(name.clone(), metadata);
            }
            graph.nodes.insert(name, node);
        }
        fields.finish()?;
        Ok(graph)
    }

    fn node(&self, group: &Hdf5Group<'_>, depth: usize) -> Result<(Node, Metadata), NirError> {
        let fields = Fields::open(self, group)?;
        let type_name = fields.type_name()?;
        let missing = || self.error(group.path(), Fault::Missing("type".to_owned()));
        let type_name = type_name.ok_or_else(missing)?;
        if type_name == "NIRGraph" {
            let graph = self.graph(group, depth + 1)?;
            // The notes of a subgraph are in the subgraph.
            return Ok((Node::Graph(Box::new(graph)), Metadata::new()));
        }
        let node = fields.node(&type_name)?;
        let metadata = fields.metadata()?;
        fields.finish()?;
        Ok((node, metadata))
    }

    fn metadata(&self, group: &Hdf5Group<'_>, depth: usize) -> Result<Metadata, NirError> {
        if depth > MAX_DEPTH {
            return Err(self.error(group.path(), Fault::TooDeep));
        }
        let names = group.names()?;
        let mut metadata = BTreeMap::new();
        for name in names.groups {
            self.count(group.path())?;
            let nested = self.metadata(&group.group(&name)?, depth + 1)?;
            metadata.insert(name, Value::Nested(nested));
        }
        for name in names.arrays {
            self.count(group.path())?;
            let value = match group.array(&name)? {
                Hdf5Array::Numbers { shape, values } => match values[..] {
                    [value] if shape.is_empty() => Value::Number(value),
                    _ => Value::Numbers(Array { shape, values }),
                },
                Hdf5Array::Strings { shape, mut values } => match values.len() {
                    1 if shape.is_empty() => Value::Text(values.swap_remove(0)),
                    _ => Value::Texts(values),
                },
            };
            metadata.insert(name, value);
        }
        Ok(metadata)
    }
}

/// The datasets of a node. Those that are not read are unknown.
struct Fields<'a, 'f, 't> {
    reader: &'a Reader<'f>,
    group: &'a Hdf5Group<'t>,
    names: Hdf5Names,
    used: RefCell<BTreeSet<String>>,
}

impl<'a, 'f, 't> Fields<'a, 'f, 't> {
    fn open(reader: &'a Reader<'f>, group: &'a Hdf5Group<'t>) -> Result<Self, NirError> {
        let used = ["type", "metadata"].map(str::to_owned).into();
        Ok(Self {
            reader,
            group,
            names: group.names()?,
            used: RefCell::new(used),
        })
    }

    fn has(&self, name: &str) -> bool {
        self.names.arrays.iter().any(|array| array == name)
    }

    fn unreadable(&self, name: &str, found: &Hdf5Array, expected: &'static str) -> NirError {
        let kind = match found {
            Hdf5Array::Numbers { .. } => "numbers",
            Hdf5Array::Strings { .. } => "strings",
        };
        let found = format!("{kind} of shape {:?}", found.shape());
        let fault = Fault::Unreadable { found, expected };
        self.reader.error(&self.group.path_of(name), fault)
    }

    /// The dataset, which must exist.
    fn array(&self, name: &str) -> Result<Hdf5Array, NirError> {
        if !self.has(name) {
            let fault = Fault::Missing(name.to_owned());
            return Err(self.reader.error(self.group.path(), fault));
        }
        self.used.borrow_mut().insert(name.to_owned());
        Ok(self.group.array(name)?)
    }

    fn use_group(&self, name: &str) -> Result<(), NirError> {
        if !self.names.groups.iter().any(|group| group == name) {
            let fault = Fault::Missing(format!("the group {name}"));
            return Err(self.reader.error(self.group.path(), fault));
        }
        self.used.borrow_mut().insert(name.to_owned());
        Ok(())
    }

    fn finish(&self) -> Result<(), NirError> {
        let used = self.used.borrow();
        let mut all = self.names.arrays.iter().chain(&self.names.groups);
        match all.find(|name| !used.contains(*name)) {
            Some(name) => {
                let fault = Fault::UnknownParameter(name.clone());
                Err(self.reader.error(self.group.path(), fault))
            }
            None => Ok(()),
        }
    }

    /// The type of the node, if it has one.
    fn type_name(&self) -> Result<Option<String>, NirError> {
        if !self.has("type") {
            return Ok(None);
        }
        match self.array("type")? {
            Hdf5Array::Strings { mut values, .. } if values.len() == 1 => {
                Ok(Some(values.swap_remove(0)))
            }
            other => Err(self.unreadable("type", &other, "one string")),
        }
    }

    fn metadata(&self) -> Result<Metadata, NirError> {
        if self.names.groups.iter().any(|name| name == "metadata") {
            self.reader.metadata(&self.group.group("metadata")?, 0)
        } else {
            Ok(Metadata::new())
        }
    }

    fn edges(&self) -> Result<Vec<(String, String)>, NirError> {
        let array = self.array("edges")?;
        match array {
            array if array.shape().contains(&0) => Ok(Vec::new()),
            Hdf5Array::Strings { shape, values } if matches!(shape[..], [_, 2]) => {
                let mut pairs = Vec::with_capacity(values.len() / 2);
                let mut names = values.into_iter();
                while let (Some(from), Some(to)) = (names.next(), names.next()) {
                    pairs.push((from, to));
                }
                Ok(pairs)
            }
            other => Err(self.unreadable("edges", &other, "pairs of names, shape [E, 2]")),
        }
    }

    fn numbers(&self, name: &str) -> Result<Array, NirError> {
        match self.array(name)? {
            Hdf5Array::Numbers { shape, values } => Ok(Array { shape, values }),
            other @ Hdf5Array::Strings { .. } => Err(self.unreadable(name, &other, "numbers")),
        }
    }

    /// The numbers, or `default` where the file has none.
    fn numbers_or(&self, name: &str, default: impl FnOnce() -> Array) -> Result<Array, NirError> {
        if self.has(name) {
            self.numbers(name)
        } else {
            Ok(default())
        }
    }

    /// Whole numbers from `least` on.
    fn counts(&self, name: &str, least: usize) -> Result<Vec<usize>, NirError> {
        counts(&self.numbers(name)?, least).map_err(|found| {
            let expected = match least {
                0 => "whole numbers from 0 to 2^28",
                _ => "whole numbers from 1 to 2^28",
            };
            let place = self.group.path_of(name);
            self.reader
                .error(&place, Fault::Unreadable { found, expected })
        })
    }

    fn one(&self, name: &str, least: usize) -> Result<usize, NirError> {
        match self.counts(name, least)?[..] {
            [value] => Ok(value),
            ref values => Err(self.wrong_count(name, values.len(), "one whole number")),
        }
    }

    /// Two whole numbers; one stands for both.
    fn two(&self, name: &str, least: usize) -> Result<[usize; 2], NirError> {
        match self.counts(name, least)?[..] {
            [both] => Ok([both, both]),
            [first, second] => Ok([first, second]),
            ref values => Err(self.wrong_count(name, values.len(), "one or two whole numbers")),
        }
    }

    fn wrong_count(&self, name: &str, count: usize, expected: &'static str) -> NirError {
        let found = format!("{count} numbers");
        let fault = Fault::Unreadable { found, expected };
        self.reader.error(&self.group.path_of(name), fault)
    }

    fn dimension(&self, name: &str, default: i64) -> Result<i64, NirError> {
        let array = self.numbers_or(name, || Array::scalar(default as f64))?;
        match array.values[..] {
            [value] if value.fract() == 0.0 && value.abs() <= 1024.0 => Ok(value as i64),
            _ => {
                let fault = Fault::Unreadable {
                    found: format!("{:?}", array.values.first()),
                    expected: "one whole number, a dimension",
                };
                Err(self.reader.error(&self.group.path_of(name), fault))
            }
        }
    }

    fn padding(&self, dimensions: usize) -> Result<Padding, NirError> {
        const EXPECTED: &str = "whole numbers, one a dimension, or 'same' or 'valid'";
        match self.array("padding")? {
            Hdf5Array::Numbers { shape, values } => {
                let place = self.group.path_of("padding");
                let fault = |found| Fault::Unreadable {
                    found,
                    expected: EXPECTED,
                };
                let zeros = counts(&Array { shape, values }, 0)
                    .map_err(|found| self.reader.error(&place, fault(found)))?;
                match zeros[..] {
                    [all] => Ok(Padding::Zeros(vec![all; dimensions])),
                    ref all if all.len() == dimensions => Ok(Padding::Zeros(zeros)),
                    ref all => Err(self
                        .reader
                        .error(&place, fault(format!("{} numbers", all.len())))),
                }
            }
            other @ Hdf5Array::Strings { .. } => {
                let text = match &other {
                    Hdf5Array::Strings { values, .. } => values.first().map(String::as_str),
                    Hdf5Array::Numbers { .. } => None,
                };
                match text {
                    Some("same") => Ok(Padding::Same),
                    Some("valid") => Ok(Padding::Valid),
                    _ => Err(self.unreadable("padding", &other, EXPECTED)),
                }
            }
        }
    }

    /// The shape that a Flatten expects; nir before 0.2 wrote it as a group.
    fn flatten_input(&self) -> Result<Option<Vec<usize>>, NirError> {
        if self.has("input_type") {
            return self.counts("input_type", 1).map(Some);
        }
        if self.names.groups.iter().any(|name| name == "input_type") {
            self.use_group("input_type")?;
            let inside = self.group.group("input_type")?;
            let fields = Fields::open(self.reader, &inside)?;
            return fields.counts("input", 1).map(Some);
        }
        Ok(None)
    }

    fn v_reset(&self, v_threshold: &Array) -> Result<Array, NirError> {
        self.numbers_or("v_reset", || v_threshold.map(|_| 0.0))
    }

    fn w_in(&self) -> Result<Array, NirError> {
        self.numbers_or("w_in", || Array::scalar(1.0))
    }

    fn node(&self, type_name: &str) -> Result<Node, NirError> {
        Ok(match type_name {
            "Input" => Node::Input {
                shape: self.counts("shape", 1)?,
            },
            "Output" => Node::Output {
                shape: self.counts("shape", 1)?,
            },
            "Flatten" => Node::Flatten {
                input_shape: self.flatten_input()?,
                start_dim: self.dimension("start_dim", 1)?,
                end_dim: self.dimension("end_dim", -1)?,
            },
            "Affine" => Node::Affine {
                weight: self.numbers("weight")?,
                bias: self.numbers("bias")?,
            },
            "Linear" => Node::Linear {
                weight: self.numbers("weight")?,
            },
            "Scale" => Node::Scale {
                scale: self.numbers("scale")?,
            },
            "Conv1d" => Node::Conv1d {
                input_shape: (self.has("input_shape").then(|| self.one("input_shape", 1)))
                    .transpose()?,
                weight: self.numbers("weight")?,
                stride: self.one("stride", 1)?,
                padding: self.padding(1)?,
                dilation: self.one("dilation", 1)?,
                groups: self.one("groups", 1)?,
                bias: self.numbers("bias")?,
            },
            "Conv2d" => Node::Conv2d {
                input_shape: (self.has("input_shape").then(|| self.two("input_shape", 1)))
                    .transpose()?,
                weight: self.numbers("weight")?,
                stride: self.two("stride", 1)?,
                padding: self.padding(2)?,
                dilation: self.two("dilation", 1)?,
                groups: self.one("groups", 1)?,
                bias: self.numbers("bias")?,
            },
            "SumPool2d" => Node::SumPool2d {
                kernel_size: self.two("kernel_size", 1)?,
                stride: self.two("stride", 1)?,
                padding: self.two("padding", 0)?,
            },
            "AvgPool2d" => Node::AvgPool2d {
                kernel_size: self.two("kernel_size", 1)?,
                stride: self.two("stride", 1)?,
                padding: self.two("padding", 0)?,
            },
            "Delay" => Node::Delay {
                delay: self.numbers("delay")?,
            },
            "Threshold" => Node::Threshold {
                threshold: self.numbers("threshold")?,
            },
            _ => return self.neuron(type_name),
        })
    }

    fn neuron(&self, type_name: &str) -> Result<Node, NirError> {
        Ok(match type_name {
            "I" => Node::I {
                r: self.numbers("r")?,
            },
            "IF" => {
                let v_threshold = self.numbers("v_threshold")?;
                Node::If {
                    r: self.numbers("r")?,
                    v_reset: self.v_reset(&v_threshold)?,
                    v_threshold,
                }
            }
            "LI" => Node::Li {
                tau: self.numbers("tau")?,
                r: self.numbers("r")?,
                v_leak: self.numbers("v_leak")?,
            },
            "LIF" => {
                let v_threshold = self.numbers("v_threshold")?;
                Node::Lif {
                    tau: self.numbers("tau")?,
                    r: self.numbers("r")?,
                    v_leak: self.numbers("v_leak")?,
                    v_reset: self.v_reset(&v_threshold)?,
                    v_threshold,
                }
            }
            "CubaLI" => Node::CubaLi {
                tau_syn: self.numbers("tau_syn")?,
                tau_mem: self.numbers("tau_mem")?,
                r: self.numbers("r")?,
                v_leak: self.numbers("v_leak")?,
                w_in: self.w_in()?,
            },
            "CubaLIF" => {
                let v_threshold = self.numbers("v_threshold")?;
                Node::CubaLif {
                    tau_syn: self.numbers("tau_syn")?,
                    tau_mem: self.numbers("tau_mem")?,
                    r: self.numbers("r")?,
                    v_leak: self.numbers("v_leak")?,
                    w_in: self.w_in()?,
                    v_reset: self.v_reset(&v_threshold)?,
                    v_threshold,
                }
            }
            other => {
                let fault = Fault::UnknownType(other.to_owned());
                return Err(self.reader.error(self.group.path(), fault));
            }
        })
    }
}

/// Largest whole number of a shape, stride or padding.
const MAX_COUNT: f64 = (1_u32 << 28) as f64;

/// Whole numbers from `least` on; otherwise what was found.
fn counts(array: &Array, least: usize) -> Result<Vec<usize>, String> {
    let fits = |value: &f64| value.fract() == 0.0 && (least as f64..=MAX_COUNT).contains(value);
    if array.shape.len() > 1 || array.len() > MAX_DEPTH {
        return Err(format!("an array of shape {:?}", array.shape));
    }
    match array.values.iter().find(|value| !fits(value)) {
        Some(value) => Err(value.to_string()),
        None => Ok(array.values.iter().map(|value| *value as usize).collect()),
    }
}
