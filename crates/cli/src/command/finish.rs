//! What a finished matrix leaves: summaries, figures, the report, and tables on standard output.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::print::{self, print};
use saturn_sim::run::other_events;
use saturn_sim::run::summary::{Roles, Summary};
use saturn_sim::scenario::Scenario;
use saturn_sim::{figures, report};
use saturn_store::Progress;
use saturn_store::folder::{Folder, FolderError, read_json, write_beside};
use saturn_store::operation::Operation;

/// Draws the figures and writes the report of a finished matrix, and those of its trials on other events, each
/// group by itself.
pub fn finish_all(
    scenario: &Scenario,
    folder: &Folder,
    summary: &Summary,
    progress: &Progress,
) -> Result<()> {
    let others = others(scenario, folder)?;
    if !others.is_empty() {
        progress.aside(|| print(&head(summary)))?;
    }
    finish(scenario, folder.path(), summary, progress)?;
    for (path, summary) in &others {
        progress.aside(|| print(""))?;
        progress.aside(|| print(&head(summary)))?;
        finish(scenario, path, summary, progress)?;
    }
    Ok(())
}

/// What is above the tables of one of several groups.
pub fn head(summary: &Summary) -> String {
    let trials = summary.cells.len();
    let events = if summary.events.is_empty() {
        "old binning"
    } else {
        &summary.events
    };
    let s = if trials == 1 { "" } else { "s" };
    format!("{trials} trial{s} on {events}; trials on other events stand apart")
}

/// The summaries of trials on other events, each with its folder.
pub fn others(scenario: &Scenario, folder: &Folder) -> Result<Vec<(PathBuf, Summary)>> {
    let mut found = Vec::new();
    for path in other_events::folders(folder.path())? {
        if let Some(mut summary) = read_json::<Summary>(&path.join("summary.json"))? {
            summary.roles = Roles::of(scenario);
            found.push((path, summary));
        }
    }
    Ok(found)
}

/// Writes `summary.json` into the folder of a group of its own.
pub fn write_summary(path: &Path, summary: &Summary) -> Result<()> {
    let failed = |what| {
        let path = path.to_owned();
        move |source| FolderError::Io { path, what, source }
    };
    std::fs::create_dir_all(path).map_err(failed(Operation::CreateFolder))?;
    let bytes = serde_json::to_vec(summary)
        .map_err(std::io::Error::from)
        .map_err(failed(Operation::Encode))?;
    Ok(write_beside(&path.join("summary.json"), &bytes)?)
}

/// Draws the figures and writes the report of trials on the same events into `folder`.
fn finish(
    scenario: &Scenario,
    folder: &Path,
    summary: &Summary,
    progress: &Progress,
) -> Result<()> {
    progress.doing("drawing");
    let drawn = figures::draw(scenario, folder, summary)?;
    report::write(scenario, folder, summary, &drawn)?;
    for line in report::unmatched(summary) {
        progress.alert(&format!("warning: {line}"));
    }
    let width = print::width();
    let mut lines = report::table_lines(summary, width);
    lines.extend(report::precision_lines(summary));
    lines.extend(report::difference_lines(summary, width));
    lines.extend(report::verdict_lines(summary));
    lines.extend(report::instrument_lines(summary));
    let page = folder.join("report.html");
    lines.push(format!("the report is {}", page.display()));
    // Sentences above tables are broken to fit; tables have their own ways.
    let fit = |line: String| {
        if line.chars().count() > width && !line.contains("  ") {
            report::wrapped(&line, width)
        } else {
            vec![line]
        }
    };
    let lines: Vec<String> = lines.into_iter().flat_map(fit).collect();
    progress.aside(|| print(&lines.join("\n")))
}
