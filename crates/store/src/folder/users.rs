//! Who uses a run's folder: one process alone, or several of which each does trials of its own.
//!
//! ```text
//! .lock                        the system's lock: shared, or of one process
//! .lease                       of the process that is alone
//! checkpoints/TRIAL.lease      of the process that does the trial, where several are at work
//! ```
//!
//! The system's lock answers immediately, but file systems that several machines share may have none, or keep it on each
//! machine. Leases ([`saturn_files::lease`]) hold there too.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use saturn_files::lease::{self, Holder, Lease, Timing};

use super::{Folder, FolderError};
use crate::operation::Operation;
use crate::stderr::say;

/// The locks of an open folder.
#[derive(Debug)]
pub(super) struct Users {
    /// None where the file system has no locks.
    _lock: Option<File>,
    _lease: Option<Lease>,
}

/// Locks `folder`, with others if it is `shared`; sets `lost` if another process takes over.
pub(super) fn join(
    folder: &Path,
    shared: bool,
    lost: &Arc<AtomicBool>,
) -> Result<Users, FolderError> {
    let busy = |holder: Option<&Holder>| FolderError::Busy {
        path: folder.to_owned(),
        holder: holder.map(ToString::to_string),
    };
    let lock = match system_lock(folder, shared)? {
        SystemLock::Held(file) => Some(file),
        SystemLock::None => None,
        SystemLock::Busy => return Err(busy(None)),
    };
    let alone = folder.join(".lease");
    let mut waiting = waits_for(folder);
    if shared {
        let found = lease::any_alive(std::slice::from_ref(&alone), Timing::default(), waiting);
        return match found.map_err(failed(&alone))? {
            Some(holder) => Err(busy(Some(&holder))),
            None => Ok(Users {
                _lock: lock,
                _lease: None,
            }),
        };
    }
    let lease = lease::acquire(&alone, Timing::default(), &mut waiting, losing(lost));
    let lease = lease.map_err(failed(&alone))?.ok_or_else(|| busy(None))?;
    let trials = leases(&folder.join("checkpoints"))?;
    let found = lease::any_alive(&trials, Timing::default(), waiting);
    if let Some(holder) = found.map_err(failed(folder))? {
        return Err(busy(Some(&holder)));
    }
    Ok(Users {
        _lock: lock,
        _lease: Some(lease),
    })
}

/// The lock of the system on a folder.
enum SystemLock {
    /// As long as the file is open.
    Held(File),
    /// The file system has no locks.
    None,
    /// Another process has it.
    Busy,
}

fn system_lock(folder: &Path, shared: bool) -> Result<SystemLock, FolderError> {
    let path = folder.join(".lock");
    let file = saturn_files::open_own(&path).map_err(|source| FolderError::Io {
        path: path.clone(),
        what: Operation::Create,
        source,
    })?;
    let locked = if shared {
        file.try_lock_shared()
    } else {
        file.try_lock()
    };
    match locked {
        Ok(()) => Ok(SystemLock::Held(file)),
        Err(TryLockError::WouldBlock) => Ok(SystemLock::Busy),
        Err(TryLockError::Error(e)) if has_no_locks(&e) => Ok(SystemLock::None),
        Err(TryLockError::Error(e)) => Err(failed(&path)(e)),
    }
}

/// Whether the file system has no locks, or no server for them.
fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use nix::errno::Errno::{ENOLCK, ENOSYS, EOPNOTSUPP};
        let code = error.raw_os_error();
        if [ENOLCK, ENOSYS, EOPNOTSUPP]
            .map(|e| Some(e as i32))
            .contains(&code)
        {
            return true;
        }
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// The leases in a folder.
fn leases(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let failed = |source| FolderError::Io {
        path: folder.to_owned(),
        what: Operation::List,
        source,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|ending| ending == "lease") {
            found.push(path);
        }
    }
    Ok(found)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    move |source| FolderError::Io {
        path,
        what: Operation::Lock,
        source,
    }
}

fn losing(lost: &Arc<AtomicBool>) -> impl FnOnce(&Holder) + Send + 'static {
    let lost = Arc::clone(lost);
    move |_| lost.store(true, Ordering::Relaxed)
}

