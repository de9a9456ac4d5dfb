//! `saturn report`: the report of a finished run, written again; and its checklist.

use std::path::Path;

use anyhow::Result;
use thiserror::Error;

use super::error::CommandError;
use super::finish::{finish_all, head, others};
use super::plot::{open, summary};
use super::print::print;
use saturn_eval::stats::verdict::Verdict;
use saturn_sim::report::checklist::{Item, arm_of, checklists, lines};
use saturn_sim::run::summary::Summary;
use saturn_store::Progress;

/// Some lines of a checklist are not *shown*.
#[derive(Debug, Error)]
#[error(
    "{missing} of {all} lines are not *shown*\nhint: where a bound exceeds its limit, add seeds or recordings; where nothing was measured, run a scenario that measures it"
)]
pub struct NotShown {
    missing: usize,
    all: usize,
}

/// Writes the report of the run in `run` again; with `checklist`, prints what became of each item for the
/// nets of `arm`.
pub fn report(run: &Path, checklist: bool, arm: Option<&str>, progress: &Progress) -> Result<()> {
    let (scenario, folder) = open(run)?;
    let summary = summary(run, &scenario, &folder, progress)?;
    if !checklist {
        return finish_all(&scenario, &folder, &summary, progress);
    }
    let others = others(&scenario, &folder)?;
    let (mut text, mut items) = (Vec::new(), Vec::new());
    if !others.is_empty() {
        text.push(head(&summary));
    }
    checked(run, &summary, arm, (&mut text, &mut items))?;
    for (_, summary) in &others {
        text.extend([String::new(), head(summary)]);
        checked(run, summary, arm, (&mut text, &mut items))?;
    }
    print(&text.join("\n"))?;
    let all = items.len();
    let missing = (items.iter()).filter(|item| item.verdict != Verdict::Shown);
    match missing.count() {
        0 => Ok(()),
        missing => Err(NotShown { missing, all }.into()),
    }
}

/// Adds the lines and items of the checklists of one group of trials.
fn checked(
    run: &Path,
    summary: &Summary,
    arm: Option<&str>,
    (text, items): (&mut Vec<String>, &mut Vec<Item>),
) -> Result<()> {
    let known: Vec<&str> = summary.cells.iter().map(|cell| cell.arm.as_str()).collect();
    let arm = match arm.or_else(|| arm_of(summary)) {
        Some(arm) if known.contains(&arm) => arm,
        Some(arm) => {
            let (arm, run) = (arm.to_owned(), run.to_owned());
            return Err(CommandError::NoSuchArm { arm, run }.into());
        }
        None => {
            let run = run.to_owned();
            return Err(CommandError::NothingEvaluated { run }.into());
        }
    };
    for list in checklists(summary, arm) {
        text.extend(lines(&list));
        items.extend(list.items);
    }
    Ok(())
}
