//! Matrices as arrays: parameters and gradients by name, states, sequences.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use numpy::{Element, PyArray, PyArrayMethods, PyUntypedArrayMethods};
use numpy::{PyReadonlyArray2, PyReadonlyArray3, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use saturn_cell::{Kind, Params, Real};

use rayon::prelude::*;

use saturn_network::resources::{in_words, memory};

use crate::error::wrong;
use crate::threads::released;

/// A number type of networks that NumPy has, too.
pub trait Number: Real + Element {
    /// Whether it is NaN or infinite: all bits of its exponent are 1.
    fn is_wild(self) -> bool;

    /// Whether none is NaN or infinite. Blocks are checked without branches, on all threads.
    fn all_finite(numbers: &[Self]) -> bool {
        let is_tame = |block: &[Self]| !block.iter().fold(false, |wild, &x| wild | x.is_wild());
        if numbers.len() <= BLOCK {
            return is_tame(numbers);
        }
        numbers.par_chunks(BLOCK).all(is_tame)
    }
}

/// Numbers that are checked at once.
const BLOCK: usize = 1 << 16;

impl Number for f32 {
    fn is_wild(self) -> bool {
        const EXPONENT: u32 = 0x7f80_0000;
        self.to_bits() & EXPONENT == EXPONENT
    }
}

impl Number for f64 {
    fn is_wild(self) -> bool {
        const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
        self.to_bits() & EXPONENT == EXPONENT
    }
}

/// The shape of a parameter, as PyTorch has it: a vector `[H, 1]` that is no weight is `[H]`.
fn shape<R: Number>(kind: Kind, value: &DMatrix<R>) -> Vec<usize> {
    if kind == Kind::Weight || value.ncols() != 1 {
        vec![value.nrows(), value.ncols()]
    } else {
        vec![value.nrows()]
    }
}

/// Names and shapes of all parameters, `LAYER.TENSOR`.
pub fn names<R: Number>(cells: &[Params<R>]) -> Vec<(String, Vec<usize>)> {
    let each = cells.iter().enumerate().flat_map(|(i, params)| {
        let tensors = params.tensors().iter();
        tensors.map(move |t| (format!("{i}.{}", t.name), shape(t.kind, &t.value)))
    });
    each.collect()
}

/// All tensors by name, as new arrays `[outputs, inputs]`.
pub fn dict<'py, R: Number>(py: Python<'py>, cells: &[Params<R>]) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(py);
    for (i, params) in cells.iter().enumerate() {
        for tensor in params.tensors() {
            let rows = tensor.value.transpose();
            let flat = PyArray::from_slice(py, rows.as_slice());
            let shaped = flat.reshape(shape(tensor.kind, &tensor.value))?;
            all.set_item(format!("{i}.{}", tensor.name), shaped)?;
        }
    }
    Ok(all)
}

/// The numbers of `value`, row by row, if it is an array of this shape and of finite numbers.
pub fn numbers<R: Number>(
    name: &str,
    value: &Bound<'_, PyAny>,
    shape: &[usize],
) -> PyResult<Vec<R>> {
    let value: PyReadonlyArrayDyn<'_, R> = value
        .extract()
        .map_err(|_| wrong(format!("`{name}` is no array of {}", R::NAME)))?;
    if value.shape() != shape {
        return Err(wrong(format!(
            "`{name}` has shape {:?} where {shape:?} is expected",
            value.shape()
        )));
    }
    let numbers: Vec<R> = value.as_array().iter().copied().collect();
    match numbers.iter().find(|x| !x.wide().is_finite()) {
        Some(x) => Err(wrong(format!("`{name}` contains {x}, which is not finite"))),
        None => Ok(numbers),
    }
}

/// States, one array `[B, S]` a cell.
pub fn states<'py, R: Number>(
    py: Python<'py>,
    states: &[DMatrix<R>],
) -> PyResult<Bound<'py, PyList>> {
    let arrays = states.iter().map(|state| {
        let flat = PyArray::from_slice(py, state.as_slice());
        flat.reshape([state.ncols(), state.nrows()])
    });
    PyList::new(py, arrays.collect::<PyResult<Vec<_>>>()?)
}

