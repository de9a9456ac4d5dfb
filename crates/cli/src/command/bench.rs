//! `saturn bench`: how fast nets train, run live and infer here, with the machine's limits.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, anyhow};

use super::print::print;
use crate::bench::BenchError;
use crate::bench::figure::Form;
use crate::bench::limit::Limits;
use crate::bench::memory;
use crate::bench::scaling::{self, Sweep};
use crate::bench::suite::{Choice, Task, data_files, pipeline, time};
use saturn_store::Progress;

/// Seconds in which the limits of some number of cores are measured.
const LIMIT_SECONDS: f64 = 2.0;

/// Times what `choice` names and prints a figure a line as it comes.
pub fn bench(choice: &Choice, form: Form, progress: &Progress) -> Result<()> {
    let jobs = choice.jobs();
    progress.total(jobs.len() as u64);
    let limits = measure(choice, progress)?;
    for limit in limits.values() {
        if let Some(text) = form.limits(limit) {
            print(&text)?;
        }
    }
    if let Some(head) = form.head() {
        print(&head)?;
    }
    let folder = tempfile::tempdir()?;
    let mut files = None;
    for job in jobs {
        if progress.stopped() {
            return Err(BenchError::Interrupted.into());
        }
        progress.doing(&format!(
            "{} {} on {} core(s)",
            job.task.name(),
            job.net.name(),
            job.cores
        ));
        let limit = &limits[&job.cores];
        if job.task == Task::E {
            if files.is_none() {
                let data = std::env::var_os("SATURN_DATA");
                files = Some(data_files(folder.path(), data.as_deref().map(Path::new))?);
            }
            for file in files.iter().flatten() {
                print(&form.row(&pipeline(job, file, choice.effort, limit)?))?;
            }
        } else {
            let figure = time(job, choice.shard_lanes, choice.effort, limit)?;
            print(&form.row(&figure))?;
        }
        progress.advance(1);
    }
    Ok(())
}

/// The limits of each number of cores.
fn measure(choice: &Choice, progress: &Progress) -> Result<BTreeMap<usize, Limits>> {
    progress.doing("measuring the machine");
    let seconds = LIMIT_SECONDS.min(2.0 * choice.effort.seconds);
    let mut limits = BTreeMap::new();
    for &cores in &choice.cores {
        limits.insert(cores, Limits::measure(cores, seconds)?);
    }
    Ok(limits)
}

/// Times A at many sizes, one of them varied at a time, measures memory, and draws a figure of each into
/// `out`.
pub fn bench_scaling(choice: &Choice, form: Form, out: &Path, progress: &Progress) -> Result<()> {
    std::fs::create_dir_all(out).map_err(|source| BenchError::Folder {
        path: out.to_owned(),
        source,
    })?;
    let nets = choice.nets();
    progress.total((Sweep::ALL.len() * nets.len()) as u64);
    for sweep in Sweep::ALL {
        let mut lines = Vec::new();
        for &net in &nets {
            if progress.stopped() {
                return Err(BenchError::Interrupted.into());
            }
            progress.doing(&format!("{} of {}", sweep.name(), net.name()));
            let line = scaling::time(sweep, net, choice.effort)?;
            for point in &line.points {
                print(&match form {
                    Form::Json => point.json(sweep, net),
                    Form::Plain | Form::Markdown => point.text(sweep, net),
                })?;
            }
            print(&match form {
                Form::Json => line.json(sweep),
                Form::Plain | Form::Markdown => line.text(sweep),
            })?;
            lines.push(line);
            progress.advance(1);
        }
        let drawn = scaling::draw(sweep, &lines, out)
            .map_err(|e| anyhow!("{e}\nhint: choose another folder with --out"))?;
        progress.line(&drawn.svg.display().to_string());
    }
    let program = std::env::current_exe().map_err(BenchError::Peak)?;
    let mut points = Vec::new();
    for probe in memory::probes() {
        if progress.stopped() {
            return Err(BenchError::Interrupted.into());
        }
        let point = memory::measure_apart(&program, probe)?;
        print(&match form {
            Form::Json => point.json(),
            Form::Plain | Form::Markdown => point.text(),
        })?;
        points.push(point);
    }
    if form != Form::Json {
        print(&memory::powers(&points).join("\n"))?;
    }
    let drawn = memory::draw(&points, out)
        .map_err(|e| anyhow!("{e}\nhint: choose another folder with --out"))?;
    progress.line(&drawn.svg.display().to_string());
    Ok(())
}

/// Prints the memory of one training step, for [`bench_scaling`].
pub fn bench_memory(probe: memory::Probe) -> Result<()> {
    print(&serde_json::to_string(&memory::measure(probe)?)?)
}
