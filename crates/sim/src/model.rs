//! A finished network, whether a run trained it or its weights file describes it.
//!
//! | named by | found in |
//! |---|---|
//! | `runs/quickstart/lif.adaptive.1`, its weights in the run, or a run with one network | [`TrainedModel`] |
//! | a weights file that describes itself, elsewhere | the file's [`Description`] |
//! | a folder with such a file, `weights.safetensors` | the same |

use std::path::{Path, PathBuf};

use anyhow::Result;
use saturn_cell::Real;
use saturn_data::checksum::sha256;

use crate::scenario::Precision;
use crate::trained::{TrainedModel, run_of, wrong};
use saturn_eval::detector::DetectorConfig;
use saturn_eval::health::Ranges;
use saturn_live::LiveError;
use saturn_live::model::{Identity, Model};
use saturn_network::{Network, NetworkConfig, Outputs, build};
use saturn_store::operation::Operation;
use saturn_train::weights::{self, Description, StateDictModule, WEIGHTS, WeightsFile};

/// A finished network, found and not yet built.
#[derive(Debug)]
pub struct FinishedModel {
    /// Its name: `MODEL.ARM.SEED` of a run's network.
    pub name: String,
    /// Its layers and its readout.
    pub config: NetworkConfig,
    /// I.
    pub channels: usize,
    /// Names of its classes, in the order of its outputs.
    pub classes: Vec<String>,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The precision of its training.
    pub precision: Precision,
    /// The checksum of its tensors: see [`weights::checksum`].
    pub tensors_sha256: String,
    /// Notices about its weights, one line each.
    pub notices: Vec<String>,
    origin: Origin,
}

/// Where a finished network is from.
#[derive(Debug)]
pub enum Origin {
    /// A run, with its scenario and results.
    Run(Box<TrainedModel>),
    /// A weights file that describes itself.
    File {
        /// The file.
        weights: PathBuf,
        /// Its description.
        description: Box<Description>,
        /// The same for a stream.
        identity: Box<Identity>,
        /// The usual detector.
        detector: DetectorConfig,
    },
}

impl FinishedModel {
    /// Finds the network that `path` names.
    pub fn find(path: &Path) -> Result<Self> {
        let inside = path.join(WEIGHTS);
        let of_run = run_of(path);
        match of_run {
            Ok(_) => Self::of_run(path),
            Err(_) if path.is_file() => Self::described(path),
            Err(_) if inside.is_file() => Self::described(&inside),
            Err(_) => Err(wrong(
                path,
                format!(
                    "is not a finished net: neither a net of a run, nor a weights file that describes itself, nor a \
                     folder with a {WEIGHTS}"
                ),
                "name a run's folder and a net in it, such as runs/quickstart/lif.adaptive.1, or a weights file",
            )
            .into()),
        }
    }

    fn of_run(path: &Path) -> Result<Self> {
        let model = TrainedModel::find(path)?;
        let identity = &model.identity;
        Ok(Self {
            name: identity.place.clone(),
            config: model.described().network(),
            channels: identity.channels,
            classes: identity.classes.clone(),
            dt_ms: identity.dt_ms,
            precision: model.scenario.train.precision,
            tensors_sha256: WeightsFile::open(&model.file("weights", "safetensors"))?.checksum()?,
            notices: model.notices.clone(),
            origin: Origin::Run(Box::new(model)),
        })
    }

