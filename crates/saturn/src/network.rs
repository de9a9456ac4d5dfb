//! A network with what it takes to save it and to run it on data: channels, step length, class names.

use std::marker::PhantomData;
use std::path::Path;

use saturn_cell::{CellConfig, Real};
use saturn_network::{Layer, NetworkConfig, Outputs, Readout, build};
use saturn_stream::DT_MS;
use saturn_train::weights::{self, Belonging, StateDictModule, WeightsFile};

use crate::error::{Error, all_in_range, setting};

/// A network: layers from input to output, then a readout to the classes.
///
/// `R` is the number type, `f32` or `f64`. Its forward and reverse passes are those of
/// [`saturn_network::Network`], which [`Self::inner`] gives.
#[derive(Clone)]
pub struct Network<R: Real = f32> {
    pub(crate) net: saturn_network::Network<R>,
    config: NetworkConfig,
    channels: usize,
    dt_ms: f64,
    class_names: Vec<String>,
    /// Of the state dict that it was imported from.
    modules: Vec<StateDictModule>,
}

impl<R: Real> Network<R> {
    /// Begins a network of `channels` input channels (I).
    pub fn builder(channels: usize) -> NetworkBuilder<R> {
        NetworkBuilder {
            layers: Vec::new(),
            readout: None,
            channels,
            extra_outputs: 0,
            dt_ms: 10.0,
            class_names: Vec::new(),
            seed: 1,
            number: PhantomData,
        }
    }

    /// From a stack of cells and its description: a network that other code built or imported.
    ///
    /// # Errors
    /// If the cells do not read `channels` channels, or have fewer outputs than there are classes.
    pub fn from_parts(
        net: saturn_network::Network<R>,
        config: NetworkConfig,
        channels: usize,
        dt_ms: f64,
        class_names: Vec<String>,
    ) -> Result<Self, Error> {
        let inputs = net.cells().first().map_or(0, |cell| cell.widths().input);
        if inputs != channels {
            return Err(Error::Fit {
                what: format!(
                    "the first cell reads {inputs} values, and there are {channels} channels"
                ),
                hint: "give the width of the first cell",
            });
        }
        if net.outputs() < class_names.len() {
            return Err(Error::Fit {
                what: format!(
                    "{} outputs for {} classes",
                    net.outputs(),
                    class_names.len()
                ),
                hint: "name at most as many classes as the last cell has outputs",
            });
        }
        all_in_range([DT_MS.check("dt_ms", dt_ms)])?;
        Ok(Self {
            net: net.with_classes(class_names.len()),
            config,
            channels,
            dt_ms,
            class_names,
            modules: Vec::new(),
        })
    }

    /// Builds the network that the file of weights at `path` describes, and loads it. Files that [`Self::save`] and
    /// the `saturn` program write describe their network.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut file = WeightsFile::open(path)?;
        let Some(description) = file.description()? else {
            let path = path.to_owned();
            return Err(Error::Undescribed { path });
        };
        let config = description.config().map_err(|what| Error::Fit {
            what: format!("{}: {what}", path.display()),
            hint: "the file may come from a later version",
        })?;
        let outputs = description.cells.last().map_or(0, |cell| cell.outputs);
        let classes = description.classes.len();
        let builder = NetworkBuilder {
            layers: config.layers,
            readout: config.readout,
            channels: description.channels,
            extra_outputs: outputs.saturating_sub(classes),
            dt_ms: description.dt_ms,
            class_names: description.classes.clone(),
            seed: 1,
            number: PhantomData,
        };
        let mut network = builder.build()?;
        weights::read(&mut network.net, &mut file)?;
        description.refuse_drawn(&network.net, path)?;
        network.modules = description.modules;
        Ok(network)
    }

    /// Loads weights by name: `LAYER.TENSOR`, such as `0.weight_ih_l0`, with PyTorch's shapes `[outputs, inputs]`.
    /// `rename` maps the names in the file to these; a tensor that it maps to `None` is left out.
    ///
    /// ```no_run
    /// # let mut net: saturn::Network = saturn::Network::<f32>::builder(1).classes(2).build()?;
    /// // nn.GRU and nn.Linear of PyTorch, saved as `gru.weight_ih_l0`, ..., `fc.weight`.
    /// net.load_weights("gru.safetensors", |name| match name.split_once('.')? {
    ///     ("gru", tensor) => Some(format!("0.{tensor}")),
    ///     ("fc", tensor) => Some(format!("1.{tensor}")),
    ///     _ => None,
    /// })?;
    /// # Ok::<(), saturn::Error>(())
    /// ```
    pub fn load_weights(
        &mut self,
        path: impl AsRef<Path>,
        rename: impl Fn(&str) -> Option<String>,
    ) -> Result<(), Error> {
        let mut file = WeightsFile::open(path.as_ref())?;
        file.rename(rename)?;
        weights::read(&mut self.net, &mut file)?;
        Ok(())
    }

    /// Writes the weights and a description of the network to `path`, safetensors.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let belonging = Belonging {
            network: "network",
            model: &self.config,
            channels: self.channels,
            classes: &self.class_names,
            dt_ms: self.dt_ms,
            training: "",
            modules: &self.modules,
        };
        weights::save(&self.net, path.as_ref(), &belonging)?;
        Ok(())
    }

    /// I, the input channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Milliseconds a step.
    pub fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// Names of the classes, `[C]`.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Its layers and readout.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// How many parameters it has.
    pub fn parameters(&self) -> usize {
        self.net.parameters()
    }

    /// The stack of cells itself.
    pub fn inner(&self) -> &saturn_network::Network<R> {
        &self.net
    }

    /// The stack of cells itself, to be changed: by an optimiser in a loop of one's own.
    pub fn inner_mut(&mut self) -> &mut saturn_network::Network<R> {
        &mut self.net
    }
}

