//! Finished cells of the matrix, a small file each: what tables and figures are made of, and what a matrix
//! goes on from on another day or another machine.
//!
//! `MODEL.ARM.SEED.json` holds a [`CellSummary`] in at most [`LIMIT`] bytes: long curves thinned to
//! [`CURVES`] (see [`thin`]), numbers to [`DIGITS`] digits, lists of like things as tables (see `pack.rs`), and
//! the right answers by recording of every evaluation and reading (see `tallies.rs`), from which anyone can
//! compute errors again. It carries three keys: the checksum of the settings that the result depends on, that of
//! the data files, and that of their events in steps (see `events.rs`). A result with other keys is not taken up.
//! None holds the name of a file or a folder, so that a trial made on one machine counts on all.
//!
//! | version | what it added |
//! |---|---|
//! | 1 | |
//! | 2 | right answers by recording; the events. Version 1 reads, as a trial on events of the old binning |
//!
//! A trial on other events is never written over: it moves into a folder named after its events within the
//! folder of trials, where it is still found.
//!
//! All trials of a scenario are kept as one compressed file (see [`archive`]), which [`gather`] makes of folders.

pub mod archive;
mod events;
pub mod gather;
mod pack;
mod tallies;
pub mod thin;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::place::Place;
use super::summary::CellSummary;
use saturn_store::folder::{FolderError, read_json, write_beside};

pub use archive::ArchiveError;
pub use events::Events;

/// The most bytes of a file.
pub const LIMIT: usize = 40_000;
/// The most bytes of all but the tallies.
pub const CURVES: usize = 20_000;
/// A file of more bytes is no trial.
const MOST: u64 = 16 << 20;
/// Significant digits of a number in a file.
pub const DIGITS: usize = 5;
/// The version of the files' layout.
const VERSION: u32 = 2;
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
    /// Checksums of the events in steps; `None` of frames, and in files of version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Events>,
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
    /// Segments of each recording, a text a stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recordings: Vec<String>,
    cell: Value,
}

