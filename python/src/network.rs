//! Networks.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nalgebra::DMatrix;
use numpy::{PyArrayMethods, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use saturn::{Input, Optimizer, Passes};
use saturn_cell::Params;
use saturn_network::NetworkConfig;

use crate::error::{guarded, of_library, read, wrong};
use crate::events::Events;
use crate::stream::{Live, Stream};
use crate::tape::{Record, Recorded, Tape};
use crate::tensors::{self, Number, check_room, matrix_mut, sequence, zeros};
use crate::threads::released;

/// A network in either precision.
#[derive(Clone)]
pub enum Net {
    F32(Held<f32>),
    F64(Held<f64>),
}

/// A network that Python holds. Streams and tapes share it until its parameters are set.
#[derive(Clone)]
pub struct Held<R: Number> {
    pub net: Arc<saturn::Network<R>>,
    /// Memory of forward passes that have ended.
    pub spare: Arc<Mutex<Vec<Passes<R>>>>,
}

/// Runs an expression on the network of either precision.
macro_rules! either {
    ($net:expr, $held:ident => $body:expr) => {
        match $net {
            Net::F32($held) => $body,
            Net::F64($held) => $body,
        }
    };
}
pub(crate) use either;

impl<R: Number> Held<R> {
    pub fn new(net: saturn::Network<R>) -> Self {
        Self {
            net: Arc::new(net),
            spare: Arc::default(),
        }
    }

    /// The network, to be changed; a copy if a stream or tape still uses it.
    pub fn changed(&mut self) -> &mut saturn::Network<R> {
        Arc::make_mut(&mut self.net)
    }

    /// Memory for a forward pass.
    pub fn passes(&self) -> Passes<R> {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        spare.unwrap_or_else(|| Passes::new(&self.net, Optimizer::default()))
    }

    fn params(&self) -> Vec<Params<R>> {
        let cells = self.net.inner().cells().iter();
        cells.map(|cell| cell.params().clone()).collect()
    }

    /// The numbers of each parameter in `given`, in order.
    fn read_params(&self, given: &Bound<'_, PyDict>) -> PyResult<Vec<Vec<R>>> {
        let expected = tensors::names(&self.params());
        for name in given.keys() {
            let name: String = name.extract()?;
            if !expected.iter().any(|(known, _)| *known == name) {
                let known: Vec<&str> = expected.iter().map(|(name, _)| &name[..]).collect();
                return Err(wrong(format!(
                    "`{name}` is no parameter of this network; its parameters are {}",
                    known.join(", ")
                )));
            }
        }
        let mut all = Vec::new();
        for (name, shape) in &expected {
            let Some(value) = given.get_item(name)? else {
                return Err(wrong(format!("`{name}` {shape:?} is missing")));
            };
            all.push(tensors::numbers::<R>(name, &value, shape)?);
        }
        Ok(all)
    }

    fn set_params(&mut self, all: Vec<Vec<R>>) {
        let mut all = all.into_iter();
        for cell in self.changed().inner_mut().cells_mut() {
            cell.update(&mut |params| {
                for (tensor, numbers) in params.tensors_mut().iter_mut().zip(all.by_ref()) {
                    let (rows, columns) = tensor.value.shape();
                    tensor.value = DMatrix::from_row_iterator(rows, columns, numbers);
                }
            });
        }
    }

    /// An error if the states of so many lanes have no room.
    pub fn check_lanes(&self, lanes: usize) -> PyResult<()> {
        let cells = self.net.inner().cells().iter();
        let state: usize = cells.map(|cell| cell.widths().state + 1).sum();
        let numbers = state as f64 * lanes as f64;
        check_room(&format!("states of {lanes} lanes"), numbers, size_of::<R>())
    }

    fn infer<'py>(
        &self,
        py: Python<'py>,
        (input, steps, lanes): (Input<'_, R>, usize, usize),
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
        let states = state.map(tensors::read_states::<R>).transpose()?;
        self.check_lanes(lanes)?;
        let outputs = self.net.inner().outputs();
        let y = zeros::<R>(py, [steps, lanes, outputs])?;
        let mut room = y.try_readwrite()?;
        let numbers = room.as_slice_mut()?;
        let net = &*self.net;
        let end = released(py, || {
            let y = matrix_mut(numbers, outputs);
            net.infer(input, lanes, states.as_deref(), y)
        })?;
        drop(room);
        let end = end.map_err(of_library)?;
        Ok((y.into_any(), tensors::states(py, &end)?))
    }

    fn infer_dense<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
        let array = dense::<R>(x)?;
        let x = sequence("x", &array)?;
        let at = (Input::Dense(x.matrix), x.steps, x.lanes);
        self.infer(array.py(), at, state)
    }

    fn infer_events<'py>(
        &self,
        py: Python<'py>,
        x: &Events,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
        let at = (Input::Events(x.batch.view()), x.steps, x.lanes);
        self.infer(py, at, state)
    }
}

/// Builds a network; then outputs that are no classes, milliseconds a step, and the seed.
fn build<R: Number>(
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
    builder.build().map(Held::new).map_err(of_library)
}

/// A dense sequence of the network's number type.
pub fn dense<'py, R: Number>(x: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArray3<'py, R>> {
    x.extract().map_err(|_| {
        wrong(format!(
            "x: expected a {} array [T, B, I], or Events",
            R::NAME
        ))
    })
}

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
