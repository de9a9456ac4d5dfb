//! An HDF5 file whose every read returns a value or a [`DataError`].
//!
//! libhdf5 may crash on a file with a few changed bytes, so untrusted files are read by `hdf5-reader`, which
//! is memory-safe, through this module only:
//!
//! - only plain files are opened (a pipe would block);
//! - the length in the header is compared with the file's;
//! - a dataset that claims more elements than the file has bytes is rejected before memory is allocated: each
//!   sample needs a heap object of its own, which HDF5 never compresses;
//! - a panic inside the reader becomes an error about the dataset that was read.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use hdf5_reader::error::Error as Hdf5Error;
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, FilterRegistry, Hdf5File, OpenOptions};

use crate::error::DataError;
use crate::lzf;
use crate::number::describe;

/// The number of h5py's LZF filter in HDF5's registry.
const LZF_FILTER: u16 = 32_000;
/// Largest chunk, decompressed, in bytes.
const MAX_CHUNK_BYTES: usize = 64 << 20;
/// Most bytes that one element of a dataset read whole takes, for one byte of the file.
const MAX_EXPANSION: u64 = 64;

/// An open file.
pub(crate) struct Container {
    file: Hdf5File,
    path: PathBuf,
    file_bytes: u64,
}

impl Container {
    /// Opens `path` and checks its header.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        Self::open_expanding(path, MAX_EXPANSION)
    }

    /// The same for a file whose datasets may take up to `expansion` bytes for one of the file.
    pub(crate) fn open_expanding(path: &Path, expansion: u64) -> Result<Self, DataError> {
        let cannot_open = |source| DataError::Open {
            path: path.to_owned(),
            source,
        };
        let metadata = fs::metadata(path).map_err(cannot_open)?;
        if !metadata.is_file() {
            return Err(cannot_open(std::io::Error::other("it is not a plain file")));
        }
        fs::File::open(path).map_err(cannot_open)?;
        let file_bytes = metadata.len();

        let options = OpenOptions::default()
            .with_filter_registry(filters())
            .with_max_chunk_bytes(MAX_CHUNK_BYTES)
            .with_max_read_bytes(
                usize::try_from(file_bytes.saturating_mul(expansion)).unwrap_or(usize::MAX),
            );
        let file = guard(path, "/", None, || {
            Hdf5File::open_with_options(path, options)
        })?;
        let expected = file.superblock().eof_address;
        if expected > file_bytes {
            return Err(DataError::Truncated {
                path: path.to_owned(),
                expected,
                actual: file_bytes,
            });
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            file_bytes,
        })
    }

    /// The file's path, as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's length in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The group that contains everything.
    pub(crate) fn root(&self) -> Result<Group, DataError> {
        self.guard("/", None, || self.file.root_group())
    }

    /// The dataset at `name`, or `None` where the file has none.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Dataset>, DataError> {
        self.find_within(name, self.file_bytes)
    }

    /// The same for a dataset that may claim up to `most` elements: a compressed one.
    pub(crate) fn find_within(&self, name: &str, most: u64) -> Result<Option<Dataset>, DataError> {
        let found = self.guard(name, None, || match self.file.dataset(name) {
            Ok(dataset) => Ok(Some(dataset)),
            Err(error) if says_missing(&error) => Ok(None),
            Err(error) => Err(error),
        })?;
        if let Some(dataset) = &found {
            let elements = dataset
                .shape()
                .iter()
                .fold(1_u64, |product, size| product.saturating_mul(*size));
            if elements > most {
                return Err(DataError::TooLarge {
                    path: self.path.clone(),
                    dataset: name.to_owned(),
                    elements,
                    file_bytes: self.file_bytes,
                });
            }
        }
        Ok(found)
    }

    /// The dataset at `name`, which must exist and have one dimension, with its length.
    pub(crate) fn list(&self, name: &str) -> Result<(Dataset, usize), DataError> {
        let dataset = self.find(name)?.ok_or_else(|| DataError::MissingDataset {
            path: self.path.clone(),
            dataset: name.to_owned(),
        })?;
        match dataset.shape() {
            &[length] => Ok((dataset, length as usize)),
            shape => Err(DataError::WrongShape {
                path: self.path.clone(),
                dataset: name.to_owned(),
                shape: shape.to_vec(),
            }),
        }
    }

    /// The same for a list, or a column of shape N x 1.
    pub(crate) fn column(&self, name: &str) -> Result<(Dataset, usize), DataError> {
        match self.find(name)? {
            Some(dataset) if matches!(dataset.shape(), [_, 1]) => {
                let length = dataset.shape()[0] as usize;
                Ok((dataset, length))
            }
            _ => self.list(name),
        }
    }

    /// All bytes of a dataset, `elements * width` of them.
    pub(crate) fn bytes(
        &self,
        name: &str,
        dataset: &Dataset,
        elements: usize,
        width: usize,
    ) -> Result<Vec<u8>, DataError> {
        let raw = self.guard(name, None, || dataset.read_raw_bytes())?;
        if raw.len() == elements * width {
            Ok(raw)
        } else {
            Err(self.damaged(name, None, "its length does not match its shape"))
        }
    }

    /// The strings of a dataset; `None` if it does not exist or has another type.
    pub(crate) fn strings(&self, name: &str) -> Result<Option<Vec<String>>, DataError> {
        let Some(dataset) = self.find(name)? else {
            return Ok(None);
        };
        self.guard(name, None, || match dataset.read_strings() {
            Ok(strings) => Ok(Some(strings)),
            Err(Hdf5Error::TypeMismatch { .. }) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Runs `read`, turning the reader's errors and panics into errors about `dataset`.
    pub(crate) fn guard<T>(
        &self,
        dataset: &str,
        index: Option<usize>,
        read: impl FnOnce() -> Result<T, Hdf5Error>,
    ) -> Result<T, DataError> {
        guard(&self.path, dataset, index, read)
    }

    /// An error: a dataset whose type is not the `expected` one.
    pub(crate) fn wrong_type(
        &self,
        name: &str,
        dataset: &Dataset,
        expected: &'static str,
    ) -> DataError {
        DataError::WrongType {
            path: self.path.clone(),
            dataset: name.to_owned(),
            found: describe(dataset.dtype()),
            expected,
        }
    }

    /// An error: `dataset` is broken.
    pub(crate) fn damaged(&self, dataset: &str, index: Option<usize>, detail: &str) -> DataError {
        DataError::Damaged {
            path: self.path.clone(),
            dataset: dataset.to_owned(),
            index,
            detail: detail.to_owned(),
        }
    }
}

fn guard<T>(
    path: &Path,
    dataset: &str,
    index: Option<usize>,
    read: impl FnOnce() -> Result<T, Hdf5Error>,
) -> Result<T, DataError> {
    let damaged = |detail: String| DataError::Damaged {
        path: path.to_owned(),
        dataset: dataset.to_owned(),
        index,
        detail,
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Hdf5Error::InvalidMagic)) => Err(DataError::NotHdf5 {
            path: path.to_owned(),
        }),
        Ok(Err(error)) => Err(damaged(innermost(&error).to_string())),
        Err(_) => Err(damaged("the reader gave up on it".to_owned())),
    }
}

/// The reader wraps an error once for each step of a path; the error already names the path.
fn innermost(error: &Hdf5Error) -> &Hdf5Error {
    match error {
        Hdf5Error::Context { source, .. } => innermost(source),
        error => error,
    }
}

fn says_missing(error: &Hdf5Error) -> bool {
    matches!(
        innermost(error),
        Hdf5Error::DatasetNotFound(_) | Hdf5Error::GroupNotFound(_)
    )
}

fn filters() -> FilterRegistry {
    let mut filters = FilterRegistry::new();
    filters.register(
        LZF_FILTER,
        Box::new(|filter, input, _element_size| {
            // h5py stores the size of a chunk as the filter's third parameter.
            let chunk_bytes = filter.client_data.get(2).map_or(0, |bytes| *bytes as usize);
            let limit = if chunk_bytes == 0 {
                MAX_CHUNK_BYTES
            } else {
                chunk_bytes.min(MAX_CHUNK_BYTES)
            };
            lzf::decompress(input, limit)
                .map_err(|detail| Hdf5Error::DecompressionError(format!("lzf: {detail}")))
        }),
    );
    filters
}
