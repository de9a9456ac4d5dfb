#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

mod exact;
mod formats;
mod leads;
mod marks;
mod segments;
mod skipped;

use std::fs;
use std::ops::ControlFlow;

use super::*;
use crate::{EventFile, FrameFile, Frames, OnBadSample, ReadOptions, read_places};

/// A mark of `code`, `samples` after the one before.
fn mark(code: u16, samples: u16) -> [u8; 2] {
    (code << 10 | samples).to_le_bytes()
}

/// Samples of one lead, 100 Hz, 10 steps a millivolt, baseline 5, in format 16.
fn put(folder: &Path, name: &str, samples: &[i16], marks: &[u8]) {
    let sum = samples.iter().fold(0_i16, |sum, s| sum.wrapping_add(*s));
    let header = format!(
        "{name} 1 100 {}\n{name}.dat 16 10(5)/mV 12 0 {} {sum} 0 lead one\n# 69 M\n",
        samples.len(),
        samples[0]
    );
    fs::write(folder.join(format!("{name}.hea")), header).unwrap();
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    fs::write(folder.join(format!("{name}.dat")), bytes).unwrap();
    fs::write(folder.join(format!("{name}.atr")), marks).unwrap();
}

/// Three records of 40 samples: a saw tooth, beats at 10 (N) and 30 (V), a change of rhythm between.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let marks = [
        &mark(1, 10)[..],
        &mark(28, 5),
        &mark(63, 3),
        b"(N\0\0",
        &mark(5, 15),
        &mark(0, 0),
    ];
    for name in ["1", "2", "3"] {
        let samples: Vec<i16> = (0..40).map(|s| 5 + 10 * (s % 4)).collect();
        put(folder.path(), name, &samples, &marks.concat());
    }
    folder
}

fn options(form: Form) -> WfdbOptions {
    WfdbOptions {
        form,
        before_s: 0.05,
        after_s: 0.06,
        ..WfdbOptions::default()
    }
}

fn run(folder: &Path, form: Form) -> Result<Converted, DataError> {
    run_with(folder, &options(form))
}

fn run_with(folder: &Path, options: &WfdbOptions) -> Result<Converted, DataError> {
    convert(folder, &folder.join("out"), options, &mut |_| {
        ControlFlow::Continue(())
    })
}

/// The record of a header.
fn open(folder: &Path, name: &str, options: &WfdbOptions) -> Result<Record, DataError> {
    Record::open(&Header::read(&folder.join(format!("{name}.hea")))?, options)
}

/// What is wrong with a folder's records, as events.
fn refusal(folder: &Path) -> String {
    run(folder, events(false)).unwrap_err().to_string()
}

fn events(whole: bool) -> Form {
    Form::Events {
        delta_mv: 1.0,
        whole,
    }
}

fn opened(folder: &Path, name: &str, channels: usize) -> EventFile {
    let options = ReadOptions {
        channels,
        classes: None,
        on_bad_sample: OnBadSample::Error,
    };
    EventFile::open(folder.join("out").join(name), &options).unwrap()
}

#[test]
fn frames_tile_the_record() {
    let folder = folder();
    run(folder.path(), Form::Frames).unwrap();
    let file = FrameFile::open(folder.path().join("out/train.h5")).unwrap();
    assert_eq!((file.len(), file.channels()), (2, 1));
    assert!((file.dt_s() - 0.01).abs() < 1e-12);
    assert_eq!(file.labels(), [0, 2]);
    assert_eq!(file.class_names(), CLASSES);
    let pieces = [file.read(0).unwrap(), file.read(1).unwrap()];
    assert_eq!(pieces.each_ref().map(Frames::steps), [20, 20]);
    let values: Vec<f32> = pieces
        .iter()
        .flat_map(|piece| piece.values.clone())
        .collect();
    let expected: Vec<f32> = (0..40).map(|s| (s % 4) as f32).collect();
    assert_eq!(values, expected);
    // Known from 5 samples before the beat at 10 to 6 after it.
    let known: Vec<usize> = (0..20).filter(|step| pieces[0].mask[*step]).collect();
    assert_eq!(known, (5..=16).collect::<Vec<_>>());
}