    fn described(path: &Path) -> Result<Self> {
        let mut file = WeightsFile::open(path)?;
        let Some(description) = file.description()? else {
            return Err(wrong(
                path,
                "the file does not describe its network",
                "name the net in its run, or give a weights file that saturn wrote",
            )
            .into());
        };
        let damaged = |what: String| {
            let hint = "copy the file again from where it was written";
            wrong(path, what, hint)
        };
        let config = description.config().map_err(damaged)?;
        let precision = match description.precision.as_str() {
            "f32" => Precision::F32,
            "f64" => Precision::F64,
            other => {
                let what = format!("its description has the precision `{other}`, which is none");
                return Err(damaged(what).into());
            }
        };
        let tensors_sha256 = file.checksum()?;
        if tensors_sha256 != description.tensors_sha256 {
            let what = "its tensors are not those that it describes: their checksums differ";
            return Err(damaged(what.to_owned()).into());
        }
        let identity = Identity {
            place: description.network.clone(),
            weights: sha256(path).map_err(LiveError::file(path, Operation::Read, "check it"))?,
            channels: description.channels,
            dt_ms: description.dt_ms,
            classes: description.classes.clone(),
            precision: description.precision.clone(),
        };
        Ok(Self {
            name: description.network.clone(),
            config,
            channels: description.channels,
            classes: description.classes.clone(),
            dt_ms: description.dt_ms,
            precision,
            tensors_sha256,
            notices: Vec::new(),
            origin: Origin::File {
                weights: path.to_owned(),
                description: Box::new(description),
                identity: Box::new(identity),
                detector: DetectorConfig::default(),
            },
        })
    }

    /// The modules of the state dict that it was imported from; empty if it was not.
    pub fn modules(&self) -> Result<Vec<StateDictModule>> {
        let of_run = |model: &TrainedModel| {
            WeightsFile::open(&model.file("weights", "safetensors"))?.description()
        };
        let description = match &self.origin {
            Origin::File { description, .. } => return Ok(description.modules.clone()),
            Origin::Run(model) => of_run(model)?,
        };
        Ok(description.map_or_else(Vec::new, |description| description.modules))
    }

    /// Where it is from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The run's network; `None` of one that its file describes.
    pub fn run(&self) -> Option<&TrainedModel> {
        match &self.origin {
            Origin::Run(model) => Some(model),
            Origin::File { .. } => None,
        }
    }

    fn built<R: Real>(&self) -> Result<Network<R>> {
        let (path, description) = match &self.origin {
            Origin::Run(model) => return model.network(),
            Origin::File {
                weights,
                description,
                ..
            } => (weights, description),
        };
        let classes = self.classes.len();
        let outputs = description.cells.last().map_or(0, |cell| cell.outputs);
        let Some(extra) = outputs.checked_sub(classes) else {
            let what = format!("its network has {outputs} outputs for {classes} classes");
            return Err(wrong(path, what, "copy the file again from where it was written").into());
        };
        let outputs = Outputs { classes, extra };
        let (config, inputs) = (&self.config, self.channels);
        let mut net = build(&self.name, config, inputs, outputs, self.dt_ms, 0)?;
        weights::load(&mut net, path)?;
        description.refuse_drawn(&net, path)?;
        Ok(net)
    }
}

/// The name of a network without what has a meaning in paths.
pub fn plain_name(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%');
    name.chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

impl Model for FinishedModel {
    fn open(path: &Path) -> Result<Self> {
        let found = Self::find(path)?;
        if found.run().is_some() {
            // It knows whether it takes events.
            TrainedModel::open(path)?;
        }
        Ok(found)
    }

    fn identity(&self) -> &Identity {
        match &self.origin {
            Origin::Run(model) => model.identity(),
            Origin::File { identity, .. } => identity,
        }
    }

    fn notices(&self) -> &[String] {
        &self.notices
    }

    fn network<R: Real>(&self) -> Result<Network<R>> {
        self.built()
    }

    fn ranges<R: Real>(
        &self,
        net: &Network<R>,
        window: u64,
        say: &mut dyn FnMut(&str),
    ) -> Result<Option<Ranges>> {
        match self.run() {
            Some(model) => model.ranges(net, window, say),
            None => Ok(None),
        }
    }

    fn detector(&self) -> &DetectorConfig {
        match &self.origin {
            Origin::Run(model) => model.detector(),
            Origin::File { detector, .. } => detector,
        }
    }

    fn threshold(&self) -> Option<f64> {
        self.run().and_then(Model::threshold)
    }

    fn learnt_in(&self) -> String {
        (self.run()).map_or_else(|| "no stream".to_owned(), Model::learnt_in)
    }
}
