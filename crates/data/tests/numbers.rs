//! Numbers as people store them: integer times, labels as booleans, floats and columns, names of any length.

use std::path::PathBuf;

use hdf5::H5Type;
use hdf5::types::{VarLenArray, VarLenUnicode};
use saturn_data::{EventFile, OnBadSample, ReadOptions, TimeUnit, Times};

struct Made {
    _folder: tempfile::TempDir,
    path: PathBuf,
    file: hdf5::File,
}

/// A file with three samples whose times are `times`, and no labels yet.
fn file<T: H5Type + Copy>(times: [&[T]; 3]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.h5");
    let file = hdf5::File::create(&path).unwrap();
    let spikes = file.create_group("spikes").unwrap();
    let lists = times.map(VarLenArray::from_slice);
    let dataset = spikes.new_dataset_builder().with_data(&lists[..]);
    dataset.create("times").unwrap();
    let units = times.map(|times| VarLenArray::from_slice(&vec![1_u16; times.len()]));
    let dataset = spikes.new_dataset_builder().with_data(&units[..]);
    dataset.create("units").unwrap();
    Made {
        _folder: folder,
        path,
        file,
    }
}

fn seconds() -> Made {
    file::<f32>([&[0.1], &[0.2, 0.3], &[0.4]])
}

impl Made {
    fn labels<T: H5Type>(self, labels: &[T]) -> Self {
        let dataset = self.file.new_dataset_builder().with_data(labels);
        dataset.create("labels").unwrap();
        self
    }

    fn open(self, times: Times) -> Result<EventFile, String> {
        self.file.close().unwrap();
        let options = ReadOptions {
            channels: 4,
            classes: None,
            on_bad_sample: OnBadSample::Error,
        };
        EventFile::open_timed(&self.path, &options, times).map_err(|error| error.to_string())
    }
}

fn found(file: Made) -> Result<Vec<usize>, String> {
    file.open(Times::default())
        .map(|file| file.labels().to_vec())
}

#[test]
fn labels_may_be_booleans_floats_or_a_column() {
    assert_eq!(
        found(seconds().labels(&[true, false, true])).unwrap(),
        [1, 0, 1]
    );
    assert_eq!(
        found(seconds().labels(&[2.0_f64, 0.0, 1.0])).unwrap(),
        [2, 0, 1]
    );
    assert_eq!(
        found(seconds().labels(&[2.0_f32, 0.0, 1.0])).unwrap(),
        [2, 0, 1]
    );
    let column = seconds();
    let labels = ndarray::arr2(&[[2_i64], [0], [1]]);
    column
        .file
        .new_dataset_builder()
        .with_data(&labels)
        .create("labels")
        .unwrap();
    assert_eq!(found(column).unwrap(), [2, 0, 1]);

    let refused = |file: Made, expected: &str| {
        let message = found(file).unwrap_err();
        assert!(
            message.contains(expected) && message.contains("; hint: "),
            "{message}"
        );
    };
    refused(
        seconds().labels(&[2.0_f64, 0.5, 1.0]),
        "/labels: sample 1: 0.5 is not a whole number",
    );
    refused(
        seconds().labels(&[2.0_f64, 0.0, f64::NAN]),
        "/labels: sample 2: NaN is not a whole number",
    );
    refused(
        seconds().labels(&[-1.0_f64, 0.0, 1.0]),
        "label -1 is outside",
    );
    let pairs = seconds();
    let labels = ndarray::arr2(&[[2_i64, 1], [0, 1], [1, 1]]);
    pairs
        .file
        .new_dataset_builder()
        .with_data(&labels)
        .create("labels")
        .unwrap();
    refused(pairs, "/labels has shape [3, 2]");
}

#[test]
fn integer_times_are_read_in_their_unit() {
    let micros =
        || file::<i64>([&[29_000], &[10_000, 900_000], &[2_592_000_000_000]]).labels(&[0_u8, 1, 1]);
    let message = micros().open(Times::default()).err().unwrap();
    assert!(
        message
            .contains("/spikes/times contains variable-length lists of signed integers of 64 bits")
            && message.contains("--times us"),
        "{message}"
    );
    let declared = Times {
        unit: Some(TimeUnit::Microseconds),
        grid: None,
    };
    let read = micros().open(declared).unwrap();
    let bits = |position: usize| {
        let recording = read.read(position).unwrap();
        recording
            .times_s
            .iter()
            .map(|t| t.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(0), [0.029_f64.to_bits()]);
    assert_eq!(bits(1), [0.01_f64.to_bits(), 0.9_f64.to_bits()]);
    // Thirty days in, at 0.1 ms.
    assert_eq!(read.steps(0.1).of(read.last_s()[2]), 25_920_000_000);
}

#[test]
fn a_long_or_hostile_name_is_shown_short_and_escaped() {
    let hostile = seconds().labels(&[0_u8, 1, 1]);
    let names = ["\u{1b}[2Jone".to_owned(), "x".repeat(10_000)];
    let names = names.map(|name| name.parse::<VarLenUnicode>().unwrap());
    let extra = hostile.file.create_group("extra").unwrap();
    extra
        .new_dataset_builder()
        .with_data(&names[..])
        .create("keys")
        .unwrap();
    // The file is whole when the last handle into it is dropped.
    drop(extra);
    let read = hostile.open(Times::default()).unwrap();
    assert_eq!(read.class_names()[0], "\\u{1b}[2Jone");
    assert_eq!(read.class_names()[1].chars().count(), 80);
}