#[test]
fn events_of_beats_and_of_all() {
    let folder = folder();
    run(folder.path(), events(true)).unwrap();
    let path = folder.path().join("out/train.h5");
    let file = opened(folder.path(), "train.h5", 2);
    let whole = file.read(0).unwrap();
    // Each tooth of four samples: up at 1, 2, 3, and three down within the fourth step.
    assert_eq!(whole.units[..6], [0, 0, 0, 1, 1, 1]);
    assert!((whole.times_s[0] - 0.01).abs() < 1e-7);
    let places = read_places(&path).unwrap().unwrap();
    assert!((places[1].start_s - 0.20).abs() < 1e-12);
    assert!((places[0].mark_s.unwrap() - places[0].known_s[0] - 0.05).abs() < 1e-12);
    assert!((places[0].known_s[0] - 0.05).abs() < 1e-12);
    assert!((places[0].known_s[1] - 0.17).abs() < 1e-12);

    run(folder.path(), events(false)).unwrap();
    let beat = opened(folder.path(), "train.h5", 2).read(0).unwrap();
    let places = read_places(&path).unwrap().unwrap();
    assert!((places[0].start_s - 0.05).abs() < 1e-12 && places[0].known_s[0] == 0.0);
    let inside = |time: f64| (0.05..0.17).contains(&time);
    let kept = whole.times_s.iter().filter(|time| inside(**time)).count();
    assert!(beat.len().abs_diff(kept) <= 1, "{} {kept}", beat.len());
    assert_eq!(beat.speaker, file.speakers()[0]);
}

