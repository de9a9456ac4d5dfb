//! Whole files into memory: only regular files, and only up to a size limit.
//!
//! A path may name anything: `/dev/zero` never ends, and opening a pipe waits for its writer.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The bytes of the regular file at `path`, at most `most`.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Checked before opening: opening a pipe would wait.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        let message = format!("it is {}, not a regular file", kind(&metadata));
        return Err(io::Error::new(ErrorKind::InvalidInput, message));
    }
    let too_large = |size: u64| {
        let message = format!("it has {size} bytes, and at most {most} are read");
        io::Error::new(ErrorKind::InvalidInput, message)
    };
    if metadata.len() > most {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    // It may grow meanwhile, and files of /proc have no length.
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "something else",
    }
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        "a folder"
    } else {
        "something else"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_up_to_their_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err().to_string();
        assert_eq!(error, "it has 5 bytes, and at most 4 are read");
        let error = read(folder.path(), 4).unwrap_err().to_string();
        assert_eq!(error, "it is a folder, not a regular file");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_never_ends_is_not_begun() {
        let error = read(Path::new("/dev/zero"), 1 << 20)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "it is a device, not a regular file");
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let error = read(&pipe, 1 << 20).unwrap_err().to_string();
        assert_eq!(error, "it is a pipe, not a regular file");
    }
}
