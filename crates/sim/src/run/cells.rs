//! Finished cells of the matrix, a small file each: what tables and figures are made of, and what a matrix
//! goes on from on another day or another machine.
//!
//! `MODEL.ARM.SEED.json` holds a [`CellSummary`] in at most [`LIMIT`] bytes: long curves thinned (see
//! [`thin`]), numbers to [`DIGITS`] digits, and lists of like things as tables (see `pack.rs`). It carries two
//! keys: the checksum of the settings that the result depends on, and that of the data. A result with other
//! keys is not taken up. Neither holds the name of a file or a folder, so that a cell made on one machine
//! counts on all.

mod pack;
pub mod thin;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::folder::{FolderError, read_json, write_beside};
use super::place::Place;
use super::summary::CellSummary;

/// The most bytes of a file.
pub const LIMIT: usize = 20_000;
/// Significant digits of a number in a file.
pub const DIGITS: usize = 5;
/// The version of the files' layout.
const VERSION: u32 = 1;
/// What a file says that it is.
const FORMAT: &str = "saturn cell";

/// What all cells of a run share, for whoever has the cells and not the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shared {
    /// The split that was evaluated.
    pub split: String,
    /// Names of the classes, in order.
    pub classes: Vec<String>,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The checksum of the data.
    pub data: String,
}

/// A finished cell.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The checksum of the settings.
    pub settings: String,
    /// What it shares with others.
    pub shared: Shared,
    /// What was found.
    pub cell: CellSummary,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    version: u32,
    settings: String,
    #[serde(flatten)]
    shared: Shared,
    cell: Value,
}

impl Finished {
    /// The bytes of the file: as much as fits into [`LIMIT`].
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for detail in thin::Detail::ALL {
            let mut cell = serde_json::to_value(thin::thin(&self.cell, detail))?;
            pack::round(&mut cell, DIGITS);
            let file = File {
                format: FORMAT.to_owned(),
                version: VERSION,
                settings: self.settings.clone(),
                shared: self.shared.clone(),
                cell: pack::pack(cell),
            };
            bytes = serde_json::to_vec(&file)?;
            bytes.push(b'\n');
            if bytes.len() <= LIMIT {
                break;
            }
        }
        Ok(bytes)
    }

    /// The cell in the file at `path`; `None` where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, FolderError> {
        let file = read_json::<File>(path)?;
        file.map(|file| Self::decode(path, file)).transpose()
    }

    /// The cell of a file's bytes; `path` is the file's, for messages.
    fn decode(path: &Path, file: File) -> Result<Self, FolderError> {
        let damaged = |source| FolderError::Damaged {
            path: path.to_owned(),
            source,
        };
        if (file.format.as_str(), file.version) != (FORMAT, VERSION) {
            let what = format!(
                "it is `{}` of version {}, not `{FORMAT}` of version {VERSION}",
                file.format, file.version
            );
            return Err(damaged(serde::de::Error::custom(what)));
        }
        Ok(Self {
            settings: file.settings,
            shared: file.shared,
            cell: serde_json::from_value(pack::unpack(file.cell)).map_err(damaged)?,
        })
    }

    /// Writes the file of this cell into `folder`, and says if it came out larger than it should.
    pub fn save(&self, folder: &Path) -> Result<Option<String>> {
        let path = folder.join(self.place().cell());
        let bytes = self.encode().context("encoding a cell")?;
        write_beside(&path, &bytes)?;
        Ok((bytes.len() > LIMIT).then(|| {
            format!(
                "{}: takes {} bytes, more than {LIMIT}: it has {} evaluations",
                path.display(),
                bytes.len(),
                self.cell.evaluations.len()
            )
        }))
    }

    /// The same, unless the file is there with the same keys.
    pub fn save_once(&self, folder: &Path) -> Result<Option<String>> {
        let path = folder.join(self.place().cell());
        let known = match read_json::<File>(&path) {
            Ok(known) => known,
            // What cannot be read is written again.
            Err(FolderError::Damaged { .. }) => None,
            Err(e) => return Err(e.into()),
        };
        match known {
            Some(file) if file.settings == self.settings && file.shared == self.shared => Ok(None),
            _ => self.save(folder),
        }
    }

    /// Whether `folder` has this cell as read on the test split, which one on the validation split, or on another
    /// test file, must not take the place of.
    pub fn would_undo_a_final_one(&self, folder: &Path) -> Result<bool, FolderError> {
        let known = read_json::<File>(&folder.join(self.place().cell()))?;
        Ok(known.is_some_and(|file| {
            let other = file.settings == self.settings && file.shared.data != self.shared.data;
            file.shared.split == "test" && (self.shared.split != "test" || other)
        }))
    }

    /// Its place in the matrix.
    pub fn place(&self) -> Place<'_> {
        Place {
            model: &self.cell.model,
            arm: &self.cell.arm,
            seed: self.cell.seed,
        }
    }
}

/// Folders in which finished cells are looked for, the first one first. A run's folder stands for the
/// `cells` in it.
#[derive(Clone, Debug, Default)]
pub struct Store {
    folders: Vec<PathBuf>,
}

impl Store {
    /// Cells in `folders`.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let inner = |folder: PathBuf| {
            let cells = folder.join("cells");
            if cells.is_dir() { cells } else { folder }
        };
        Self {
            folders: folders.into_iter().map(inner).collect(),
        }
    }

    /// The finished cell at `place` with these keys; without `data`, whatever its data were.
    pub fn find(
        &self,
        place: Place,
        settings: &str,
        data: Option<&str>,
    ) -> Result<Option<Finished>, FolderError> {
        for folder in &self.folders {
            let path = folder.join(place.cell());
            let Some(file) = read_json::<File>(&path)? else {
                continue;
            };
            let fits = file.settings == settings && data.is_none_or(|d| d == file.shared.data);
            if fits {
                return Finished::decode(&path, file).map(Some);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
