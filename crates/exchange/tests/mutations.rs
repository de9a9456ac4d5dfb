//! Copies of good files with a few changed bytes, or cut off: each is read or refused, soon.

#![allow(clippy::print_stdout, reason = "a test may say what it measured")]

mod common;

use std::time::{Duration, Instant};

use common::fixtures;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use saturn_exchange::nir::{Dialect, Flat, Graph, NirError, Reference, Reset};

/// Number of copies; the environment variable SATURN_MUTATIONS sets a larger one.
const COPIES: u64 = 2_000;

/// Reads, flattens and runs a file; networks that a changed shape made large are not run.
fn use_file(path: &std::path::Path) -> Result<(), NirError> {
    let flat = Flat::new(&Graph::read(path)?)?;
    let numbers: usize = flat
        .nodes
        .iter()
        .map(|node| node.inputs() + node.outputs())
        .sum();
    for dialect in Dialect::ALL {
        let (flat, dt_s, _) = dialect.undo(flat.clone(), Some(1e-3), Some(Reset::Subtract))?;
        if numbers < 10_000 {
            let mut reference = Reference::new(&flat, dt_s)?;
            let input = vec![1.0; reference.inputs()];
            for _ in 0..3 {
                reference.step(&input);
            }
        }
    }
    Ok(())
}

#[test]
fn no_mutated_file_crashes_or_hangs() {
    let copies = match std::env::var("SATURN_MUTATIONS") {
        Ok(copies) => copies.parse().expect("SATURN_MUTATIONS is a number"),
        Err(_) => COPIES,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mutated.nir");
    let sources: Vec<Vec<u8>> = (fixtures().iter())
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    let (mut read, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for copy in 0..copies {
        let mut rng = ChaCha8Rng::seed_from_u64(copy);
        let mut bytes = sources[copy as usize % sources.len()].clone();
        for _ in 0..rng.random_range(1..=6) {
            // Most of a file is empty: change what is not.
            let mut place = rng.random_range(0..bytes.len());
            while bytes[place] == 0 && rng.random_bool(0.95) {
                place = rng.random_range(0..bytes.len());
            }
            bytes[place] = match rng.random_range(0..4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[place] ^ (1 << rng.random_range(0..8)),
                _ => rng.random(),
            };
        }
        if rng.random_bool(0.1) {
            let length = rng.random_range(0..bytes.len());
            bytes.truncate(length);
        }
        std::fs::write(&path, &bytes).unwrap();
        let start = Instant::now();
        match use_file(&path) {
            Ok(()) => read += 1,
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains("hint: "), "copy {copy}: {message}");
                assert!(message.contains("mutated.nir"), "copy {copy}: {message}");
                refused += 1;
            }
        }
        slowest = slowest.max(start.elapsed());
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "copy {copy} hangs"
        );
    }
    println!("{read} read, {refused} refused, the slowest in {slowest:?}");
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}
