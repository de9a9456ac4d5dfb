#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

use std::io::Write;
use std::ops::ControlFlow;

use super::*;
use crate::{EventFile, FrameFile, OnBadSample, ReadOptions};

/// Images of 2 x 3 pixels: a header and 6 bytes each.
fn images(pixels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    for size in [pixels.len() as u32 / 6, 2, 3] {
        bytes.extend(size.to_be_bytes());
    }
    bytes.extend(pixels);
    bytes
}

fn labels(classes: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 1];
    bytes.extend((classes.len() as u32).to_be_bytes());
    bytes.extend(classes);
    bytes
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const TRAIN: [u8; 18] = [
    0, 255, 128, 0, 0, 51, 10, 20, 30, 40, 50, 60, 0, 0, 0, 0, 0, 0,
];
const TEST: [u8; 6] = [1, 2, 3, 4, 5, 255];

/// A folder with three images to train on and one to test, half of the files packed.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: Vec<u8>| fs::write(folder.path().join(name), bytes).unwrap();
    put("train-images-idx3-ubyte.gz", packed(&images(&TRAIN)));
    put("train-labels-idx1-ubyte", labels(&[2, 0, 1]));
    put("t10k-images-idx3-ubyte", images(&TEST));
    put("t10k-labels-idx1-ubyte.gz", packed(&labels(&[1])));
    folder
}

fn run(folder: &Path, form: Form) -> Result<Converted, DataError> {
    let options = IdxOptions {
        form,
        valid: 1,
        ..IdxOptions::default()
    };
    convert(folder, &folder.join("out"), &options, &mut |_| {
        ControlFlow::Continue(())
    })
}

#[test]
fn rows_and_pixels() {
    let folder = folder();
    for (form, channels) in [(Form::Rows, 3), (Form::Pixels, 1)] {
        let done = run(folder.path(), form).unwrap();
        let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 1, 1]);
        let file = FrameFile::open(folder.path().join("out/train.h5")).unwrap();
        assert_eq!((file.channels(), file.steps(0)), (channels, 6 / channels));
        assert_eq!(file.labels(), [2, 0]);
        assert_eq!(file.class_names(), ["0", "1", "2"]);
        let expected: Vec<f32> = TRAIN[..6].iter().map(|v| f32::from(*v) / 255.0).collect();
        assert_eq!(file.read(0).unwrap().values, expected);
        assert!(file.read(1).unwrap().mask.iter().all(|known| *known));
        let valid = FrameFile::open(folder.path().join("out/valid.h5")).unwrap();
        assert_eq!(
            (valid.labels(), valid.read(0).unwrap().values.len()),
            (&[1][..], 6)
        );
    }
}

#[test]
fn crossings_by_hand() {
    // Two thresholds, 1/4 and 3/4: 64 is above the first (63.75), 191 is below the second (191.25).
    let (times_s, units) = form::crossings(&[0, 64, 191, 192, 63, 255], 2, 0.001);
    assert_eq!(units, [0, 2, 1, 3, 0, 2]);
    let steps: Vec<f64> = times_s.iter().map(|t| (t * 1e3).floor()).collect();
    assert_eq!(steps, [1.0, 3.0, 4.0, 4.0, 5.0, 5.0]);
    assert!((times_s[0] - 0.0015).abs() < 1e-12);
}

