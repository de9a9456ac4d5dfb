//! What makes two runs the same run, and their inputs the same: fingerprints and checksums.

use std::path::Path;

use anyhow::{Context, Result};
use saturn_data::checksum::sha256;
use serde::Serialize;
use serde_json::Value;

use saturn_sim::run::dataset::Paths;
use saturn_sim::run::matrix::key;
use saturn_sim::scenario::Scenario;
use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;
use saturn_store::owner::Files;

/// One input file.
#[derive(Serialize)]
pub struct Input {
    path: String,
    sha256: String,
}

/// What makes two runs the same run: the scenario less its seeds, its figures and the path of its test file, on
/// which nets do not depend; and the same by earlier versions, with that path.
pub fn fingerprints(scenario: &Scenario) -> Result<Vec<String>> {
    let with = |data: &Value| {
        key(&(
            &scenario.name,
            data,
            &scenario.stream,
            scenario.models.iter().collect::<Vec<_>>(),
            scenario.arms.iter().collect::<Vec<_>>(),
            &scenario.train,
            &scenario.evaluate,
        ))
    };
    let all = serde_json::to_value(&scenario.data).context("encoding the data's settings")?;
    let mut less = all.clone();
    for kind in ["Events", "Frames"] {
        if let Some(files) = less["source"].get_mut(kind).and_then(Value::as_object_mut) {
            files.remove("test");
        }
    }
    Ok(vec![with(&less)?, with(&all)?])
}

/// What results depend on of the data: their content.
pub fn data_key(inputs: &[Input]) -> Result<String> {
    key(&inputs.iter().map(|i| i.sha256.as_str()).collect::<Vec<_>>())
}

/// What training and validation depend on of the data: the content of all files but the test split's.
pub fn judged_key(inputs: &[Input]) -> Result<String> {
    let judged = inputs.iter().enumerate().filter(|(i, _)| *i != TEST);
    key(&judged
        .map(|(_, input)| input.sha256.as_str())
        .collect::<Vec<_>>())
}

/// The place of the test split among the inputs.
const TEST: usize = 2;

/// The checksums of inputs by what they are for.
pub fn files(inputs: &[Input]) -> Files {
    let names = ["train", "valid", "test", "gap_recordings"];
    let pairs = names.into_iter().zip(inputs);
    pairs
        .map(|(name, input)| (name.to_owned(), input.sha256.clone()))
        .collect()
}

/// The checksums of all files, the test split's too: a net that `compare` has trained is the one that
/// `compare --final` evaluates.
pub fn all_checksums(scenario: &Scenario, paths: &Paths) -> Result<Vec<Input>> {
    let splits = [&*paths.train, &*paths.valid, &*paths.test];
    let gaps = scenario.data.gap_recordings.as_deref();
    checksums(splits.into_iter().chain(gaps))
}

/// The checksums of `files`.
pub fn checksums<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in files {
        let sha256 = sha256(path).map_err(|source| FolderError::Io {
            path: path.to_owned(),
            what: Operation::Read,
            source,
        })?;
        inputs.push(Input {
            path: path.display().to_string(),
            sha256,
        });
    }
    Ok(inputs)
}
