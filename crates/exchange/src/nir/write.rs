//! Writing a NIR file, in the layout of [`read`](super::read).
//!
//! Parameters are float32, arrays contiguous and not compressed; an array without dimensions is written as a list of one
//! number, which every version of nir can write again. Edges keep their order, each once. `v_reset` is left out where it is 0. Numbers of metadata are float64.

use std::collections::BTreeSet;
use std::path::Path;

use saturn_data::{DataError, Hdf5Contents, Hdf5Entry, write_hdf5};

use super::fields::Field;
use super::graph::{Graph, Metadata, Node, Value};

/// The first version that reads `v_reset`.
const WITH_RESET: &str = "1.0.6";
/// The first version that reads all else.
const FIRST: &str = "1.0.4";

impl Graph {
    /// Writes the graph to `path`, replacing an existing file only once all is written.
    ///
    /// Names with `/` are an error, since they are groups in HDF5.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        let mut node = contents(self);
        node.insert("type".to_owned(), Hdf5Entry::text("NIRGraph"));
        let elsewhere = self.nodes.values().any(Node::resets_elsewhere);
        let version = if elsewhere { WITH_RESET } else { FIRST };
        let root = Hdf5Contents::from([
            ("version".to_owned(), Hdf5Entry::text(version)),
            ("node".to_owned(), Hdf5Entry::Group(node)),
        ]);
        write_hdf5(path, &root)
    }
}

fn contents(graph: &Graph) -> Hdf5Contents {
    let nodes = graph.nodes.iter().map(|(name, node)| {
        let mut inside = match node {
            Node::Graph(graph) => contents(graph),
            node => fields(node),
        };
        inside.insert("type".to_owned(), Hdf5Entry::text(node.type_name()));
        if let Some(notes) = graph.node_metadata.get(name) {
            add_metadata(&mut inside, notes);
        }
        (name.clone(), Hdf5Entry::Group(inside))
    });
    let mut seen = BTreeSet::new();
    let distinct: Vec<_> = graph
        .edges
        .iter()
        .filter(|edge| seen.insert(*edge))
        .collect();
    let names = distinct.iter().flat_map(|(from, to)| [from, to]).cloned();
    let edges = Hdf5Entry::Texts(vec![distinct.len(), 2], names.collect());
    let mut contents = Hdf5Contents::from([
        ("nodes".to_owned(), Hdf5Entry::Group(nodes.collect())),
        ("edges".to_owned(), edges),
    ]);
    add_metadata(&mut contents, &graph.metadata);
    contents
}

fn fields(node: &Node) -> Hdf5Contents {
    let entry = |field| match field {
        Field::Real(array) => {
            let shape = match &array.shape[..] {
                [] => vec![1],
                shape => shape.to_vec(),
            };
            Hdf5Entry::F32(shape, array.values.iter().map(|&x| x as f32).collect())
        }
        Field::Whole(values) => Hdf5Entry::I64(vec![values.len()], values),
        Field::One(value) => Hdf5Entry::I64(Vec::new(), vec![value]),
        Field::Text(text) => Hdf5Entry::text(text),
    };
    let fields = node.fields().into_iter();
    fields
        .map(|(name, field)| (name.to_owned(), entry(field)))
        .collect()
}

fn add_metadata(contents: &mut Hdf5Contents, notes: &Metadata) {
    if !notes.is_empty() {
        contents.insert("metadata".to_owned(), Hdf5Entry::Group(metadata(notes)));
    }
}

fn metadata(notes: &Metadata) -> Hdf5Contents {
    let entry = |value: &Value| match value {
        Value::Number(number) => Hdf5Entry::F64(Vec::new(), vec![*number]),
        Value::Text(text) => Hdf5Entry::text(text),
        Value::Numbers(array) => Hdf5Entry::F64(array.shape.clone(), array.values.clone()),
        Value::Texts(texts) => Hdf5Entry::Texts(vec![texts.len()], texts.clone()),
        Value::Nested(notes) => Hdf5Entry::Group(metadata(notes)),
    };
    notes
        .iter()
        .map(|(name, value)| (name.clone(), entry(value)))
        .collect()
}
