//! A run's folder, looked at as it grows. Nothing in it is locked or changed.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use serde::Deserialize;

use saturn_eval::trace::Trace;
use saturn_live::LiveError;
use saturn_sim::run::summary::{NamedArm, Roles};
use saturn_sim::run::trials::Finished;
use saturn_sim::scenario::{ArmRole, Scenario};

/// The most epochs of a net that are kept; of more the newest are.
const EPOCHS: usize = 4_096;
/// The most bytes of `metrics.jsonl` that are read at once.
const PIECE: u64 = 1 << 22;

/// One net of a run.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// `MODEL.ARM.SEED`.
    pub name: String,
    /// What its arm is for; `None` for a variant.
    pub role: Option<ArmRole>,
    /// Epoch and share of validation samples that are right.
    pub epochs: Vec<(f64, f64)>,
    /// Accuracy under each policy on each stream, as it is found.
    pub found: Vec<(String, f64)>,
    /// Whether it is finished.
    pub done: bool,
    /// When its last line was written, in lines.
    pub heard: u64,
}

/// Health of a finished net.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// `MODEL.ARM.SEED`.
    pub net: String,
    /// Names of figures, with their values in the first and the last window of its stream.
    pub figures: Vec<(String, f64, f64)>,
}

/// What is known of a run at one moment.
#[derive(Clone, Debug, Default)]
pub struct RunScene {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: String,
    /// The nets, in the order in which they were heard of.
    pub nets: Vec<Net>,
    /// How many nets there will be.
    pub all: usize,
    /// Epochs of a training.
    pub epochs: usize,
    /// Whether there is a report.
    pub finished: bool,
    /// A stretch of the newest net's stream: its name and what was recorded.
    pub trace: Option<(String, Trace)>,
    /// Health of the newest finished net.
    pub health: Option<Health>,
    /// Seconds since something was last written.
    pub quiet_s: Option<f64>,
}

/// A run's folder.
pub struct RunFolder {
    folder: PathBuf,
    scenario: Scenario,
    arms: Vec<NamedArm>,
    scene: RunScene,
    /// Where `metrics.jsonl`, and each file in `metrics`, was left.
    positions: HashMap<PathBuf, u64>,
    line: u64,
    /// The newest trace and cell that were read, and when each was written.
    trace: Option<(PathBuf, SystemTime)>,
    cell: Option<(PathBuf, SystemTime)>,
}

/// A line of `metrics.jsonl`; what else there is in it is not looked at.
#[derive(Deserialize)]
struct Metric {
    model: String,
    arm: String,
    seed: u64,
    what: String,
    epoch: Option<f64>,
    validation: Option<Validation>,
    stream: Option<String>,
    state_reset: Option<String>,
    summed: Option<f64>,
}

#[derive(Deserialize)]
struct Validation {
    summed: f64,
}