/// Waits for a holder of another machine, and says so once.
fn waits_for(folder: &Path) -> impl FnMut(&Holder) -> ControlFlow<()> {
    let folder = folder.display().to_string();
    let mut said = false;
    move |holder| {
        if !std::mem::replace(&mut said, true) {
            say(&format!(
                "{folder}: was in use by {holder}; waiting up to a minute for a sign of it"
            ));
        }
        ControlFlow::Continue(())
    }
}

/// A trial claimed by this process, until this value is dropped.
#[derive(Debug)]
pub struct Claim {
    _lease: Option<Lease>,
}

/// The answer to a claim.
#[derive(Debug)]
pub enum Claimed {
    /// The trial is this process's.
    Own(Claim),
    /// Another process has it.
    Elsewhere,
}

impl Folder {
    /// Claims the trial whose lease is the file `lease` for this process. Whether a holder on another machine is alive
    /// may take a minute to know, during which `stopped` may end the wait: then, too, the trial is another's. Only
    /// needed in a shared folder.
    pub fn claim(&self, lease: &Path, stopped: impl Fn() -> bool) -> Result<Claimed, FolderError> {
        if !self.shared {
            return Ok(Claimed::Own(Claim { _lease: None }));
        }
        let path = self.path.join(lease);
        let waiting = |_: &Holder| {
            if stopped() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let claimed = lease::acquire(&path, Timing::default(), waiting, losing(&self.lost));
        Ok(match claimed.map_err(failed(&path))? {
            Some(lease) => Claimed::Own(Claim {
                _lease: Some(lease),
            }),
            None => Claimed::Elsewhere,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, shared: bool) -> Result<Folder, FolderError> {
        Folder::open(path, "x", "y", shared)
    }

    #[test]
    fn one_alone_or_several_with_a_trial_each() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        let alone = open(&run, false).unwrap();
        for shared in [true, false] {
            let refused = open(&run, shared).unwrap_err().to_string();
            assert!(refused.contains("another saturn process"), "{refused}");
        }
        drop(alone);
        assert!(!run.join(".lease").exists());
        let (one, two) = (open(&run, true).unwrap(), open(&run, true).unwrap());
        let file = Path::new("checkpoints/a.lease");
        let claim = |folder: &Folder| folder.claim(file, || false).unwrap();
        let own = claim(&one);
        assert!(matches!(own, Claimed::Own(_)));
        assert!(matches!(claim(&two), Claimed::Elsewhere));
        drop(own);
        assert!(matches!(claim(&two), Claimed::Own(_)));
        assert!(!run.join(file).exists());
    }

    /// As where all tasks of an array start at once.
    #[test]
    fn many_create_one_folder() {
        for round in 0..20 {
            let place = tempfile::tempdir().unwrap();
            let run = place.path().join("run");
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let folder = open(&run, true);
                        assert!(folder.is_ok(), "{round}: {folder:?}");
                    });
                }
            });
            assert!(run.join("run.json").is_file());
        }
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("figures")).unwrap();
        std::fs::write(place.path().join("figures/mine.png"), "x").unwrap();
        assert!(matches!(
            open(place.path(), true),
            Err(FolderError::NotARun { .. })
        ));
    }

    /// As on a file system that keeps the system's locks on each machine.
    #[test]
    fn leases_hold_without_the_systems_locks() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        let unlocked = || std::fs::remove_file(run.join(".lock")).unwrap();
        let alone = open(&run, false).unwrap();
        unlocked();
        let refused = open(&run, true).unwrap_err().to_string();
        assert!(refused.contains("(process "), "{refused}");
        assert!(matches!(open(&run, false), Err(FolderError::Busy { .. })));
        drop(alone);
        let shared = open(&run, true).unwrap();
        let claim = shared.claim(Path::new("checkpoints/a.lease"), || false);
        unlocked();
        let refused = open(&run, false).unwrap_err().to_string();
        assert!(refused.contains("(process "), "{refused}");
        drop(claim);
        unlocked();
        assert!(open(&run, false).is_ok());
    }

    #[test]
    fn whoever_lost_a_trial_writes_nothing_more() {
        let place = tempfile::tempdir().unwrap();
        let folder = open(&place.path().join("run"), false).unwrap();
        folder.write(Path::new("a"), b"x").unwrap();
        losing(&folder.lost)(&Holder::default());
        let refused = folder.write(Path::new("a"), b"y").unwrap_err();
        assert!(refused.is_lasting());
        assert!(refused.to_string().contains("has taken over"), "{refused}");
    }
}
