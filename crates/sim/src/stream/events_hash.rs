//! The checksum of a split in steps: what nets receive of it.

use saturn_data::DataError;
use saturn_data::checksum::hex;
use sha2::{Digest, Sha256};

use super::background::Background;
use super::content::Content;
use super::samples::Split;

/// The rule that puts events in steps.
pub const BINNING: &str = "floor(t / dt)";

impl Split {
    /// SHA-256, in hexadecimal digits, of all samples or records in steps, with their labels, and of what gaps
    /// are filled with.
    pub fn events_hash(&self) -> Result<String, DataError> {
        let mut hash = Sha256::new();
        if let Some(records) = self.records() {
            for record in records.all() {
                content(&mut hash, &record.content);
                for stretch in &record.stretches {
                    let steps = &stretch.steps;
                    numbers(&mut hash, [stretch.label, steps.start, steps.end]);
                }
            }
        } else {
            for i in 0..self.len() {
                let sample = self.sample(i)?;
                numbers(&mut hash, [sample.recording, sample.label]);
                numbers(&mut hash, [sample.onset, sample.until]);
                content(&mut hash, &sample.content);
            }
        }
        for noise in self.background().into_iter().flat_map(Background::all) {
            content(&mut hash, noise);
        }
        Ok(hex(&hash.finalize()))
    }
}

fn numbers<const N: usize>(hash: &mut Sha256, numbers: [usize; N]) {
    for n in numbers {
        hash.update((n as u64).to_le_bytes());
    }
}

/// The steps, and each event's step, unit and count; of frames each value.
fn content(hash: &mut Sha256, content: &Content) {
    numbers(hash, [content.steps()]);
    match content {
        Content::Events(bins) => {
            for t in 0..bins.steps() {
                for (unit, count) in bins.step(t) {
                    hash.update((t as u64).to_le_bytes());
                    hash.update(unit.to_le_bytes());
                    hash.update(count.to_le_bytes());
                }
            }
        }
        Content::Frames { channels, values } => {
            numbers(hash, [*channels]);
            values.iter().for_each(|v| hash.update(v.to_le_bytes()));
        }
    }
}

#[cfg(test)]
mod tests {
    use saturn_data::{OnBadSample, ReadOptions, Recording, WriteMeta, write_events};

    use super::*;

    /// Another step, another label and another split of a file are other events; the same file is the same.
    #[test]
    fn it_tells_steps_and_labels_apart() {
        let hash = |times: &[f64], label, dt_ms| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.h5");
            let recording = Recording {
                times_s: times.to_vec(),
                units: (0..times.len() as u32).collect(),
                label,
                speaker: None,
                index: 0,
            };
            let meta = WriteMeta {
                channels: 4,
                class_names: vec!["a".into(), "b".into()],
                ..WriteMeta::default()
            };
            write_events(&path, [recording].into_iter(), &meta).unwrap();
            let options = ReadOptions {
                channels: 4,
                classes: None,
                on_bad_sample: OnBadSample::Error,
            };
            let split = Split::open(&path, &options, dt_ms).unwrap();
            split.events_hash().unwrap()
        };
        let one = hash(&[0.0, 0.0125, 0.03], 1, 10.0);
        assert_eq!(one.len(), 64);
        assert_eq!(one, hash(&[0.0, 0.0125, 0.03], 1, 10.0));
        // Within its step an event may lie anywhere.
        assert_eq!(one, hash(&[0.0, 0.0175, 0.0325], 1, 10.0));
        for other in [
            hash(&[0.0, 0.0075, 0.03], 1, 10.0),
            hash(&[0.0, 0.0125, 0.03], 0, 10.0),
            hash(&[0.0, 0.0125, 0.03], 1, 5.0),
        ] {
            assert_ne!(one, other);
        }
    }
}
