//! The finished net that a model begins from.

use std::path::PathBuf;

use anyhow::Result;
use saturn_cell::Real;
use saturn_network::Network;
use saturn_train::weights::{
    self, Belonging, Description, StateDictModule, WeightsFile, locate, other_classes,
};
use thiserror::Error;

use super::entry::Entry;
use crate::scenario::{missing, start_of};

/// A finished net from which a model cannot begin.
#[derive(Debug, Error)]
pub enum StartError {
    /// It is not there.
    #[error("models.{model}.from: {what}")]
    Missing {
        /// The model.
        model: String,
        /// What is looked for, with what to do.
        what: String,
    },
    /// Its layers, inputs or classes are others.
    #[error(
        "models.{model}.from: {}: the net is another one:\n  {}\nhint: leave `layers` out to have those of the file; its \
         channels, classes and dt_ms must be those of the scenario's `data`",
        path.display(),
        differences.join("\n  ")
    )]
    Another {
        /// The model.
        model: String,
        /// The weights file.
        path: PathBuf,
        /// What differs, with both values; at least one.
        differences: Vec<String>,
    },
}

/// The finished net that an entry begins from.
pub struct Start {
    file: WeightsFile,
}

impl Start {
    /// That of `entry`, if it begins from one.
    pub fn of(entry: &Entry) -> Result<Option<Self>> {
        let Some(from) = &entry.model.from else {
            return Ok(None);
        };
        let path = start_of(from, entry.place.seed);
        let Some(file) = locate(&path) else {
            let (model, what) = (entry.place.model.to_owned(), missing(&path));
            return Err(StartError::Missing { model, what }.into());
        };
        let file = WeightsFile::open(&file)?;
        Ok(Some(Self { file }))
    }

    /// The checksum of its tensors.
    pub fn checksum(&mut self) -> Result<String> {
        Ok(self.file.checksum()?)
    }

    /// The modules of the state dict that it was imported from; empty if it was not.
    pub fn modules(&self) -> Result<Vec<StateDictModule>> {
        let description = self.file.description()?;
        Ok(description.map_or_else(Vec::new, |description| description.modules))
    }

    /// Reads its weights into `net`, which is described by `expected`; notices, one line each.
    pub fn load<R: Real>(
        &mut self,
        net: &mut Network<R>,
        model: &str,
        expected: &Belonging,
    ) -> Result<Vec<String>> {
        let description = self.file.description()?;
        if let Some(description) = &description {
            let differences = differences(description, expected);
            if !differences.is_empty() {
                let (model, path) = (model.to_owned(), self.file.path().to_owned());
                return Err(StartError::Another {
                    model,
                    path,
                    differences,
                }
                .into());
            }
        }
        let notices = weights::read(net, &mut self.file)?;
        if let Some(description) = &description {
            description.refuse_drawn(net, self.file.path())?;
        }
        Ok(notices)
    }
}

fn differences(description: &Description, expected: &Belonging) -> Vec<String> {
    let mut found = description.differences(expected);
    if other_classes(&description.classes, expected.classes) {
        found.push(format!(
            "the classes are {} in the file and {} in the run",
            description.classes.join(", "),
            expected.classes.join(", ")
        ));
    }
    found
}
