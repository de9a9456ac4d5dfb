//! A trained network in a run's folder.
//!
//! It is named by its run's folder and its place, `runs/quickstart/lif.adaptive.1`, or by its weights,
//! `runs/quickstart/weights/lif.adaptive.1.safetensors`; a run with only one network is named by its folder.
//! The network is described in the run's `scenario.yaml`, its classes and the detector's threshold in
//! `cells/`.

pub mod gaps;
mod ranges;

use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_cell::Real;
use saturn_data::checksum::sha256;

use crate::run::entry::{Entry, entries};
use crate::run::trials::Finished;
use crate::scenario::{DataSource, Fill, Precision, Scenario};
use saturn_eval::detector::DetectorConfig;
use saturn_eval::health::Ranges;
use saturn_live::LiveError;
use saturn_live::model::{Identity, Model};
use saturn_network::Network;
use saturn_network::build;
use saturn_store::operation::Operation;
use saturn_train::weights::{self, Belonging, WeightsError, WeightsFile};

/// A detector's threshold, as a run chose it on its validation split.
#[derive(Clone, Debug, PartialEq)]
pub struct ChosenThreshold {
    /// The stream's name in the scenario.
    pub stream: String,
    /// The name of the reset policy.
    pub state_reset: String,
    /// The threshold.
    pub threshold: f64,
}

/// A trained net, found and not yet built.
#[derive(Clone, Debug)]
pub struct TrainedModel {
    /// The run's folder.
    pub run: PathBuf,
    /// Its description.
    pub identity: Identity,
    /// Its run's scenario.
    pub scenario: Scenario,
    /// Its number in the run's matrix.
    index: usize,
    weights: PathBuf,
    /// The file of its healthy ranges.
    pub health: PathBuf,
    /// The detector's threshold, as chosen on the validation split; `None` if that was done with other weights.
    pub threshold: Option<f64>,
    /// The threshold of each evaluation of the run, with its stream and policy; none where [`Self::threshold`] is.
    pub thresholds: Vec<ChosenThreshold>,
    /// Notices about its weights, one line each.
    pub notices: Vec<String>,
}

impl TrainedModel {
    /// Finds the network that `path` names, with any kind of input.
    pub fn find(path: &Path) -> Result<Self> {
        let (run, name) = run_of(path)?;
        let scenario = Scenario::load(&run.join("scenario.yaml"), &[""; 0])?;
        let seeds = seeds(&scenario);
        let all = entries(&scenario, &seeds);
        let file = |entry: &Entry| entry.place.file("weights", "safetensors");
        let there: Vec<usize> = (0..all.len())
            .filter(|&i| run.join(file(&all[i])).is_file())
            .collect();
        let named = |&i: &usize| {
            let stem = file(&all[i]).file_stem().map(std::ffi::OsStr::to_owned);
            name.as_ref().is_none_or(|name| {
                *name == all[i].place.to_string() || stem.as_deref() == Some(name.as_ref())
            })
        };
        let found: Vec<usize> = there.iter().copied().filter(named).collect();
        let names = |of: &[usize]| {
            let names: Vec<String> = of.iter().map(|&i| all[i].place.to_string()).collect();
            names.join(", ")
        };
        let [index] = found[..] else {
            let what = match (&name, found.len()) {
                (Some(name), _) => format!("the run has no trained net `{name}`"),
                (None, 0) => "the run has no trained net".to_owned(),
                (None, _) => "the run has several nets".to_owned(),
            };
            let hint = if there.is_empty() {
                "run its scenario to the end first".to_owned()
            } else {
                format!("name one of them after the folder: {}", names(&there))
            };
            return Err(wrong(path, what, hint).into());
        };
        let entry = &all[index];
        let cell = run.join("cells").join(entry.place.cell());
        let Some(finished) = Finished::read(&cell)? else {
            let what = format!("{} does not exist", cell.display());
            let hint = "run its scenario to the end first: the same command resumes it";
            return Err(wrong(path, what, hint).into());
        };
        let weights = run.join(file(entry));
        let Examined { notices, own } = examine(&weights, entry, &scenario, &finished)?;
        let evaluations = finished.cell.evaluations.iter().filter(|_| own);
        let thresholds: Vec<ChosenThreshold> = evaluations
            .map(|e| ChosenThreshold {
                stream: e.stream.clone(),
                state_reset: e.state_reset.clone(),
                threshold: e.evaluation.detection.threshold,
            })
            .collect();
        let identity = Identity {
            place: entry.place.to_string(),
            weights: sha256(&weights).map_err(LiveError::file(
                &weights,
                Operation::Read,
                "check it",
            ))?,
            channels: scenario.data.channels,
            dt_ms: finished.shared.dt_ms,
            classes: finished.shared.classes.clone(),
            precision: match scenario.train.precision {
                Precision::F32 => "f32".to_owned(),
                Precision::F64 => "f64".to_owned(),
            },
        };
        Ok(Self {
            threshold: thresholds.first().map(|chosen| chosen.threshold),
            thresholds,
            notices,
            health: run.join(entry.place.file("health", "json")),
            run,
            identity,
            index,
            weights,
            scenario,
        })
    }

    /// Its description.
    pub fn described(&self) -> &crate::scenario::Model {
        let seeds = seeds(&self.scenario);
        entries(&self.scenario, &seeds)[self.index].model
    }

    /// Its file in `folder` of the run, with this ending.
    pub fn file(&self, folder: &str, ending: &str) -> PathBuf {
        let seeds = seeds(&self.scenario);
        let place = entries(&self.scenario, &seeds)[self.index].place;
        self.run.join(place.file(folder, ending))
    }

