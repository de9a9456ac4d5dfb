//! An HDF5 file as a tree of groups and arrays, for formats whose layout is not fixed.
//!
//! [`Hdf5Tree`] opens a file as every reader of this crate does: safe Rust alone, a panic of the reader is an error.
//! What a file may make a caller allocate is bounded before it is read:
//!
//! - all arrays of a file together, each counted as often as it is read, have at most [`MAX_ELEMENTS`] numbers, and
//!   at most [`MAX_EXPANSION`] for each byte of the file (the most that gzip can compress);
//! - each byte of a string of fixed width counts as a number;
//! - all strings of variable length together have at most as many bytes as the file: HDF5 does not compress them.

use std::cell::Cell;
use std::path::Path;

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype};

use crate::container::Container;
use crate::error::DataError;
use crate::number::NumberType;

/// Most numbers that are read from one file.
pub const MAX_ELEMENTS: u64 = 1 << 28;
/// Most bytes of an array for one byte of the file: what deflate reaches.
pub const MAX_EXPANSION: u64 = 1032;

/// An open file.
pub struct Hdf5Tree {
    container: Container,
    elements_left: Cell<u64>,
    text_left: Cell<u64>,
}

/// A group of a file.
pub struct Hdf5Group<'t> {
    tree: &'t Hdf5Tree,
    group: Group,
    path: String,
}

/// The names inside a group, each kind in the order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hdf5Names {
    /// Groups.
    pub groups: Vec<String>,
    /// Datasets.
    pub arrays: Vec<String>,
}

/// A dataset read whole. Its shape is empty for a single value.
#[derive(Clone, Debug, PartialEq)]
pub enum Hdf5Array {
    /// Floats, integers or truth values (0 and 1), as f64.
    Numbers {
        /// Sizes of the dimensions.
        shape: Vec<usize>,
        /// Row by row.
        values: Vec<f64>,
    },
    /// Strings of fixed or variable length.
    Strings {
        /// Sizes of the dimensions.
        shape: Vec<usize>,
        /// Row by row.
        values: Vec<String>,
    },
}

impl Hdf5Tree {
    /// Opens `path` and checks its header.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let container = Container::open_expanding(path, MAX_EXPANSION)?;
        let bytes = container.file_bytes();
        Ok(Self {
            elements_left: Cell::new(MAX_ELEMENTS.min(bytes.saturating_mul(MAX_EXPANSION))),
            text_left: Cell::new(bytes),
            container,
        })
    }

    /// The group that contains everything.
    pub fn root(&self) -> Result<Hdf5Group<'_>, DataError> {
        let group = self.container.root()?;
        Ok(Hdf5Group {
            tree: self,
            group,
            path: String::new(),
        })
    }

    /// Takes `count` from what may still be read.
    fn spend(&self, left: &Cell<u64>, count: u64, name: &str) -> Result<(), DataError> {
        let Some(rest) = left.get().checked_sub(count) else {
            return Err(DataError::TooLarge {
                path: self.container.path().to_owned(),
                dataset: name.to_owned(),
                elements: count,
                file_bytes: self.container.file_bytes(),
            });
        };
        left.set(rest);
        Ok(())
    }

    fn read(&self, dataset: &Dataset, name: &str) -> Result<Hdf5Array, DataError> {
        let claimed = self
            .container
            .guard(name, None, || dataset.num_elements())?;
        let product = (dataset.shape().iter()).try_fold(1_u64, |all, size| all.checked_mul(*size));
        // A dataset without a value (h5py.Empty) has no dimensions and no element.
        if product != Some(claimed) {
            let detail = "it has no value, or more than its shape";
            return Err(self.container.damaged(name, None, detail));
        }
        self.spend(&self.elements_left, claimed, name)?;
        let elements = claimed as usize;
        let shape: Vec<usize> = dataset.shape().iter().map(|size| *size as usize).collect();
        if let Some(width) = text_width(dataset.dtype()) {
            let values = self.texts(dataset, name, elements, width)?;
            return Ok(Hdf5Array::Strings { shape, values });
        }
        let stored = match dataset.dtype() {
            // Truth values.
            Datatype::Enum { base, .. } => NumberType::integer(base),
            dtype => NumberType::time(dtype),
        };
        let Some(stored) = stored else {
            return Err(self
                .container
                .wrong_type(name, dataset, "numbers or strings"));
        };
        let raw = (self.container).bytes(name, dataset, elements, stored.bytes())?;
        let values = stored.widened(&raw);
        Ok(Hdf5Array::Numbers { shape, values })
    }

    /// The strings of a dataset: of a fixed width, or of a variable one.
    fn texts(
        &self,
        dataset: &Dataset,
        name: &str,
        elements: usize,
        width: Option<usize>,
    ) -> Result<Vec<String>, DataError> {
        let reference = dataset.vlen_reference_size();
        let width_bytes = width.unwrap_or(reference);
        if width_bytes == 0 {
            return Ok(vec![String::new(); elements]);
        }
        let total = (elements as u64).saturating_mul(width_bytes as u64);
        if total > self.container.file_bytes().saturating_mul(MAX_EXPANSION) {
            return Err(DataError::TooLarge {
                path: self.container.path().to_owned(),
                dataset: name.to_owned(),
                elements: total,
                file_bytes: self.container.file_bytes(),
            });
        }
        let raw = (self.container).bytes(name, dataset, elements, width_bytes)?;
        let text = |bytes: &[u8]| {
            let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
            String::from_utf8(bytes[..end].to_vec())
                .map_err(|_| (self.container).damaged(name, None, "a string is not UTF-8"))
        };
        let parts = raw.chunks_exact(width_bytes);
        if width.is_some() {
            self.spend(&self.elements_left, total, name)?;
            return parts.map(text).collect();
        }
        // Each reference starts with the length of its string, which is what is read of it at most.
        let lengths = (parts.clone()).map(|part| match *part {
            [a, b, c, d, ..] => u64::from(u32::from_le_bytes([a, b, c, d])),
            _ => 0,
        });
        let bytes = lengths.fold(0_u64, u64::saturating_add);
        self.spend(&self.text_left, bytes, name)?;
        parts
            .map(|part| {
                let read = || dataset.resolve_vlen_reference_bytes(part, 1);
                text(&self.container.guard(name, None, read)?)
            })
            .collect()
    }
}

