//! The text of a scenario's file.

use std::path::Path;

use crate::scenario::problem::ScenarioError;

/// The text in `bytes`, which `path` contains.
pub(super) fn as_text(path: &Path, bytes: Vec<u8>) -> Result<String, ScenarioError> {
    let not_text = |what: String| ScenarioError::NotText {
        file: path.into(),
        what,
    };
    for (start, what) in [
        (&b"\x89HDF"[..], "an HDF5 file"),
        (b"\x1f\x8b", "a gzip file"),
        (b"PK\x03\x04", "a zip file"),
        (b"\x89PNG", "a PNG image"),
        (b"%PDF", "a PDF"),
    ] {
        if bytes.starts_with(start) {
            return Err(not_text(format!("it is {what}")));
        }
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(not_text(format!("byte {at} is 0, so it is a binary file")));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        not_text(format!("it is not UTF-8 from byte {at} on"))
    })
}
