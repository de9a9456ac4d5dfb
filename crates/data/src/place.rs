//! Position of a sample in the longer recording that it was cut from.
//!
//! | dataset | entry |
//! |---|---|
//! | `/extra/start_s` | one per sample: start of the sample in the recording, seconds |
//! | `/extra/known_s` | two per sample: interval of the sample in which its label is valid, seconds |
//! | `/extra/mark_s` | one per sample: the labelled moment (may be missing), seconds |
//!
//! Samples that tile a recording have consecutive `start_s`, and concatenated give the recording again; time
//! outside `known_s` is gap. The number of the recording is the sample's speaker.

use std::path::Path;

use crate::container::Container;
use crate::error::DataError;
use crate::number::NumberType;

const START: &str = "/extra/start_s";
const KNOWN: &str = "/extra/known_s";
const MARK: &str = "/extra/mark_s";

/// Where a sample was cut out of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    /// Its first moment in the recording, in seconds.
    pub start_s: f64,
    /// Start and end of the interval in which the label is valid, in seconds from the sample's start.
    pub known_s: [f64; 2],
    /// The labelled moment (a beat's mark), in seconds from the sample's start, if the file contains it.
    pub mark_s: Option<f64>,
}

/// The position of each sample of the event file at `path`, in the order of the file; `None` if the file
/// contains none.
pub fn read_places(path: impl AsRef<Path>) -> Result<Option<Vec<Place>>, DataError> {
    let container = Container::open(path.as_ref())?;
    if container.find(START)?.is_none() {
        return Ok(None);
    }
    let (dataset, length) = container.list(START)?;
    let starts = floats(&container, START, &dataset, length)?;
    let Some(dataset) = container.find(KNOWN)? else {
        return Err(DataError::MissingDataset {
            path: container.path().to_owned(),
            dataset: KNOWN.to_owned(),
        });
    };
    if dataset.shape() != [length as u64, 2] {
        return Err(container.damaged(KNOWN, None, "it does not have two entries per sample"));
    }
    let known = floats(&container, KNOWN, &dataset, 2 * length)?;
    let marks = match container.find(MARK)? {
        Some(_) => {
            let (dataset, marks) = container.list(MARK)?;
            if marks != length {
                return Err(container.damaged(MARK, None, "it does not have one entry per sample"));
            }
            Some(floats(&container, MARK, &dataset, length)?)
        }
        None => None,
    };
    let places = starts.iter().zip(known.chunks_exact(2)).enumerate();
    Ok(Some(
        places
            .map(|(i, (start_s, known))| Place {
                start_s: *start_s,
                known_s: [known[0], known[1]],
                mark_s: marks.as_ref().map(|marks| marks[i]),
            })
            .collect(),
    ))
}

fn floats(
    container: &Container,
    name: &str,
    dataset: &hdf5_reader::Dataset,
    length: usize,
) -> Result<Vec<f64>, DataError> {
    let number = NumberType::float(dataset.dtype()).ok_or_else(|| {
        let expected = "floats of 16, 32 or 64 bits (seconds)";
        container.wrong_type(name, dataset, expected)
    })?;
    let raw = container.bytes(name, dataset, length, number.bytes())?;
    let floats: Vec<f64> = number.floats(&raw).collect();
    match floats.iter().position(|time_s| !time_s.is_finite()) {
        Some(sample) => Err(container.damaged(name, Some(sample), "a time is not finite")),
        None => Ok(floats),
    }
}
