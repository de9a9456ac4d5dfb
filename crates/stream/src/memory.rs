//! Recordings in memory, checked once.

use saturn_data::{Frames, MAX_TIME_S, Recording};

/// Recordings that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecordingError {
    /// There is none.
    #[error("there are no recordings\nhint: a data set has at least one recording")]
    Empty,
    /// A label is no class.
    #[error(
        "recording {index}: label {label} is out of range: there are {classes} classes\nhint: classes count from 0"
    )]
    Label {
        /// The recording, from 0.
        index: usize,
        /// Its label.
        label: usize,
        /// C.
        classes: usize,
    },
    /// Two lists that belong together differ in length.
    #[error(
        "recording {index}: {what}\nhint: give one entry an event, or `channels` values and one mask entry a step"
    )]
    Length {
        /// The recording, from 0.
        index: usize,
        /// Both lengths.
        what: String,
    },
    /// An event has no channel.
    #[error(
        "recording {index}: unit {unit} is out of range: there are {channels} channels\nhint: channels count from 0"
    )]
    Unit {
        /// The recording, from 0.
        index: usize,
        /// The unit.
        unit: u32,
        /// I.
        channels: usize,
    },
    /// A time is no time, or not in order.
    #[error(
        "recording {index}: time {time_s} s of event {event} {what}\nhint: times are seconds from the recording's start, ascending"
    )]
    Time {
        /// The recording, from 0.
        index: usize,
        /// The event, from 0.
        event: usize,
        /// Its time, seconds.
        time_s: f64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A value is not finite.
    #[error("recording {index}: a value is {value}\nhint: values must be finite")]
    Value {
        /// The recording, from 0.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A label holds nowhere.
    #[error(
        "recording {index}: its mask is false at every step, so that its label never holds\nhint: leave the recording out"
    )]
    Mask {
        /// The recording, from 0.
        index: usize,
    },
}

/// What the recordings are.
pub(super) enum Contents {
    Events(Vec<Recording>),
    Frames(Vec<Frames>),
}

/// Recordings in memory, checked.
pub struct Memory {
    pub(super) contents: Contents,
    pub(super) channels: usize,
    labels: Vec<usize>,
    class_names: Vec<String>,
}

impl Memory {
    /// Events on `channels` channels; [`Recording::index`] is set to the position in the list.
    pub fn events(
        mut recordings: Vec<Recording>,
        channels: usize,
        class_names: Vec<String>,
    ) -> Result<Self, RecordingError> {
        for (index, recording) in recordings.iter_mut().enumerate() {
            recording.index = index;
            check_events(recording, channels)?;
        }
        let labels = recordings.iter().map(|r| r.label).collect();
        Self::of(Contents::Events(recordings), labels, channels, class_names)
    }

    /// Dense recordings of `channels` values a step; [`Frames::index`] is set to the position in the list.
    pub fn frames(
        mut recordings: Vec<Frames>,
        channels: usize,
        class_names: Vec<String>,
    ) -> Result<Self, RecordingError> {
        for (index, frames) in recordings.iter_mut().enumerate() {
            frames.index = index;
            check_frames(frames, channels)?;
        }
        let labels = recordings.iter().map(|r| r.label).collect();
        Self::of(Contents::Frames(recordings), labels, channels, class_names)
    }

    fn of(
        contents: Contents,
        labels: Vec<usize>,
        channels: usize,
        class_names: Vec<String>,
    ) -> Result<Self, RecordingError> {
        if labels.is_empty() {
            return Err(RecordingError::Empty);
        }
        let classes = class_names.len();
        if let Some(index) = labels.iter().position(|&label| label >= classes) {
            let label = labels[index];
            return Err(RecordingError::Label {
                index,
                label,
                classes,
            });
        }
        Ok(Self {
            contents,
            channels,
            labels,
            class_names,
        })
    }

    /// Class of each recording.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Name of each class.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }
}