#[test]
fn a_blank_image_is_left_out_and_told() {
    let folder = folder();
    let done = run(folder.path(), Form::Events { thresholds: 4 }).unwrap();
    let counts: Vec<usize> = done.files.iter().map(|(_, count)| *count).collect();
    // The blank image is the last of the training file, the whole validation split.
    assert_eq!(counts, [2, 0, 1]);
    assert_eq!(
        done.notices,
        ["1 images produced no events and were left out"]
    );
    let options = ReadOptions {
        channels: 8,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    let file = EventFile::open(folder.path().join("out/train.h5"), &options).unwrap();
    assert_eq!((file.len(), file.classes()), (2, 3));
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |change: &dyn Fn(&Path), expected: &str| {
        let folder = folder();
        change(folder.path());
        let message = run(folder.path(), Form::Rows).unwrap_err().to_string();
        assert!(
            message.contains(expected) && message.contains("; hint: "),
            "{message}"
        );
    };
    let put = |name: &'static str, bytes: Vec<u8>| {
        move |folder: &Path| fs::write(folder.join(name), &bytes).unwrap()
    };
    refused(
        &put("t10k-images-idx3-ubyte", Vec::new()),
        "t10k-images-idx3-ubyte: byte 0: it ends here",
    );
    refused(
        &put("t10k-images-idx3-ubyte", labels(&[1])),
        "byte 0: it begins with 00 00 08 01, not 00 00 08 03",
    );
    refused(
        &put("t10k-images-idx3-ubyte", images(&TRAIN)),
        "byte 4: it claims 3 images, and there are 1 labels",
    );
    let mut more = images(&TEST);
    more.push(0);
    refused(
        &put("t10k-images-idx3-ubyte", more.clone()),
        "its dimensions imply 22 bytes, and the file has 23",
    );
    more.splice(4..8, [0xff; 4]);
    refused(
        &put("t10k-images-idx3-ubyte", more.clone()),
        "its dimensions imply 25769803786 bytes",
    );
    more.splice(8..16, [0xff; 8]);
    refused(
        &put("t10k-images-idx3-ubyte", more),
        "byte 8: an image claims 4294967295 x 4294967295 pixels",
    );
    let mut huge = images(&TRAIN);
    huge.splice(4..8, [0xff; 4]);
    refused(
        &put("train-images-idx3-ubyte.gz", packed(&huge)),
        "its dimensions imply 25769803786 bytes",
    );
    let mut longer = images(&TRAIN);
    longer.push(0);
    refused(
        &put("train-images-idx3-ubyte.gz", packed(&longer)),
        "byte 34: it has more data than its dimensions imply",
    );
    let mut broken = packed(&images(&TRAIN));
    let checksum = broken.len() - 6;
    broken[checksum] ^= 1;
    refused(
        &put("train-images-idx3-ubyte.gz", broken),
        "its compressed data is damaged",
    );
    refused(
        &|folder| fs::remove_file(folder.join("t10k-images-idx3-ubyte")).unwrap(),
        "it contains neither t10k-images-idx3-ubyte nor",
    );
    let folder = folder();
    let none = folder.path().join("none");
    let message = run(&none, Form::Rows).unwrap_err().to_string();
    assert!(message.contains("none: cannot be opened"), "{message}");
    let message = run(folder.path(), Form::Events { thresholds: 0 }).unwrap_err();
    assert!(message.to_string().contains("from 1 to 255"), "{message}");
}

#[test]
fn hostile_copies_are_refused() {
    let folder = folder();
    for name in [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte.gz",
    ] {
        let path = folder.path().join(name);
        let bytes = fs::read(&path).unwrap();
        let refused = crate::convert::hostile::survives_in(folder.path(), &path, &bytes, || {
            run(folder.path(), Form::Rows)
        });
        assert_eq!(refused, bytes.len(), "{name}");
    }
}

#[test]
fn all_of_fashion_mnists_test_split() {
    let Some(data) = crate::convert::hostile::real_data("fashion-mnist") else {
        return;
    };
    let mut images = Images::open(&data, "t10k").unwrap();
    let mut counts = [0; 10];
    let (mut sum, mut events) = (0_u64, 0);
    while images.next < images.labels.len() {
        let (image, label, _) = images.image().unwrap();
        counts[label] += 1;
        sum += image.iter().map(|grey| u64::from(*grey)).sum::<u64>();
        events += form::crossings(&image, 40, 0.001).1.len();
    }
    images.pixels.finish().unwrap();
    assert_eq!(counts, [1_000; 10]);
    // The published mean of the test images is 0.2868.
    let mean = sum as f64 / (255.0 * 784.0 * 10_000.0);
    assert!((mean - 0.2868).abs() < 5e-4, "{mean}");
    println!("{} events an image", events / 10_000);
}
