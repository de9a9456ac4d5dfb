//! `saturn data convert`: other formats, written as event files and frame files.

use anyhow::Result;
use saturn_data::DataError;
use saturn_data::convert::{Converted, Watch};

use super::print::print;
use saturn_sim::run::paths::watching;
use saturn_store::Progress;

/// Runs one converter, which tells `Watch` how far it is, and says what it left.
pub fn convert(
    progress: &Progress,
    converter: impl FnOnce(Watch) -> Result<Converted, DataError>,
) -> Result<()> {
    let converted = converter(&mut watching(progress))?;
    let files = converted.files.iter();
    let files: Vec<String> = files
        .map(|(path, samples)| format!("{}: {samples} samples", path.display()))
        .collect();
    progress.aside(|| print(&files.join("\n")))?;
    for notice in &converted.notices {
        progress.line(notice);
    }
    Ok(())
}
