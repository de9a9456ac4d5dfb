//! What an event file or a frame file knows of its samples: labels, speakers, names of classes.

use crate::container::Container;
use crate::error::DataError;
use crate::number::NumberType;

pub(crate) const LABELS: &str = "/labels";
pub(crate) const SPEAKER: &str = "/extra/speaker";
pub(crate) const KEYS: &str = "/extra/keys";
const INTEGERS: &str = "integers of 8 to 64 bits";
/// Most classes that labels alone, without names, may imply.
const MAX_IMPLIED_CLASSES: usize = 65_536;

/// The integers of a list with `length` entries; `None` where the file has no such dataset.
pub(crate) fn read_integers(
    container: &Container,
    name: &str,
    length: usize,
) -> Result<Option<Vec<i128>>, DataError> {
    if container.find(name)?.is_none() {
        return Ok(None);
    }
    let (dataset, found) = container.list(name)?;
    if found != length {
        return Err(DataError::LengthsDiffer {
            path: container.path().to_owned(),
            dataset: name.to_owned(),
            found,
            expected: length,
        });
    }
    let number = NumberType::integer(dataset.dtype())
        .ok_or_else(|| container.wrong_type(name, &dataset, INTEGERS))?;
    let raw = container.bytes(name, &dataset, length, number.bytes())?;
    Ok(Some(number.integers(&raw).collect()))
}

/// How many classes there are where nothing says so: one a name, else one more than the largest label.
pub(crate) fn implied_classes(labels: &[i128], names: &[String]) -> usize {
    if !names.is_empty() {
        return names.len();
    }
    let implied = labels.iter().copied().max().unwrap_or(0).saturating_add(1);
    usize::try_from(implied.max(1)).map_or(MAX_IMPLIED_CLASSES, |implied| {
        implied.min(MAX_IMPLIED_CLASSES)
    })
}

pub(crate) fn name_classes(mut names: Vec<String>, classes: usize) -> Vec<String> {
    names.truncate(classes);
    names.extend((names.len()..classes).map(|class| class.to_string()));
    names
}
