//! `saturn pack`: finished trials into one compressed file.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::error::CommandError;
use super::print::print;
use saturn_sim::run::trials::gather;

/// Packs the trials in `from` into `file`; with `replace`, the later of two results of one trial is kept.
pub fn pack(file: &Path, from: &[PathBuf], replace: bool) -> Result<()> {
    for path in from {
        if !path.is_dir() && !path.is_file() {
            return Err(CommandError::no_folder("pack", path).into());
        }
    }
    for written in gather::pack(file, from, replace)? {
        let path = written.path.display();
        print(&format!(
            "{path}: {} trials, {} of them new",
            written.trials, written.new
        ))?;
    }
    Ok(())
}
