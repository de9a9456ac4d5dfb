//! Products with matrices, and convolutions, as calls of the functions of `products.rs`.

use std::fmt::Write;

use super::Writer;
use crate::step::program::{Op, Value, Weights};
use crate::to_c::text::each;

impl Writer<'_> {
    pub(super) fn product(&mut self, value: Value, events: bool) -> String {
        let Op::Product {
            start,
            matrix: position,
            transposed,
            x,
            sparse,
        } = self.program.at(value).op
        else {
            unreachable!("no product")
        };
        let matrix = &self.program.matrices[position];
        let (rows, columns, to) = (matrix.rows, matrix.columns, self.pointer(value));
        let len = self.program.len(value);
        let (weights, scales) = self.weights(position);
        let from = self.element(start, "i", &[]);
        let start_at_zero = scales.is_some() && !transposed;
        let first = if start_at_zero { "0.0f" } else { from.as_str() };
        let in_place = !start_at_zero
            && self.plan.places[value.0].is_some()
            && self.plan.places[start.0] == self.plan.places[value.0];
        let mut text = if in_place {
            String::new()
        } else {
            each(len, &self.kept(value, 0, "i"), first)
        };
        let int8 = scales.is_some();
        let pick = |full: &'static str, code: &'static str| if int8 { code } else { full };
        if transposed {
            let (function, x) = (
                self.call(pick("add_rows", "add_rows_int8")),
                self.pointer(x),
            );
            let scales = scales.map_or(String::new(), |scales| format!("{scales}, "));
            let _ = writeln!(
                text,
                "    {function}({to}, {len}, {weights}, {scales}{x}, {rows});"
            );
            return text;
        }
        let _ = if events {
            let function = self.call(pick("add_events", "add_events_int8"));
            writeln!(
                text,
                "    {function}({to}, {weights}, {rows}, events, count, {columns});"
            )
        } else {
            let function = self.call(if sparse {
                pick("add_active", "add_active_int8")
            } else {
                pick("add_columns", "add_columns_int8")
            });
            let x = self.pointer(x);
            writeln!(
                text,
                "    {function}({to}, {weights}, {rows}, {x}, {columns});"
            )
        };
        if let Some(scales) = scales {
            let y = self.kept(value, 0, "i");
            text += &each(len, &y, &format!("{from} + {scales}[i] * {y}"));
        }
        text
    }

    /// The tables of a matrix: its weights or codes, and, of codes, their scales.
    fn weights(&mut self, position: usize) -> (String, Option<String>) {
        let matrix = &self.program.matrices[position];
        let rows = matrix.rows;
        let about = format!("{}: {rows} rows, column by column", matrix.name);
        match &matrix.weights {
            Weights::Full(w) => (self.floats(&format!("w{position}"), &about, w), None),
            Weights::Codes { codes, scales } => {
                let numbers: Vec<String> = codes.iter().map(i8::to_string).collect();
                let name = format!("w{position}");
                self.table(&name, &about, "int8_t", &numbers, 1);
                let about = format!("{}: what a code of each row stands for", matrix.name);
                let scales = self.floats(&format!("q{position}"), &about, scales);
                (format!("{}_{name}", self.prefix), Some(scales))
            }
        }
    }

    pub(super) fn convolution(&mut self, value: Value) -> String {
        let Op::Convolution {
            start,
            matrix,
            geometry,
            x,
        } = self.program.at(value).op.clone()
        else {
            unreachable!("no convolution")
        };
        let ([inputs, height, width], [channels, rows, columns]) =
            (geometry.input, geometry.output());
        let groups = geometry.groups;
        let sizes = [
            [inputs / groups, height, width, channels / groups],
            [channels, rows, columns, geometry.padding[0]],
            [
                geometry.padding[2],
                geometry.kernel[0],
                geometry.kernel[1],
                geometry.stride[0],
            ],
            [
                geometry.stride[1],
                geometry.dilation[0],
                geometry.dilation[1],
                0,
            ],
        ];
        let numbers: Vec<String> = sizes.iter().flatten().map(usize::to_string).collect();
        let table = format!("c{}", value.0);
        self.table(&table, "sizes of a convolution", "uint32_t", &numbers, 4);
        let (len, prefix) = (self.program.len(value), self.prefix);
        let (weights, scales) = self.weights(matrix);
        let from = self.element(start, "i", &[]);
        let function = self.call(if scales.is_some() {
            "convolve_int8"
        } else {
            "convolve"
        });
        let (y, to, x) = (
            self.kept(value, 0, "i"),
            self.pointer(value),
            self.pointer(x),
        );
        let mut text = each(len, &y, if scales.is_some() { "0.0f" } else { &from });
        let _ = writeln!(
            text,
            "    {function}({to}, {weights}, {x}, {prefix}_{table});"
        );
        if let Some(scales) = scales {
            let pixels = rows * columns;
            text += &each(len, &y, &format!("{from} + {scales}[i / {pixels}] * {y}"));
        }
        text
    }
}