impl<'t> Hdf5Group<'t> {
    /// Where the group is in the file, as `/node/nodes`; `/` for the root.
    pub fn path(&self) -> &str {
        if self.path.is_empty() {
            "/"
        } else {
            &self.path
        }
    }

    /// Where `name` inside the group is.
    pub fn path_of(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// The names inside.
    pub fn names(&self) -> Result<Hdf5Names, DataError> {
        let container = &self.tree.container;
        let (mut groups, mut arrays) =
            container.guard(self.path(), None, || self.group.member_names())?;
        groups.sort_unstable();
        arrays.sort_unstable();
        groups.dedup();
        arrays.dedup();
        Ok(Hdf5Names { groups, arrays })
    }

    /// A group inside, which must exist.
    pub fn group(&self, name: &str) -> Result<Hdf5Group<'t>, DataError> {
        let path = self.path_of(name);
        let group = (self.tree.container).guard(&path, None, || self.group.group(name))?;
        Ok(Hdf5Group {
            tree: self.tree,
            group,
            path,
        })
    }

    /// A dataset inside, which must exist, read whole.
    pub fn array(&self, name: &str) -> Result<Hdf5Array, DataError> {
        let path = self.path_of(name);
        let dataset = (self.tree.container).guard(&path, None, || self.group.dataset(name))?;
        self.tree.read(&dataset, &path)
    }
}

impl Hdf5Array {
    /// Sizes of the dimensions.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Numbers { shape, .. } | Self::Strings { shape, .. } => shape,
        }
    }
}

/// For strings, their width in bytes, or `None` inside where it varies; `None` for other types.
#[allow(
    clippy::option_option,
    reason = "not a string, and no fixed width, differ"
)]
fn text_width(dtype: &Datatype) -> Option<Option<usize>> {
    match dtype {
        Datatype::String {
            size: hdf5_reader::StringSize::Fixed(bytes),
            ..
        } => Some(Some(*bytes as usize)),
        Datatype::String { .. } => Some(None),
        Datatype::VarLen {
            base,
            kind: hdf5_reader::VarLenKind::String,
            ..
        } if base.is_vlen_string_base() => Some(None),
        _ => None,
    }
}
