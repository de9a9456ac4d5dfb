//! Values of a program in the making, with operators and functions.

use std::ops::{Add, Div, Mul, Neg, Range, Sub};

use saturn_cell::Real;
use saturn_neurons::graph::Convolution;

use super::Builder;
use crate::step::functions;
use crate::step::program::{Function, Op, Operator, Value};

/// A value of the program of `builder`.
#[derive(Clone, Copy)]
pub struct Var<'b, R: Real> {
    pub(super) builder: &'b Builder<R>,
    pub(super) value: Value,
}

impl<R: Real> Var<'_, R> {
    /// Its position.
    pub fn value(self) -> Value {
        self.value
    }

    /// Elements.
    pub fn len(self) -> usize {
        self.builder.0.borrow().len(self.value)
    }

    /// The same value with a name for readers.
    pub fn named(self, name: String) -> Self {
        self.builder.0.borrow_mut().instructions[self.value.0].name = name;
        self
    }

    /// This plus the product of `matrix` and `x`.
    pub fn plus_product(self, matrix: usize, x: Self) -> Self {
        let (rows, columns) = self.shape(matrix);
        assert_eq!((rows, columns), (self.len(), x.len()), "a product");
        self.product(matrix, false, x, rows)
    }

    /// This plus the product of the transpose of `matrix` and `x`.
    pub fn plus_transposed_product(self, matrix: usize, x: Self) -> Self {
        let (rows, columns) = self.shape(matrix);
        assert_eq!((columns, rows), (self.len(), x.len()), "a product");
        self.product(matrix, true, x, columns)
    }

    fn shape(self, matrix: usize) -> (usize, usize) {
        let matrix = &self.builder.0.borrow().matrices[matrix];
        (matrix.rows, matrix.columns)
    }

    fn product(self, matrix: usize, transposed: bool, x: Self, len: usize) -> Self {
        let op = Op::Product {
            start: self.value,
            matrix,
            transposed,
            x: x.in_a_row().value,
            sparse: !transposed && self.builder.is_sparse(x.value),
        };
        self.builder.push(op, len)
    }

    /// This plus the convolution of `matrix` and `x`.
    pub fn plus_convolution(self, matrix: usize, geometry: Convolution, x: Self) -> Self {
        let (len, start) = (geometry.outputs(), self.value);
        assert_eq!(
            (len, geometry.inputs()),
            (self.len(), x.len()),
            "a convolution"
        );
        let op = Op::Convolution {
            start,
            matrix,
            geometry,
            x: x.in_a_row().value,
        };
        self.builder.push(op, len)
    }

    /// The same elements one after the other: a copy, if they are picked one by one.
    fn in_a_row(self) -> Self {
        let mut from = self.value;
        loop {
            match self.builder.0.borrow().at(from).op {
                Op::Slice { of, .. } => from = of,
                Op::Gather { .. } => break,
                _ => return self,
            }
        }
        self.builder.concat(&[self])
    }

    /// Elements of a range.
    pub fn slice(self, range: Range<usize>) -> Self {
        if range == (0..self.len()) {
            return self;
        }
        if let Some(values) = self.builder.constants(self.value) {
            return (self.builder).constant(String::new(), values[range].to_vec());
        }
        let op = Op::Slice {
            of: self.value,
            first: range.start,
        };
        self.builder.push(op, range.len())
    }

    /// N blocks of equally many elements.
    pub fn blocks<const N: usize>(self) -> [Self; N] {
        let n = self.len() / N;
        std::array::from_fn(|i| self.slice(i * n..(i + 1) * n))
    }

    /// The elements at these positions.
    pub fn gather(self, indices: Vec<usize>) -> Self {
        let (len, of) = (indices.len(), self.value);
        self.builder.push(Op::Gather { of, indices }, len)
    }

    /// Σ x, of length 1.
    pub fn sum(self) -> Self {
        self.builder.push(Op::Sum(self.in_a_row().value), 1)
    }

    /// The mean of all elements, of length 1.
    pub fn mean(self) -> Self {
        self.sum() / self.len() as f64
    }

    pub(super) fn softmax(self) -> Self {
        (self.builder).push(Op::Softmax(self.in_a_row().value), self.len())
    }

    fn unary(self, function: Function) -> Self {
        match self.builder.constants(self.value) {
            Some(x) => {
                let values = x.iter().map(|&x| functions::unary(function, x)).collect();
                self.builder.constant(String::new(), values)
            }
            None => (self.builder).push(Op::Unary(function, self.value), self.len()),
        }
    }

    /// 1 / (1 + exp(-x)).
    pub fn sigmoid(self) -> Self {
        self.unary(Function::Sigmoid)
    }

    /// tanh x.
    pub fn tanh(self) -> Self {
        self.unary(Function::Tanh)
    }

    /// exp x.
    pub fn exp(self) -> Self {
        self.unary(Function::Exp)
    }

    /// √x.
    pub fn sqrt(self) -> Self {
        self.unary(Function::Sqrt)
    }

    /// ln(1 + exp x).
    pub fn softplus(self) -> Self {
        self.unary(Function::Softplus)
    }

    /// sin x and cos x.
    pub fn sin_cos(self) -> (Self, Self) {
        (self.unary(Function::Sin), self.unary(Function::Cos))
    }

    /// The greatest whole number that is not above x.
    pub fn floor(self) -> Self {
        self.unary(Function::Floor)
    }

    /// The smaller one.
    pub fn min(self, other: Self) -> Self {
        self.binary(Operator::Min, other)
    }

    /// 1 where this is above 0, else 0: spikes.
    pub fn positive(self) -> Self {
        self.above(self.builder.number(0.0))
    }

    /// 1 where this is greater than `other`, else 0.
    pub fn above(self, other: Self) -> Self {
        self.binary(Operator::Greater, other)
    }

    /// 1 where this is `other` or greater, else 0.
    pub fn at_least(self, other: Self) -> Self {
        self.binary(Operator::AtLeast, other)
    }

    /// `then` where this is not 0, else `otherwise`.
    pub fn select(self, then: Self, otherwise: Self) -> Self {
        let op = Op::Select {
            condition: self.value,
            then: then.value,
            otherwise: otherwise.value,
        };
        let len = self.len().max(then.len()).max(otherwise.len());
        self.builder.push(op, len)
    }

    fn binary(self, operator: Operator, other: Self) -> Self {
        let len = self.len().max(other.len());
        assert!(
            [1, len].contains(&self.len()) && [1, len].contains(&other.len()),
            "lengths {} and {}",
            self.len(),
            other.len()
        );
        let constants = [self, other].map(|x| self.builder.constants(x.value));
        if let Some(simple) = self.simplified(operator, other, &constants) {
            return simple;
        }
        let op = Op::Binary(operator, self.value, other.value);
        self.builder.push(op, len)
    }

    /// What an operation comes to if it is one on constants, or with 0 or 1.
    fn simplified(
        self,
        operator: Operator,
        other: Self,
        constants: &[Option<Vec<R>>; 2],
    ) -> Option<Self> {
        let all = |which: usize, x: f64| {
            let equal = |values: &Vec<R>| values.iter().all(|v| *v == R::of(x));
            constants[which].as_ref().is_some_and(equal)
        };
        let len = self.len().max(other.len());
        let fits = |x: Self| (x.len() == len).then_some(x);
        let zero = || (self.builder).constant(String::new(), vec![R::zero(); len]);
        let same = match operator {
            Operator::Add if all(0, 0.0) => fits(other),
            Operator::Add | Operator::Sub if all(1, 0.0) => fits(self),
            Operator::Mul if all(0, 1.0) => fits(other),
            Operator::Mul | Operator::Div if all(1, 1.0) => fits(self),
            Operator::Mul if all(0, 0.0) || all(1, 0.0) => Some(zero()),
            _ => None,
        };
        if same.is_some() {
            return same;
        }
        let [Some(a), Some(b)] = constants else {
            return None;
        };
        let at = |x: &[R], i: usize| x[i % x.len()];
        let values = (0..len).map(|i| functions::binary(operator, at(a, i), at(b, i)));
        Some(self.builder.constant(String::new(), values.collect()))
    }
}

impl<R: Real> Neg for Var<'_, R> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Function::Negate)
    }
}

/// An operator between values, between a value and a number, and between a number and a value.
macro_rules! operators {
    ($($trait:ident $method:ident,)+) => {$(
        impl<R: Real> $trait for Var<'_, R> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Operator::$trait, other)
            }
        }

        impl<R: Real> $trait<f64> for Var<'_, R> {
            type Output = Self;
            fn $method(self, other: f64) -> Self {
                self.binary(Operator::$trait, self.builder.number(other))
            }
        }

        impl<'b, R: Real> $trait<Var<'b, R>> for f64 {
            type Output = Var<'b, R>;
            fn $method(self, other: Var<'b, R>) -> Var<'b, R> {
                other.builder.number(self).binary(Operator::$trait, other)
            }
        }
    )+};
}

operators! {
    Add add,
    Sub sub,
    Mul mul,
    Div div,
}
