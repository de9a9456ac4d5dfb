//! A weights file's description of itself: one text, JSON, under the key `saturn` of its `__metadata__`.
//!
//! | key | contents |
//! |---|---|
//! | `format` | 1, the version of this description |
//! | `saturn` | the version of the program that wrote it |
//! | `network` | `MODEL.ARM.SEED` |
//! | `channels`, `classes`, `dt_ms` | the network's inputs and classes, and the length of a step |
//! | `precision` | `f32` or `f64`, the precision of training |
//! | `cells` | of each cell its kind, its settings with every default (none for a linear encoder), its widths and its time constants |
//! | `training` | the checksum of the settings and data that it was trained with |
//! | `tensors_sha256` | the checksum of its tensors (see [`super::checksum`]) |
//! | `modules` | of a network that was imported from a state dict, its modules there; left out otherwise |
//!
//! It has no time and no path, so that the same training writes the same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use saturn_cell::{Cell, CellConfig, Real};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::WeightsError;
use saturn_network::{Layer, Network, NetworkConfig, Readout};

/// The key of `__metadata__`.
pub const KEY: &str = "saturn";
/// The version of this description.
pub const FORMAT: u32 = 1;

/// A weights file's description of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// `FORMAT`.
    pub format: u32,
    /// The version of the program.
    pub saturn: String,
    /// `MODEL.ARM.SEED`.
    pub network: String,
    /// I, the channels that it reads.
    pub channels: usize,
    /// Names of its classes, in the order of its outputs.
    pub classes: Vec<String>,
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// `f32` or `f64`.
    pub precision: String,
    /// From input to readout.
    pub cells: Vec<DescribedCell>,
    /// The checksum of the settings and data of its training.
    pub training: String,
    /// The checksum of its tensors.
    pub tensors_sha256: String,
    /// The modules of the state dict that it was imported from, from input to output; empty if it was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<StateDictModule>,
}

/// A module of the state dict of PyTorch or snnTorch that a network was imported from: what an export needs to give it back
/// to the same module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateDictModule {
    /// Its name there, such as `encoder.gru`; empty if it is the whole state dict.
    pub name: String,
    /// Its class, such as `GRU` or `Leaky`.
    pub kind: String,
    /// Shapes of its tensors, by their names within it.
    pub tensors: BTreeMap<String, Vec<usize>>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribedCell {
    /// Its kind, as named in scenarios.
    pub cell: String,
    /// Its settings as in a scenario, with every default; `null` for a linear layer that only changes the width.
    pub settings: Value,
    /// I.
    pub inputs: usize,
    /// O.
    pub outputs: usize,
    /// By the name of the setting; of a state-space cell those that follow from |L|.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub time_constants_ms: BTreeMap<String, Spread>,
}

/// How time constants are spread over a layer, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The shortest.
    pub min: f64,
    /// Half are shorter.
    pub median: f64,
    /// The longest.
    pub max: f64,
}

/// The network that weights belong to, as a run describes it.
#[derive(Clone, Copy, Debug)]
pub struct Belonging<'a> {
    /// `MODEL.ARM.SEED`.
    pub network: &'a str,
    /// Its layers, every default resolved.
    pub model: &'a NetworkConfig,
    /// I.
    pub channels: usize,
    /// Names of its classes.
    pub classes: &'a [String],
    /// Milliseconds a step.
    pub dt_ms: f64,
    /// The checksum of the settings and data of its training, where that is known.
    pub training: &'a str,
    /// The modules of the state dict that it was imported from; empty if it was not.
    pub modules: &'a [StateDictModule],
}

impl Description {
    /// Of `net`, built from what `of` describes; its tensors have the checksum `tensors_sha256`.
    pub fn of<R: Real>(net: &Network<R>, of: &Belonging, tensors_sha256: String) -> Self {
        let layers = layers(of.model, of.channels, net);
        let cells = net.cells().iter().zip(layers);
        Self {
            format: FORMAT,
            saturn: env!("CARGO_PKG_VERSION").to_owned(),
            network: of.network.to_owned(),
            channels: of.channels,
            classes: of.classes.to_vec(),
            dt_ms: of.dt_ms,
            precision: R::NAME.to_owned(),
            cells: cells
                .map(|(cell, settings)| DescribedCell {
                    cell: cell.name().to_owned(),
                    settings,
                    inputs: cell.widths().input,
                    outputs: cell.widths().output,
                    time_constants_ms: time_constants(cell.as_ref(), of.dt_ms),
                })
                .collect(),
            training: of.training.to_owned(),
            tensors_sha256,
            modules: of.modules.to_vec(),
        }
    }