/// A folder with one file of other bytes is refused so.
fn refused(name: &str, bytes: &[u8], expected: &str) {
    let folder = folder();
    fs::write(folder.path().join(name), bytes).unwrap();
    let message = refusal(folder.path());
    let expected = format!("{name}: {expected}");
    assert!(
        message.contains(&expected) && message.contains("; hint: "),
        "{message}"
    );
    let out = fs::read_dir(folder.path().join("out"));
    let left: Vec<_> = out.into_iter().flatten().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_wrong_with_a_header_is_named_with_its_line() {
    refused("1.hea", b"", "line 1: there is no record in it");
    refused("1.hea", b"1", "line 1: there are 1 words");
    refused("1.hea", b"1/2 1 100 40\n", "line 1: 0 of 2 segments follow");
    refused("1.hea", b"1/0 1 100 40\n", "line 1: `1/0` has not 1 to");
    refused(
        "1.hea",
        b"1 0 100 40\n",
        "line 1: there are not 1 to 64 leads",
    );
    refused("1.hea", b"1 1 -3 40\n", "line 1: the rate is `-3`");
    refused("1.hea", b"1 1 100 40\n", "line 1: 0 of 1 leads follow");
    refused(
        "1.hea",
        b"1 1 100 40\n../1.dat 16\n",
        "line 2: the file `../1.dat` is not",
    );
    refused(
        "1.hea",
        b"1 1 100 40\n1.dat 81\n",
        "line 2: the format is `81`",
    );
    refused(
        "1.hea",
        b"1 1 100 40\n1.dat 516\n",
        "line 2: the format is 516, FLAC",
    );
    refused(
        "1.hea",
        b"1 1 100 40\n1.dat 16x2000\n",
        "line 2: there are `2000` samples a frame",
    );
    refused(
        "1.hea",
        b"1 1 100 40\n1.dat 16:y\n",
        "line 2: the skew is `y`",
    );
    refused(
        "1.hea",
        b"1 1 100 x\n",
        "line 1: the number of samples is `x`",
    );
    refused(
        "1.hea",
        b"1 1 100 40\n1.dat 16 x\n",
        "line 2: the gain is `x`",
    );
    refused(
        "2.hea",
        b"2 1 200 40\n2.dat 16\n",
        "it has 1 leads at 200 Hz",
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    refused(
        "1.dat",
        &[],
        "byte 0: it ends here, and 40 samples of 1 leads",
    );
    refused("2.dat", &[0; 79], "byte 79: it ends here");
    refused(
        "1.dat",
        &[0; 80],
        "byte 0: lead 0 has the checksum 0, and its header states 800",
    );
    let mut changed: Vec<u8> = (0..40)
        .flat_map(|s: i16| (5 + 10 * (s % 4)).to_le_bytes())
        .collect();
    changed[20] += 1;
    refused(
        "1.dat",
        &changed,
        "byte 0: lead 0 has the checksum 801, and its header states 800",
    );
    refused("1.atr", &[], "byte 0: it ends without");
    refused("1.atr", &mark(1, 10), "byte 2: it ends without");
    refused("1.atr", &mark(0, 0), "byte 2: there is no beat in it");
    refused(
        "1.atr",
        &[mark(1, 40), mark(0, 0)].concat(),
        "byte 4: its only beats are 1 before or after its 40 samples",
    );
    let back = [
        &mark(1, 5)[..],
        &mark(59, 0),
        &[0xff; 4],
        &mark(1, 0),
        &mark(0, 0),
    ]
    .concat();
    refused("1.atr", &back, "byte 8: a beat at sample 4 is before");
    let back = [
        &mark(59, 0)[..],
        &[0xff, 0xff, 0xff, 0xff],
        &mark(1, 0),
        &mark(0, 0),
    ]
    .concat();
    refused("1.atr", &back, "byte 10: its only beats are 1 before");
    let empty = tempfile::tempdir().unwrap();
    let message = run(empty.path(), Form::Frames).unwrap_err().to_string();
    assert!(message.contains("there is no record in it"), "{message}");
}

#[test]
fn claims_ask_for_no_memory() {
    let folder = folder();
    let header = "1 64 100 1099511627775\n".to_owned() + &"1.dat 212\n".repeat(64);
    fs::write(folder.path().join("1.hea"), header).unwrap();
    for name in ["2", "3"] {
        fs::remove_file(folder.path().join(format!("{name}.hea"))).unwrap();
    }
    let record = open(folder.path(), "1", &options(Form::Frames));
    let message = record.err().unwrap().to_string();
    assert!(
        message.contains("and its signal files contain"),
        "{message}"
    );
    // Within the share of samples that may be missing, but not in the file.
    let header = "1 1 100 300\n1.dat 212\n";
    fs::write(folder.path().join("1.hea"), header).unwrap();
    let record = open(folder.path(), "1", &options(Form::Frames)).unwrap();
    let message = record.read().unwrap_err().to_string();
    assert!(
        message.contains("1.dat: byte 80: it ends here"),
        "{message}"
    );
}

#[test]
fn hostile_copies_are_read_or_refused() {
    let folder = folder();
    for (name, sound) in [("2.hea", 40), ("2.dat", 0), ("2.atr", 0)] {
        let path = folder.path().join(name);
        let bytes = fs::read(&path).unwrap();
        let refused = crate::convert::hostile::survives_in(folder.path(), &path, &bytes, || {
            run(folder.path(), events(false))
        });
        // A header may end within its first line, after the gain, and in its comment.
        assert!(refused >= bytes.len() - sound, "{name}: {refused}");
    }
}

#[test]
fn real_records() {
    let Some(data) = crate::convert::hostile::real_data("mit-bih") else {
        return;
    };
    let options = WfdbOptions::default();
    let record = open(&data, "100", &options).unwrap();
    assert_eq!((record.frames, record.leads.len()), (650_000, 2));
    // The checksums of both leads hold, or this failed. Record 100 is published with 2,239 N, 33 A, 1 V.
    let leads = record.read().unwrap();
    let first = leads[0].frames()[0];
    assert!((first - (-0.145)).abs() < 1e-6, "{first}");
    let count = |label| {
        record
            .beats
            .iter()
            .filter(|beat| beat.label == label)
            .count()
    };
    assert_eq!([0, 1, 2, 3, 4].map(count), [2_239, 33, 1, 0, 0]);
    let pieces: Vec<crate::write::Cut> = cut::Pieces::new(&leads, &record, &options)
        .unwrap()
        .map(cut::Piece::into_events)
        .collect();
    let mean = pieces.iter().map(|cut| cut.recording.len()).sum::<usize>() / pieces.len();
    println!("{mean} events a beat");
    assert!((20..200).contains(&mean), "{mean}");
    assert!(pieces.iter().all(|cut| !cut.recording.is_empty()));
}
