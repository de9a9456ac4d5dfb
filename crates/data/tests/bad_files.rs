//! Every fault of a file, and its message.

use std::path::{Path, PathBuf};

use hdf5::H5Type;
use hdf5::types::VarLenArray;
use saturn_data::{DataError, EventFile, OnBadSample, ReadOptions};

/// What goes into a file; `None` leaves the dataset out.
struct Contents<T = f32, U = i32, L = i32> {
    times: Option<Vec<Vec<T>>>,
    units: Option<Vec<Vec<U>>>,
    labels: Option<Vec<L>>,
}

fn good() -> Contents {
    Contents {
        times: Some(vec![vec![0.1, 0.2], vec![0.3], vec![0.0, 0.5, 0.6]]),
        units: Some(vec![vec![0, 7], vec![3], vec![1, 2, 3]]),
        labels: Some(vec![0, 1, 0]),
    }
}

fn lists<T: H5Type + Copy>(lists: &[Vec<T>]) -> Vec<VarLenArray<T>> {
    lists
        .iter()
        .map(|list| VarLenArray::from_slice(list))
        .collect()
}

fn write<T: H5Type + Copy, U: H5Type + Copy, L: H5Type + Copy>(
    path: &Path,
    contents: &Contents<T, U, L>,
) {
    // The file is on disk when the last handle into it is dropped.
    let file = hdf5::File::create(path).unwrap();
    let spikes = file.create_group("spikes").unwrap();
    if let Some(times) = &contents.times {
        let times = lists(times);
        let dataset = spikes.new_dataset_builder().with_data(&times[..]);
        dataset.create("times").unwrap();
    }
    if let Some(units) = &contents.units {
        let units = lists(units);
        let dataset = spikes.new_dataset_builder().with_data(&units[..]);
        dataset.create("units").unwrap();
    }
    if let Some(labels) = &contents.labels {
        let dataset = file.new_dataset_builder().with_data(&labels[..]);
        dataset.create("labels").unwrap();
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("events.h5")
    }

    fn open(&self, on_bad_sample: OnBadSample) -> Result<EventFile, DataError> {
        let options = ReadOptions {
            channels: 8,
            classes: Some(2),
            on_bad_sample,
        };
        EventFile::open(self.path(), &options)
    }

    /// The error of opening the file, after checking that its message names file and remedy.
    fn error(&self) -> DataError {
        match self.open(OnBadSample::Error) {
            Ok(_) => panic!("a bad file was opened"),
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains("events.h5: "), "{message}");
                assert!(message.contains("; hint: "), "{message}");
                error
            }
        }
    }
}

fn error_of<T: H5Type + Copy, U: H5Type + Copy, L: H5Type + Copy>(
    contents: &Contents<T, U, L>,
) -> DataError {
    let folder = Folder::new();
    write(&folder.path(), contents);
    folder.error()
}

#[test]
fn a_good_file_opens() {
    let folder = Folder::new();
    write(&folder.path(), &good());
    let file = folder.open(OnBadSample::Error).unwrap();
    assert_eq!(file.labels(), [0, 1, 0]);
    assert_eq!(file.speakers(), [None, None, None]);
}

#[test]
fn what_is_not_an_event_file() {
    let folder = Folder::new();
    assert!(matches!(folder.error(), DataError::Open { .. }));
    std::fs::create_dir(folder.path()).unwrap();
    assert!(matches!(folder.error(), DataError::Open { .. }));
    std::fs::remove_dir(folder.path()).unwrap();
    for bytes in [&b""[..], b"PK\x03\x04", &[0; 5_000]] {
        std::fs::write(folder.path(), bytes).unwrap();
        assert!(matches!(folder.error(), DataError::NotHdf5 { .. }));
    }
}

#[test]
fn a_torn_file() {
    let folder = Folder::new();
    write(&folder.path(), &good());
    let bytes = std::fs::read(folder.path()).unwrap();
    std::fs::write(folder.path(), &bytes[..bytes.len() - 100]).unwrap();
    let error = folder.error();
    assert!(
        matches!(&error, DataError::Truncated { expected, actual, .. }
            if *expected == bytes.len() as u64 && expected - actual == 100),
        "{error}"
    );
    for length in (1..bytes.len()).step_by(61) {
        std::fs::write(folder.path(), &bytes[..length]).unwrap();
        folder.error();
    }
}

#[test]
fn missing_datasets() {
    for name in ["/spikes/times", "/spikes/units", "/labels"] {
        let mut contents = good();
        match name {
            "/spikes/times" => contents.times = None,
            "/spikes/units" => contents.units = None,
            _ => contents.labels = None,
        }
        let error = error_of(&contents);
        assert!(
            matches!(&error, DataError::MissingDataset { dataset, .. } if dataset == name),
            "{error}"
        );
    }
    let folder = Folder::new();
    hdf5::File::create(folder.path()).unwrap().close().unwrap();
    assert!(matches!(folder.error(), DataError::MissingDataset { .. }));
}

#[test]
fn wrong_types_and_shapes() {
    let Contents { units, labels, .. } = good();
    let error = error_of(&Contents {
        times: Some(vec![vec![1_i32, 2], vec![3], vec![0, 5, 6]]),
        units,
        labels,
    });
    assert!(
        error.to_string().contains(
            "/spikes/times contains variable-length lists of signed integers of 32 bits; hint: it must \
            contain variable-length lists of 16, 32 or 64 bit floats"
        ),
        "{error}"
    );

    let Contents { times, units, .. } = good();
    let error = error_of(&Contents {
        times,
        units,
        labels: Some(vec![0.0_f64, 1.5, 0.0]),
    });
    assert!(
        matches!(&error, DataError::NotWhole { dataset, index: 1, .. } if dataset == "/labels")
    );

    let folder = Folder::new();
    {
        let file = hdf5::File::create(folder.path()).unwrap();
        let spikes = file.create_group("spikes").unwrap();
        let flat = spikes.new_dataset_builder().with_data(&[0.1_f32, 0.2][..]);
        flat.create("times").unwrap();
    }
    assert!(matches!(folder.error(), DataError::WrongType { .. }));
    {
        let file = hdf5::File::create(folder.path()).unwrap();
        let spikes = file.create_group("spikes").unwrap();
        let table = spikes.new_dataset::<VarLenArray<f32>>().shape((2, 2));
        table.create("times").unwrap();
    }
    assert!(matches!(folder.error(), DataError::WrongShape { .. }));
}

