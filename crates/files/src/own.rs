//! Files that the program opens by fixed names: locks, downloads that are resumed later.
//!
//! Anyone who may write to the folder could have put a link or a pipe there under that name. Neither is
//! opened: a link would make the program write to a file elsewhere, and a pipe would make it wait for ever.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens the file at `path` for reading and writing, or creates it empty.
pub fn open_own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NOFOLLOW | libc::O_NONBLOCK,
    );
    let refused =
        || io::Error::other("it is a link, a folder or a device, and should be a plain file");
    if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        return Err(refused());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(refused());
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_opened_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        open_own(&path).unwrap().write_all(b"abc").unwrap();
        open_own(&path).unwrap().write_all(b"x").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"xbc");
    }

    #[cfg(unix)]
    #[test]
    fn links_folders_and_pipes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [target, link, dangling, pipe] =
            ["target", "link", "dangling", "pipe"].map(|name| folder.path().join(name));
        fs::write(&target, b"precious").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        std::os::unix::fs::symlink(folder.path().join("none"), &dangling).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [&link, &dangling, &pipe, &folder.path().to_owned()] {
            let error = open_own(path).unwrap_err().to_string();
            assert!(error.contains("should be a plain file"), "{error}");
        }
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert!(!folder.path().join("none").exists());
    }
}
