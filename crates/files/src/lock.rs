//! A folder that one process uses at a time; other processes wait.
//!
//! The lock is the operating system's, on the file `.lock` in the folder. The system releases it when the
//! process ends, however it ends. The file remains.

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::own::open_own;

/// Interval between attempts to lock the folder.
const LOOK: Duration = Duration::from_millis(100);

/// A folder locked for this process, until this value is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Locks `folder`, creating it if it does not exist. While another process has the lock, `waiting` is called
/// every tenth of a second and may give up; then no lock is returned.
pub fn hold(
    folder: &Path,
    mut waiting: impl FnMut() -> ControlFlow<()>,
) -> io::Result<Option<Lock>> {
    fs::create_dir_all(folder)?;
    let file = open_own(&folder.join(".lock"))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => {
                if waiting().is_break() {
                    return Ok(None);
                }
                thread::sleep(LOOK);
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_folder_and_others_wait_or_give_up() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        let first = hold(&folder, || ControlFlow::Break(())).unwrap();
        let mut looks = 0;
        let second = hold(&folder, || {
            looks += 1;
            if looks < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert!(first.is_some() && second.unwrap().is_none());
        assert_eq!(looks, 3);
        // A waiting process gets the lock as soon as it is released.
        let mut first = first;
        let third = hold(&folder, || {
            first = None;
            ControlFlow::Continue(())
        });
        assert!(third.unwrap().is_some());
    }
}
