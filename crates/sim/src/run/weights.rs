//! Weights in safetensors: `LAYER.NAME`, PyTorch's row-major `[out, in]` shapes.

use std::path::Path;

use nalgebra::DMatrix;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use saturn_cell::{Kind, Real};
use thiserror::Error;

use crate::network::Network;
use crate::run::folder::{FolderError, write_beside};

/// What can be wrong with a weights file.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// Reading or writing failed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It is not safetensors.
    #[error(
        "{path}: is not a safetensors file: {source}\nhint: remove it; the net will be trained again"
    )]
    Format {
        /// The file.
        path: String,
        /// What the reader said.
        source: safetensors::SafeTensorError,
    },
    /// A tensor is missing, or has another shape or type.
    #[error(
        "{path}: tensor `{tensor}` should be f32 or f64 of shape {shape:?}\nhint: these weights belong to another model; remove the file"
    )]
    Tensor {
        /// The file.
        path: String,
        /// Its name.
        tensor: String,
        /// The shape that the net has.
        shape: Vec<usize>,
    },
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

/// Writes the weights of `net` to `path`.
pub fn save<R: Real>(net: &Network<R>, path: &Path) -> Result<(), WeightsError> {
    let format = |source| WeightsError::Format {
        path: path.display().to_string(),
        source,
    };
    let dtype = if R::NAME == "f32" {
        Dtype::F32
    } else {
        Dtype::F64
    };
    let stored: Vec<(String, Vec<usize>, DMatrix<R>)> = each(net)
        .map(|(name, kind, value)| (name, shape(kind, value), value.transpose()))
        .collect();
    let views = stored
        .iter()
        .map(|(name, shape, rows)| {
            let bytes = bytemuck::cast_slice(rows.as_slice());
            TensorView::new(dtype, shape.clone(), bytes).map(|view| (name.clone(), view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(format)?;
    let bytes = safetensors::serialize(views, None).map_err(format)?;
    Ok(write_beside(path, &bytes)?)
}

/// Reads the weights of `net` from `path`.
pub fn load<R: Real>(net: &mut Network<R>, path: &Path) -> Result<(), WeightsError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| FolderError::Io {
        path: path.to_owned(),
        what: "read",
        source,
    })?;
    let file = SafeTensors::deserialize(&bytes).map_err(|source| WeightsError::Format {
        path: name.clone(),
        source,
    })?;
    let mut values = Vec::new();
    for (tensor, kind, value) in each(net) {
        let shape = shape(kind, value);
        let wrong = || WeightsError::Tensor {
            path: name.clone(),
            tensor: tensor.clone(),
            shape: shape.clone(),
        };
        let stored = file.tensor(&tensor).map_err(|_| wrong())?;
        if stored.shape() != shape {
            return Err(wrong());
        }
        let rows: Vec<R> = match stored.dtype() {
            Dtype::F32 => stored
                .data()
                .chunks_exact(4)
                .map(|b| R::of(f64::from(bytemuck::pod_read_unaligned::<f32>(b))))
                .collect(),
            Dtype::F64 => stored
                .data()
                .chunks_exact(8)
                .map(|b| R::of(bytemuck::pod_read_unaligned::<f64>(b)))
                .collect(),
            _ => return Err(wrong()),
        };
        values.push(DMatrix::from_row_slice(value.nrows(), value.ncols(), &rows));
    }
    let mut values = values.into_iter();
    for cell in net.cells_mut() {
        cell.update(&mut |params| {
            for (tensor, value) in params.tensors_mut().iter_mut().zip(values.by_ref()) {
                tensor.value = value;
            }
        });
    }
    Ok(())
}