    /// Its name in the scenario.
    pub fn model_name(&self) -> &str {
        let seeds = seeds(&self.scenario);
        entries(&self.scenario, &seeds)[self.index].place.model
    }

    /// The name of the arm that it was trained in.
    pub fn arm_name(&self) -> &str {
        let seeds = seeds(&self.scenario);
        entries(&self.scenario, &seeds)[self.index].place.arm
    }

    /// The seed that it was trained with.
    pub fn seed(&self) -> u64 {
        let seeds = seeds(&self.scenario);
        entries(&self.scenario, &seeds)[self.index].place.seed
    }
}

impl Model for TrainedModel {
    fn open(path: &Path) -> Result<Self> {
        let found = Self::find(path)?;
        if matches!(found.scenario.data.source, DataSource::Frames { .. }) {
            let what = "this network takes dense frames; `saturn stream` sends events";
            return Err(wrong(path, what, "train a net on `data.events`").into());
        }
        Ok(found)
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn notices(&self) -> &[String] {
        &self.notices
    }

    fn network<R: Real>(&self) -> Result<Network<R>> {
        let seeds = seeds(&self.scenario);
        let all = entries(&self.scenario, &seeds);
        let (entry, identity) = (&all[self.index], &self.identity);
        let mut net = build(
            entry.place.model,
            &entry.model.network(),
            identity.channels,
            entry.arm.outputs(identity.classes.len()),
            identity.dt_ms,
            entry.place.seed,
        )?;
        // The notices already describe the file.
        weights::load(&mut net, &self.weights)?;
        Ok(net)
    }

    fn ranges<R: Real>(
        &self,
        net: &Network<R>,
        window: u64,
        say: &mut dyn FnMut(&str),
    ) -> Result<Option<Ranges>> {
        ranges::learn(self, net, window, say)
    }

    fn detector(&self) -> &DetectorConfig {
        &self.scenario.evaluate.detector
    }

    fn threshold(&self) -> Option<f64> {
        self.threshold
    }

    fn learnt_in(&self) -> String {
        match self.scenario.first_gap() {
            None => "no gaps".to_owned(),
            Some(gap) => {
                let fills: Vec<String> = gap.fill.iter().map(Fill::gaps).collect();
                fills.join(" or ")
            }
        }
    }
}

/// The classification of a network's weights.
struct Examined {
    notices: Vec<String>,
    /// Whether the run's results are about them, as far as is known.
    own: bool,
}

/// Compares the file of weights at `path` with its run: weights of another network are rejected; those of
/// another training are the user's choice, with a notice.
fn examine(
    path: &Path,
    entry: &Entry,
    scenario: &Scenario,
    finished: &Finished,
) -> Result<Examined, WeightsError> {
    let mut file = WeightsFile::open(path)?;
    let network = entry.place.to_string();
    let mut notices = file.refuse_another(&Belonging {
        network: &network,
        model: &entry.model.network(),
        channels: scenario.data.channels,
        classes: &finished.shared.classes,
        dt_ms: finished.shared.dt_ms,
        training: "",
        modules: &[],
    })?;
    let precision = match scenario.train.precision {
        Precision::F32 => "f32",
        Precision::F64 => "f64",
    };
    notices.extend(file.rounded(precision));
    let recorded = finished.cell.training.weights_sha256.as_deref();
    let own = match weights::refuse_others(&mut file, recorded) {
        Ok(()) => true,
        Err(WeightsError::Foreign { .. }) => {
            notices.push(format!(
                "warning: {}: these are not the weights behind the results of {network} in this run, so its \
                history, its accuracy and the detector's threshold do not apply to them{}",
                path.display(),
                file.origin()?
            ));
            false
        }
        Err(e) => return Err(e),
    };
    if own && recorded.is_none() {
        notices.push(format!(
            "{}: the file does not describe itself, as files of earlier versions do not: its settings and dt_ms are \
             taken from the run's scenario.yaml",
            path.display()
        ));
    }
    Ok(Examined { notices, own })
}

/// All seeds that a run of `scenario` can have.
fn seeds(scenario: &Scenario) -> Vec<u64> {
    let mut seeds = scenario.seeds_for(true);
    if !seeds.contains(&scenario.seed) {
        seeds.push(scenario.seed);
    }
    seeds
}

/// The run's folder that `path` is or is in, and the net's name if there is one.
pub fn run_of(path: &Path) -> Result<(PathBuf, Option<String>), LiveError> {
    let holds = |folder: &Path| folder.join("scenario.yaml").is_file();
    if holds(path) {
        return Ok((path.to_owned(), None));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".safetensors").unwrap_or(&name);
    let parent = path.parent().unwrap_or(Path::new(""));
    let here = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let above = if here.file_name().is_some_and(|f| f == "weights") {
        here.parent().unwrap_or(here)
    } else {
        here
    };
    let above = if above.as_os_str().is_empty() {
        Path::new(".")
    } else {
        above
    };
    if holds(above) {
        return Ok((above.to_owned(), Some(name.to_owned())));
    }
    Err(wrong(
        path,
        "is not a trained net: neither it nor its parent folder has a scenario.yaml",
        "name a run's folder and a net in it, such as runs/quickstart/lif.adaptive.1",
    ))
}

pub(crate) fn wrong(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> LiveError {
    LiveError::Model {
        path: path.to_owned(),
        what: what.into(),
        hint: hint.into(),
    }
}
