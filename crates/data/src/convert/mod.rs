//! Converters from source formats to event files and frame files.
//!
//! | module | reads | writes |
//! |---|---|---|
//! | [`event_csv`] | events as rows of text | events |
//! | [`idx`] | images of MNIST and Fashion-MNIST | events or frames |
//! | [`n_mnist`] | recordings of an event camera | events |
//! | [`speech`] | spoken words, WAV | events of a model ear, or log-mel frames |
//! | [`wfdb`] | electrocardiograms with beats marked | events or frames |
//!
//! Every converter reads its input incrementally, checks it, and compares the sizes claimed by a header with
//! the file before allocating memory. Faulty input is a [`DataError`] that names the file and the position in
//! it. Output files are replaced atomically.

pub mod event_csv;
pub mod idx;
pub mod n_mnist;
pub mod speech;
mod split;
pub mod wfdb;

pub use split::Division;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::DataError;
pub(crate) use crate::watch::Tally;
pub use crate::watch::Watch;

/// Result of a conversion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Converted {
    /// The files, with the number of samples in each.
    pub files: Vec<(PathBuf, usize)>,
    /// What was left out, and other notices, one per line.
    pub notices: Vec<String>,
}

/// Opens a plain file, and returns its length in bytes.
pub(crate) fn open(path: &Path) -> Result<(fs::File, u64), DataError> {
    let cannot_open = |source| DataError::Open {
        path: path.to_owned(),
        source,
    };
    // A pipe would block where it is opened.
    let metadata = fs::metadata(path).map_err(cannot_open)?;
    if !metadata.is_file() {
        return Err(cannot_open(io::Error::other("it is not a plain file")));
    }
    let file = fs::File::open(path).map_err(cannot_open)?;
    Ok((file, metadata.len()))
}

/// What lies in a folder, in the order of the names.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let cannot_open = |source| DataError::Open {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot_open)? {
        paths.push(entry.map_err(cannot_open)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Sorts events by time; those at the same time keep their order.
pub(crate) fn sort_by_time(times_s: &mut Vec<f64>, units: &mut Vec<u32>) {
    if times_s.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..times_s.len()).collect();
    order.sort_by(|a, b| times_s[*a].total_cmp(&times_s[*b]));
    *times_s = order.iter().map(|event| times_s[*event]).collect();
    *units = order.iter().map(|event| units[*event]).collect();
}

#[cfg(test)]
pub(crate) mod hostile;
