//! Sparse input: the active channels of every step and lane.

use numpy::{Element, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::prelude::*;
use saturn::EventBatch;

use crate::error::wrong;

/// Events of B lanes and T steps on I channels, compressed by (step, lane): the arrays of a CSR matrix of shape
/// ``(T * B, I)``, row ``t * B + b`` for step t of lane b.
///
/// Parameters
/// ----------
/// indptr : numpy.ndarray, int64, shape (T * B + 1,)
///     Where each row begins.
/// channels : numpy.ndarray, int32, shape (n,)
///     Active channels, ascending within a row.
/// counts : numpy.ndarray, float32, shape (n,)
///     Events of each.
/// shape : tuple of int
///     ``(T, B, I)``.
#[pyclass(module = "saturn_snn", frozen)]
pub struct Events {
    pub batch: EventBatch,
    pub steps: usize,
    pub lanes: usize,
}

fn array<'py, T: Element>(
    name: &str,
    kind: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<PyReadonlyArray1<'py, T>> {
    (value.extract())
        .map_err(|_| wrong(format!("{name}: expected an array of {kind} with one axis")))
}

/// The most steps, lanes and channels: channels are `int32`.
const MOST: usize = i32::MAX as usize;

#[pymethods]
impl Events {
    #[new]
    fn new(
        indptr: &Bound<'_, PyAny>,
        channels: &Bound<'_, PyAny>,
        counts: &Bound<'_, PyAny>,
        shape: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let indptr: PyReadonlyArray1<'_, i64> = array("indptr", "int64", indptr)?;
        let channels: PyReadonlyArray1<'_, i32> = array("channels", "int32", channels)?;
        let counts: PyReadonlyArray1<'_, f32> = array("counts", "float32", counts)?;
        let shape: (usize, usize, usize) = (shape.extract())
            .map_err(|_| wrong(format!("shape: expected (T, B, I), not {shape}")))?;
        let (steps, lanes, rows) = shape;
        if [steps, lanes, rows].iter().any(|&n| n > MOST) {
            return Err(wrong(format!("shape: {shape:?}: each is at most {MOST}")));
        }
        let columns = steps.checked_mul(lanes);
        let expected = columns.and_then(|n| n.checked_add(1));
        if expected != Some(indptr.len()) || lanes == 0 {
            return Err(wrong(format!(
                "indptr: {} entries for shape {shape:?}, which needs T * B + 1 and at least one lane",
                indptr.len()
            )));
        }
        if channels.len() != counts.len() {
            let (a, b) = (channels.len(), counts.len());
            return Err(wrong(format!("counts: {b} entries for {a} channels")));
        }
        let n = channels.len() as i64;
        let (indptr, channels, counts) =
            (indptr.as_array(), channels.as_array(), counts.as_array());
        let mut batch = EventBatch::new(rows);
        batch.reserve(channels.len(), indptr.len() - 1);
        for j in 0..indptr.len() - 1 {
            let (start, end) = (indptr[j], indptr[j + 1]);
            if start < 0 || start > end || end > n || (j == 0 && start != 0) {
                return Err(wrong(format!(
                    "indptr: row {j} is {start}..{end}, and there are {n} events; rows follow each other from 0"
                )));
            }
            let mut next = 0;
            for k in start as usize..end as usize {
                let (channel, count) = (channels[k], counts[k]);
                if channel < next || channel as usize >= rows {
                    return Err(wrong(format!(
                        "channels: {channel} in row {j} is out of order or out of range; give 0 to {} in ascending order, each once",
                        rows as i64 - 1
                    )));
                }
                if !count.is_finite() {
                    return Err(wrong(format!("counts: {count} in row {j} is not finite")));
                }
                batch.push(channel as u32, count);
                next = channel + 1;
            }
            batch.end_column();
        }
        if indptr[indptr.len() - 1] != n {
            return Err(wrong(format!(
                "indptr: ends at {}, and there are {n} events",
                indptr[indptr.len() - 1]
            )));
        }
        Ok(Self {
            batch,
            steps,
            lanes,
        })
    }

    /// Shape ``(T, B, I)``.
    #[getter]
    fn shape(&self) -> (usize, usize, usize) {
        (self.steps, self.lanes, self.batch.view().channels())
    }

    /// The share of (step, lane, channel) cells with an event.
    #[getter]
    fn density(&self) -> f64 {
        let (t, b, i) = self.shape();
        let cells = t as f64 * b as f64 * i as f64;
        self.batch.view().active() as f64 / cells.max(1.0)
    }

    fn __repr__(&self) -> String {
        let (t, b, i) = self.shape();
        format!(
            "Events({t} steps, {b} lanes, {i} channels, {:.2} % active)",
            100.0 * self.density()
        )
    }
}
