//! Folders of spoken words (WAV) in two layouts:
//!
//! - **Free Spoken Digits** (Jackson et al.): `{digit}_{speaker}_{index}.wav`, in the folder or in its
//!   `recordings`;
//! - **Speech Commands** (Warden 2018, *Speech Commands: a dataset for limited-vocabulary speech recognition*):
//!   `{word}/{speaker}_nohash_{index}.wav`. The lists `validation_list.txt` and `testing_list.txt` are the splits
//!   where they are there. The recordings in `_background_noise_` go to `gap.h5`, cut into pieces
//!   of a second: what to fill gaps with, and no word; their speaker is the number of the recording.
//!
//! All else is split by speaker ([`Division`]), or by the number of the recording ([`SplitBy`]). A word is heard by an [ear](EarOptions) and becomes events, or
//! becomes [log-mel frames](MelOptions), whose mask is 1 from the first to the last frame that is less
//! than `mask_db` below the loudest. Recordings of different loudness are made equal: the loudest
//! 25 ms of a word have a root mean square of 1, those of a background recording are `noise_db` above that (a
//! negative number).

mod ear;
mod layout;
mod mel;
mod riff;
mod samples;
mod wav;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::split::{Division, number_groups};
use super::{Converted, Tally, Watch, make_folder};
use crate::error::DataError;
use crate::frames::{FrameMeta, Frames, try_write_frames};
use crate::place::Place;
use crate::recording::Recording;
use crate::synthetic::Split;
use crate::write::{Cut, WriteMeta, try_write_events};
use ear::Ear;
pub use ear::EarOptions;
use layout::{Clip, Layout};
use mel::Mel;
pub use mel::MelOptions;
pub use wav::Sound;

/// Name of the file of background noise.
pub const GAP_FILE: &str = "gap.h5";
/// Class of the background noise.
const NOISE_CLASS: &str = "_background_noise_";
/// Length of a piece of background noise.
const PIECE_S: f64 = 1.0;

/// What a word becomes.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Events of an ear.
    Cochlea(EarOptions),
    /// Log-mel frames.
    Mel(MelOptions),
}

/// What decides the split of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SplitBy {
    /// Who speaks: no voice is in two splits.
    #[default]
    Speaker,
    /// The number at the end of its name, as the Free Spoken Digits have it: 0 to 4 test, 5 to 9 validate, and all
    /// others are learnt from; every voice is in every split.
    Number,
}

/// How to convert a folder of words.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechOptions {
    /// What a word becomes.
    pub form: Form,
    /// How speakers are split.
    pub division: Division,
    /// Whether words are split by speaker.
    pub by: SplitBy,
    /// Loudness of the background noise against the words, in dB.
    pub noise_db: f64,
}

impl Default for SpeechOptions {
    fn default() -> Self {
        Self {
            form: Form::Cochlea(EarOptions::default()),
            division: Division::default(),
            by: SplitBy::default(),
            noise_db: -20.0,
        }
    }
}

/// Converts the words in the folder `input` to `train.h5`, `valid.h5`, `test.h5` and, where there is background
/// noise, `gap.h5` in `output`.
pub fn convert(
    input: &Path,
    output: &Path,
    options: &SpeechOptions,
    watch: Watch,
) -> Result<Converted, DataError> {
    if !(-100.0..=20.0).contains(&options.noise_db) {
        return Err(DataError::BadOption {
            option: "the loudness of the background noise",
            found: format!("{} dB", options.noise_db),
            expected: "-100 to 20 dB".to_owned(),
        });
    }
    let layout = Layout::find(input)?;
    let splits = layout.splits(&options.division, options.by)?;
    let numbers = number_groups(layout.speakers().keys());
    // The ear's channels are frequencies, so all recordings have one rate.
    let rate_hz = Sound::read(&layout.clips[0].path)?.rate_hz;
    let mut maker = Maker {
        hearing: Hearing::new(&options.form, rate_hz)?,
        rate_hz,
        tally: Tally::new(watch, layout.clips.len() + layout.noises.len()),
        silent: 0,
    };

    make_folder(output)?;
    let names: Vec<&str> = numbers.keys().map(String::as_str).collect();
    let meta_info = vec![
        ("source".to_owned(), layout.kind.to_owned()),
        ("hearing".to_owned(), maker.hearing.describe()),
        ("speakers".to_owned(), names.join(",")),
    ];
    let mut converted = Converted::default();
    for split in Split::ALL {
        let path = output.join(split.file_name());
        let of_split = layout.clips.iter().enumerate();
        let of_split = of_split.filter(|(index, _)| splits[*index] == split);
        let samples = of_split.map(|(index, clip)| {
            let sound = Sound::read(&clip.path)?;
            let speaker = numbers.get(&clip.speaker).copied();
            Ok((clip, sound, 0.0, sample_of(clip, index, speaker)))
        });
        let written = maker.write(&path, samples, &layout.classes, &meta_info, false)?;
        converted.files.push((path, written));
    }
    if !layout.noises.is_empty() {
        let path = output.join(GAP_FILE);
        let samples = layout.noises.iter().enumerate().map(|(index, clip)| {
            let sound = Sound::read(&clip.path)?;
            let piece = sample_of(clip, index, Some(index as u32));
            Ok((clip, sound, options.noise_db, piece))
        });
        let classes = [NOISE_CLASS.to_owned()];
        let written = maker.write(&path, samples, &classes, &meta_info, true)?;
        converted.files.push((path, written));
    }
    if maker.silent > 0 {
        let silent = maker.silent;
        converted
            .notices
            .push(format!("{silent} pieces make no event and were left out"));
    }
    Ok(converted)
}