/// The most outputs that are no classes.
const MOST_EXTRA: usize = 1 << 30;

/// A network to be built.
#[derive(Clone, Debug)]
pub struct NetworkBuilder<R: Real = f32> {
    layers: Vec<Layer>,
    readout: Option<Readout>,
    channels: usize,
    extra_outputs: usize,
    dt_ms: f64,
    class_names: Vec<String>,
    seed: u64,
    number: PhantomData<R>,
}

impl<R: Real> NetworkBuilder<R> {
    /// Adds a layer: the configuration of a cell, such as [`crate::LifConfig`].
    #[must_use]
    pub fn layer(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// Sets the readout; by default leaky integrators after a layer that spikes, else a linear map.
    #[must_use]
    pub fn readout(mut self, readout: Readout) -> Self {
        self.readout = Some(readout);
        self
    }

    /// Sets C classes, named by their numbers.
    #[must_use]
    pub fn classes(self, classes: usize) -> Self {
        self.class_names((0..classes).map(|class| class.to_string()))
    }

    /// Sets the classes by name.
    #[must_use]
    pub fn class_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.class_names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds outputs that are no classes: the loss [`crate::losses::NothingConfig`] needs one.
    #[must_use]
    pub fn extra_outputs(mut self, outputs: usize) -> Self {
        self.extra_outputs = outputs;
        self
    }

    /// Sets the length of a step in ms, above 0; default 10.
    #[must_use]
    pub fn dt_ms(mut self, dt_ms: f64) -> Self {
        self.dt_ms = dt_ms;
        self
    }

    /// Sets the seed of the initial weights; default 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Builds it, if its settings are in their ranges and this machine has the memory.
    pub fn build(self) -> Result<Network<R>, Error> {
        if self.channels == 0 {
            return Err(setting(
                "channels",
                "a network has at least one input channel",
            ));
        }
        if self.extra_outputs > MOST_EXTRA {
            let what = format!(
                "`{}` is out of range: it must be at most {MOST_EXTRA}",
                self.extra_outputs
            );
            return Err(setting("extra_outputs", what));
        }
        if self.class_names.is_empty() {
            return Err(setting("classes", "a network has at least one class"));
        }
        all_in_range([DT_MS.check("dt_ms", self.dt_ms)])?;
        for (layer, config) in self.layers.iter().enumerate() {
            config
                .check()
                .map_err(|source| saturn_network::BuildError::Layer {
                    model: "network".to_owned(),
                    layer,
                    source,
                })?;
        }
        let config = NetworkConfig {
            layers: self.layers,
            readout: self.readout,
        };
        let outputs = Outputs {
            classes: self.class_names.len(),
            extra: self.extra_outputs,
        };
        let net = build(
            "network",
            &config,
            self.channels,
            outputs,
            self.dt_ms,
            self.seed,
        )?;
        Ok(Network {
            net,
            config,
            channels: self.channels,
            dt_ms: self.dt_ms,
            class_names: self.class_names,
            modules: Vec::new(),
        })
    }
}