/// The same back.
pub fn read_states<R: Number>(list: &Bound<'_, PyAny>) -> PyResult<Vec<DMatrix<R>>> {
    let mut states = Vec::new();
    let items =
        (list.try_iter()).map_err(|_| wrong("state: expected a list of arrays, one a cell"))?;
    for (i, item) in items.enumerate() {
        let array: PyReadonlyArray2<'_, R> = item?.extract().map_err(|_| {
            wrong(format!(
                "state[{i}] is no array of {} with two axes",
                R::NAME
            ))
        })?;
        let (lanes, size) = (array.shape()[0], array.shape()[1]);
        let numbers = array.as_array();
        if let Some(x) = numbers.iter().find(|x| !x.wide().is_finite()) {
            return Err(wrong(format!(
                "state[{i}] contains {x}, which is not finite"
            )));
        }
        states.push(DMatrix::from_iterator(size, lanes, numbers.iter().copied()));
    }
    Ok(states)
}

/// A borrowed sequence `[T, B, N]` as the matrix `[N, T*B]`.
pub struct Sequence<'a, R: Number> {
    pub matrix: DMatrixView<'a, R>,
    pub steps: usize,
    pub lanes: usize,
}

/// Borrows `array`, which is C-contiguous, and refuses what is not finite.
pub fn sequence<'a, R: Number>(
    name: &str,
    array: &'a PyReadonlyArray3<'_, R>,
) -> PyResult<Sequence<'a, R>> {
    let [steps, lanes, width] = *array.shape() else {
        return Err(wrong(format!("{name}: three axes [T, B, N] are expected")));
    };
    let numbers = array.as_slice().map_err(|_| {
        wrong(format!(
            "{name}: the array is not C-contiguous; use numpy.ascontiguousarray"
        ))
    })?;
    if !released(array.py(), || R::all_finite(numbers))? {
        return Err(wrong(format!("{name} contains NaN or an infinite number")));
    }
    Ok(Sequence {
        matrix: DMatrixView::from_slice(numbers, width, steps * lanes),
        steps,
        lanes,
    })
}

/// An error if `numbers` numbers of `bytes` bytes have no room in this machine's memory.
pub fn check_room(what: &str, numbers: f64, bytes: usize) -> PyResult<()> {
    let needs = numbers * bytes as f64;
    if needs < SMALL {
        return Ok(());
    }
    match memory() {
        Some(most) if needs > most => Err(wrong(format!(
            "{what} would need {}, and this machine has {} of memory",
            in_words(needs),
            in_words(most)
        ))),
        _ => Ok(()),
    }
}

/// Bytes that are taken without a look at the machine's memory.
const SMALL: f64 = (1 << 20) as f64;

/// A new array `[T, B, N]` of zeros.
pub fn zeros<R: Number>(
    py: Python<'_>,
    shape: [usize; 3],
) -> PyResult<Bound<'_, numpy::PyArray3<R>>> {
    let numbers = shape.iter().map(|&n| n as f64).product::<f64>();
    if numbers * (size_of::<R>() as f64) < SMALL {
        return Ok(PyArray::zeros(py, shape, false));
    }
    check_room(&format!("an array {shape:?}"), numbers, size_of::<R>())?;
    // NumPy's own function has an error where there is no memory.
    let array = (py.import("numpy")?).call_method1("zeros", (shape, numpy::dtype::<R>(py)))?;
    Ok(array.cast_into()?)
}

/// A new array's numbers as the matrix `[N, T*B]`.
pub fn matrix_mut<R: Number>(numbers: &mut [R], width: usize) -> DMatrixViewMut<'_, R> {
    let columns = numbers.len().checked_div(width).unwrap_or(0);
    DMatrixViewMut::from_slice(numbers, width, columns)
}
