//! Cut and changed copies of small files, for the tests of the converters.

#![allow(clippy::print_stdout, reason = "a test may say that it was skipped")]

use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::DataError;

/// How many changed copies of a file are tried.
const COPIES: u64 = 400;

/// Places at which a file is cut off, where it is longer.
const CUTS: usize = 1_000;

/// Writes `bytes` to `path` cut off at every byte (at `CUTS` of them, in a long file), then with random changes, and calls `convert` each
/// time: it never panics, and an error names the file and what to do. Returns how many cut copies were
/// refused.
pub(crate) fn survives<T>(
    path: &Path,
    bytes: &[u8],
    convert: impl FnMut() -> Result<T, DataError>,
) -> usize {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    survives_naming(&name, path, bytes, convert)
}

/// The same for a file that is one of several in `folder`: an error may name any of them.
pub(crate) fn survives_in<T>(
    folder: &Path,
    path: &Path,
    bytes: &[u8],
    convert: impl FnMut() -> Result<T, DataError>,
) -> usize {
    survives_naming(&folder.to_string_lossy(), path, bytes, convert)
}

fn survives_naming<T>(
    name: &str,
    path: &Path,
    bytes: &[u8],
    mut convert: impl FnMut() -> Result<T, DataError>,
) -> usize {
    let mut refused = |bytes: &[u8], what: &str| -> bool {
        std::fs::write(path, bytes).unwrap();
        match convert() {
            Ok(_) => false,
            Err(error) => {
                let message = error.to_string();
                assert!(message.contains(name), "{what}: {message}");
                assert!(message.contains("; hint: "), "{what}: {message}");
                true
            }
        }
    };
    let cut = (0..bytes.len())
        .step_by(bytes.len().div_ceil(CUTS))
        .filter(|length| refused(&bytes[..*length], &format!("cut at {length}")))
        .count();
    for copy in 0..COPIES {
        let mut rng = ChaCha8Rng::seed_from_u64(copy);
        let mut changed = bytes.to_vec();
        for _ in 0..rng.random_range(1..=4) {
            let place = rng.random_range(0..changed.len());
            changed[place] = match rng.random_range(0..4) {
                0 => 0xff,
                1 => 0,
                2 => changed[place] ^ (1 << rng.random_range(0..8)),
                _ => rng.random(),
            };
        }
        refused(&changed, &format!("copy {copy}"));
    }
    std::fs::write(path, bytes).unwrap();
    cut
}

/// The folder `name` of the real data, or why the test is skipped.
pub(crate) fn real_data(name: &str) -> Option<PathBuf> {
    let found = std::env::var_os("SATURN_DATA")
        .map(|folder| Path::new(&folder).join(name))
        .filter(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: no SATURN_DATA with {name}");
    }
    found
}
