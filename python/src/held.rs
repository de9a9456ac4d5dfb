//! The network that Python, a stream or a tape holds.

use std::sync::{Arc, Mutex, PoisonError};

use nalgebra::DMatrix;
use numpy::{PyArrayMethods, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use saturn::{Input, Optimizer, Passes};
use saturn_cell::Params;

use crate::error::{of_library, wrong};
use crate::events::Events;
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

    pub fn params(&self) -> Vec<Params<R>> {
        let cells = self.net.inner().cells().iter();
        cells.map(|cell| cell.params().clone()).collect()
    }

    /// The numbers of each parameter in `given`, in order.
    pub fn read_params(&self, given: &Bound<'_, PyDict>) -> PyResult<Vec<Vec<R>>> {
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

    pub fn set_params(&mut self, all: Vec<Vec<R>>) {
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

    pub fn infer_dense<'py>(
        &self,
        x: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
        let array = dense::<R>(x)?;
        let x = sequence("x", &array)?;
        let at = (Input::Dense(x.matrix), x.steps, x.lanes);
        self.infer(array.py(), at, state)
    }

    pub fn infer_events<'py>(
        &self,
        py: Python<'py>,
        x: &Events,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
        let at = (Input::Events(x.batch.view()), x.steps, x.lanes);
        self.infer(py, at, state)
    }
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
