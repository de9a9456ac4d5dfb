//! `saturn plot`: figures and report of a finished run, drawn again.

use std::path::Path;

use anyhow::Result;

use super::error::CommandError;
use super::finish::finish_all;
use super::inputs::fingerprints;
use saturn_sim::run::stale::set_apart;
use saturn_sim::run::summary::{Roles, Summary};
use saturn_sim::scenario::Scenario;
use saturn_store::Progress;
use saturn_store::folder::Folder;

/// Draws the figures and the report of the run in `run` again.
pub fn plot(run: &Path, progress: &Progress) -> Result<()> {
    let (scenario, folder) = open(run)?;
    let summary = summary(run, &scenario, &folder, progress)?;
    finish_all(&scenario, &folder, &summary, progress)
}

/// The scenario and the folder of the run in `run`.
pub fn open(run: &Path) -> Result<(Scenario, Folder)> {
    let scenario = Scenario::load(&run.join("scenario.yaml"), &[""; 0])?;
    let folder = Folder::open_any(run, &scenario.name, &fingerprints(&scenario)?, false)?;
    Ok((scenario, folder))
}

/// What the run in `run` has found, less what was found with other weights than are in the folder now.
pub fn summary(
    run: &Path,
    scenario: &Scenario,
    folder: &Folder,
    progress: &Progress,
) -> Result<Summary> {
    let summary = folder.read_json::<Summary>(Path::new("summary.json"))?;
    let mut summary = summary.ok_or_else(|| CommandError::NoSummary {
        run: run.to_owned(),
    })?;
    // What names stand for is in the scenario, which the folder has in any case.
    summary.roles = Roles::of(scenario);
    if summary.reference.is_unknown() {
        summary.reference = summary.roles.usual_reference();
    }
    for line in set_apart(&mut summary, run)? {
        progress.alert(&line);
    }
    Ok(summary)
}
