//! Marks: other ticks, beats at one sample and outside of the record, other annotators.

use super::super::{annotation, decimal};
use super::*;

fn read(bytes: &[u8], frames: u64, rate_hz: &str) -> Result<annotation::Marks, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.atr");
    fs::write(&path, bytes).unwrap();
    annotation::read(&path, frames, &decimal::parse(rate_hz).unwrap())
}

/// What `wfdb.wrann('a', 'atr', sample=np.array([100, 200, 1101]), symbol=['N', 'V', 'N'], fs=125)` writes (Python
/// package wfdb 4.3.1): a NOTE at 0 with the text, a step of -1, a mark of nothing 1 later, and three beats.
fn of_125_hz(text: &str) -> Vec<u8> {
    let mut bytes = mark(22, 0).to_vec();
    bytes.extend(mark(63, text.len() as u16));
    bytes.extend(text.as_bytes());
    if text.len() % 2 == 1 {
        bytes.push(0);
    }
    for word in [[0x00, 0xec], [0xff, 0xff], [0xff, 0xff], [0x01, 0x00]] {
        bytes.extend(word);
    }
    bytes.extend(mark(1, 100));
    bytes.extend(mark(5, 100));
    bytes.extend(mark(1, 901));
    bytes.extend(mark(0, 0));
    bytes
}

fn samples(marks: &annotation::Marks) -> Vec<u64> {
    marks.beats.iter().map(|beat| beat.sample).collect()
}

#[test]
fn the_time_resolution_of_marks_scales_them() {
    let bytes = of_125_hz("## time resolution: 125");
    assert_eq!(
        samples(&read(&bytes, 2_500, "250").unwrap()),
        [200, 400, 2_202]
    );
    // The rate of the record: nothing to scale. No resolution: ticks are frames.
    assert_eq!(
        samples(&read(&bytes, 2_500, "125").unwrap()),
        [100, 200, 1_101]
    );
    let plain = [mark(1, 100), mark(5, 100), mark(0, 0)].concat();
    assert_eq!(samples(&read(&plain, 2_500, "250").unwrap()), [100, 200]);
    // To the nearest frame, halves up, as the WFDB library: 200 * 360 / 1000 = 72, 1101 * 0.36 = 396.36.
    let finer = of_125_hz("## time resolution: 1000");
    assert_eq!(
        samples(&read(&finer, 650_000, "360").unwrap()),
        [36, 72, 396]
    );
    let half = of_125_hz("## time resolution: 8.0e1");
    assert_eq!(
        samples(&read(&half, 2_000, "100").unwrap()),
        [125, 250, 1_376]
    );
    // A mark past the end after scaling is left out.
    let found = read(&bytes, 2_202, "250").unwrap();
    assert_eq!(samples(&found), [200, 400]);
    assert!(found.notices[0].starts_with("1 beats before or after its 2202 samples"));
    for wrong in ["0", "-5", "x", ""] {
        let bytes = of_125_hz(&format!("## time resolution: {wrong}"));
        let message = read(&bytes, 2_500, "250").unwrap_err().to_string();
        let expected = format!("1.atr: byte 2: the time resolution is `{wrong}`");
        assert!(message.contains(&expected), "{message}");
    }
}

#[test]
fn other_texts_are_no_resolution() {
    // Not at time 0, of another mark than a NOTE, another text.
    let text = b"## time resolution: 125\0";
    let later = [
        &mark(22, 3)[..],
        &mark(63, 23),
        text,
        &mark(1, 97),
        &mark(0, 0),
    ]
    .concat();
    assert_eq!(samples(&read(&later, 2_500, "250").unwrap()), [100]);
    let other = [
        &mark(28, 0)[..],
        &mark(63, 23),
        text,
        &mark(1, 100),
        &mark(0, 0),
    ]
    .concat();
    assert_eq!(samples(&read(&other, 2_500, "250").unwrap()), [100]);
    let custom = [
        &mark(22, 0)[..],
        &mark(63, 30),
        b"## annotation type definition\0",
        &mark(1, 100),
        &mark(0, 0),
    ];
    assert_eq!(
        samples(&read(&custom.concat(), 2_500, "250").unwrap()),
        [100]
    );
}

