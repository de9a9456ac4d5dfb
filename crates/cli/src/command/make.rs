//! `saturn data make`: the synthetic set of a scenario, written as event files.

use std::path::Path;

use anyhow::Result;

use super::print::print;
use saturn_sim::run::paths::write;
use saturn_sim::scenario::{DataSource, Scenario, ScenarioError};
use saturn_store::Progress;

/// Makes the set that `scenario` describes (the default set without one) in `out`, or in the folder
/// that the scenario names.
pub fn make(
    scenario: Option<&Path>,
    out: Option<&Path>,
    set: &[String],
    progress: &Progress,
) -> Result<()> {
    let scenario = match scenario {
        Some(path) => Scenario::load(path, set)?,
        None => Scenario::parse(
            "name: synthetic\nmodels: {rnn: {layers: [rnn]}}\narms: {classic: {streams: single}}\n",
            "the default set",
            Path::new(""),
            set,
        )?,
    };
    let DataSource::Synthetic { set, folder } = &scenario.data.source else {
        let message = "names files, and no set to be made: give it `data.synthetic`";
        return Err(ScenarioError::Invalid {
            file: scenario.file().to_owned(),
            problems: vec![scenario.problem("data", message)],
        }
        .into());
    };
    let folder = out.unwrap_or(folder);
    for path in write(set, folder, progress)? {
        progress.aside(|| print(&path.display().to_string()))?;
    }
    Ok(())
}
