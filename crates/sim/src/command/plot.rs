//! `saturn plot`: figures and report of a finished run, drawn again.

use std::path::Path;

use anyhow::{Context, Result};

use super::run::{fingerprint, finish};
use crate::run::Progress;
use crate::run::folder::Folder;
use crate::run::summary::Summary;
use crate::scenario::Scenario;

/// Draws the figures and the report of the run in `run` again.
pub fn plot(run: &Path, progress: &Progress) -> Result<()> {
    let scenario = Scenario::load(&run.join("scenario.yaml"), &[""; 0])?;
    let folder = Folder::open(run, &scenario.name, &fingerprint(&scenario)?, false)?;
    let summary: Summary = folder
        .read_json(Path::new("summary.json"))?
        .with_context(|| {
            format!(
                "{}: holds no summary.json\nhint: run the scenario to its end first",
                run.display()
            )
        })?;
    finish(&scenario, &folder, &summary, progress)
}
