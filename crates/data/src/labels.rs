//! Metadata of the samples of an event file or a frame file: labels, speakers, class names.
//!
//! A label is a class from 0. It may be stored as an integer of any width, as a boolean (h5py's enumeration of FALSE
//! and TRUE), or as a float that is a whole number; in a list of N or a column of N x 1.

use std::path::Path;

use hdf5_reader::Datatype;

use crate::container::Container;
use crate::error::DataError;
use crate::number::NumberType;
use crate::printable::printable_name;

pub(crate) const LABELS: &str = "/labels";
pub(crate) const SPEAKER: &str = "/extra/speaker";
pub(crate) const KEYS: &str = "/extra/keys";
const INTEGERS: &str = "integers of 8 to 64 bits, booleans, or floats that are whole numbers";
/// Largest number of classes inferred from labels without names.
const MAX_IMPLIED_CLASSES: usize = 65_536;

/// The whole numbers of a list or column with `length` entries; `None` where the file has no such dataset.
pub(crate) fn read_integers(
    container: &Container,
    name: &str,
    length: usize,
) -> Result<Option<Vec<i128>>, DataError> {
    if container.find(name)?.is_none() {
        return Ok(None);
    }
    let (dataset, found) = container.column(name)?;
    if found != length {
        return Err(DataError::LengthsDiffer {
            path: container.path().to_owned(),
            dataset: name.to_owned(),
            found,
            expected: length,
        });
    }
    let number = match dataset.dtype() {
        Datatype::Enum { base, .. } => NumberType::integer(base),
        dtype => NumberType::integer(dtype).or_else(|| NumberType::float(dtype)),
    };
    let number = number.ok_or_else(|| container.wrong_type(name, &dataset, INTEGERS))?;
    let raw = container.bytes(name, &dataset, length, number.bytes())?;
    number
        .whole(&raw)
        .map(Some)
        .map_err(|(index, found)| DataError::NotWhole {
            path: container.path().to_owned(),
            dataset: name.to_owned(),
            index,
            found,
        })
}

/// Number of classes if the file does not state it: one per name, else the largest label plus one.
pub(crate) fn implied_classes(labels: &[i128], names: &[String]) -> usize {
    if !names.is_empty() {
        return names.len();
    }
    let implied = labels.iter().copied().max().unwrap_or(0).saturating_add(1);
    usize::try_from(implied.max(1)).map_or(MAX_IMPLIED_CLASSES, |implied| {
        implied.min(MAX_IMPLIED_CLASSES)
    })
}

/// One name a class, fit to be shown: from the file, else its number.
pub(crate) fn name_classes(mut names: Vec<String>, classes: usize) -> Vec<String> {
    names.truncate(classes);
    for name in &mut names {
        *name = printable_name(name);
    }
    names.extend((names.len()..classes).map(|class| class.to_string()));
    names
}

/// The value of `key` in `/extra/meta_info` of the file at `path`, where it is a string.
pub fn read_meta(path: impl AsRef<Path>, key: &str) -> Result<Option<String>, DataError> {
    let container = Container::open(path.as_ref())?;
    let strings = container.strings(&format!("/extra/meta_info/{key}"))?;
    Ok(strings.and_then(|strings| strings.into_iter().next()))
}
