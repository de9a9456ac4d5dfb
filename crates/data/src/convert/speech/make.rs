//! Recordings become events or frames, on all threads, and are written in their order.

use std::path::Path;

use super::Form;
use super::ear::Ear;
use super::mel::Mel;
use super::wav::Sound;
use crate::convert::Tally;
use crate::error::DataError;
use crate::frames::{FrameMeta, Frames, try_write_frames};
use crate::in_order::in_order;
use crate::output::Output;
use crate::place::Place;
use crate::recording::Recording;
use crate::write::{Cut, WriteMeta, stated, try_write_events};

/// Length of a piece of background noise.
const PIECE_S: f64 = 1.0;

/// What sound is turned into.
pub(super) enum Hearing {
    Ear(Ear),
    Mel(Mel),
}

impl Hearing {
    pub(super) fn new(form: &Form, rate_hz: f64) -> Result<Self, DataError> {
        Ok(match form {
            Form::Cochlea(options) => Self::Ear(Ear::new(options, rate_hz)?),
            Form::Mel(options) => Self::Mel(Mel::new(options, rate_hz)?),
        })
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Ear(ear) => ear.describe(),
            Self::Mel(mel) => mel.describe(),
        }
    }
}

/// A recording to be converted.
pub(super) struct Spoken<'a> {
    pub(super) path: &'a Path,
    pub(super) loudness_db: f64,
    /// Whether it is noise, to be cut into pieces whose mask is 0.
    pub(super) pieces: bool,
    pub(super) label: usize,
    pub(super) speaker: Option<u32>,
    pub(super) index: usize,
}

impl Spoken<'_> {
    /// The sound at its loudness; its rate must be that of the first recording.
    fn sound(&self, rate_hz: f64) -> Result<Sound, DataError> {
        let mut sound = Sound::read(self.path)?;
        if (sound.rate_hz - rate_hz).abs() > 1e-9 {
            return Err(DataError::Unusable {
                path: self.path.to_owned(),
                detail: format!(
                    "it has {} Hz, and the first recording {rate_hz} Hz",
                    sound.rate_hz
                ),
                hint: "resample all recordings to one rate, or move the others elsewhere",
            });
        }
        sound.level(self.loudness_db);
        Ok(sound)
    }

    fn events(&self, ear: &Ear, rate_hz: f64) -> Result<Vec<Cut>, DataError> {
        let sound = self.sound(rate_hz)?;
        let (times_s, units) = ear.hear(&sound.values);
        let recording = Recording {
            times_s,
            units,
            label: self.label,
            speaker: self.speaker,
            index: self.index,
        };
        Ok(if self.pieces {
            in_pieces(&recording, sound.duration_s())
        } else {
            vec![Cut::from(recording)]
        })
    }

    fn frames(&self, mel: &Mel, rate_hz: f64) -> Result<Vec<Frames>, DataError> {
        let sound = self.sound(rate_hz)?;
        let (values, mask) = mel.hear(&sound.values);
        let steps = if self.pieces {
            (PIECE_S / mel.hop_s()).round().max(1.0) as usize
        } else {
            mask.len()
        };
        let parts = values
            .chunks(steps * mel.channels())
            .zip(mask.chunks(steps));
        let frames = parts.map(|(values, mask)| Frames {
            values: values.to_vec(),
            mask: mask.iter().map(|known| *known && !self.pieces).collect(),
            label: self.label,
            speaker: self.speaker,
            index: self.index,
        });
        Ok(frames.collect())
    }
}

/// Converts recordings of one rate.
pub(super) struct Maker<'a> {
    pub(super) hearing: Hearing,
    pub(super) rate_hz: f64,
    pub(super) output: Output,
    pub(super) tally: Tally<'a>,
    /// Pieces without an event.
    pub(super) silent: usize,
}

impl Maker<'_> {
    /// Writes what `recordings` become to `path`.
    pub(super) fn write<'c>(
        &mut self,
        path: &Path,
        recordings: impl Iterator<Item = Spoken<'c>>,
        classes: &[String],
        meta_info: &[(String, String)],
    ) -> Result<usize, DataError> {
        let Self {
            hearing,
            rate_hz,
            output,
            tally,
            silent,
        } = self;
        let rate_hz = *rate_hz;
        match hearing {
            Hearing::Ear(ear) => {
                let meta = WriteMeta {
                    channels: ear.channels(),
                    class_names: classes.to_vec(),
                    meta_info: [meta_info, &[stated(ear.channels())]].concat(),
                    ..WriteMeta::default()
                };
                let events = |spoken: Spoken| spoken.events(ear, rate_hz);
                in_order(recordings, events, |made| {
                    let cuts = flat(made, path, tally).filter(|cut| match cut {
                        Ok(cut) if cut.recording.is_empty() => {
                            *silent += 1;
                            false
                        }
                        _ => true,
                    });
                    try_write_events(output, path, cuts, &meta)
                })
            }
            Hearing::Mel(mel) => {
                let meta = FrameMeta {
                    channels: mel.channels(),
                    dt_s: mel.hop_s(),
                    class_names: classes.to_vec(),
                    meta_info: meta_info.to_vec(),
                };
                let frames = |spoken: Spoken| spoken.frames(mel, rate_hz);
                in_order(recordings, frames, |made| {
                    try_write_frames(output, path, flat(made, path, tally), &meta)
                })
            }
        }
    }
}

/// All pieces of all recordings, or the first error; counts each recording.
fn flat<T>(
    made: impl Iterator<Item = Result<Vec<T>, DataError>>,
    path: &Path,
    tally: &mut Tally,
) -> impl Iterator<Item = Result<T, DataError>> {
    made.flat_map(move |pieces| {
        match pieces.and_then(|pieces| tally.count(path).map(|()| pieces)) {
            Ok(pieces) => pieces.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    })
}

/// The pieces of [`PIECE_S`] of a recording, each with its place; they have no labels.
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
