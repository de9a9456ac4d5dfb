//! The text of the C sources: a plan's pieces as loops and calls.

mod product;

use std::collections::BTreeSet;
use std::fmt::Write;

use super::functions::FUNCTIONS;
use super::piece::Piece;
use super::place::Place;
use super::plan::Plan;
use super::products::PRODUCTS;
use super::text::{each, grouped, identifier, number, shifted};
use crate::step::program::{Function, Op, Operator, Program, Value};

/// Sources in the making.
pub(super) struct Writer<'a> {
    pub program: &'a Program<f32>,
    pub plan: &'a Plan,
    pub prefix: &'a str,
    /// Constant tables that the pieces read.
    pub tables: String,
    /// Bytes of them.
    pub bytes: usize,
    written: BTreeSet<String>,
    /// Functions that the pieces call.
    called: BTreeSet<&'static str>,
}

impl<'a> Writer<'a> {
    pub fn new(program: &'a Program<f32>, plan: &'a Plan, prefix: &'a str) -> Self {
        Self {
            program,
            plan,
            prefix,
            tables: String::new(),
            bytes: 0,
            written: BTreeSet::new(),
            called: BTreeSet::new(),
        }
    }

    /// The functions that the pieces call, and those that they call.
    pub fn functions(&self) -> String {
        let mut needed = self.called.clone();
        for (name, needs, _) in FUNCTIONS.iter().chain(PRODUCTS).rev() {
            if needed.contains(name) {
                needed.extend(*needs);
            }
        }
        let used = FUNCTIONS
            .iter()
            .chain(PRODUCTS)
            .filter(|(name, ..)| needed.contains(name));
        used.map(|(_, _, text)| text.replace('@', self.prefix) + "\n")
            .collect()
    }

    fn call(&mut self, function: &'static str) -> String {
        self.called.insert(function);
        format!("{}_{function}", self.prefix)
    }

    /// The name of a state in its struct.
    pub fn state(&self, position: usize) -> String {
        let name = &self.program.states[position].name;
        format!("s{position}_{}", identifier(name))
    }

    /// Adds a table of numbers, once.
    fn table(&mut self, name: &str, about: &str, kind: &str, numbers: &[String], width: usize) {
        if !self.written.insert(name.to_owned()) {
            return;
        }
        self.bytes += numbers.len() * width;
        let (prefix, count) = (self.prefix, numbers.len());
        let about = match about.replace("*/", "") {
            none if none.is_empty() => none,
            about => format!("/* {about} */\n"),
        };
        let head = format!("{about}static const {kind} {prefix}_{name}[{count}] = {{");
        self.tables.push_str(&head);
        for line in numbers.chunks(12) {
            let _ = write!(self.tables, "\n    {},", line.join(", "));
        }
        self.tables.push_str("\n};\n\n");
    }

    /// Adds a table of numbers, once, and returns its name.
    pub fn floats(&mut self, name: &str, about: &str, values: &[f32]) -> String {
        let numbers: Vec<String> = values.iter().copied().map(number).collect();
        self.table(name, about, "float", &numbers, 4);
        format!("{}_{name}", self.prefix)
    }

    /// The array in which `value` is kept, or a table, and its first element there.
    fn array(&mut self, value: Value) -> (String, usize) {
        let instruction = self.program.at(value);
        match &instruction.op {
            Op::Input => ("x".to_owned(), 0),
            Op::State(position) => (format!("state->{}", self.state(*position)), 0),
            Op::Constant(values) => {
                let table = format!("k{}", value.0);
                (self.floats(&table, &instruction.name, values), 0)
            }
            Op::Slice { of, first } => {
                let (array, at) = self.array(*of);
                (array, at + first)
            }
            _ => match self.plan.places[value.0] {
                Some(Place::Scratch(at)) => ("state->scratch".to_owned(), at),
                Some(Place::State(position, at)) => {
                    (format!("state->{}", self.state(position)), at)
                }
                Some(Place::Output) => ("probabilities".to_owned(), 0),
                None => unreachable!("value {} is local", value.0),
            },
        }
    }

    /// The pointer to the first element of `value`.
    fn pointer(&mut self, value: Value) -> String {
        match self.array(value) {
            (array, 0) => array,
            (array, first) => format!("{array} + {first}"),
        }
    }

    /// Element `index` of what is kept of `value`, `more` elements further.
    fn kept(&mut self, value: Value, more: usize, index: &str) -> String {
        let (array, first) = self.array(value);
        format!("{array}[{}]", shifted(index, first + more))
    }

    /// Element `index` of `value`, within the loop `body`.
    fn element(&mut self, value: Value, index: &str, body: &[Value]) -> String {
        let instruction = self.program.at(value);
        let index = if instruction.len == 1 { "0" } else { index };
        if body.contains(&value) {
            return format!("t{}", value.0);
        }
        match &instruction.op {
            Op::Constant(values) if values.iter().all(|x| x.to_bits() == values[0].to_bits()) => {
                number(values[0])
            }
            Op::Slice { of, first } => {
                let index = shifted(index, *first);
                self.element(*of, &index, body)
            }
            Op::Gather { of, indices } => {
                let index = self.gathered(value, index, indices);
                self.element(*of, &index, body)
            }
            _ => self.kept(value, 0, index),
        }
    }