    /// The description in `text`, or what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let unreadable = |e: serde_json::Error| {
            format!("its description (`{KEY}` of `__metadata__`) is damaged: {e}")
        };
        let Version { format } = serde_json::from_str(text).map_err(unreadable)?;
        if format > FORMAT {
            return Err(format!(
                "its description is of version {format}, and this saturn ({}) reads up to version {FORMAT}",
                env!("CARGO_PKG_VERSION")
            ));
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// The layers and the readout of the network, or what is wrong with them.
    pub fn config(&self) -> Result<NetworkConfig, String> {
        let wrong = |e: serde_json::Error| format!("a layer of its description is not known: {e}");
        let mut config = NetworkConfig {
            layers: Vec::new(),
            readout: Some(Readout::None),
        };
        for cell in self.cells.iter().filter(|cell| !cell.settings.is_null()) {
            if let Some(readout) = cell.settings.get("readout") {
                config.readout = serde_json::from_value(readout.clone()).map_err(wrong)?;
            } else {
                let layer = serde_json::from_value(cell.settings.clone()).map_err(wrong)?;
                config.layers.push(layer);
            }
        }
        Ok(config)
    }

    /// In what the network that this file describes differs from what a run `expects`, each with both values.
    /// Names of classes may differ: see [`Self::renamed`].
    pub fn differences(&self, expects: &Belonging) -> Vec<String> {
        let mut found = Vec::new();
        let mut differs =
            |what: &str, file: &dyn std::fmt::Display, run: &dyn std::fmt::Display| {
                found.push(format!("{what} is {file} in the file and {run} in the run"));
            };
        if self.dt_ms.to_bits() != expects.dt_ms.to_bits() {
            differs("dt_ms", &self.dt_ms, &expects.dt_ms);
        }
        if self.channels != expects.channels {
            differs("the number of channels", &self.channels, &expects.channels);
        }
        let (ours, theirs) = (expects.classes.len(), self.classes.len());
        if ours != theirs {
            differs("the number of classes", &theirs, &ours);
        }
        let described: Vec<&Value> = (self.cells.iter().map(|cell| &cell.settings))
            .filter(|settings| !settings.is_null())
            .collect();
        let expected = settings(expects.model);
        if described.len() != expected.len() {
            let kinds =
                |cells: &[&Value]| cells.iter().map(|s| kind(s)).collect::<Vec<_>>().join(", ");
            let expected: Vec<&Value> = expected.iter().collect();
            differs("the list of layers", &kinds(&described), &kinds(&expected));
            return found;
        }
        for (layer, (theirs, ours)) in described.into_iter().zip(&expected).enumerate() {
            compare(layer, theirs, ours, &mut differs);
        }
        found
    }

    /// An error if the time constants of `net` are not those that were saved: some are drawn from the seed and not
    /// learnt, and no tensor has them.
    pub fn refuse_drawn<R: Real>(&self, net: &Network<R>, path: &Path) -> Result<(), WeightsError> {
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-4 * b.abs();
        for (layer, (described, cell)) in self.cells.iter().zip(net.cells()).enumerate() {
            for (name, constants) in cell.time_constants_ms() {
                let now = spread(constants.to_vec());
                let (Some(then), Some(now)) = (described.time_constants_ms.get(name), now) else {
                    continue;
                };
                let same = [
                    (then.min, now.min),
                    (then.median, now.median),
                    (then.max, now.max),
                ]
                .into_iter()
                .all(|(then, now)| close(then, now));
                if !same {
                    return Err(WeightsError::Drawn {
                        path: path.to_owned(),
                        layer,
                        name: name.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether its classes have other names than `classes`.
    pub fn renamed(&self, classes: &[String]) -> bool {
        self.classes != classes
    }
}

/// Whether two lists of classes differ in a name or the order. Lists without names, 0, 1, 2 .., fit any other.
pub fn other_classes(a: &[String], b: &[String]) -> bool {
    let unnamed = |names: &[String]| {
        let mut numbered = names.iter().enumerate();
        numbered.all(|(class, name)| *name == class.to_string())
    };
    a != b && !unnamed(a) && !unnamed(b)
}

/// The settings of `model`'s layers and of its readout, if it has one, each under the name of its kind.
fn settings(model: &NetworkConfig) -> Vec<Value> {
    // What was read from YAML can be written as JSON.
    let json = |value: Result<Value, serde_json::Error>| value.unwrap_or(Value::Null);
    let layers = model
        .layers
        .iter()
        .map(|layer| json(serde_json::to_value(layer)));
    let readout = (model.readout() != Readout::None).then(|| {
        let readout = json(serde_json::to_value(model.readout()));
        serde_json::json!({ "readout": readout })
    });
    layers.chain(readout).collect()
}

/// The settings of each cell of `net`; null for a linear encoder.
fn layers<R: Real>(model: &NetworkConfig, channels: usize, net: &Network<R>) -> Vec<Value> {
    let mut settings = settings(model).into_iter();
    let mut of_cells = Vec::with_capacity(net.cells().len());
    let mut width = channels;
    for layer in &model.layers {
        if layer.input_width().is_some_and(|rows| rows != width) {
            of_cells.push(Value::Null);
        }
        of_cells.extend(settings.next());
        width = net.cells()[of_cells.len() - 1].widths().output;
    }
    of_cells.extend(settings);
    of_cells
}

/// The kind of a layer's settings: `{"gru": {...}}` is a `gru`.
fn kind(settings: &Value) -> &str {
    let first = settings.as_object().and_then(|map| map.keys().next());
    first.map_or("something else", String::as_str)
}

/// The differences of one layer's settings. A file of an earlier version may lack keys, which then have their defaults.
fn compare(
    layer: usize,
    theirs: &Value,
    ours: &Value,
    differs: &mut dyn FnMut(&str, &dyn std::fmt::Display, &dyn std::fmt::Display),
) {
    let complete = |settings: &Value| -> Value {
        let layer = serde_json::from_value::<Layer>(settings.clone());
        let complete = layer
            .ok()
            .and_then(|layer| serde_json::to_value(layer).ok());
        complete.unwrap_or_else(|| settings.clone())
    };
    let (theirs, ours) = (complete(theirs), complete(ours));
    if theirs == ours {
        return;
    }
    let (their_kind, our_kind) = (kind(&theirs), kind(&ours));
    let what = format!("layer {layer}");
    let (Some(a), Some(b)) = (theirs[their_kind].as_object(), ours[our_kind].as_object()) else {
        differs(&what, &theirs, &ours);
        return;
    };
    if their_kind != our_kind {
        differs(&what, &their_kind, &our_kind);
        return;
    }
    let null = Value::Null;
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
        if a != b {
            differs(&format!("{what}, {our_kind}.{key}"), a, b);
        }
    }
}

/// The time constants of `cell`; of a diagonal cell without any, those after which a state |L|^n has fallen to 1/e.
fn time_constants<R: Real>(cell: &dyn Cell<R>, dt_ms: f64) -> BTreeMap<String, Spread> {
    let mut found: BTreeMap<String, Spread> = (cell.time_constants_ms().into_iter())
        .filter_map(|(name, values)| Some((name.to_owned(), spread(values.to_vec())?)))
        .collect();
    if let Some(moduli) = cell.moduli() {
        let constants: Vec<f64> = (moduli.iter().map(|m| m.wide()))
            .filter(|m| *m > 0.0 && *m < 1.0)
            .map(|m| -dt_ms / m.ln())
            .collect();
        found.extend(spread(constants).map(|spread| ("from_moduli".to_owned(), spread)));
    }
    found
}

/// To six digits: enough to read, and the same text on every machine that has the same weights.
fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let digits = |x: f64| format!("{x:.5e}").parse().unwrap_or(x);
    Some(Spread {
        min: digits(*values.first()?),
        median: digits(values[values.len() / 2]),
        max: digits(*values.last()?),
    })
}
