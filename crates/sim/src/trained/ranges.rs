//! The ranges of health of a net that is streamed: read from its run's folder, or learnt.

use std::path::Path;

use anyhow::{Context, Result};
use saturn_cell::Real;

use super::TrainedModel;
use crate::run::dataset::Dataset;
use crate::run::paths::paths_if_there;
use saturn_eval::health::{Ranges, WINDOWS, observe};
use saturn_live::LiveError;
use saturn_network::Network;
use saturn_store::folder::{read_json, write_beside};

/// The healthy ranges of `net` for windows of `window` steps: those stored in the run's folder, or learnt now
/// and stored there. `None` if there are none stored and the data do not exist.
pub fn learn<R: Real>(
    model: &TrainedModel,
    net: &Network<R>,
    window: u64,
    say: &mut dyn FnMut(&str),
) -> Result<Option<Ranges>> {
    let path = &model.health;
    if let Some(known) = known(path)?
        && (known.weights == model.identity.weights && known.window == window)
    {
        return Ok(Some(known));
    }
    let Ok(Some(paths)) = paths_if_there(&model.scenario) else {
        return Ok(None);
    };
    say(&format!(
        "learning the healthy ranges from {WINDOWS} windows of {window} steps of the validation stream"
    ));
    let dataset = Dataset::open(&model.scenario, &paths, false)?;
    let on = dataset.ground(&model.scenario, model.seed());
    let ranges = observe(net, on, window, &model.identity.weights)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
    }
    write_beside(path, &serde_json::to_vec_pretty(&ranges)?)?;
    Ok(Some(ranges))
}

fn known(path: &Path) -> Result<Option<Ranges>> {
    read_json::<Ranges>(path).map_err(|e| {
        LiveError::State {
            path: path.to_owned(),
            what: e.to_string(),
            hint: "move it out of the folder; the ranges will be learnt again",
        }
        .into()
    })
}
