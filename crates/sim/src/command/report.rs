//! `saturn report`: the report of a finished run, written again; and its checklist.

use std::path::Path;

use anyhow::{Result, bail};

use super::plot::{open, summary};
use super::print::print;
use super::run::{finish_all, head, others};
use crate::report::checklist::{arm_of, checklists, lines};
use crate::run::Progress;
use crate::run::summary::Summary;

/// Writes the report of the run in `run` again; with `checklist`, prints what became of each item for the
/// nets of `arm`.
pub fn report(run: &Path, checklist: bool, arm: Option<&str>, progress: &Progress) -> Result<()> {
    let (scenario, folder) = open(run)?;
    let summary = summary(run, &scenario, &folder, progress)?;
    if !checklist {
        return finish_all(&scenario, &folder, &summary, progress);
    }
    let others = others(&folder)?;
    let mut text = Vec::new();
    if !others.is_empty() {
        text.push(head(&summary));
    }
    text.extend(checked(run, &summary, arm)?);
    for (_, summary) in &others {
        text.extend([String::new(), head(summary)]);
        text.extend(checked(run, summary, arm)?);
    }
    print(&text.join("\n"))
}

/// The lines of the checklists of one group of trials.
fn checked(run: &Path, summary: &Summary, arm: Option<&str>) -> Result<Vec<String>> {
    let known: Vec<&str> = summary.cells.iter().map(|cell| cell.arm.as_str()).collect();
    let arm = match arm.or_else(|| arm_of(summary)) {
        Some(arm) if known.contains(&arm) => arm,
        Some(arm) => bail!(
            "--arm {arm}: the run has no such arm\nhint: `saturn report {}` shows its arms",
            run.display()
        ),
        None => bail!("{}: no net of this run was evaluated", run.display()),
    };
    let mut text = Vec::new();
    for list in checklists(summary, arm) {
        text.extend(lines(&list));
    }
    Ok(text)
}