/// Label, speaker and index of a sample, without what was heard.
fn sample_of(clip: &Clip, index: usize, speaker: Option<u32>) -> Recording {
    Recording {
        times_s: Vec::new(),
        units: Vec::new(),
        label: clip.label,
        speaker,
        index,
    }
}

enum Hearing {
    Ear(Ear),
    Mel(Mel),
}

impl Hearing {
    fn new(form: &Form, rate_hz: f64) -> Result<Self, DataError> {
        Ok(match form {
            Form::Cochlea(options) => Self::Ear(Ear::new(options, rate_hz)?),
            Form::Mel(options) => Self::Mel(Mel::new(options, rate_hz)?),
        })
    }

    fn describe(&self) -> String {
        match self {
            Self::Ear(ear) => ear.describe(),
            Self::Mel(mel) => mel.describe(),
        }
    }
}

struct Maker<'a> {
    hearing: Hearing,
    rate_hz: f64,
    tally: Tally<'a>,
    /// Pieces without an event.
    silent: usize,
}

/// A clip, its sound, its loudness in dB, and the sample without what is heard.
type Spoken<'c> = (&'c Clip, Sound, f64, Recording);

impl Maker<'_> {
    /// Writes what is heard of `samples` to `path`; in `pieces`, whose mask is 0, where they are noise.
    fn write<'c>(
        &mut self,
        path: &Path,
        samples: impl Iterator<Item = Result<Spoken<'c>, DataError>>,
        classes: &[String],
        meta_info: &[(String, String)],
        pieces: bool,
    ) -> Result<usize, DataError> {
        let Self {
            hearing,
            rate_hz,
            tally,
            silent,
        } = self;
        let samples = samples.map(|sample| {
            let (clip, mut sound, loudness_db, recording) = sample?;
            if (sound.rate_hz - *rate_hz).abs() > 1e-9 {
                return Err(DataError::Unusable {
                    path: clip.path.clone(),
                    detail: format!(
                        "it has {} Hz, and the first recording {rate_hz} Hz",
                        sound.rate_hz
                    ),
                    hint: "bring all recordings to one rate, or put the others elsewhere",
                });
            }
            sound.level(loudness_db);
            tally.count(path)?;
            Ok((sound, recording))
        });
        match hearing {
            Hearing::Ear(ear) => {
                let meta = WriteMeta {
                    channels: ear.channels(),
                    class_names: classes.to_vec(),
                    meta_info: meta_info.to_vec(),
                    ..WriteMeta::default()
                };
                let cuts = samples.flat_map(|sample| match sample {
                    Ok((sound, mut recording)) => {
                        (recording.times_s, recording.units) = ear.hear(&sound.values);
                        let cuts = if pieces {
                            in_pieces(&recording, sound.duration_s())
                        } else {
                            vec![Cut::from(recording)]
                        };
                        cuts.into_iter().map(Ok).collect()
                    }
                    Err(error) => vec![Err(error)],
                });
                let cuts = cuts.filter(|cut| match cut {
                    Ok(cut) if cut.recording.is_empty() => {
                        *silent += 1;
                        false
                    }
                    _ => true,
                });
                try_write_events(path, cuts, &meta)
            }
            Hearing::Mel(mel) => {
                let meta = FrameMeta {
                    channels: mel.channels(),
                    dt_s: mel.hop_s(),
                    class_names: classes.to_vec(),
                    meta_info: meta_info.to_vec(),
                };
                let steps = (PIECE_S / mel.hop_s()).round().max(1.0) as usize;
                let frames = samples.flat_map(|sample| match sample {
                    Ok((sound, recording)) => {
                        let (values, mask) = mel.hear(&sound.values);
                        let steps = if pieces { steps } else { mask.len() };
                        let parts = values
                            .chunks(steps * mel.channels())
                            .zip(mask.chunks(steps));
                        parts
                            .map(|(values, mask)| {
                                Ok(Frames {
                                    values: values.to_vec(),
                                    mask: mask.iter().map(|known| *known && !pieces).collect(),
                                    label: recording.label,
                                    speaker: recording.speaker,
                                    index: recording.index,
                                })
                            })
                            .collect()
                    }
                    Err(error) => vec![Err(error)],
                });
                try_write_frames(path, frames, &meta)
            }
        }
    }
}

/// The pieces of [`PIECE_S`] of a recording, each with its place; nothing in them is known.
fn in_pieces(recording: &Recording, duration_s: f64) -> Vec<Cut> {
    let pieces = (duration_s / PIECE_S).ceil().max(1.0) as usize;
    let mut first = 0;
    let mut cuts = Vec::with_capacity(pieces);
    for piece in 0..pieces {
        let start_s = piece as f64 * PIECE_S;
        let end_s = start_s + PIECE_S;
        let count = recording.times_s[first..].partition_point(|time_s| *time_s < end_s);
        let events = first..first + count;
        first += count;
        let times_s = &recording.times_s[events.clone()];
        cuts.push(Cut {
            recording: Recording {
                times_s: times_s.iter().map(|time_s| time_s - start_s).collect(),
                units: recording.units[events].to_vec(),
                ..*recording
            },
            place: Some(Place {
                start_s,
                known_s: [0.0, 0.0],
                mark_s: None,
            }),
        });
    }
    cuts
}
