//! Copies of a good file with a few changed bytes, or cut off: each is read or refused, soon.

#![allow(
    clippy::print_stdout,
    reason = "a test may say what it measured, or that it was skipped"
)]

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use saturn_data::{EventFile, OnBadSample, ReadOptions, Split, Synthetic};

/// Number of copies; the environment variable SATURN_MUTATIONS sets a larger one.
const COPIES: u64 = 1_500;

#[test]
fn no_mutated_file_crashes_or_hangs() {
    let copies = match std::env::var("SATURN_MUTATIONS") {
        Ok(copies) => copies.parse().expect("SATURN_MUTATIONS is a number"),
        Err(_) => COPIES,
    };
    let folder = tempfile::tempdir().unwrap();
    let spec = Synthetic {
        channels: 16,
        classes: 4,
        train: 12,
        valid: 1,
        test: 1,
        word_ms: [40.0, 60.0],
        ..Synthetic::default()
    };
    let [made, ..] = spec.write(folder.path(), |_| ()).unwrap();
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let sources: Vec<Vec<u8>> = [
        made,
        fixtures.join("contiguous_f16_u16.h5"),
        fixtures.join("gzip_shuffle_latest_f64_u8.h5"),
        fixtures.join("lzf_f16_i16.h5"),
        fixtures.join("latest_f32_i64.h5"),
    ]
    .iter()
    .map(|path| std::fs::read(path).unwrap())
    .collect();

    let path = folder.path().join(Split::Train.file_name());
    let (mut read, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for copy in 0..copies {
        let mut rng = ChaCha8Rng::seed_from_u64(copy);
        let mut bytes = sources[copy as usize % sources.len()].clone();
        for _ in 0..rng.random_range(1..=6) {
            let place = rng.random_range(0..bytes.len());
            bytes[place] = match rng.random_range(0..4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[place] ^ (1 << rng.random_range(0..8)),
                _ => rng.random(),
            };
        }
        if rng.random_bool(0.1) {
            bytes.truncate(rng.random_range(0..bytes.len()));
        }
        std::fs::write(&path, &bytes).unwrap();

        let start = Instant::now();
        for on_bad_sample in [OnBadSample::Error, OnBadSample::Skip] {
            let options = ReadOptions {
                channels: 16,
                classes: None,
                on_bad_sample,
            };
            let outcome = EventFile::open(&path, &options).and_then(|file| {
                for position in 0..file.len() {
                    file.read(position)?;
                }
                saturn_data::summarise(&file).map(|_| ())
            });
            match outcome {
                Ok(()) => read += 1,
                Err(error) => {
                    assert!(error.to_string().contains("hint: "), "{error}");
                    refused += 1;
                }
            }
        }
        slowest = slowest.max(start.elapsed());
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "copy {copy} took too long"
        );
    }
    println!("{copies} copies: read {read} times, refused {refused} times, slowest {slowest:?}");
    // The test is about both: most changes hit data or unused bytes, many hit the structure.
    assert!(read > copies / 10 && refused > copies / 10);

    // None of them allocated much memory either.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak_kb: u64 = peak
            .and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok())
            .expect("Linux says how much memory was used");
        println!("peak memory {peak_kb} kB");
        assert!(peak_kb < 200_000, "{peak_kb} kB");
    }
}
