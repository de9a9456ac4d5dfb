//! Arrays of numbers, row by row.

/// An array of any number of dimensions; a single number has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    /// Sizes of the dimensions.
    pub shape: Vec<usize>,
    /// The numbers, row by row.
    pub values: Vec<f64>,
}

impl Array {
    /// A single number.
    pub fn scalar(value: f64) -> Self {
        Self {
            shape: Vec::new(),
            values: vec![value],
        }
    }

    /// A list.
    pub fn list(values: impl Into<Vec<f64>>) -> Self {
        let values = values.into();
        Self {
            shape: vec![values.len()],
            values,
        }
    }

    /// How many numbers.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number `i` of the array as broadcast: a single number is every one.
    pub fn at(&self, i: usize) -> f64 {
        match self.values[..] {
            [value] => value,
            ref values => values[i],
        }
    }

    /// Whether the array has this shape, or is a single number that fits any.
    pub fn fits(&self, shape: &[usize]) -> bool {
        self.shape == shape || self.values.len() == 1
    }

    /// The array in `shape`, a single number repeated; `None` where it does not fit.
    pub fn broadcast(&self, shape: &[usize]) -> Option<Self> {
        self.fits(shape).then(|| Self {
            shape: shape.to_vec(),
            values: (0..shape.iter().product()).map(|i| self.at(i)).collect(),
        })
    }

    /// Every number changed by `f`.
    #[must_use]
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            shape: self.shape.clone(),
            values: self.values.iter().map(|value| f(*value)).collect(),
        }
    }

    /// Numbers of two arrays joined by `f`; either may be a single number.
    #[must_use]
    pub fn zip(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let wider = if self.len() >= other.len() {
            self
        } else {
            other
        };
        Self {
            shape: wider.shape.clone(),
            values: (0..wider.len())
                .map(|i| f(self.at(i), other.at(i)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_number_fits_any_shape() {
        let one = Array::scalar(2.0);
        assert_eq!(one.broadcast(&[2, 2]).unwrap().values, [2.0; 4]);
        assert_eq!(Array::list([3.0]).broadcast(&[2]).unwrap().shape, [2]);
        assert_eq!(Array::list([3.0, 4.0]).broadcast(&[3]), None);
        let sum = one.zip(&Array::list([1.0, 5.0]), |a, b| a + b);
        assert_eq!(sum, Array::list([3.0, 7.0]));
    }
}