impl RunFolder {
    /// Opens the run in `folder`.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join("scenario.yaml");
        if !file.is_file() {
            return Err(LiveError::Model {
                path: folder.to_owned(),
                what: "is no run's folder: it has no scenario.yaml".to_owned(),
                hint: "name the folder that `saturn run` says its report is in".to_owned(),
            }
            .into());
        }
        let scenario = Scenario::load(&file, &[""; 0])?;
        let scene = RunScene {
            name: scenario.name.clone(),
            folder: folder.display().to_string(),
            epochs: scenario.train.epochs,
            ..RunScene::default()
        };
        Ok(Self {
            folder: folder.to_owned(),
            arms: Roles::of(&scenario).arms,
            scenario,
            scene,
            positions: HashMap::new(),
            line: 0,
            trace: None,
            cell: None,
        })
    }

    /// What there is now.
    pub fn look(&mut self) -> Result<RunScene> {
        self.read_metrics();
        self.read_cells();
        self.read_trace();
        let s = &self.scenario;
        let others = self.scene.nets.iter().any(|net| {
            let seed = net.name.rsplit('.').next();
            seed.and_then(|seed| seed.parse().ok()) != Some(s.seed)
        });
        let seeds = s.seeds_for(others).len();
        self.scene.all = (s.models.len() * s.arms.len() * seeds).max(self.scene.nets.len());
        self.scene.finished = self.folder.join("report.html").is_file();
        let written = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
        let of_trials = newest(&self.folder.join("metrics"), "jsonl").map(|(_, at)| at);
        let last = written(&self.folder.join("metrics.jsonl")).max(of_trials);
        let quiet = last.and_then(|at| at.elapsed().ok());
        self.scene.quiet_s = quiet.map(|quiet| quiet.as_secs_f64());
        Ok(self.scene.clone())
    }

    /// Reads what has been added to `metrics.jsonl`, and to the files of trials that are done in parts.
    fn read_metrics(&mut self) {
        self.read_lines(&self.folder.join("metrics.jsonl"));
        for path in entries(&self.folder.join("metrics"), "jsonl") {
            self.read_lines(&path);
        }
    }

    /// Reads what has been added to a file. If one has become shorter, all are read again.
    fn read_lines(&mut self, path: &Path) {
        let Ok(mut file) = fs::File::open(path) else {
            return;
        };
        let length = file.metadata().map_or(0, |m| m.len());
        let mut position = self.positions.get(path).copied().unwrap_or(0);
        if length < position {
            position = 0;
            self.positions.clear();
            self.scene.nets.clear();
        }
        while position < length {
            let mut piece = Vec::new();
            let read = file
                .seek(SeekFrom::Start(position))
                .and_then(|_| (&mut file).take(PIECE).read_to_end(&mut piece));
            let whole = piece.iter().rposition(|&b| b == b'\n').map(|end| end + 1);
            // A line that is being written is read the next time.
            let (Ok(_), Some(whole)) = (read, whole) else {
                return;
            };
            for line in piece[..whole].split(|&b| b == b'\n') {
                if let Ok(metric) = serde_json::from_slice::<Metric>(line) {
                    self.metric(metric);
                }
            }
            position += whole as u64;
            self.positions.insert(path.to_owned(), position);
        }
    }

    fn metric(&mut self, metric: Metric) {
        self.line += 1;
        let line = self.line;
        let net = self.net(format!("{}.{}.{}", metric.model, metric.arm, metric.seed));
        net.heard = line;
        if let (Some(epoch), Some(validation)) = (metric.epoch, metric.validation) {
            if net.epochs.last().is_some_and(|&(last, _)| last >= epoch) {
                // It is trained again.
                net.epochs.clear();
            }
            if net.epochs.len() == EPOCHS {
                net.epochs.remove(0);
            }
            net.epochs.push((epoch, validation.summed));
        } else if let (Some(stream), Some(reset), Some(summed)) =
            (metric.stream, metric.state_reset, metric.summed)
            && metric.what != "epoch"
        {
            let name = format!("{stream}, {reset}");
            net.found.retain(|(known, _)| *known != name);
            net.found.push((name, summed));
        }
    }

    fn net(&mut self, name: String) -> &mut Net {
        let nets = &mut self.scene.nets;
        let at = nets.iter().position(|net| net.name == name);
        let at = at.unwrap_or_else(|| {
            let trained = name.rsplit_once('.').map_or("", |(trained, _)| trained);
            let own = |arm: &&NamedArm| trained.ends_with(&format!(".{}", arm.name));
            nets.push(Net {
                role: self.arms.iter().find(own).and_then(|arm| arm.role),
                name,
                ..Net::default()
            });
            nets.len() - 1
        });
        &mut nets[at]
    }

    /// Which nets are finished, and the health of the newest.
    fn read_cells(&mut self) {
        for path in entries(&self.folder.join("cells"), "json") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let name = name.replace("%2E", ".");
            self.net(name).done = true;
        }
        let Some((path, written)) = newest(&self.folder.join("cells"), "json") else {
            return;
        };
        let this = Some((path.clone(), written));
        if this == self.cell {
            return;
        }
        self.cell = this;
        let Ok(Some(finished)) = Finished::read(&path) else {
            return;
        };
        let name = finished.place().to_string();
        let Some(evaluation) = finished.cell.evaluations.first() else {
            return;
        };
        let windows = &evaluation.evaluation.saturation;
        let (first, last) = (windows.first(), windows.last());
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        let at = |step: u64| windows.iter().filter(move |w| w.step == step);
        let figures = at(first.step)
            .zip(at(last.step))
            .flat_map(|(first, last)| {
                let names = figures(first.layer, &first.stats);
                names.into_iter().zip(figures(last.layer, &last.stats))
            })
            .map(|((name, first), (_, last))| (name, first, last))
            .collect();
        self.scene.health = Some(Health { net: name, figures });
    }

    fn read_trace(&mut self) {
        let newest = newest(&self.folder.join("traces"), "h5");
        if newest == self.trace {
            return;
        }
        self.trace.clone_from(&newest);
        if let Some((path, _)) = newest
            && let Ok(trace) = Trace::load(&path)
        {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            self.scene.trace = Some((name.replace("%2E", "."), trace));
        }
    }
}

/// What there is to say of a cell's window.
fn figures(layer: usize, stats: &saturn_eval::instruments::WindowStats) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    let always = &stats.always;
    let pinned = always.pinned.iter();
    all.extend(pinned.map(|(field, share)| (format!("{layer}.{field} pinned"), *share)));
    for (field, spikes) in &always.spikes {
        all.push((format!("{layer}.{field} rate, Hz"), spikes.rate_hz));
        all.push((format!("{layer}.{field} silent"), spikes.silent));
    }
    let norms = always
        .norm
        .iter()
        .filter(|(field, _)| !always.spikes.contains_key(*field));
    all.extend(norms.map(|(field, norm)| (format!("{layer}.{field} rms"), norm.rms)));
    if let Some(rank) = &stats.rank {
        all.push((format!("{layer} effective rank"), rank.participation_ratio));
    }
    all
}

fn entries(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect();
    paths.sort();
    paths
}

fn newest(folder: &Path, ending: &str) -> Option<(PathBuf, SystemTime)> {
    let written = |path: PathBuf| {
        let at = fs::metadata(&path).and_then(|m| m.modified()).ok()?;
        Some((path, at))
    };
    let all = entries(folder, ending).into_iter().filter_map(written);
    all.max_by_key(|(_, at)| *at)
}