    /// The position that `indices` have for `index`.
    fn gathered(&mut self, value: Value, index: &str, indices: &[usize]) -> String {
        if index.parse::<usize>().is_ok() {
            return indices[index.parse::<usize>().unwrap_or(0)].to_string();
        }
        let period = indices.iter().max().map_or(1, |top| top + 1);
        let whole = indices.len().is_multiple_of(period);
        let each = indices.len() / period;
        if whole && indices.iter().enumerate().all(|(k, &i)| i == k % period) {
            return format!("{} % {period}", grouped(index));
        }
        if whole && indices.iter().enumerate().all(|(k, &i)| i == k / each) {
            return format!("{} / {each}", grouped(index));
        }
        let name = format!("g{}", value.0);
        let numbers: Vec<String> = indices.iter().map(usize::to_string).collect();
        self.table(&name, "positions", "uint32_t", &numbers, 4);
        format!("{}_{name}[{index}]", self.prefix)
    }

    /// A piece as C; `events` if the input is a list of events.
    pub fn piece(&mut self, piece: &Piece, events: bool) -> String {
        match piece {
            Piece::Loop { len, body } => self.elementwise(*len, body),
            Piece::One(value) => match &self.program.at(*value).op {
                Op::Product { .. } => self.product(*value, events),
                Op::Convolution { .. } => self.convolution(*value),
                Op::Concat(parts) => self.copies(*value, parts),
                Op::Sum(x) => {
                    let (function, to) = (self.call("sum"), self.kept(*value, 0, "0"));
                    let (from, count) = (self.pointer(*x), self.program.len(*x));
                    format!("    {to} = {function}({from}, {count});\n")
                }
                Op::Softmax(x) => {
                    let (function, count) = (self.call("softmax"), self.program.len(*x));
                    let from = self.pointer(*x);
                    format!("    {function}(probabilities, {from}, {count});\n")
                }
                op => unreachable!("{op:?} is no piece"),
            },
        }
    }

    fn elementwise(&mut self, len: usize, body: &[Value]) -> String {
        let (index, indent) = (if len == 1 { "0" } else { "i" }, "        ");
        let mut lines = String::new();
        for &value in body {
            let expression = self.expression(value, index, body);
            let name = &self.program.at(value).name;
            let note = if name.is_empty() {
                String::new()
            } else {
                format!(" /* {name} */")
            };
            let _ = writeln!(
                lines,
                "{indent}const float t{} = {expression};{note}",
                value.0
            );
        }
        for &value in body {
            if self.plan.places[value.0].is_some() {
                let to = self.kept(value, 0, index);
                let _ = writeln!(lines, "{indent}{to} = t{};", value.0);
            }
        }
        if len == 1 {
            format!("    {{\n{lines}    }}\n")
        } else {
            format!("    for (i = 0; i < {len}; i++) {{\n{lines}    }}\n")
        }
    }

    fn expression(&mut self, value: Value, index: &str, body: &[Value]) -> String {
        match self.program.at(value).op.clone() {
            Op::Unary(function, x) => {
                let x = self.element(x, index, body);
                let name = match function {
                    Function::Negate => return format!("-{x}"),
                    Function::Sigmoid => "sigmoid",
                    Function::Tanh => "tanh",
                    Function::Exp => "exp",
                    Function::Sqrt => "sqrt",
                    Function::Softplus => "softplus",
                    Function::Floor => "floor",
                    Function::Sin => "sin",
                    Function::Cos => "cos",
                };
                format!("{}({x})", self.call(name))
            }
            Op::Binary(operator, a, b) => {
                let (a, b) = (self.element(a, index, body), self.element(b, index, body));
                match operator {
                    Operator::Add => format!("{a} + {b}"),
                    Operator::Sub => format!("{a} - {b}"),
                    Operator::Mul => format!("{a} * {b}"),
                    Operator::Div => format!("{a} / {b}"),
                    Operator::Min => format!("{a} < {b} ? {a} : {b}"),
                    Operator::Greater => format!("{a} > {b} ? 1.0f : 0.0f"),
                    Operator::AtLeast => format!("{a} >= {b} ? 1.0f : 0.0f"),
                }
            }
            Op::Select {
                condition,
                then,
                otherwise,
            } => {
                let [condition, then, otherwise] =
                    [condition, then, otherwise].map(|x| self.element(x, index, body));
                format!("{condition} != 0.0f ? {then} : {otherwise}")
            }
            op => unreachable!("{op:?} is not elementwise"),
        }
    }

    /// Copies those parts of a concatenation that are not made within it.
    fn copies(&mut self, value: Value, parts: &[Value]) -> String {
        let (mut text, mut first) = (String::new(), 0);
        for &part in parts {
            let len = self.program.len(part);
            let there = match (self.plan.places[value.0], self.plan.places[part.0]) {
                (Some(Place::Scratch(whole)), Some(Place::Scratch(at))) => whole + first == at,
                (Some(Place::State(a, whole)), Some(Place::State(b, at))) => {
                    a == b && whole + first == at
                }
                _ => false,
            };
            if !there {
                let (to, from) = (self.kept(value, first, "i"), self.element(part, "i", &[]));
                text += &each(len, &to, &from);
            }
            first += len;
        }
        text
    }

    /// Copies `next` into the state at `position`, where it is not made there.
    pub fn settle(&mut self, position: usize, next: Value) -> String {
        if self.plan.places[next.0] == Some(Place::State(position, 0)) {
            return String::new();
        }
        let (len, name) = (self.program.len(next), self.state(position));
        let from = self.element(next, "i", &[]);
        each(len, &format!("state->{name}[i]"), &from)
    }

    /// The pointer to the scores.
    pub fn logits(&mut self) -> String {
        self.pointer(self.program.logits)
    }
}