/// Spoils sample 1 of a good file: it must be refused as `expected`, or skipped.
fn check_bad_sample(spoil: impl Fn(&mut Contents), expected: impl Fn(&DataError) -> bool) {
    let folder = Folder::new();
    let mut contents = good();
    spoil(&mut contents);
    write(&folder.path(), &contents);
    let error = folder.error();
    assert!(expected(&error), "{error}");
    assert!(error.to_string().contains("sample 1"), "{error}");

    let file = folder.open(OnBadSample::Skip).unwrap();
    assert_eq!(file.len(), 2);
    assert_eq!(file.notices().skipped(), 1);
    assert_eq!(file.notices().first_skipped()[0].0, 1);
    assert_eq!(file.read(1).unwrap().index, 2);
    assert_eq!(file.labels(), [0, 0]);
}

#[test]
fn units_beyond_the_channels() {
    for bad in [8, -1, i32::MAX] {
        check_bad_sample(
            |contents| contents.units.as_mut().unwrap()[1] = vec![bad],
            |error| {
                matches!(error, DataError::UnitOutOfRange { index: 1, unit, channels: 8, .. }
                    if *unit == i128::from(bad))
            },
        );
    }
}

#[test]
fn times_that_are_none() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.5, 1e7] {
        check_bad_sample(
            |contents| contents.times.as_mut().unwrap()[1] = vec![bad],
            |error| {
                matches!(
                    error,
                    DataError::BadTime {
                        index: 1,
                        event: 0,
                        ..
                    }
                )
            },
        );
    }
}

#[test]
fn labels_out_of_range() {
    for bad in [2, -1] {
        check_bad_sample(
            |contents| contents.labels.as_mut().unwrap()[1] = bad,
            |error| {
                matches!(error, DataError::LabelOutOfRange { index: 1, label, classes: 2, .. }
                    if *label == i128::from(bad))
            },
        );
    }
}

#[test]
fn samples_with_unequal_or_no_events() {
    check_bad_sample(
        |contents| contents.times.as_mut().unwrap()[1] = vec![0.1, 0.2],
        |error| {
            let (times, units) = match error {
                DataError::EventsDiffer { times, units, .. } => (*times, *units),
                _ => return false,
            };
            (times, units) == (2, 1)
        },
    );
    check_bad_sample(
        |contents| {
            contents.times.as_mut().unwrap()[1].clear();
            contents.units.as_mut().unwrap()[1].clear();
        },
        |error| matches!(error, DataError::EmptySample { index: 1, .. }),
    );
}

#[test]
fn nothing_left_and_empty_splits() {
    let folder = Folder::new();
    let mut contents = good();
    contents.labels = Some(vec![9, 9, 9]);
    write(&folder.path(), &contents);
    let error = folder.open(OnBadSample::Skip).err().unwrap();
    assert!(
        matches!(error, DataError::NothingLeft { skipped: 3, .. }),
        "{error}"
    );

    let error = error_of(&Contents::<f32, i32, i32> {
        times: Some(vec![]),
        units: Some(vec![]),
        labels: Some(vec![]),
    });
    assert!(matches!(error, DataError::EmptySplit { .. }), "{error}");
}

#[test]
fn lengths_of_datasets_differ() {
    let mut contents = good();
    contents.labels = Some(vec![0, 1]);
    let error = error_of(&contents);
    assert!(
        matches!(&error, DataError::LengthsDiffer { dataset, found: 2, expected: 3, .. }
            if dataset == "/labels"),
        "{error}"
    );
    let mut contents = good();
    contents.units.as_mut().unwrap().pop();
    assert!(matches!(
        error_of(&contents),
        DataError::LengthsDiffer { .. }
    ));
}

#[test]
fn unsorted_times_are_sorted_and_told() {
    let folder = Folder::new();
    let mut contents = good();
    contents.times.as_mut().unwrap()[2] = vec![0.5, 0.25, 0.25];
    write(&folder.path(), &contents);
    let file = folder.open(OnBadSample::Error).unwrap();
    assert_eq!(
        file.notices().to_string(),
        "1 of 3 samples had times out of order and were sorted: 2"
    );
    let sample = file.read(2).unwrap();
    assert_eq!(sample.times_s, [0.25, 0.25, 0.5]);
    assert_eq!(sample.units, [2, 3, 1]);
}

#[test]
fn absurd_sizes_are_refused_before_memory_is_asked_for() {
    // A dataset of 2^60 labels that were never written takes a few hundred bytes.
    let folder = Folder::new();
    write(
        &folder.path(),
        &Contents {
            labels: None,
            ..good()
        },
    );
    {
        let file = hdf5::File::append(folder.path()).unwrap();
        let labels = file
            .new_dataset::<u16>()
            .chunk(1 << 20)
            .shape(1_usize << 60..);
        labels.create("labels").unwrap();
    }
    let error = folder.error();
    assert!(
        matches!(&error, DataError::TooLarge { elements, .. } if *elements == 1 << 60),
        "{error}"
    );
}
