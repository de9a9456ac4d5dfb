//! Common to all targets: a folder in memory that files are written to, and a small sound file of each kind
//! next to the fuzzed one.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use saturn_data::SetProgress;
use tempfile::TempDir;

static SCRATCH: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.unwrap_or_else(|e| panic!("a folder for files: {e}"))
});

/// A path in this process's own folder.
pub fn at(name: &str) -> PathBuf {
    let path = SCRATCH.path().join(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
    path
}

/// Writes a file in this process's own folder.
pub fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = at(name);
    fs::write(&path, bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    path
}

/// A converter's progress, ignored.
pub fn unwatched() -> impl FnMut(SetProgress) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

/// An error must name a file and say what to do.
pub fn judge<T, E: std::fmt::Display>(result: Result<T, E>) {
    if let Err(error) = result {
        let message = error.to_string();
        assert!(message.contains("hint: "), "no remedy: {message}");
    }
}

/// An idx file of unsigned bytes.
pub fn idx(sizes: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    let entries = sizes.iter().product::<u32>();
    bytes.extend((0..entries).map(|k| (k % 10) as u8));
    bytes
}

/// A tenth of a second of a tone, 16 bits at 8 kHz.
pub fn wav() -> Vec<u8> {
    let samples: Vec<i16> = (0..800).map(|k| ((k % 20) * 1_000 - 10_000) as i16).collect();
    let length = 2 * samples.len() as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8_000u32.to_le_bytes());
    bytes.extend(16_000u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(length.to_le_bytes());
    samples.iter().for_each(|s| bytes.extend(s.to_le_bytes()));
    bytes
}

/// A record of one second of two leads at 100 Hz, in format 212, with two beats: header, signal, annotation.
pub fn record(name: &str) -> [Vec<u8>; 3] {
    let lead = format!("{name}.dat 212 200 11 1024 1000 0 0 MLII\n{name}.dat 212 200 11 1024 1000 0 0 V1\n");
    let header = format!("{name} 2 100 100\n{lead}");
    let signal = (0..300u32).map(|k| (k * 7 % 251) as u8).collect();
    // A normal beat after 20 samples, a ventricular one 40 after it, the end.
    let words: [u16; 3] = [1 << 10 | 20, 5 << 10 | 40, 0];
    [header.into_bytes(), signal, words.iter().flat_map(|w| w.to_le_bytes()).collect()]
}
