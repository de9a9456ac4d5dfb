//! `saturn run` and `saturn compare`: the matrix, its figures and its report.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::run::Progress;
use crate::run::folder::Folder;
use crate::run::matrix::{Matrix, Wanted, hex, key};
use crate::run::summary::Summary;
use crate::run::workbench::{Paths, Workbench};
use crate::scenario::{Scenario, to_yaml};
use crate::{figures, report};

use super::make::paths_of;

/// What `run` and `compare` were asked for.
pub struct RunOptions<'a> {
    /// The scenario's file.
    pub scenario: &'a Path,
    /// The run's folder.
    pub out: &'a Path,
    /// Overrides, `key=value`.
    pub set: &'a [String],
    /// Every seed of the scenario, not the first alone.
    pub all_seeds: bool,
    /// The test split, not the validation split.
    pub last: bool,
    /// Only what is done already: a report of a run that has not ended.
    pub done: bool,
}

/// Where a run came from, for whoever repeats it.
#[derive(Serialize)]
struct Manifest<'a> {
    saturn: &'a str,
    scenario: String,
    seeds: &'a [u64],
    split: &'a str,
    started: String,
    finished: String,
    threads: usize,
    system: &'a str,
    processor: &'a str,
    inputs: Vec<Input>,
}

/// One input file.
#[derive(Serialize)]
struct Input {
    path: String,
    sha256: String,
}

/// Runs a scenario and leaves its folder.
pub fn run(options: &RunOptions, progress: &Progress) -> Result<()> {
    let started = SystemTime::now();
    let scenario = Scenario::load(options.scenario, options.set)?;
    for warning in &scenario.warnings {
        progress.line(&format!("warning: {}", warning.line(scenario.file())));
    }
    let seeds = scenario.seeds_for(options.all_seeds);
    let folder = Folder::open(options.out, &scenario.name, &fingerprint(&scenario)?)?;
    folder.write(Path::new("scenario.yaml"), to_yaml(&scenario).as_bytes())?;
    let paths = paths_of(&scenario, progress)?;
    let bench = Workbench::open(&scenario, &paths, options.last)?;
    for notice in bench.notices() {
        progress.line(&notice);
    }
    let inputs = checksums(&paths)?;
    let matrix = Matrix {
        scenario: &scenario,
        bench: &bench,
        inputs: inputs.iter().map(|i| i.sha256.as_str()).collect(),
        folder: &folder,
        progress,
    };
    let wanted = Wanted {
        seeds,
        last: options.last,
        done: options.done,
    };
    let summary = matrix.run(&wanted)?;
    folder.write_json(Path::new("summary.json"), &summary)?;
    let manifest = Manifest {
        saturn: env!("CARGO_PKG_VERSION"),
        scenario: options.scenario.display().to_string(),
        seeds: &wanted.seeds,
        split: &summary.split,
        started: humantime::format_rfc3339_seconds(started).to_string(),
        finished: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        threads: rayon::current_num_threads(),
        system: std::env::consts::OS,
        processor: std::env::consts::ARCH,
        inputs,
    };
    folder.write_json(Path::new("manifest.json"), &manifest)?;
    finish(&scenario, &folder, &summary, progress)
}

/// Draws the figures and writes the report of a finished matrix.
pub fn finish(
    scenario: &Scenario,
    folder: &Folder,
    summary: &Summary,
    progress: &Progress,
) -> Result<()> {
    progress.doing("drawing");
    let drawn = figures::draw(scenario, folder.path(), summary)?;
    report::write(scenario, folder, summary, &drawn)?;
    for line in report::table_lines(summary) {
        progress.line(&line);
    }
    for line in report::unmatched(summary) {
        progress.line(&format!("warning: {line}"));
    }
    progress.line(&format!(
        "the report is {}",
        folder.path().join("report.html").display()
    ));
    Ok(())
}

/// What makes two runs the same run: the scenario less its seeds and figures.
pub fn fingerprint(scenario: &Scenario) -> Result<String> {
    key(&(
        &scenario.name,
        &scenario.data,
        &scenario.stream,
        scenario.models.iter().collect::<Vec<_>>(),
        scenario.arms.iter().collect::<Vec<_>>(),
        &scenario.train,
        &scenario.evaluate,
    ))
}

/// The checksums of the files, the test split's too: a net that `compare` has trained is the one that
/// `compare --final` evaluates.
fn checksums(paths: &Paths) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in [&paths.train, &paths.valid, &paths.test] {
        let sha256 = checksum(path).with_context(|| format!("reading {}", path.display()))?;
        inputs.push(Input {
            path: path.display().to_string(),
            sha256,
        });
    }
    Ok(inputs)
}

fn checksum(path: &Path) -> io::Result<String> {
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut hasher = Sha256::new();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(bytes);
        let n = bytes.len();
        reader.consume(n);
    }
}
