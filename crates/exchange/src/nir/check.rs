//! Checks of parameters and shapes.

use super::array::Array;
use super::error::Fault;
use super::limits::MAX_ELEMENTS;

/// How many numbers a shape has: some, and not too many.
pub(super) fn elements(shape: &[usize]) -> Result<usize, Fault> {
    if shape.contains(&0) {
        return Err(Fault::InputShape {
            found: shape.to_vec(),
            expected: "one with numbers in it".to_owned(),
        });
    }
    (shape.iter())
        .try_fold(1_usize, |all, size| all.checked_mul(*size))
        .filter(|all| *all <= MAX_ELEMENTS)
        .ok_or(Fault::TooLarge)
}

pub(super) fn range(
    parameter: &'static str,
    array: &Array,
    fits: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<(), Fault> {
    match array.values.iter().position(|value| !fits(*value)) {
        Some(index) => Err(Fault::OutOfRange {
            parameter,
            index,
            value: array.values[index],
            expected,
        }),
        None => Ok(()),
    }
}

/// As many numbers as the shape has, all of them finite.
pub(super) fn finite(parameter: &'static str, array: &Array) -> Result<(), Fault> {
    let product = (array.shape.iter()).try_fold(1_usize, |all, size| all.checked_mul(*size));
    if product != Some(array.len()) {
        return Err(Fault::ParameterShape {
            parameter,
            found: array.shape.clone(),
            expected: format!("one of its {} numbers", array.len()),
        });
    }
    match array.values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Fault::NotFinite {
            parameter,
            index,
            value: array.values[index],
        }),
        None => Ok(()),
    }
}

pub(super) fn fits(parameter: &'static str, array: &Array, shape: &[usize]) -> Result<(), Fault> {
    if array.fits(shape) {
        Ok(())
    } else {
        Err(Fault::ParameterShape {
            parameter,
            found: array.shape.clone(),
            expected: format!("{shape:?} or a single number"),
        })
    }
}
