//! Reads the numbers that other libraries made; the Python beside this file made them.

use nalgebra::DMatrix;
use serde_json::Value;

/// A JSON object of nested lists.
pub struct Golden(Value);

impl Golden {
    pub fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    /// The object called `name`.
    pub fn of(&self, name: &str) -> Self {
        Self(self.0[name].clone())
    }

    /// All numbers of the list `name`, the last index fastest.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        fn flatten(value: &Value, into: &mut Vec<f64>) {
            match value {
                Value::Array(values) => values.iter().for_each(|v| flatten(v, into)),
                other => into.push(other.as_f64().unwrap()),
            }
        }
        let mut numbers = Vec::new();
        flatten(&self.0[name], &mut numbers);
        numbers
    }

    /// `[H]` as `[H, 1]`.
    pub fn vector(&self, name: &str) -> DMatrix<f64> {
        let numbers = self.numbers(name);
        DMatrix::from_column_slice(numbers.len(), 1, &numbers)
    }

    /// `[rows][columns]` as it stands.
    pub fn matrix(&self, name: &str) -> DMatrix<f64> {
        self.columns(name).transpose()
    }

    /// `[B][H]` as `[H, B]`.
    pub fn columns(&self, name: &str) -> DMatrix<f64> {
        let columns = self.0[name].as_array().unwrap().len();
        let numbers = self.numbers(name);
        DMatrix::from_column_slice(numbers.len() / columns, columns, &numbers)
    }

    /// `[T][B][H]` as `[H, T*B]`.
    pub fn sequence(&self, name: &str) -> DMatrix<f64> {
        let rows = self.0[name][0][0].as_array().unwrap().len();
        let numbers = self.numbers(name);
        DMatrix::from_column_slice(rows, numbers.len() / rows, &numbers)
    }
}

/// Asserts ||a - b|| <= tolerance ||b||, and that b is not all zero.
pub fn assert_close(a: &DMatrix<f64>, b: &DMatrix<f64>, tolerance: f64, what: &str) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    assert!(b.norm() > 0.0, "{what} is all zero");
    let distance = (a - b).norm() / b.norm();
    assert!(distance <= tolerance, "{what} is off by {distance:.2e}");
}
