//! Paths in a scenario: relative to it, or to the current folder, with environment variables.

use std::path::{Path, PathBuf};

use super::diagnostics::Diagnostics;

/// The file or folder of `path`: relative to the scenario if it exists there, otherwise to the current
/// folder. With an unset variable it stays as written: not every command needs the data.
pub(super) fn find(key: &str, path: &str, folder: &Path, diagnostics: &mut Diagnostics) -> PathBuf {
    find_with(key, path, folder, Path::exists, diagnostics)
}

/// The same of what is there if `is_there`.
pub(super) fn find_with(
    key: &str,
    path: &str,
    folder: &Path,
    is_there: impl Fn(&Path) -> bool,
    diagnostics: &mut Diagnostics,
) -> PathBuf {
    let Ok(expanded) = expand(path) else {
        return PathBuf::from(path);
    };
    if path.is_empty() {
        diagnostics.problem(key, "the path is empty");
    }
    let beside = folder.join(&expanded);
    if is_there(&beside) { beside } else { expanded }
}

/// Why there is no file at `path`, as [`find`] gave it.
pub(super) fn why_missing(path: &Path) -> String {
    match expand(&path.to_string_lossy()) {
        Err(name) => {
            format!("the environment variable `{name}` is not set: set it, or write the path out")
        }
        Ok(_) => format!(
            "no file `{}`, neither in the scenario's folder nor in the current folder",
            path.display()
        ),
    }
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
