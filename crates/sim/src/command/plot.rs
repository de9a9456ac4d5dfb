//! `saturn plot`: figures and report of a finished run, drawn again.

use std::path::Path;

use anyhow::{Context, Result};

use super::run::{fingerprints, finish};
use crate::run::Progress;
use crate::run::folder::Folder;
use crate::run::summary::Summary;
use crate::scenario::Scenario;

/// Draws the figures and the report of the run in `run` again.
pub fn plot(run: &Path, progress: &Progress) -> Result<()> {
    let (scenario, folder) = open(run)?;
    let summary = summary(run, &folder)?;
    finish(&scenario, &folder, &summary, progress)
}

/// The scenario and the folder of the run in `run`.
pub fn open(run: &Path) -> Result<(Scenario, Folder)> {
    let scenario = Scenario::load(&run.join("scenario.yaml"), &[""; 0])?;
    let folder = Folder::open_any(run, &scenario.name, &fingerprints(&scenario)?, false)?;
    Ok((scenario, folder))
}

/// What the run in `run` has found.
pub fn summary(run: &Path, folder: &Folder) -> Result<Summary> {
    folder
        .read_json(Path::new("summary.json"))?
        .with_context(|| {
            format!(
                "{}: holds no summary.json\nhint: run the scenario to its end first",
                run.display()
            )
        })
}
