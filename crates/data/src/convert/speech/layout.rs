//! The recordings of a folder, with word and speaker.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use super::{NOISE_CLASS, SplitBy};
use crate::convert::entries;
use crate::convert::split::Division;
use crate::error::DataError;
use crate::synthetic::Split;

/// Largest list of a split in bytes.
const MAX_LIST: u64 = 1 << 26;

/// A recording.
pub(super) struct Clip {
    pub(super) path: PathBuf,
    pub(super) label: usize,
    pub(super) speaker: String,
    /// Number of the recording among those of its word and speaker, if its name ends in one.
    take: Option<u32>,
}

/// All recordings of a folder, in the order of their paths; at least one word.
pub(super) struct Layout {
    folder: PathBuf,
    pub(super) kind: &'static str,
    pub(super) clips: Vec<Clip>,
    /// Recordings of background noise.
    pub(super) noises: Vec<Clip>,
    pub(super) classes: Vec<String>,
}

impl Layout {
    pub(super) fn find(folder: &Path) -> Result<Self, DataError> {
        let inside = entries(folder)?;
        let recordings = folder.join("recordings");
        let flat = if recordings.is_dir() {
            entries(&recordings)?
        } else {
            inside.clone()
        };
        let mut layout = Self {
            folder: folder.to_owned(),
            kind: "Free Spoken Digits",
            clips: Vec::new(),
            noises: Vec::new(),
            classes: Vec::new(),
        };
        let mut words: Vec<String> = Vec::new();
        for path in flat.into_iter().filter(|path| is_wav(path)) {
            let stem = stem(&path);
            let parts: Vec<&str> = stem.split('_').collect();
            let [word, speaker, take] = parts[..] else {
                return Err(DataError::Unusable {
                    path,
                    detail: "its name is not {digit}_{speaker}_{index}.wav".to_owned(),
                    hint: "rename it, or put words in folders: {word}/{speaker}_nohash_{index}.wav",
                });
            };
            words.push(word.to_owned());
            layout.add(path.clone(), speaker, take);
        }
        if layout.clips.is_empty() {
            layout.kind = "Speech Commands";
            for folder in inside.iter().filter(|path| path.is_dir()) {
                let word = folder.file_name().unwrap_or_default().to_string_lossy();
                for path in entries(folder)?.into_iter().filter(|path| is_wav(path)) {
                    if word == NOISE_CLASS {
                        layout.noises.push(Clip {
                            path,
                            label: 0,
                            speaker: String::new(),
                            take: None,
                        });
                        continue;
                    }
                    let stem = stem(&path);
                    let Some((named, take)) = stem.split_once("_nohash_") else {
                        return Err(DataError::Unusable {
                            path,
                            detail: "its name is not {speaker}_nohash_{index}.wav".to_owned(),
                            hint: "rename it: words are split by speaker",
                        });
                    };
                    // Unknown words have their number before the speaker.
                    let speaker = named.rsplit('_').next().unwrap_or(named);
                    words.push(word.clone().into_owned());
                    layout.add(path.clone(), speaker, take);
                }
            }
        }
        if layout.clips.is_empty() {
            return Err(DataError::Unusable {
                path: folder.to_owned(),
                detail: "there are no words in it".to_owned(),
                hint: "words are {digit}_{speaker}_{index}.wav, or {word}/{speaker}_nohash_{index}.wav",
            });
        }
        let classes: BTreeSet<&String> = words.iter().collect();
        let labels: HashMap<&String, usize> = classes.iter().copied().zip(0..).collect();
        for (clip, word) in layout.clips.iter_mut().zip(&words) {
            clip.label = labels[word];
        }
        layout.classes = classes.into_iter().cloned().collect();
        Ok(layout)
    }

    fn add(&mut self, path: PathBuf, speaker: &str, take: &str) {
        self.clips.push(Clip {
            path,
            label: 0,
            speaker: speaker.to_owned(),
            take: take.parse().ok(),
        });
    }

    /// Number of words per speaker.
    pub(super) fn speakers(&self) -> BTreeMap<String, usize> {
        let mut speakers = BTreeMap::new();
        for clip in &self.clips {
            *speakers.entry(clip.speaker.clone()).or_insert(0) += 1;
        }
        speakers
    }

    /// The split of each clip: by its number if requested; otherwise by the lists of the set; otherwise by
    /// speaker.
    pub(super) fn splits(&self, division: &Division, by: SplitBy) -> Result<Vec<Split>, DataError> {
        if by == SplitBy::Number {
            return self.clips.iter().map(by_number).collect();
        }
        let named = !division.valid.is_empty() || !division.test.is_empty();
        let lists = [
            self.list("validation_list.txt")?,
            self.list("testing_list.txt")?,
        ];
        if let ([Some(valid), Some(test)], false) = (&lists, named) {
            let split = |clip: &Clip| {
                let inner = clip.path.strip_prefix(&self.folder).unwrap_or(&clip.path);
                let inner = inner.to_string_lossy().replace('\\', "/");
                if test.contains(&inner) {
                    Split::Test
                } else if valid.contains(&inner) {
                    Split::Valid
                } else {
                    Split::Train
                }
            };
            return Ok(self.clips.iter().map(split).collect());
        }
        let splits = division.divide(&self.folder, &self.speakers())?;
        let split = |clip: &Clip| splits[&clip.speaker];
        Ok(self.clips.iter().map(split).collect())
    }

    /// The lines of a list, if it exists.
    fn list(&self, name: &str) -> Result<Option<BTreeSet<String>>, DataError> {
        let path = self.folder.join(name);
        let unreadable = |source| DataError::Open {
            path: path.clone(),
            source,
        };
        let Ok(metadata) = fs::metadata(&path) else {
            return Ok(None);
        };
        if !metadata.is_file() || metadata.len() > MAX_LIST {
            return Err(unreadable(std::io::Error::other(
                "it is not a list of files",
            )));
        }
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        let lines = text.lines().map(|line| line.trim().to_owned());
        Ok(Some(lines.filter(|line| !line.is_empty()).collect()))
    }
}

/// The official split of the Free Spoken Digits: recordings 0 to 4 of each digit and speaker are the test. Of the
/// others, 5 to 9 validate.
fn by_number(clip: &Clip) -> Result<Split, DataError> {
    match clip.take {
        Some(0..=4) => Ok(Split::Test),
        Some(5..=9) => Ok(Split::Valid),
        Some(_) => Ok(Split::Train),
        None => Err(DataError::Unusable {
            path: clip.path.clone(),
            detail: "its name does not end in a number to split by".to_owned(),
            hint: "rename it, or split by speaker",
        }),
    }
}

fn is_wav(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("wav") && !path.is_dir()
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
