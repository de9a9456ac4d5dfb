//! `models.*.from`: the finished nets that models begin from.

use std::path::{Path, PathBuf};

use super::diagnostics::Diagnostics;
use super::path::find_with;
use saturn_network::NetworkConfig;
use saturn_train::weights::{WeightsFile, locate};

/// The placeholder of the seed in `from`.
const SEED: &str = "{seed}";

/// The net that `from` names for `seed`.
pub fn start_of(from: &str, seed: u64) -> PathBuf {
    PathBuf::from(from.replace(SEED, &seed.to_string()))
}

/// `from` relative to the scenario's folder if its net for `seed` is there, otherwise to the current folder.
pub(super) fn find_start(
    key: &str,
    from: &str,
    seed: u64,
    folder: &Path,
    diagnostics: &mut Diagnostics,
) -> String {
    let is_there = |path: &Path| locate(&start_of(&path.to_string_lossy(), seed)).is_some();
    let found = find_with(key, from, folder, is_there, diagnostics);
    found.to_string_lossy().into_owned()
}

/// The layers of the net that `from` names for `seed`, or why they are not known.
pub(super) fn layers_of(from: &str, seed: u64) -> Result<NetworkConfig, String> {
    let path = start_of(from, seed);
    let Some(file) = locate(&path) else {
        return Err(missing(&path));
    };
    let wrong = |what: &dyn std::fmt::Display| {
        format!("{what}\nhint: give `layers`, or another finished net")
    };
    let description = WeightsFile::open(&file)
        .and_then(|file| file.description())
        .map_err(|e| wrong(&e))?;
    let Some(description) = description else {
        let what = format!("`{}` does not describe its layers", file.display());
        return Err(wrong(&what));
    };
    (description.config()).map_err(|what| wrong(&format!("`{}`: {what}", file.display())))
}

/// A message that there is no net at `path`.
pub(crate) fn missing(path: &Path) -> String {
    format!(
        "there is no finished net `{}`: name a net of a run, such as runs/quickstart/lif.classic.1, a weights file, or \
         a folder that `saturn import` wrote",
        path.display()
    )
}