#[test]
fn words_between_marks_are_passed_over() {
    // NUM, SUB, CHN and AUX after a beat; SKIP of 70,000 and of -10; a mark of code 0; a text of which the upper two
    // bits of the length are set, which both readers pass over.
    let bytes = [
        &mark(1, 10)[..],
        &mark(60, 3),
        &mark(61, 1_023),
        &mark(62, 1),
        &mark(63, 0x300 | 3),
        b"abc\0",
        &mark(59, 0),
        &[1, 0, 0x70, 0x11],
        &mark(59, 0),
        &[0xff, 0xff, 0xf6, 0xff],
        &mark(5, 0),
        &mark(0, 7),
        &mark(41, 1),
        &mark(0, 0),
    ];
    let found = read(&bytes.concat(), 100_000, "250").unwrap();
    let labels: Vec<usize> = found.beats.iter().map(|beat| beat.label).collect();
    assert_eq!(samples(&found), [10, 70_000, 70_008]);
    assert_eq!(labels, [0, 2, 2]);
    assert!(found.notices.is_empty());
}

#[test]
fn of_two_beats_at_a_sample_the_first_counts() {
    let bytes = [
        mark(1, 10),
        mark(5, 0),
        mark(1, 10),
        mark(1, 0),
        mark(1, 5),
        mark(0, 0),
    ];
    let found = read(&bytes.concat(), 40, "100").unwrap();
    assert_eq!(samples(&found), [10, 20, 25]);
    assert_eq!(found.beats[0].label, 0);
    assert!(found.notices[0].starts_with("2 beats at the sample of another beat"));
}

#[test]
fn beats_outside_of_the_record_are_left_out() {
    // One at -5, two within, one at the end of 40, one past it.
    let bytes = [
        &mark(59, 0)[..],
        &[0xff, 0xff, 0xfb, 0xff],
        &mark(1, 0),
        &mark(5, 15),
        &mark(1, 29),
        &mark(1, 1),
        &mark(1, 100),
        &mark(0, 0),
    ];
    let found = read(&bytes.concat(), 40, "100").unwrap();
    assert_eq!(samples(&found), [10, 39]);
    assert!(found.notices[0].starts_with("3 beats before or after its 40 samples"));

    let folder = folder();
    let past = [mark(1, 10), mark(5, 20), mark(1, 500), mark(0, 0)].concat();
    fs::write(folder.path().join("2.atr"), past).unwrap();
    let converted = run(folder.path(), events(false)).unwrap();
    let expected = "record 2: 1 beats before or after its 40 samples were left out";
    assert!(
        converted.notices.iter().any(|n| n == expected),
        "{:?}",
        converted.notices
    );
}

#[test]
fn every_code_of_a_beat_has_its_class() {
    // All codes of wfdb.io.annotation.ann_labels with `is_qrs`, by their symbols; 31, ventricular flutter, is a wave
    // and not a beat of any class of EC57.
    let beats = "NLRaVFJASEj/QBef?rn";
    let codes = [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 34, 38, 30, 41, 35,
    ];
    let classes: Vec<&str> = beats
        .chars()
        .map(|symbol| match symbol {
            'N' | 'L' | 'R' | 'B' | 'e' | 'j' | 'n' => "N",
            'A' | 'a' | 'J' | 'S' => "S",
            'V' | 'E' | 'r' => "V",
            'F' => "F",
            _ => "Q",
        })
        .collect();
    for (code, class) in codes.into_iter().zip(classes) {
        let bytes = [mark(code, 5), mark(0, 0)].concat();
        let found = read(&bytes, 40, "100").unwrap();
        assert_eq!(CLASSES[found.beats[0].label], class, "{code}");
    }
    for code in (1..59).filter(|code| !codes.contains(code)) {
        let bytes = [mark(code, 5), mark(1, 5), mark(0, 0)].concat();
        assert_eq!(samples(&read(&bytes, 40, "100").unwrap()), [10], "{code}");
    }
}

#[test]
fn another_annotator_is_read_from_its_file() {
    let folder = folder();
    for name in ["1", "2", "3"] {
        let marks = [mark(1, 5), mark(1, 10), mark(1, 10), mark(0, 0)].concat();
        fs::write(folder.path().join(format!("{name}.qrs")), marks).unwrap();
    }
    let other = WfdbOptions {
        annotator: "qrs".to_owned(),
        ..options(Form::Frames)
    };
    run_with(folder.path(), &other).unwrap();
    let file = FrameFile::open(folder.path().join("out/train.h5")).unwrap();
    assert_eq!(file.labels(), [0, 0, 0]);
    for wrong in ["", "../atr", "a.b", "q s"] {
        let options = WfdbOptions {
            annotator: wrong.to_owned(),
            ..options(Form::Frames)
        };
        let message = run_with(folder.path(), &options).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("the annotator is `{wrong}`")),
            "{message}"
        );
    }
    fs::remove_file(folder.path().join("3.qrs")).unwrap();
    let message = run_with(folder.path(), &other).unwrap_err().to_string();
    assert!(
        message.starts_with("record 3: ") && message.contains("3.qrs: cannot be opened"),
        "{message}"
    );
    assert!(message.contains("--skip-bad"), "{message}");
}
