//! A file is written under a temporary name in the target's folder, synced, and renamed. No reader sees a
//! partial file, and a failed write leaves the target as it was.
//!
//! The name is random: `.tmp` + six characters + `-` + the file's name. It is created with `O_EXCL`, so two
//! processes never write to the same file and a link of that name is not followed. A link at the target's
//! path is replaced; what it points to is unchanged.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

/// Prefix of temporary file names.
const PREFIX: &str = ".tmp";
/// Number of random characters.
const DRAWN: usize = 6;
/// Longest target name that is repeated in the temporary name: most file systems allow 255 bytes.
const MAX_NAME: usize = 200;

/// Lets `write` fill the file at a temporary path, then renames it to `path`. The temporary path has the
/// extension of `path`. `failed` converts the system's errors; of two errors the first is returned.
pub fn replace<T, E>(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<T, E>,
    failed: impl Fn(io::Error) -> E,
) -> Result<T, E> {
    let mut files = Together::default();
    let value = files.write(path, write, &failed)?;
    files.place().map_err(|(_, error)| failed(error))?;
    Ok(value)
}

/// Files that belong together: they are renamed to their targets when all have been written. If dropped
/// before that, they are removed.
#[derive(Debug, Default)]
pub struct Together {
    written: Vec<(TempPath, PathBuf)>,
}

impl Together {
    /// Lets `write` fill the file at a temporary path, as [`replace`] does; the rename waits for
    /// [`Together::place`].
    pub fn write<T, E>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&Path) -> Result<T, E>,
        failed: impl Fn(io::Error) -> E,
    ) -> Result<T, E> {
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(DRAWN)
            .suffix(&suffix(path))
            // Permissions follow the user's umask, as for any file.
            .make_in(folder_of(path), |path| {
                OpenOptions::new().write(true).create_new(true).open(path)
            })
            .map_err(&failed)?;
        let value = write(temporary.path())?;
        temporary.as_file().sync_all().map_err(&failed)?;
        self.written
            .push((temporary.into_temp_path(), path.to_owned()));
        Ok(value)
    }

    /// Renames each file to its target, in the order of writing; an error names the target that failed.
    pub fn place(self) -> Result<(), (PathBuf, io::Error)> {
        for (temporary, path) in self.written {
            let named = |error| (path.clone(), error);
            temporary
                .persist(&path)
                .map_err(|refused| named(refused.error))?;
            sync_folder(folder_of(&path)).map_err(named)?;
        }
        Ok(())
    }
}

/// The same for contents in memory.
pub fn replace_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = |temporary: &Path| {
        let mut file = OpenOptions::new().write(true).open(temporary)?;
        file.write_all(bytes)
    };
    replace(path, write, |error| error)
}

/// Removes leftovers of killed writers of `path`. Call it only when no other process writes this file.
pub fn sweep(path: &Path) -> io::Result<()> {
    let suffix = suffix(path);
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let drawn = name
            .strip_prefix(PREFIX.as_bytes())
            .and_then(|rest| rest.strip_suffix(suffix.as_encoded_bytes()));
        if drawn.is_some_and(|drawn| drawn.len() == DRAWN) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Suffix of a temporary name: the file's name, or only its extension if the name is long.
fn suffix(path: &Path) -> OsString {
    let mut suffix = OsString::from("-");
    match path.file_name() {
        Some(name) if name.len() <= MAX_NAME => suffix.push(name),
        _ => {
            if let Some(ending) = path.extension().filter(|ending| ending.len() <= MAX_NAME) {
                suffix.push(".");
                suffix.push(ending);
            }
        }
    }
    suffix
}

/// The folder of a path; for a bare name, the current folder.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a new name in `folder` durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace_bytes(&path, b"one").unwrap();
        let broken = replace(
            &path,
            |temporary| {
                assert_eq!(temporary.extension().unwrap(), "json");
                fs::write(temporary, b"tw")?;
                Err::<(), _>(io::Error::other("the disk is full"))
            },
            |error| error,
        );
        assert_eq!(broken.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn files_that_belong_together_appear_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["a.h5", "b.h5"].map(|name| folder.path().join(name));
        let mut files = Together::default();
        let put = |part: &Path| fs::write(part, b"new");
        files.write(&one, put, |error| error).unwrap();
        let broken = |_: &Path| Err::<(), _>(io::Error::other("no such record"));
        files.write(&two, broken, |error| error).unwrap_err();
        assert!(!one.exists());
        drop(files);
        assert!(names(folder.path()).is_empty());

        let mut files = Together::default();
        files.write(&one, put, |error| error).unwrap();
        files.write(&two, put, |error| error).unwrap();
        files.place().unwrap();
        assert_eq!(names(folder.path()), ["a.h5", "b.h5"]);
        assert_eq!(fs::read(&two).unwrap(), b"new");
    }

    #[test]
    fn writers_at_the_same_time_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let contents: Vec<Vec<u8>> = (0..8).map(|k| vec![k; 100_000]).collect();
        thread::scope(|scope| {
            for content in &contents {
                scope.spawn(|| (0..20).for_each(|_| replace_bytes(&path, content).unwrap()));
            }
        });
        assert!(contents.contains(&fs::read(&path).unwrap()));
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let [target, path] = ["target", "a.h5"].map(|name| folder.path().join(name));
        fs::write(&target, b"precious").unwrap();
        // Names of the parts, and the target itself.
        for link in ["a.h5.part", "a.part", "a.partial.h5", "a.h5"] {
            symlink(&target, folder.path().join(link)).unwrap();
        }
        replace_bytes(&path, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(!path.is_symlink());
    }

    #[test]
    fn what_killed_writers_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let left = [".tmpAbC123-train.h5", ".tmpzzzzzz-train.h5"];
        let kept = [
            ".tmp-train.h5",
            ".tmpAbC123-test.h5",
            "train.h5",
            "x-train.h5",
        ];
        for name in left.iter().chain(&kept) {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        sweep(&folder.path().join("train.h5")).unwrap();
        assert_eq!(names(folder.path()), kept);
    }

    #[test]
    fn a_folder_that_does_not_exist_is_said_plainly() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace_bytes(&folder.path().join("no/a"), b"").unwrap_err();
        assert_eq!(error.to_string(), "No such file or directory (os error 2)");
        let long = folder.path().join("x".repeat(240) + ".h5");
        replace_bytes(&long, b"long").unwrap();
        assert_eq!(fs::read(&long).unwrap(), b"long");
    }
}
