//! Products with matrices, and convolutions, as nodes.

use super::{Cast, Writer};
use crate::step::program::{Matrix, Op, Operator, Value, Weights};
use crate::to_onnx::proto::{ATTRIBUTE_INTS, Attribute, INT8, UINT8};

impl Writer<'_> {
    /// start + x Wᵀ. With codes n and scales q: products of spikes are sums of integers.
    pub(super) fn product(&mut self, value: Value, own: &str) -> String {
        let Op::Product {
            start,
            matrix,
            transposed,
            x,
            ..
        } = self.program.at(value).op
        else {
            unreachable!("no product")
        };
        let matrix = &self.program.matrices[matrix];
        let mut x_name = self.in_lanes(x);
        let product = match &matrix.weights {
            Weights::Codes { codes, scales } if self.is_spikes(x) && !transposed => {
                self.integer_product(matrix, codes, scales, &x_name)
            }
            weights => {
                let dims = [matrix.columns, matrix.rows];
                let (mut w, scales) = match weights {
                    Weights::Full(w) => (self.floats(&matrix.name, &dims, w), None),
                    Weights::Codes { codes, scales } => {
                        let bytes = codes.iter().map(|code| code.cast_unsigned()).collect();
                        let codes = self.tensor(&matrix.name, &dims, INT8, bytes);
                        let name = format!("{}.scale", matrix.name);
                        let scales = self.floats(&name, &[matrix.rows], scales);
                        (self.cast(&codes, Cast::Float), Some(scales))
                    }
                };
                if transposed {
                    w = self.then(&format!("{w}.transposed"), "Transpose", &[&w], &[]);
                    if let Some(scales) = &scales {
                        x_name = self.then("scaled", "Mul", &[&x_name, scales], &[]);
                    }
                }
                let product = self.then("product", "MatMul", &[&x_name, &w], &[]);
                match scales {
                    Some(scales) if !transposed => {
                        self.then("scaled", "Mul", &[&product, &scales], &[])
                    }
                    _ => product,
                }
            }
        };
        let start = self.names[start.0].clone();
        self.then(own, "Add", &[&start, &product], &[])
    }

    /// start + a convolution; with codes, times the scale of each output channel.
    pub(super) fn convolution(&mut self, value: Value, own: &str) -> String {
        let Op::Convolution {
            start,
            matrix,
            geometry,
            x,
        } = self.program.at(value).op.clone()
        else {
            unreachable!("no convolution")
        };
        let (matrix, len) = (&self.program.matrices[matrix], self.program.len(value));
        let (rows, columns, groups) = (matrix.rows, matrix.columns, geometry.groups);
        let [channels, height, width] = geometry.input;
        let [kernel_rows, kernel_columns] = geometry.kernel;
        let dims = [rows, channels / groups, kernel_rows, kernel_columns];
        let row_by_row = (0..rows * columns).map(|i| i % columns * rows + i / columns);
        let (w, scales) = match &matrix.weights {
            Weights::Full(w) => {
                let values: Vec<f32> = row_by_row.map(|i| w[i]).collect();
                (self.floats(&matrix.name, &dims, &values), None)
            }
            Weights::Codes { codes, scales } => {
                let bytes = row_by_row.map(|i| codes[i].cast_unsigned()).collect();
                let codes = self.tensor(&matrix.name, &dims, INT8, bytes);
                let each: Vec<f32> = (0..len).map(|i| scales[i / (len / rows)]).collect();
                let scales = self.floats(&format!("{}.scale", matrix.name), &[len], &each);
                (self.cast(&codes, Cast::Float), Some(scales))
            }
        };
        let shape = self.integers("shape", [0, channels, height, width].into_iter());
        let x = self.in_lanes(x);
        let image = self.then("image", "Reshape", &[&x, &shape], &[]);
        let image = self.then("image", "Conv", &[&image, &w], &[("group", groups as i64)]);
        let [top, bottom, left, right] = geometry.padding;
        let lists = [
            ("strides", geometry.stride.to_vec()),
            ("dilations", geometry.dilation.to_vec()),
            ("pads", vec![top, left, bottom, right]),
        ];
        let list = |(name, values): (&str, Vec<usize>)| Attribute {
            name: name.to_owned(),
            ints: values.into_iter().map(|x| x as i64).collect(),
            r#type: ATTRIBUTE_INTS,
            ..Attribute::default()
        };
        if let Some(node) = self.graph.node.last_mut() {
            node.attribute.extend(lists.map(list));
        }
        let shape = self.integers("shape", [0, len].into_iter());
        let mut sums = self.then("sums", "Reshape", &[&image, &shape], &[]);
        if let Some(scales) = scales {
            sums = self.then("scaled", "Mul", &[&sums, &scales], &[]);
        }
        let start = self.names[start.0].clone();
        self.then(own, "Add", &[&start, &sums], &[])
    }

    /// q (N s), the sum in integers: codes as bytes around 128, which is exact on every processor.
    fn integer_product(
        &mut self,
        matrix: &Matrix<f32>,
        codes: &[i8],
        scales: &[f32],
        spikes: &str,
    ) -> String {
        let bytes = codes
            .iter()
            .map(|&code| code.cast_unsigned() ^ 0x80)
            .collect();
        let dims = [matrix.columns, matrix.rows];
        let w = self.tensor(&matrix.name, &dims, UINT8, bytes);
        let scales = self.floats(&format!("{}.scale", matrix.name), &[matrix.rows], scales);
        let none = self.tensor("no_offset", &[], UINT8, vec![0]);
        let middle = self.tensor("middle", &[], UINT8, vec![128]);
        let spikes = self.cast(spikes, Cast::Byte);
        let sums = self.then("sums", "MatMulInteger", &[&spikes, &w, &none, &middle], &[]);
        let sums = self.cast(&sums, Cast::Float);
        self.then("scaled", "Mul", &[&sums, &scales], &[])
    }

    /// Whether `value` is 0 or 1 by its making; the input may be anything.
    fn is_spikes(&self, value: Value) -> bool {
        match self.program.at(value).op {
            Op::Binary(Operator::Greater | Operator::AtLeast, ..) => true,
            Op::State(position) => self.program.states[position].spikes,
            _ => false,
        }
    }
}
