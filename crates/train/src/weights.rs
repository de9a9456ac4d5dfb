//! Weights in safetensors: tensors named `LAYER.NAME`, with PyTorch's row-major `[out, in]` shapes.
//!
//! A file describes itself ([`Description`]) and its tensors have a checksum ([`checksum`]) that the results
//! of its training record, so that other weights placed under a run's name are never reported with the
//! history of the run's training ([`refuse_others`]).
//!
//! | stored as | in an f32 network | in an f64 network |
//! |---|---|---|
//! | F32 | unchanged | exactly |
//! | F64 | rounded to nearest, with a notice | unchanged |
//! | F16, BF16 | exactly | exactly |
//! | any other type | rejected | rejected |
//!
//! Tensors may be in any order. A missing or superfluous tensor, or one of another shape, is rejected, and so
//! is any number that is not finite in the network's type.

mod description;
mod dtype;
mod error;
mod file;
mod fit;
mod locate;
#[cfg(test)]
mod tests;
mod tie;

use std::collections::HashMap;
use std::path::Path;

use nalgebra::DMatrix;
use safetensors::tensor::{Dtype, TensorView};
use saturn_cell::{Kind, Real};
use saturn_data::checksum::hex;
use sha2::{Digest, Sha256};

use fit::{Stored, refuse_not_finite};

use saturn_network::Network;
use saturn_store::folder::write_beside;

pub use description::{Belonging, Description, StateDictModule, other_classes};
pub use error::WeightsError;
pub use file::WeightsFile;
pub use locate::{WEIGHTS, locate};
pub use tie::{Tie, refuse_in_the_way, refuse_others, tie};

/// The checksum of tensors in the order of their names: SHA-256 over, for each, the line `NAME SHAPE`, such
/// as `0.weight [8, 16]`, and its numbers row by row as little-endian f64. It does not depend on how a file
/// stores them, nor on their order, so an f64 copy of f32 weights has the same checksum.
pub fn checksum<'a>(tensors: impl IntoIterator<Item = &'a Stored>) -> String {
    let mut sum = Sha256::new();
    for (name, shape, numbers) in tensors {
        sum.update(head_line(name, shape));
        for x in numbers {
            sum.update(x.to_le_bytes());
        }
    }
    hex(&sum.finalize())
}

/// The prefix of a tensor's numbers.
fn head_line(name: &str, shape: &[usize]) -> String {
    format!("{name} {shape:?}\n")
}

/// A bias or a dynamics vector `[H, 1]` is written as `[H]`.
fn shape<R: Real>(kind: Kind, value: &DMatrix<R>) -> Vec<usize> {
    if kind == Kind::Weight || value.ncols() != 1 {
        vec![value.nrows(), value.ncols()]
    } else {
        vec![value.nrows()]
    }
}

fn each<R: Real>(net: &Network<R>) -> impl Iterator<Item = (String, Kind, &DMatrix<R>)> {
    net.cells().iter().enumerate().flat_map(|(i, cell)| {
        cell.params()
            .tensors()
            .iter()
            .map(move |t| (format!("{i}.{}", t.name), t.kind, &t.value))
    })
}

/// Writes the weights of `net` with their description to `path`; the checksum of the tensors.
pub fn save<R: Real>(
    net: &Network<R>,
    path: &Path,
    of: &Belonging,
) -> Result<String, WeightsError> {
    let unwritable = |what: String, hint| WeightsError::Unwritable {
        path: path.to_owned(),
        what,
        hint,
    };
    let format = |e: &dyn std::fmt::Display| {
        unwritable(
            e.to_string(),
            "this is a mistake in saturn: please report it",
        )
    };
    let mut wide: Vec<Stored> = each(net)
        .map(|(name, kind, value)| {
            let rows = value.transpose();
            (
                name,
                shape(kind, value),
                rows.iter().map(|x| x.wide()).collect(),
            )
        })
        .collect();
    refuse_not_finite(&wide, R::NAME).map_err(|found| {
        unwritable(
            found.to_string(),
            "training diverged: lower `lr` or `clip_norm`",
        )
    })?;
    let dtype = if R::NAME == "f32" {
        Dtype::F32
    } else {
        Dtype::F64
    };
    wide.sort_by(|a, b| a.0.cmp(&b.0));
    let sum = checksum(&wide);
    let stored: Vec<(String, Vec<usize>, DMatrix<R>)> = each(net)
        .map(|(name, kind, value)| (name, shape(kind, value), value.transpose()))
        .collect();
    let description = Description::of(net, of, sum.clone());
    let text = serde_json::to_string(&description).map_err(|e| format(&e))?;
    let views = stored
        .iter()
        .map(|(name, shape, rows)| {
            let bytes = bytemuck::cast_slice(rows.as_slice());
            TensorView::new(dtype, shape.clone(), bytes).map(|view| (name.clone(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| format(&e))?;
    let metadata = HashMap::from([(description::KEY.to_owned(), text)]);
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|e| format(&e))?;
    write_beside(path, &bytes)?;
    Ok(sum)
}

/// Reads the weights of `net` from `path`, ignoring the file's description; returns notices, one line each.
pub fn load<R: Real>(net: &mut Network<R>, path: &Path) -> Result<Vec<String>, WeightsError> {
    read(net, &mut WeightsFile::open(path)?)
}

impl WeightsFile {
    /// An error if the file describes another network than `of`; otherwise notices, one line each.
    pub fn refuse_another(&self, of: &Belonging) -> Result<Vec<String>, WeightsError> {
        let Some(description) = self.description()? else {
            return Ok(Vec::new());
        };
        let differences = description.differences(of);
        if !differences.is_empty() {
            return Err(WeightsError::Another {
                path: self.path().to_owned(),
                differences,
            });
        }
        let mut notices = Vec::new();
        if description.renamed(of.classes) {
            let lists = [&description.classes[..], of.classes].map(|names| names.join(", "));
            notices.push(format!(
                "{}: its classes are called {} in the file and {} in the run",
                self.path().display(),
                lists[0],
                lists[1]
            ));
        }
        Ok(notices)
    }
}

/// Reads the weights of `net` from an open file; returns notices, one line each.
pub fn read<R: Real>(
    net: &mut Network<R>,
    file: &mut WeightsFile,
) -> Result<Vec<String>, WeightsError> {
    let expected: Vec<(String, Vec<usize>)> = each(net)
        .map(|(name, kind, value)| (name, shape(kind, value)))
        .collect();
    fit::check(&expected, file)?;
    let mut numbers = Vec::with_capacity(expected.len());
    for (name, shape) in expected {
        let dtype = file.tensors()[&name].dtype;
        let stored = dtype::numbers(dtype, &file.bytes(&name)?);
        numbers.push((name, shape, stored));
    }
    refuse_not_finite(&numbers, R::NAME).map_err(|wrong| wrong.at(file.path()))?;
    let mut numbers = numbers.into_iter();
    for cell in net.cells_mut() {
        cell.update(&mut |params| {
            for (tensor, (_, _, stored)) in params.tensors_mut().iter_mut().zip(numbers.by_ref()) {
                let (rows, columns) = tensor.value.shape();
                let stored = stored.into_iter().map(R::of);
                tensor.value = DMatrix::from_row_iterator(rows, columns, stored);
            }
        });
    }
    Ok(file.rounded(R::NAME).into_iter().collect())
}
