//! Whether weights are the ones of a run's results.
//!
//! | the results record | the file | they are |
//! |---|---|---|
//! | a checksum | has it | the run's |
//! | a checksum | has another | of another training |
//! | none: they are older than such records | describes itself: it is newer | of another training |
//! | none | does not describe itself | probably the run's |

use std::path::Path;

use super::error::{WeightsError, short};
use super::file::WeightsFile;

/// Origin of a file of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// There is no file.
    Absent,
    /// Nothing ties it to the results, and nothing contradicts that.
    Unknown,
    /// The results are about these weights.
    Same,
}

/// What ties the file at `path` to results that record the checksum `recorded`; an error if they are about other
/// weights, or if the file cannot be read.
pub fn tie(path: &Path, recorded: Option<&str>) -> Result<Tie, WeightsError> {
    if !path.exists() {
        return Ok(Tie::Absent);
    }
    refuse_others(&mut WeightsFile::open(path)?, recorded)?;
    Ok(if recorded.is_some() {
        Tie::Same
    } else {
        Tie::Unknown
    })
}

/// An error if results that record the checksum `recorded` are not about `file`.
pub fn refuse_others(file: &mut WeightsFile, recorded: Option<&str>) -> Result<(), WeightsError> {
    let found = file.checksum()?;
    let same = match recorded {
        Some(recorded) => recorded == found,
        None => file.description()?.is_none(),
    };
    if same {
        return Ok(());
    }
    Err(WeightsError::Foreign {
        path: file.path().to_owned(),
        found,
        recorded: recorded.map(str::to_owned),
    })
}

/// An error if training with the checksum `training` would overwrite weights at `path` that the run did not
/// make. `recorded` is the checksum in the results of an earlier training, if there are any and they have
/// one.
pub fn refuse_in_the_way(
    path: &Path,
    training: &str,
    recorded: Option<Option<&str>>,
) -> Result<(), WeightsError> {
    if !path.exists() {
        return Ok(());
    }
    let mut file = WeightsFile::open(path)?;
    // The same training may have been ended between its weights and its record.
    if let Some(of) = file.description()?
        && of.training == training
        && of.tensors_sha256 == file.checksum()?
    {
        return Ok(());
    }
    if let Some(recorded) = recorded
        && refuse_others(&mut file, recorded).is_ok()
    {
        return Ok(());
    }
    Err(WeightsError::InTheWay {
        path: path.to_owned(),
    })
}

impl WeightsFile {
    /// The origin of weights, for the end of a sentence about them, if the file describes itself.
    pub fn origin(&mut self) -> Result<String, WeightsError> {
        let Some(of) = self.description()? else {
            return Ok("; the file does not describe itself".to_owned());
        };
        let changed = if of.tensors_sha256 == self.checksum()? {
            ""
        } else {
            ", and were changed after that"
        };
        Ok(format!(
            "; they were written by saturn {} as {} of the training {}{changed}",
            of.saturn,
            of.network,
            short(&of.training)
        ))
    }
}
