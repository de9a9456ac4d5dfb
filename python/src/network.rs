//! Networks.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use saturn_network::NetworkConfig;

use crate::error::{guarded, of_library, read, wrong};
use crate::events::Events;
use crate::held::{Held, Net, either};
use crate::stream::{Live, Stream};
use crate::tape::{Record, Recorded, Tape};
use crate::tensors::{self, Number};
use crate::threads::released;

/// Builds it from its description and the rest.
fn build<R: Number>(
    py: Python<'_>,
    config: NetworkConfig,
    channels: usize,
    classes: Vec<String>,
    (extra_outputs, dt_ms, seed): (usize, f64, u64),
) -> PyResult<Held<R>> {
    let mut builder = saturn::Network::<R>::builder(channels)
        .class_names(classes)
        .extra_outputs(extra_outputs)
        .dt_ms(dt_ms)
        .seed(seed);
    for layer in config.layers {
        builder = builder.layer(layer);
    }
    if let Some(readout) = config.readout {
        builder = builder.readout(readout);
    }
    released(py, || builder.build())?
        .map(Held::new)
        .map_err(of_library)
}

/// A network: layers from input to output, then a readout to the classes. ``saturn_snn.Network`` is its Python side.
///
/// Threads may call it while another sets its parameters: a call keeps those that it began with.
#[pyclass(module = "saturn_snn._saturn", frozen)]
pub struct Network {
    net: Mutex<Net>,
}

impl Network {
    fn of(net: Net) -> Self {
        Self {
            net: Mutex::new(net),
        }
    }

    fn locked(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network as it is now.
    pub fn net(&self) -> Net {
        self.locked().clone()
    }

    /// Puts another in its place.
    pub fn replace(&self, net: Net) {
        *self.locked() = net;
    }
}

#[pymethods]
impl Network {
    /// Builds a network from its description in JSON.
    #[new]
    #[pyo3(signature = (config, channels, classes, extra_outputs, dt_ms, seed, double))]
    #[allow(clippy::too_many_arguments)] // They are keyword arguments in Python.
    fn new(
        py: Python<'_>,
        config: &str,
        channels: usize,
        classes: Vec<String>,
        extra_outputs: usize,
        dt_ms: f64,
        seed: u64,
        double: bool,
    ) -> PyResult<Self> {
        let config: NetworkConfig = read("layers", config)?;
        let rest = (extra_outputs, dt_ms, seed);
        let net = if double {
            Net::F64(build(py, config, channels, classes, rest)?)
        } else {
            Net::F32(build(py, config, channels, classes, rest)?)
        };
        Ok(Self::of(net))
    }

    /// The network of a weights file that describes itself.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf, double: bool) -> PyResult<Self> {
        let net = released(py, || {
            Ok(if double {
                Net::F64(Held::new(saturn::Network::load(&path)?))
            } else {
                Net::F32(Held::new(saturn::Network::load(&path)?))
            })
        })?;
        net.map(Self::of).map_err(of_library)
    }

    /// A copy with parameters of its own.
    fn copy(&self) -> Self {
        Self::of(match self.net() {
            Net::F32(held) => Net::F32(Held::new((*held.net).clone())),
            Net::F64(held) => Net::F64(Held::new((*held.net).clone())),
        })
    }

    /// Writes the weights with a description.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let net = self.net();
        released(py, || either!(&net, held => held.net.save(&path)))?.map_err(of_library)
    }

    /// Layers and readout as JSON.
    #[getter]
    fn config(&self) -> PyResult<String> {
        let net = self.net();
        let config = either!(&net, held => held.net.config());
        let config = NetworkConfig {
            layers: config.layers.clone(),
            readout: Some(config.readout()),
        };
        serde_json::to_string(&config).map_err(|e| wrong(e.to_string()))
    }

    #[getter]
    fn double(&self) -> bool {
        matches!(*self.locked(), Net::F64(_))
    }

    #[getter]
    fn channels(&self) -> usize {
        either!(&self.net(), held => held.net.channels())
    }

    #[getter]
    fn outputs(&self) -> usize {
        either!(&self.net(), held => held.net.inner().outputs())
    }

    #[getter]
    fn classes(&self) -> Vec<String> {
        either!(&self.net(), held => held.net.class_names().to_vec())
    }

    #[getter]
    fn dt_ms(&self) -> f64 {
        either!(&self.net(), held => held.net.dt_ms())
    }

    #[getter]
    fn parameters(&self) -> usize {
        either!(&self.net(), held => held.net.parameters())
    }

    /// Parameters by name.
    fn state_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        either!(&self.net(), held => tensors::dict(py, &held.params()))
    }

    /// Sets all parameters.
    fn load_state_dict(&self, tensors: &Bound<'_, PyDict>) -> PyResult<()> {
        // Nothing of Python runs while the network is locked.
        enum All {
            F32(Vec<Vec<f32>>),
            F64(Vec<Vec<f64>>),
        }
        let all = match self.net() {
            Net::F32(held) => All::F32(held.read_params(tensors)?),
            Net::F64(held) => All::F64(held.read_params(tensors)?),
        };
        match (&mut *self.locked(), all) {
            (Net::F32(held), All::F32(all)) => held.set_params(all),
            (Net::F64(held), All::F64(all)) => held.set_params(all),
            _ => {}
        }
        Ok(())
    }

    /// Names of the state's fields, one list of (name, first, end) a cell.
    fn fields(&self) -> Vec<Vec<(String, usize, usize)>> {
        fn of<R: Number>(held: &Held<R>) -> Vec<Vec<(String, usize, usize)>> {
            let cells = held.net.inner().cells().iter();
            cells
                .map(|cell| {
                    let fields = cell.fields().into_iter();
                    fields
                        .map(|field| (field.name.to_string(), field.rows.start, field.rows.end))
                        .collect()
                })
                .collect()
        }
        either!(&self.net(), held => of(held))
    }

    /// The initial states of so many lanes, one array ``[B, S]`` a cell.
    fn initial_state<'py>(&self, py: Python<'py>, lanes: usize) -> PyResult<Bound<'py, PyList>> {
        either!(&self.net(), held => {
            held.check_lanes(lanes)?;
            let states = guarded(|| held.net.initial_states(lanes))?;
            tensors::states(py, &states)
        })
    }

    /// Scores ``[T, B, O]`` and the states after the last step.
    #[pyo3(signature = (x, state=None))]
    fn infer<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
        if let Ok(events) = x.cast::<Events>() {
            let events = events.get();
            return either!(&self.net(), held => held.infer_events(x.py(), events, state));
        }
        either!(&self.net(), held => held.infer_dense(x, state))
    }

    /// The same, with a record for `backward`.
    #[pyo3(signature = (x, state=None))]
    fn record<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>, Tape)> {
        let (y, states, record) = match &self.net() {
            Net::F32(held) => {
                let (y, states, recorded) = Recorded::new(held, x, state)?;
                (y, states, Record::F32(recorded))
            }
            Net::F64(held) => {
                let (y, states, recorded) = Recorded::new(held, x, state)?;
                (y, states, Record::F64(recorded))
            }
        };
        Ok((y, states, Tape::new(record)))
    }

    /// The network step by step, from its initial state.
    fn stream(&self) -> Stream {
        let live = match &self.net() {
            Net::F32(held) => Live::F32(held.net.shared_stream()),
            Net::F64(held) => Live::F64(held.net.shared_stream()),
        };
        Stream::new(live)
    }
}
