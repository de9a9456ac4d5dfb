//! Paths in a scenario: beside it, or as seen from the current folder, with environment variables.

use std::path::{Path, PathBuf};

use super::report::Report;

/// The file or folder that `path` means: beside the scenario if it is there, else as seen from the current
/// folder.
pub(super) fn find(key: &str, path: &str, folder: &Path, report: &mut Report) -> PathBuf {
    let expanded = match expand(path) {
        Ok(expanded) => expanded,
        Err(name) => {
            let message = format!(
                "the environment variable `{name}` is not set: set it, or write the path out"
            );
            report.problem(key, message);
            return PathBuf::from(path);
        }
    };
    if path.is_empty() {
        report.problem(key, "the path is empty");
    }
    let beside = folder.join(&expanded);
    if beside.exists() { beside } else { expanded }
}

/// The path with the environment variable that it begins with, if it does, replaced; or that variable's
/// name if it is not set.
fn expand(path: &str) -> Result<PathBuf, String> {
    let Some(rest) = path.strip_prefix('$') else {
        return Ok(PathBuf::from(path));
    };
    let (name, rest) = match rest.strip_prefix('{').and_then(|r| r.split_once('}')) {
        Some(parts) => parts,
        None => rest.split_at(rest.find('/').unwrap_or(rest.len())),
    };
    match std::env::var_os(name) {
        Some(value) if !value.is_empty() => {
            Ok(PathBuf::from(value).join(rest.trim_start_matches('/')))
        }
        _ => Err(name.to_owned()),
    }
}
