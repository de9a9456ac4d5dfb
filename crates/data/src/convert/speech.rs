//! Folders of spoken words (WAV) in two layouts:
//!
//! - **Free Spoken Digits** (Jackson et al.): `{digit}_{speaker}_{index}.wav`, in the folder or in its
//!   `recordings`;
//! - **Speech Commands** (Warden 2018, *Speech Commands: a dataset for limited-vocabulary speech
//!   recognition*): `{word}/{speaker}_nohash_{index}.wav`. The lists `validation_list.txt` and
//!   `testing_list.txt` define the splits if they exist. The recordings in `_background_noise_` go to
//!   `gap.h5`, cut into pieces of one second, for filling gaps; their speaker is the number of the recording.
//!
//! All else is split by speaker ([`Division`]), or by the number of the recording ([`SplitBy`]). A word is
//! converted to events by an [ear](EarOptions), or to [log-mel frames](MelOptions), whose mask is 1 from the
//! first to the last frame that is less than `mask_db` below the loudest. Loudness is normalised: the loudest
//! 25 ms of a word have a root mean square of 1, those of a background recording are `noise_db` above that (a
//! negative number).

mod bank;
mod ear;
mod layout;
mod make;
mod mel;
mod riff;
mod samples;
mod wav;

#[cfg(test)]
mod tests;

use std::path::Path;

use super::split::{Division, number_groups};
use super::{Converted, Tally, Watch};
use crate::error::DataError;
use crate::output::Output;
use crate::synthetic::Split;
pub use ear::EarOptions;
use layout::Layout;
use make::{Hearing, Maker, Spoken};
pub use mel::MelOptions;
pub use wav::Sound;

/// Name of the file of background noise.
pub const GAP_FILE: &str = "gap.h5";
/// Class of the background noise.
const NOISE_CLASS: &str = "_background_noise_";

/// Conversion of a word.
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

/// Options for converting a folder of words.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechOptions {
    /// Conversion of a word.
    pub form: Form,
    /// How speakers are split.
    pub division: Division,
    /// Whether words are split by speaker.
    pub by: SplitBy,
    /// Loudness of the background noise relative to the words, in dB.
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

/// Converts the words in the folder `input` to `train.h5`, `valid.h5`, `test.h5` and, if there is background
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
        output: Output::in_folder(output)?,
        tally: Tally::new(watch, layout.clips.len() + layout.noises.len()),
        silent: 0,
    };

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
        let words = of_split.map(|(index, clip)| Spoken {
            path: &clip.path,
            loudness_db: 0.0,
            pieces: false,
            label: clip.label,
            speaker: numbers.get(&clip.speaker).copied(),
            index,
        });
        let written = maker.write(&path, words, &layout.classes, &meta_info)?;
        converted.files.push((path, written));
    }
    if !layout.noises.is_empty() {
        let path = output.join(GAP_FILE);
        let noises = layout
            .noises
            .iter()
            .enumerate()
            .map(|(index, clip)| Spoken {
                path: &clip.path,
                loudness_db: options.noise_db,
                pieces: true,
                label: clip.label,
                speaker: Some(index as u32),
                index,
            });
        let written = maker.write(&path, noises, &[NOISE_CLASS.to_owned()], &meta_info)?;
        converted.files.push((path, written));
    }
    maker.output.place()?;
    if maker.silent > 0 {
        let silent = maker.silent;
        converted.notices.push(format!(
            "{silent} pieces produced no events and were left out"
        ));
    }
    Ok(converted)
}
