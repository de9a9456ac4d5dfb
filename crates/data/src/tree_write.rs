//! Writing groups and arrays to an HDF5 file: the counterpart of [`Hdf5Tree`](crate::Hdf5Tree).
//!
//! Arrays are contiguous and not compressed, so that every reader of HDF5 can read them. An array of an empty shape is a
//! single value.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Group, H5Type};
use ndarray::{ArrayViewD, IxDyn};

use crate::error::DataError;
use crate::output::Output;

/// The contents of a group, by name.
pub type Hdf5Contents = BTreeMap<String, Hdf5Entry>;

/// What is written under a name. Values are row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Hdf5Entry {
    /// A group.
    Group(Hdf5Contents),
    /// Floats of 32 bits: shape and values.
    F32(Vec<usize>, Vec<f32>),
    /// Floats of 64 bits: shape and values.
    F64(Vec<usize>, Vec<f64>),
    /// Signed integers of 64 bits: shape and values.
    I64(Vec<usize>, Vec<i64>),
    /// Strings of variable length: shape and values.
    Texts(Vec<usize>, Vec<String>),
}

impl Hdf5Entry {
    /// A single string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Texts(Vec::new(), vec![text.into()])
    }
}

/// Writes a file with `contents` to `path`, replacing an existing one only once all is written.
///
/// A name or a string that HDF5 cannot store (`/` or a NUL character in it, an empty name or `.`), and an array that has
/// another number of values than its shape, are errors.
pub fn write_hdf5(path: impl AsRef<Path>, contents: &Hdf5Contents) -> Result<(), DataError> {
    let path = path.as_ref();
    let mut output = Output::default();
    output.write(path, |part| {
        let failed = |error: hdf5::Error| DataError::Write {
            path: path.to_owned(),
            detail: error.to_string(),
        };
        let file = hdf5::File::create(part).map_err(failed)?;
        fill(&file, contents).map_err(failed)?;
        file.flush().map_err(failed)?;
        file.close().map_err(failed)
    })?;
    output.place()
}

fn fill(group: &Group, contents: &Hdf5Contents) -> hdf5::Result<()> {
    for (name, entry) in contents {
        if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\0']) {
            let message = format!("{name:?} cannot be the name of a group or a dataset");
            return Err(hdf5::Error::from(message));
        }
        match entry {
            Hdf5Entry::Group(inside) => fill(&group.create_group(name)?, inside)?,
            Hdf5Entry::F32(shape, values) => put(group, name, shape, values)?,
            Hdf5Entry::F64(shape, values) => put(group, name, shape, values)?,
            Hdf5Entry::I64(shape, values) => put(group, name, shape, values)?,
            Hdf5Entry::Texts(shape, texts) => {
                let texts: Vec<VarLenUnicode> = texts
                    .iter()
                    .map(|text| stored(text))
                    .collect::<hdf5::Result<_>>()?;
                put(group, name, shape, &texts)?;
            }
        }
    }
    Ok(())
}

fn put<T: H5Type>(group: &Group, name: &str, shape: &[usize], values: &[T]) -> hdf5::Result<()> {
    let array = ArrayViewD::from_shape(IxDyn(shape), values)
        .map_err(|error| hdf5::Error::from(format!("{name}: {error}")))?;
    group.new_dataset_builder().with_data(array).create(name)?;
    Ok(())
}

fn stored(text: &str) -> hdf5::Result<VarLenUnicode> {
    text.parse()
        .map_err(|_| hdf5::Error::from("a string contains a NUL character"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hdf5Array, Hdf5Tree};

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tree.h5");
        let inside = Hdf5Contents::from([
            ("a".to_owned(), Hdf5Entry::F32(vec![2, 1], vec![0.5, -0.0])),
            ("one".to_owned(), Hdf5Entry::F64(vec![], vec![0.1])),
            ("whole".to_owned(), Hdf5Entry::I64(vec![2], vec![3, -4])),
        ]);
        let contents = Hdf5Contents::from([
            ("group".to_owned(), Hdf5Entry::Group(inside)),
            ("name".to_owned(), Hdf5Entry::text("ä")),
        ]);
        write_hdf5(&path, &contents).unwrap();
        let tree = Hdf5Tree::open(&path).unwrap();
        let root = tree.root().unwrap();
        let name = root.array("name").unwrap();
        let (shape, values) = (vec![], vec!["ä".to_owned()]);
        assert_eq!(name, Hdf5Array::Strings { shape, values });
        let group = root.group("group").unwrap();
        for (name, shape, values) in [
            ("a", vec![2, 1], vec![0.5, -0.0]),
            ("one", vec![], vec![0.1]),
            ("whole", vec![2], vec![3.0, -4.0]),
        ] {
            let found = group.array(name).unwrap();
            assert_eq!(found, Hdf5Array::Numbers { shape, values });
        }
    }

    #[test]
    fn what_cannot_be_stored_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tree.h5");
        let refused = |name: &str, entry: Hdf5Entry| {
            let contents = Hdf5Contents::from([(name.to_owned(), entry)]);
            write_hdf5(&path, &contents).unwrap_err().to_string()
        };
        for name in ["", ".", "..", "a/b", "a\0"] {
            let message = refused(name, Hdf5Entry::text("x"));
            assert!(message.contains("cannot be the name"), "{message}");
        }
        assert!(refused("a", Hdf5Entry::text("\0")).contains("NUL"));
        assert!(refused("a", Hdf5Entry::F32(vec![2], vec![1.0])).contains("a: "));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
