//! The record of a forward pass, for the reverse pass of a loss of one's own.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use numpy::{PyArrayMethods, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use saturn::{Input, Network, Passes};

use crate::error::{of_library, wrong};
use crate::events::Events;
use crate::held::{Held, dense};
use crate::tensors::{self, Number, matrix_mut, sequence, zeros};
use crate::threads::released;

/// The record of one forward pass of a network; ``backward`` reads it. It keeps the parameters that the pass had.
#[pyclass(module = "saturn_snn", frozen)]
pub struct Tape {
    record: Mutex<Record>,
}

impl Tape {
    pub fn new(record: Record) -> Self {
        Self {
            record: Mutex::new(record),
        }
    }
}

/// A record in either precision.
pub enum Record {
    F32(Recorded<f32>),
    F64(Recorded<f64>),
}

/// What a reverse pass needs.
pub struct Recorded<R: Number> {
    net: Arc<Network<R>>,
    passes: Option<Passes<R>>,
    spare: Arc<Mutex<Vec<Passes<R>>>>,
    /// The input, an array or events.
    x: Py<PyAny>,
    shape: [usize; 3],
}

impl<R: Number> Drop for Recorded<R> {
    fn drop(&mut self) {
        if let Some(passes) = self.passes.take() {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            // One is enough for a training loop.
            if spare.is_empty() {
                spare.push(passes);
            }
        }
    }
}

/// Scores, last states and the record of a forward pass.
type Forward<'py, R> = (Bound<'py, PyAny>, Bound<'py, PyList>, Recorded<R>);

impl<R: Number> Recorded<R> {
    pub fn new<'py>(
        held: &Held<R>,
        x: &Bound<'py, PyAny>,
        state: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Forward<'py, R>> {
        let py = x.py();
        let states = state.map(tensors::read_states::<R>).transpose()?;
        let mut recorded = Self {
            net: Arc::clone(&held.net),
            passes: Some(held.passes()),
            spare: Arc::clone(&held.spare),
            x: x.clone().unbind(),
            shape: [0; 3],
        };
        let array: PyReadonlyArray3<'_, R>;
        let (input, steps, lanes) = if let Ok(events) = x.cast::<Events>() {
            let events = events.get();
            (
                Input::Events(events.batch.view()),
                events.steps,
                events.lanes,
            )
        } else {
            array = dense(x)?;
            let x = sequence("x", &array)?;
            (Input::Dense(x.matrix), x.steps, x.lanes)
        };
        let net = &held.net;
        net.check_sequences(&input, lanes).map_err(of_library)?;
        if let Some(states) = &states {
            net.check_states(states, lanes).map_err(of_library)?;
        }
        if steps == 0 {
            return Err(wrong("x has no steps; a record needs one at least"));
        }
        held.check_lanes(lanes)?;
        recorded.shape = [steps, lanes, input.rows()];
        let outputs = net.inner().outputs();
        let y = zeros::<R>(py, [steps, lanes, outputs])?;
        let mut room = y.try_readwrite()?;
        let numbers = room.as_slice_mut()?;
        let Some(passes) = &mut recorded.passes else {
            return Err(wrong("a record without memory"));
        };
        let last = released(py, || {
            let logits = passes.forward_from(net, input, lanes, states.as_deref());
            matrix_mut(numbers, outputs).copy_from(&logits);
            passes.last_states()
        })?;
        drop(room);
        Ok((y.into_any(), tensors::states(py, &last)?, recorded))
    }

    /// Gradients by the parameters, and by the input if that is dense and `wants_dx`.
    fn backward<'py>(
        &mut self,
        dy: &Bound<'py, PyAny>,
        wants_dx: bool,
    ) -> PyResult<(Bound<'py, PyDict>, Option<Bound<'py, PyAny>>)> {
        let py = dy.py();
        let [steps, lanes, channels] = self.shape;
        let dy: PyReadonlyArray3<'py, R> = dy
            .extract()
            .map_err(|_| wrong(format!("dy: expected a {} array [T, B, O]", R::NAME)))?;
        let dy = sequence("dy", &dy)?;
        let outputs = self.net.inner().outputs();
        let expected = (steps, lanes, outputs);
        if (dy.steps, dy.lanes, dy.matrix.nrows()) != expected {
            let given = (dy.steps, dy.lanes, dy.matrix.nrows());
            return Err(wrong(format!(
                "dy has shape {given:?} where {expected:?} is expected"
            )));
        }
        let x = self.x.bind(py);
        let array: PyReadonlyArray3<'_, R>;
        let is_dense = x.cast::<Events>().is_err();
        let input = if let Ok(events) = x.cast::<Events>() {
            Input::Events(events.get().batch.view())
        } else {
            array = dense(x)?;
            let x = sequence("x", &array)?;
            if [x.steps, x.lanes, x.matrix.nrows()] != self.shape {
                return Err(wrong("the shape of x was changed after the record"));
            }
            Input::Dense(x.matrix)
        };
        let dx = (is_dense && wants_dx).then(|| zeros::<R>(py, [steps, lanes, channels]));
        let dx = dx.transpose()?;
        let mut room = dx.as_ref().map(PyArrayMethods::try_readwrite).transpose()?;
        let numbers = room.as_mut().map(|room| room.as_slice_mut()).transpose()?;
        let net = &self.net;
        let Some(passes) = &mut self.passes else {
            return Err(wrong("a record without memory"));
        };
        let gradient = released(py, || {
            let dx = numbers.map(|numbers| matrix_mut(numbers, channels));
            passes.backward_to(net, input, dy.matrix, dx).clone()
        })?;
        drop(room);
        let gradient = tensors::dict(py, &gradient)?;
        Ok((gradient, dx.map(Bound::into_any)))
    }
}

#[pymethods]
impl Tape {
    /// Gradients by the parameters, by name, and by the input (None for events).
    #[pyo3(signature = (dy, wants_dx=true))]
    fn backward<'py>(
        &self,
        dy: &Bound<'py, PyAny>,
        wants_dx: bool,
    ) -> PyResult<(Bound<'py, PyDict>, Option<Bound<'py, PyAny>>)> {
        let mut record = match self.record.try_lock() {
            Ok(record) => record,
            Err(TryLockError::Poisoned(record)) => record.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(wrong(
                    "another thread is using this tape: record one a thread",
                ));
            }
        };
        match &mut *record {
            Record::F32(recorded) => recorded.backward(dy, wants_dx),
            Record::F64(recorded) => recorded.backward(dy, wants_dx),
        }
    }
}
