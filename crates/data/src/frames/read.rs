//! Reading frame files: the same care as for event files, one sample in memory at a time.

use std::ops::Range;
use std::path::Path;

use hdf5_reader::{Dataset, Datatype, SliceInfo, SliceInfoElem};

use super::{Frames, MASK, OFFSETS, STEP, VALUES};
use crate::container::Container;
use crate::error::DataError;
use crate::labels::{KEYS, LABELS, SPEAKER, implied_classes, name_classes, read_integers};
use crate::number::NumberType;

/// Maximum expansion of one byte by deflate.
const MAX_DEFLATE: u64 = 1_032;

/// An open frame file.
pub struct FrameFile {
    container: Container,
    values: Dataset,
    mask: Dataset,
    /// First step of each sample, and the total number of steps.
    offsets: Vec<u64>,
    channels: usize,
    dt_s: f64,
    labels: Vec<usize>,
    speakers: Vec<Option<u32>>,
    class_names: Vec<String>,
}

impl FrameFile {
    /// Opens `path` and checks all but the values, which are checked as they are read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let container = Container::open_expanding(path.as_ref(), MAX_DEFLATE)?;
        let values = packed(&container, VALUES)?;
        let (steps, channels) = match *values.shape() {
            [steps, channels] if channels > 0 => (steps, channels as usize),
            _ => return Err(wrong_shape(&container, VALUES, &values)),
        };
        if !matches!(values.dtype(), Datatype::FloatingPoint { size: 4, .. }) {
            let expected = "floats of 32 bits";
            return Err(container.wrong_type(VALUES, &values, expected));
        }
        let mask = packed(&container, MASK)?;
        if *mask.shape() != [steps] {
            return Err(wrong_shape(&container, MASK, &mask));
        }
        if !matches!(mask.dtype(), Datatype::FixedPoint { size: 1, .. }) {
            let expected = "integers of 8 bits, 0 or 1";
            return Err(container.wrong_type(MASK, &mask, expected));
        }

        let (_, count) = container.list(OFFSETS)?;
        let offsets = read_integers(&container, OFFSETS, count)?.unwrap_or_default();
        let ends = (offsets.first(), offsets.last());
        let whole = ends == (Some(&0), Some(&i128::from(steps)));
        if let Some(sample) = offsets.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(container.damaged(OFFSETS, Some(sample), "the sample has no steps"));
        }
        if !whole {
            let detail = "they do not run from 0 to the number of steps";
            return Err(container.damaged(OFFSETS, None, detail));
        }
        let offsets: Vec<u64> = offsets.iter().map(|offset| *offset as u64).collect();
        let samples = offsets.len() - 1;
        if samples == 0 {
            return Err(DataError::EmptySplit {
                path: container.path().to_owned(),
            });
        }
        let class_names = container.strings(KEYS)?.unwrap_or_default();
        let (labels, class_names) = read_labels(&container, samples, class_names)?;
        let speakers = match read_integers(&container, SPEAKER, samples)? {
            Some(speakers) => speakers.iter().map(|s| u32::try_from(*s).ok()).collect(),
            None => vec![None; samples],
        };
        let dt_s = read_step(&container)?;
        Ok(Self {
            container,
            values,
            mask,
            offsets,
            channels,
            dt_s,
            labels,
            speakers,
            class_names,
        })
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never true: a file without samples is an error.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many values a step has.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Length of a step in seconds.
    pub fn dt_s(&self) -> f64 {
        self.dt_s
    }

    /// Class of each sample.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Speaker of each sample.
    pub fn speakers(&self) -> &[Option<u32>] {
        &self.speakers
    }

    /// Name of each class.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// How many steps the sample at `position` has.
    pub fn steps(&self, position: usize) -> usize {
        (self.offsets[position + 1] - self.offsets[position]) as usize
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        self.container.path()
    }

    /// Reads the sample at `position`.
    ///
    /// # Panics
    ///
    /// Where `position` is not below [`Self::len`].
    pub fn read(&self, position: usize) -> Result<Frames, DataError> {
        let mut samples = self.read_range(position..position + 1)?;
        Ok(samples.swap_remove(0))
    }

    /// Reads the samples at `positions` in one pass: read one by one, each would unpack its whole chunk
    /// again.
    ///
    /// # Panics
    ///
    /// If `positions` is empty, or not all of it is below [`Self::len`].
    pub fn read_range(&self, positions: Range<usize>) -> Result<Vec<Frames>, DataError> {
        let first = positions.start;
        let (start, end) = (self.offsets[first], self.offsets[positions.end]);
        let rows = SliceInfoElem::Slice {
            start,
            end,
            step: 1,
        };
        let guard = &self.container;
        let mask = guard.guard(MASK, Some(first), || {
            let selections = vec![rows.clone()];
            self.mask.read_slice::<u8>(&SliceInfo { selections })
        })?;
        let values = guard.guard(VALUES, Some(first), || {
            let all = SliceInfoElem::Slice {
                start: 0,
                end: self.channels as u64,
                step: 1,
            };
            let selections = vec![rows.clone(), all];
            self.values.read_slice::<f32>(&SliceInfo { selections })
        })?;
        let mut mask = mask.into_iter();
        let mut values = values.into_iter();
        positions
            .map(|position| {
                let steps = self.steps(position);
                let mask: Vec<u8> = mask.by_ref().take(steps).collect();
                let values: Vec<f32> = values.by_ref().take(steps * self.channels).collect();
                let damaged =
                    |dataset, detail| self.container.damaged(dataset, Some(position), detail);
                if mask.iter().any(|known| *known > 1) {
                    return Err(damaged(MASK, "it contains values other than 0 and 1"));
                }
                if values.iter().any(|value| !value.is_finite()) {
                    return Err(damaged(VALUES, "it contains values that are not finite"));
                }
                Ok(Frames {
                    values,
                    mask: mask.into_iter().map(|known| known == 1).collect(),
                    label: self.labels[position],
                    speaker: self.speakers[position],
                    index: position,
                })
            })
            .collect()
    }
}

