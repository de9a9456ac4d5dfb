//! `saturn evaluate`: a finished network on other data, and its table or `summary.json` on standard output.

use anyhow::Result;

use super::print::{print, width};
use saturn_sim::evaluate::{Options, evaluate as run};
use saturn_store::Progress;

/// Evaluates a finished network; prints the table, or the summary where `json`.
pub fn evaluate(options: &Options, json: bool, progress: &Progress) -> Result<()> {
    let evaluated = run(options, progress)?;
    let text = if json {
        serde_json::to_string_pretty(&evaluated.summary)?
    } else {
        evaluated.lines(width()).join("\n")
    };
    progress.aside(|| print(&text))
}
