//! Whether a file's tensors are those of a network: names, shapes, types, and numbers that are finite.

use std::cmp::Ordering;
use std::fmt;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorInfo};
use saturn_data::printable_name;

use super::error::WeightsError;
use super::file::WeightsFile;

/// How many differences of a kind are named; the others are counted.
const NAMED: usize = 6;
/// Names that a missing one is compared with, at most, and their length.
const COMPARED: usize = 1_000;
const LONGEST: usize = 200;
/// The types that are read.
const READ: [Dtype; 4] = [Dtype::F32, Dtype::F64, Dtype::F16, Dtype::BF16];

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
        format!("`{name}`, {dtype} {shape:?}, is no tensor of this network{meant}")
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

/// Whether numbers of this type are read.
pub fn is_read(dtype: Dtype) -> bool {
    READ.contains(&dtype)
}

/// A tensor that the file lacks, and what of it may be meant.
fn absent(name: &str, shape: &[usize], more: &[&String], file: &WeightsFile) -> String {
    // With the right shape first, then by the name within the layer: `rnn.weight_hh_l0` for `0.weight_hh_l0`.
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

/// What is wrong with a tensor of a right name.
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

/// The numbers in `bytes`, in f64, which holds every value of the types that are read.
pub fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        let (numbers, _) = bytes.as_chunks::<N>();
        numbers.iter().map(|b| number(*b)).collect()
    }
    match dtype {
        Dtype::F64 => each(bytes, f64::from_le_bytes),
        Dtype::F16 => each(bytes, |b| half::f16::from_le_bytes(b).to_f64()),
        Dtype::BF16 => each(bytes, |b| half::bf16::from_le_bytes(b).to_f64()),
        // `check` has let no other through.
        _ => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
    }
}

/// Numbers that are not finite.
#[derive(Debug)]
pub struct NotFinite {
    tensor: String,
    index: Vec<usize>,
    value: f64,
    count: usize,
    precision: &'static str,
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tensor,
            index,
            value,
            count,
            precision,
        } = self;
        write!(
            f,
            "tensor `{tensor}` is {value} at index {index:?}, the first of {count} values that are not finite in {precision}"
        )
    }
}

impl NotFinite {
    /// The error about the file at `path`.
    pub fn at(self, path: &Path) -> WeightsError {
        WeightsError::NotFinite {
            path: path.to_owned(),
            found: self,
        }
    }
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
    /// What is lost where numbers of f64 are read into `precision`.
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
            "{}: `{}`{others} hold f64 and are rounded to f32, in which this network computes",
            self.path().display(),
            printable_name(first)
        ))
    }
}