fn check_events(recording: &Recording, channels: usize) -> Result<(), RecordingError> {
    let index = recording.index;
    let (times, units) = (&recording.times_s, &recording.units);
    if times.len() != units.len() {
        let what = format!("{} times and {} units", times.len(), units.len());
        return Err(RecordingError::Length { index, what });
    }
    if let Some(&unit) = units.iter().find(|&&unit| unit as usize >= channels) {
        return Err(RecordingError::Unit {
            index,
            unit,
            channels,
        });
    }
    let mut last_s = 0.0;
    for (event, &time_s) in times.iter().enumerate() {
        let what = if !(0.0..MAX_TIME_S).contains(&time_s) {
            "is out of range"
        } else if time_s < last_s {
            "is earlier than the one before"
        } else {
            last_s = time_s;
            continue;
        };
        return Err(RecordingError::Time {
            index,
            event,
            time_s,
            what,
        });
    }
    Ok(())
}

fn check_frames(frames: &Frames, channels: usize) -> Result<(), RecordingError> {
    let index = frames.index;
    if channels.checked_mul(frames.mask.len()) != Some(frames.values.len()) {
        let what = format!(
            "{} values, {} mask entries, {channels} channels",
            frames.values.len(),
            frames.mask.len()
        );
        return Err(RecordingError::Length { index, what });
    }
    if let Some(&value) = frames.values.iter().find(|x| !x.is_finite()) {
        return Err(RecordingError::Value { index, value });
    }
    if !frames.mask.contains(&true) {
        return Err(RecordingError::Mask { index });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(times_s: &[f64], units: &[u32], label: usize) -> Recording {
        Recording {
            times_s: times_s.to_vec(),
            units: units.to_vec(),
            label,
            speaker: None,
            index: 7,
        }
    }

    fn refused(recordings: Vec<Recording>) -> String {
        let names = vec!["a".into(), "b".into()];
        let refused = Memory::events(recordings, 3, names).err();
        refused.expect("refused").to_string()
    }

    #[test]
    fn what_is_wrong_is_named_with_the_recording() {
        let good = || recording(&[0.0, 0.1], &[0, 2], 1);
        assert!(refused(vec![]).contains("no recordings"));
        assert!(
            refused(vec![good(), recording(&[0.1], &[3], 0)])
                .starts_with("recording 1: unit 3 is out of range: there are 3 channels")
        );
        assert!(
            refused(vec![recording(&[0.2, 0.1], &[0, 0], 0)])
                .starts_with("recording 0: time 0.1 s of event 1 is earlier")
        );
        for time_s in [-0.1, f64::NAN, f64::INFINITY] {
            let text = refused(vec![recording(&[time_s], &[0], 0)]);
            assert!(text.contains("is out of range"), "{text}");
        }
        assert!(refused(vec![recording(&[0.1], &[], 0)]).contains("1 times and 0 units"));
        assert!(refused(vec![recording(&[0.1], &[1], 2)]).contains("label 2 is out of range"));
    }

    #[test]
    fn frames_have_a_value_a_channel_and_a_mask_a_step() {
        let frames = |values: &[f32], mask: &[bool]| Frames {
            values: values.to_vec(),
            mask: mask.to_vec(),
            label: 0,
            speaker: None,
            index: 0,
        };
        let of = |frames| Memory::frames(vec![frames], 2, vec!["a".into()]).map(|_| ());
        assert_eq!(of(frames(&[1.0; 4], &[true, false])), Ok(()));
        assert!(matches!(
            of(frames(&[1.0; 3], &[true, true])),
            Err(RecordingError::Length { .. })
        ));
        assert!(matches!(
            of(frames(&[f32::NAN; 2], &[true])),
            Err(RecordingError::Value { .. })
        ));
        assert_eq!(
            of(frames(&[1.0; 2], &[false])),
            Err(RecordingError::Mask { index: 0 })
        );
    }
}