/// The compressed dataset at `name`, which must exist and claim no more than the file can contain.
fn packed(container: &Container, name: &str) -> Result<Dataset, DataError> {
    let limit = container.file_bytes().saturating_mul(MAX_DEFLATE);
    let found = container.find_within(name, limit)?;
    found.ok_or_else(|| DataError::MissingFrames {
        path: container.path().to_owned(),
        dataset: name.to_owned(),
    })
}

fn read_labels(
    container: &Container,
    samples: usize,
    names: Vec<String>,
) -> Result<(Vec<usize>, Vec<String>), DataError> {
    let stored =
        read_integers(container, LABELS, samples)?.ok_or_else(|| DataError::MissingFrames {
            path: container.path().to_owned(),
            dataset: LABELS.to_owned(),
        })?;
    let classes = implied_classes(&stored, &names);
    let label = |(index, label): (usize, &i128)| {
        let class = usize::try_from(*label)
            .ok()
            .filter(|class| *class < classes);
        class.ok_or_else(|| DataError::LabelOutOfRange {
            path: container.path().to_owned(),
            index,
            label: *label,
            classes,
        })
    };
    let labels = stored.iter().enumerate().map(label);
    Ok((
        labels.collect::<Result<_, _>>()?,
        name_classes(names, classes),
    ))
}

fn read_step(container: &Container) -> Result<f64, DataError> {
    let missing = || DataError::MissingFrames {
        path: container.path().to_owned(),
        dataset: STEP.to_owned(),
    };
    let dataset = container.find(STEP)?.ok_or_else(missing)?;
    let expected = "one float, the length of a step in seconds";
    let number = NumberType::float(dataset.dtype())
        .filter(|_| *dataset.shape() == [1])
        .ok_or_else(|| container.wrong_type(STEP, &dataset, expected))?;
    let raw = container.bytes(STEP, &dataset, 1, number.bytes())?;
    number
        .floats(&raw)
        .find(|dt_s| *dt_s > 0.0 && dt_s.is_finite())
        .ok_or_else(|| container.damaged(STEP, None, "a step has no duration"))
}

fn wrong_shape(container: &Container, name: &str, dataset: &Dataset) -> DataError {
    container.damaged(name, None, &format!("its shape is {:?}", dataset.shape()))
}
