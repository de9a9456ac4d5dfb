//! Whether a file's tensors are those of a network: names, shapes, types, and numbers that are finite.

use std::cmp::Ordering;

use safetensors::tensor::{Dtype, TensorInfo};
use saturn_data::printable_name;

use super::dtype::{self, is_read};
use super::error::{NotFinite, WeightsError};
use super::file::WeightsFile;

/// How many differences of a kind are named; the others are counted.
const NAMED: usize = 6;
/// Names that a missing one is compared with, at most, and their length.
const COMPARED: usize = 1_000;
const LONGEST: usize = 200;

/// An error unless the tensors of `file` are the `expected` ones, by name and shape, each of a type that is read.
pub fn check(expected: &[(String, Vec<usize>)], file: &WeightsFile) -> Result<(), WeightsError> {
    let found = file.tensors();
    let more: Vec<&String> = (found.keys())
        .filter(|name| !expected.iter().any(|(known, _)| known == *name))
        .collect();
    let mut missing = Vec::new();
    let mut wrong = Vec::new();
    for (name, shape) in expected {
        match found.get(name) {
            None => missing.push(absent(name, shape, &more, file)),
            Some(info) => wrong.extend(mismatch(name, shape, info)),
        }
    }
    let named = |name: &&String| {
        let info = &found[*name];
        let first = name.replace("bias_hh", "bias_ih");
        let meant = if first != **name && expected.iter().any(|(known, _)| *known == first) {
            format!(", which has one bias: store the sum of both as `{first}`")
        } else {
            String::new()
        };
        let (dtype, shape) = (info.dtype, &info.shape);
        let name = printable_name(name);
        format!("`{name}`, {dtype} {shape:?}, is not a tensor of this network{meant}")
    };
    let mut problems = Vec::new();
    for lines in [missing, wrong, more.iter().map(named).collect()] {
        let left = lines.len().saturating_sub(NAMED);
        problems.extend(lines.into_iter().take(NAMED));
        if left > 0 {
            problems.push(format!("... and {left} more like the last one"));
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(WeightsError::Tensors {
        path: file.path().to_owned(),
        problems,
    })
}

/// A tensor that the file lacks, and the tensor that was probably meant.
fn absent(name: &str, shape: &[usize], more: &[&String], file: &WeightsFile) -> String {
    // With the matching shape first, then by the name within the layer: `rnn.weight_hh_l0` for
    // `0.weight_hh_l0`.
    let rank = |other: &str| {
        let within = strsim::jaro_winkler(inner(name), inner(other));
        let fits = file.tensors()[other].shape == shape;
        (fits, within, strsim::jaro_winkler(name, other))
    };
    let near = (more.iter())
        .filter(|other| other.len() <= LONGEST)
        .take(COMPARED)
        .map(|other| (rank(other), *other))
        .filter(|((_, within, whole), _)| within.max(*whole) > 0.7)
        .max_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal))
        .map(|(_, other)| other);
    let meant = near.map_or_else(String::new, |near| {
        let shape = &file.tensors()[near].shape;
        format!("; is it `{}`, {shape:?}?", printable_name(near))
    });
    format!("`{name}` of shape {shape:?} is missing{meant}")
}

/// A tensor's name without its layer.
fn inner(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, inner)| inner)
}

/// The fault of a tensor with a matching name.
fn mismatch(name: &str, shape: &[usize], info: &TensorInfo) -> Option<String> {
    if info.shape != shape {
        let turned: Vec<usize> = shape.iter().rev().copied().collect();
        let meant = if info.shape == turned {
            ": is it transposed?"
        } else {
            ""
        };
        return Some(format!(
            "`{name}` has shape {:?}, and {shape:?} is expected{meant}",
            info.shape
        ));
    }
    if is_read(info.dtype) {
        return None;
    }
    Some(format!(
        "`{name}` is of type {}, and F32, F64, F16 or BF16 is expected",
        info.dtype
    ))
}

/// A tensor as it is stored: name, shape, numbers row by row.
pub type Stored = (String, Vec<usize>, Vec<f64>);

/// An error if any number of `tensors` is not finite in `precision`.
pub fn refuse_not_finite(tensors: &[Stored], precision: &'static str) -> Result<(), NotFinite> {
    let finite = |x: f64| match precision {
        "f32" => (x as f32).is_finite(),
        _ => x.is_finite(),
    };
    let mut first: Option<NotFinite> = None;
    for (name, shape, numbers) in tensors {
        for (place, &value) in numbers.iter().enumerate() {
            if finite(value) {
                continue;
            }
            let found = first.get_or_insert_with(|| NotFinite {
                tensor: name.clone(),
                index: index(place, shape),
                value,
                count: 0,
                precision,
            });
            found.count += 1;
        }
    }
    first.map_or(Ok(()), Err)
}

/// The index of the number at `place` of a tensor of `shape`, row by row.
fn index(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (at, &size) in index.iter_mut().zip(shape).rev() {
        (*at, place) = (place % size, place / size);
    }
    index
}

impl WeightsFile {
    /// The numbers of the tensor called `name`, which there is, row by row.
    ///
    /// # Errors
    /// If it is of a type that is not read, or has numbers that are not finite.
    pub fn numbers(&mut self, name: &str) -> Result<Vec<f64>, WeightsError> {
        let info = self.tensors()[name].clone();
        if !is_read(info.dtype) {
            let problem = format!(
                "`{name}` is of type {}, and F32, F64, F16 or BF16 is expected",
                info.dtype
            );
            return Err(WeightsError::Tensors {
                path: self.path().to_owned(),
                problems: vec![problem],
            });
        }
        let stored = dtype::numbers(info.dtype, &self.bytes(name)?);
        let tensor = [(name.to_owned(), info.shape, stored)];
        refuse_not_finite(&tensor, "f64").map_err(|wrong| wrong.at(self.path()))?;
        let [(_, _, stored)] = tensor;
        Ok(stored)
    }

    /// The loss of precision when f64 numbers are read into `precision`.
    pub fn rounded(&self, precision: &str) -> Option<String> {
        let mut wide = self
            .tensors()
            .iter()
            .filter(|(_, info)| info.dtype == Dtype::F64);
        let (first, _) = wide.next().filter(|_| precision == "f32")?;
        let others = match wide.count() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        Some(format!(
            "{}: `{}`{others} are f64 and are rounded to f32, the precision of this network",
            self.path().display(),
            printable_name(first)
        ))
    }
}
