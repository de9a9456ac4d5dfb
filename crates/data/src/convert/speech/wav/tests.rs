//! WAV files of every kind, compared with the values of another reader.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Sound;

/// The folder of the files that `make.py` made, with the values that soundfile 0.14.0 (libsndfile 1.2.2) reads.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wav")
}

fn theirs() -> BTreeMap<String, Vec<f64>> {
    let text = fs::read_to_string(folder().join("values.txt")).unwrap();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap().to_owned();
        (name, words.map(|word| word.parse().unwrap()).collect())
    };
    text.lines().map(line).collect()
}

/// Compares our values of the files whose name `chosen` accepts, `count` of them, with theirs.
fn agree(count: usize, chosen: impl Fn(&str) -> bool) {
    let chosen: Vec<_> = theirs()
        .into_iter()
        .filter(|(name, _)| chosen(name))
        .collect();
    assert_eq!(chosen.len(), count);
    for (name, theirs) in chosen {
        let sound = Sound::read(&folder().join(format!("{name}.wav"))).unwrap();
        assert!((sound.rate_hz - 16_000.0).abs() < 1e-9);
        assert_eq!(sound.values.len(), theirs.len(), "{name}");
        for (ours, theirs) in sound.values.iter().zip(&theirs) {
            // Ours are f32; of one channel they are theirs, rounded.
            let many = matches!(name.as_str(), "stereo" | "six");
            let tolerance = if many { 1e-7 } else { 0.0 };
            let off = (f64::from(*ours) - f64::from(*theirs as f32)).abs();
            assert!(off <= tolerance, "{name}: {ours} and {theirs}");
        }
    }
}

#[test]
fn integers_of_every_container_are_read_as_soundfile_reads_them() {
    agree(4, |name| matches!(name, "u8" | "i16" | "i24" | "i32"));
}

#[test]
fn valid_bits_are_the_high_bits_of_their_container() {
    agree(11, |name| {
        name.starts_with("ext_") && !name.contains('f') || name.starts_with("plain_")
    });
    // The numbers of 24 bits are the same in three bytes and in four.
    let theirs = theirs();
    assert_eq!(theirs["ext_24_in_32"], theirs["i24"]);
}

#[test]
fn floats_of_both_sizes_are_read() {
    agree(4, |name| {
        matches!(name, "f32" | "f64" | "ext_f32" | "ext_f64")
    });
}

#[test]
fn channels_are_averaged() {
    agree(2, |name| matches!(name, "stereo" | "six"));
}

#[test]
fn other_chunks_and_pad_bytes_are_skipped() {
    let names = [
        "u8_odd",
        "list_odd",
        "list_longer_inside",
        "bext_odd",
        "chunks_after",
        "no_pad",
    ];
    agree(names.len(), |name| names.contains(&name));
}

#[test]
fn sizes_that_were_never_filled_in_reach_to_the_end_of_the_file() {
    let names = [
        "pipe_ffmpeg",
        "pipe_sox",
        "pipe_arecord",
        "pipe_zero",
        "interrupted",
    ];
    agree(names.len(), |name| names.contains(&name));
}

#[test]
fn files_with_long_sizes_are_read() {
    agree(2, |name| matches!(name, "rf64" | "bw64"));
}

/// The message of a file that is like `name` but for `change`.
fn refused(name: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let folder_here = tempfile::tempdir().unwrap();
    let path = folder_here.path().join("x.wav");
    let mut bytes = fs::read(folder().join(name)).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let message = match Sound::read(&path) {
        Ok(_) => panic!("it is read"),
        Err(error) => error.to_string(),
    };
    assert!(
        message.contains("x.wav: byte ") && message.contains("; hint: "),
        "{message}"
    );
    message
}

/// A change of some bytes.
fn set(at: usize, to: &[u8]) -> impl Fn(&mut Vec<u8>) {
    let to = to.to_owned();
    move |bytes| bytes[at..at + to.len()].copy_from_slice(&to)
}

#[test]
fn samples_that_are_not_read_are_named() {
    let cases: [(&str, usize, &[u8], &str); 13] = [
        (
            "i16.wav",
            20,
            &[6, 0],
            "byte 20: its samples are compressed (A-law)",
        ),
        ("i16.wav", 20, &[2, 0], "compressed (Microsoft ADPCM)"),
        ("i16.wav", 20, &[0x99, 0x1f], "of the unknown format 0x1f99"),
        (
            "i16.wav",
            34,
            &[64, 0],
            "its samples are integers of 64 bits",
        ),
        ("f32.wav", 34, &[16, 0], "its samples are floats of 16 bits"),
        // 24 bits in four bytes without the extension: which end is not defined.
        (
            "i32.wav",
            34,
            &[24, 0],
            "1 samples of 24 bits at one time have 3 bytes, and it claims 4",
        ),
        ("i16.wav", 22, &[0, 0], "0 samples of 16 bits"),
        (
            "ext_16.wav",
            38,
            &[17, 0],
            "17 of a sample's 16 bits are valid",
        ),
        (
            "ext_16.wav",
            50,
            &[0x21],
            "its samples are of the sub-format 01 00 00 00 00 00 21 00",
        ),
        (
            "i16.wav",
            20,
            &[0xfe, 0xff],
            "byte 20: the chunk `fmt ` has only 16 bytes",
        ),
        ("i16.wav", 24, &[0, 0], "byte 24: its rate is 0 Hz"),
        (
            "f32.wav",
            50,
            &f32::NAN.to_le_bytes(),
            "byte 50: a sample is NaN",
        ),
        (
            "f64.wav",
            54,
            &1e300_f64.to_le_bytes(),
            "a sample is inf, and full scale is 1",
        ),
    ];
    for (name, at, to, expected) in cases {
        let message = refused(name, set(at, to));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn what_is_not_read_is_named() {
    let cases: [(&str, usize, &[u8], &str); 7] = [
        ("i16.wav", 0, b"RIFX", "byte 0: it begins with `RIFX"),
        (
            "i16.wav",
            8,
            b"\x1b[2J",
            "\\x1b[2J`, and a WAV file with `RIFF`",
        ),
        (
            "i16.wav",
            36,
            b"tada",
            "the file ends here, and it has no chunk `data`",
        ),
        (
            "i16.wav",
            12,
            b"tmf ",
            "byte 36: the chunk `data` comes before a chunk `fmt `",
        ),
        (
            "i16.wav",
            40,
            &[47],
            "its 47 bytes of samples are not a multiple of 2",
        ),
        (
            "i16.wav",
            40,
            &[49],
            "byte 44: 49 bytes of samples should follow, and the file has 48 more",
        ),
        (
            "list_odd.wav",
            16,
            &[0, 1],
            "byte 12: the chunk `LIST` has 256 bytes, and the file only 98 more",
        ),
    ];
    for (name, at, to, expected) in cases {
        let message = refused(name, set(at, to));
        assert!(message.contains(expected), "{message}");
    }
    // A chunk that the file cannot hold is no reason to ask for its memory.
    let message = refused("i16.wav", set(40, &0x7fff_0000_u32.to_le_bytes()));
    assert!(
        message.contains("2147418112 bytes of samples should follow"),
        "{message}"
    );
    let message = refused("i16.wav", |bytes| bytes.truncate(30));
    assert!(
        message.contains("the chunk `fmt ` has 16 bytes, and the file only 10 more"),
        "{message}"
    );
}