impl Finished {
    /// The bytes of the file: of curves as much as fits into [`CURVES`], and all tallies.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            settings: self.settings.clone(),
            shared: self.shared.clone(),
            recordings: Vec::new(),
            cell: Value::Null,
        };
        let mut cell = Value::Null;
        for detail in thin::Detail::ALL {
            cell = serde_json::to_value(thin::thin(&self.cell, detail))?;
            pack::round(&mut cell, DIGITS);
            file.cell = pack::pack(cell.clone());
            if serde_json::to_vec(&file)?.len() < CURVES {
                break;
            }
        }
        file.recordings = tallies::put(&self.cell, &mut cell);
        file.cell = pack::pack(cell);
        let mut bytes = serde_json::to_vec(&file)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The cell in the file at `path`; `None` where there is no such file.
    pub fn read(path: &Path) -> Result<Option<Self>, FolderError> {
        let file = read(path)?;
        file.map(|file| Self::decode(path, file)).transpose()
    }

    /// The cell of a file; `path` is the file's, for messages.
    fn decode(path: &Path, file: File) -> Result<Self, FolderError> {
        Self::of(file).map_err(|source| FolderError::Damaged {
            path: path.to_owned(),
            source,
        })
    }

    /// The cell of a file's bytes.
    fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        Self::of(serde_json::from_slice(bytes)?)
    }

    fn of(file: File) -> serde_json::Result<Self> {
        let wrong = <serde_json::Error as serde::de::Error>::custom::<String>;
        if file.format != FORMAT || !(1..=VERSION).contains(&file.version) {
            return Err(wrong(format!(
                "it is `{}` of version {}, not `{FORMAT}` of a version up to {VERSION}",
                file.format, file.version
            )));
        }
        let mut cell = pack::unpack(file.cell);
        let found = tallies::take(&mut cell, &file.recordings).map_err(|e| wrong(e.to_string()))?;
        let mut cell = serde_json::from_value(cell)?;
        tallies::give(&mut cell, found);
        Ok(Self {
            settings: file.settings,
            shared: file.shared,
            cell,
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

    /// The same, unless the file is there with the same keys and of a net that began with the same weights. A trial with the same settings on other events is
    /// moved into their folder first.
    pub fn save_once(&self, folder: &Path) -> Result<Option<String>> {
        let name = self.place().cell();
        let path = folder.join(&name);
        let known = match read(&path) {
            Ok(known) => known,
            // What cannot be read is written again.
            Err(FolderError::Damaged { .. }) => None,
            Err(e) => return Err(e.into()),
        };
        if let Some(file) = known {
            let same = file.settings == self.settings;
            let start = file.cell["training"]["from_sha256"].as_str();
            let begun = start == self.cell.training.from_sha256.as_deref();
            if same && begun && file.shared == self.shared {
                return Ok(None);
            }
            if same && !file.shared.is_on_the_events_of(&self.shared) {
                let aside = folder.join(file.shared.short());
                std::fs::create_dir_all(&aside)
                    .with_context(|| format!("creating {}", aside.display()))?;
                std::fs::rename(&path, aside.join(&name))
                    .with_context(|| format!("moving {} aside", path.display()))?;
            }
        }
        self.save(folder)
    }

    /// Whether `folder` has this cell as read on the test split, which one on the validation split must not
    /// take the place of.
    pub fn would_undo_a_final_one(&self, folder: &Path) -> Result<bool, FolderError> {
        let known = read(&folder.join(self.place().cell()))?;
        Ok(self.shared.split != "test" && known.is_some_and(|file| file.shared.split == "test"))
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

/// Where finished cells are looked for, the first place first: folders, of which a run's stands for the `cells` in it,
/// and files of trials.
#[derive(Clone, Debug, Default)]
pub struct Store {
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
enum Source {
    /// A small file each.
    Folder(PathBuf),
    /// All of a file, read once.
    Archive(Arc<Vec<Finished>>),
}

impl Store {
    /// Cells in `folders`.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            sources: folders.into_iter().map(Source::Folder).collect(),
        }
    }

    /// Cells in these, and after them in `paths`, each a folder or a file of trials, which is read here.
    pub fn and(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Result<Self, ArchiveError> {
        for path in paths {
            self.sources.push(if archive::is_archive(&path) {
                let lines = archive::read_all(&path)?.into_iter();
                Source::Archive(Arc::new(lines.map(|line| line.trial).collect()))
            } else {
                Source::Folder(path)
            });
        }
        Ok(self)
    }

    /// The finished trial at `place` with these settings on the data and events of `shared`.
    pub fn find(
        &self,
        place: Place,
        settings: &str,
        shared: &Shared,
    ) -> Result<Option<Finished>, FolderError> {
        let all = self.find_all(place, settings)?;
        Ok(all.into_iter().find(|found| found.shared == *shared))
    }

    /// The finished trials at `place` with these settings, one for each data and events that there are; of two on
    /// the same events that of the first source.
    pub fn find_all(&self, place: Place, settings: &str) -> Result<Vec<Finished>, FolderError> {
        let mut found: Vec<Finished> = Vec::new();
        for source in &self.sources {
            match source {
                Source::Folder(folder) => {
                    find_in(&in_folder(folder), place, settings, &mut found)?;
                }
                Source::Archive(trials) => {
                    for trial in trials.iter() {
                        let fits = trial.place() == place && trial.settings == settings;
                        if fits && !is_known(&found, &trial.shared) {
                            found.push(trial.clone());
                        }
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Adds to `found` the trials at `place` of a folder and of those within it.
fn find_in(
    folder: &Path,
    place: Place,
    settings: &str,
    found: &mut Vec<Finished>,
) -> Result<(), FolderError> {
    for folder in with_aside(folder) {
        let path = folder.join(place.cell());
        let Some(file) = read(&path)? else {
            continue;
        };
        if file.settings == settings && !is_known(found, &file.shared) {
            found.push(Finished::decode(&path, file)?);
        }
    }
    Ok(())
}

/// Whether one of `found` was made on the same data and events.
fn is_known(found: &[Finished], shared: &Shared) -> bool {
    found.iter().any(|other| other.shared == *shared)
}

/// The folder of trials that a run's folder stands for.
fn in_folder(folder: &Path) -> PathBuf {
    let cells = folder.join("cells");
    if cells.is_dir() {
        cells
    } else {
        folder.to_owned()
    }
}

/// A folder of trials, and those in it where trials on other events were moved to.
fn with_aside(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    if has_no_folders(folder) {
        return all;
    }
    // A folder that is not there, or not to be read, has no trials: whoever writes into it says so.
    let inside = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut aside: Vec<PathBuf> = inside.map(|entry| entry.path()).collect();
    aside.retain(|path| path.is_dir());
    aside.sort();
    all.extend(aside);
    all
}

/// Whether it is known, without listing what may be a hundred thousand files, that a folder has no folders in it: most
/// file systems count a link from each to the one above.
#[cfg(unix)]
fn has_no_folders(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder).is_ok_and(|meta| meta.is_dir() && meta.nlink() == 2)
}

/// Nothing is known.
#[cfg(not(unix))]
fn has_no_folders(_: &Path) -> bool {
    false
}

/// The file at `path`; `None` where there is none. One that is too large for a trial is not read.
fn read(path: &Path) -> Result<Option<File>, FolderError> {
    let bytes = std::fs::metadata(path).map_or(0, |meta| meta.len());
    if bytes > MOST {
        let what = format!("it has {bytes} bytes, and a trial has at most {MOST}");
        return Err(FolderError::Damaged {
            path: path.to_owned(),
            source: serde::de::Error::custom(what),
        });
    }
    read_json(path)
}

#[cfg(test)]
mod tests;
