//! The files of a scenario's data, which are made first where they are synthetic.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_data::{DataError, SetProgress, Synthetic};
use saturn_files::Lock;

use super::dataset::Paths;
use crate::scenario::{DataSource, Scenario};
use saturn_store::Progress;

/// The three files of a scenario's data, generated first if they are synthetic and do not exist.
pub fn paths_of(scenario: &Scenario, progress: &Progress) -> Result<Paths> {
    scenario.find_data()?;
    Ok(match &scenario.data.source {
        DataSource::Events { train, valid, test } | DataSource::Frames { train, valid, test } => {
            Paths {
                train: train.clone(),
                valid: valid.clone(),
                test: test.clone(),
            }
        }
        DataSource::Synthetic { set, folder } => {
            let [train, valid, test] = write(set, folder, progress)?;
            Paths { train, valid, test }
        }
    })
}

/// The files of a scenario's data; `None` where they are synthetic and not made yet.
pub fn paths_if_there(scenario: &Scenario) -> Result<Option<Paths>> {
    scenario.find_data()?;
    Ok(match &scenario.data.source {
        DataSource::Synthetic { set, folder } if !set.is_in(folder) => None,
        _ => Some(paths_of(scenario, &Progress::quiet())?),
    })
}

/// The files of `set` in `folder`, made if they do not exist.
pub fn write(set: &Synthetic, folder: &Path, progress: &Progress) -> Result<[PathBuf; 3]> {
    // Who waited for another process takes what that one made.
    let _held = if set.is_in(folder) {
        None
    } else {
        Some(hold(set, folder, progress)?)
    };
    if !set.is_in(folder) {
        progress.line(&format!(
            "making {} synthetic recordings in {}",
            set.train + set.valid + set.test,
            folder.display()
        ));
    }
    Ok(set.write_once(folder, &mut watching(progress))?)
}

/// Reports each generated sample to `progress`; its interrupt stops the generation.
pub fn watching(progress: &Progress) -> impl FnMut(SetProgress) -> ControlFlow<()> {
    let mut begun = false;
    move |so_far| {
        if !begun {
            progress.total(so_far.total as u64);
            begun = true;
        }
        progress.advance(1);
        if progress.stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Locks `folder` for this process; waits while another generates a set in it.
fn hold(set: &Synthetic, folder: &Path, progress: &Progress) -> Result<Lock> {
    set.check()?;
    let failed = |error: std::io::Error| DataError::Write {
        path: folder.to_owned(),
        detail: error.to_string(),
    };
    let mut told = false;
    let held = saturn_files::hold(folder, || {
        if !told {
            progress.line(&format!(
                "{}: waiting for another saturn process that is generating the recordings",
                folder.display()
            ));
            told = true;
        }
        if progress.stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let Some(lock) = held.map_err(failed)? else {
        return Err(DataError::Stopped {
            path: folder.to_owned(),
        }
        .into());
    };
    for path in Synthetic::paths(folder) {
        saturn_files::sweep(&path).map_err(failed)?;
    }
    Ok(lock)
}
