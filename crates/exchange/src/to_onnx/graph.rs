//! The instructions of a step as nodes of an ONNX graph. A vector `[n]` becomes a tensor `[B, n]`; constants keep the
//! shape `[n]`.

mod product;

use std::collections::BTreeSet;

use super::proto::{
    ATTRIBUTE_INT, Attribute, BOOL, Dimension, Extent, FLOAT, Graph, INT64, Node, Shape, Tensor,
    TensorType, Type, UINT8, ValueInfo,
};
use crate::step::program::{Function, Op, Operator, Program, Value};

/// The type that zeros and ones of spikes, products with codes, and truth values are cast to.
#[derive(Clone, Copy)]
enum Cast {
    Float,
    Byte,
    Truth,
}

/// A graph in the making.
struct Writer<'a> {
    program: &'a Program<f32>,
    graph: Graph,
    /// The name of each value.
    names: Vec<String>,
    taken: BTreeSet<String>,
}

/// The graph of one step.
pub(super) fn graph(program: &Program<f32>) -> Graph {
    let mut writer = Writer {
        program,
        graph: Graph {
            name: "step".to_owned(),
            ..Graph::default()
        },
        names: Vec::new(),
        taken: BTreeSet::new(),
    };
    let about = "values or counts of events of the step";
    writer.input("x", program.inputs, about.to_owned());
    for state in &program.states {
        let start = if state.start.iter().all(|x| *x == 0.0) {
            "zeros before the first step".to_owned()
        } else {
            format!("before the first step: metadata `start.{}`", state.name)
        };
        writer.input(&state.name, state.start.len(), start);
    }
    let results = program
        .states
        .iter()
        .map(|state| format!("{}.next", state.name));
    let results: Vec<String> =
        (results.chain(["logits".to_owned(), "probabilities".to_owned()])).collect();
    writer.taken.extend(results.iter().cloned());
    for i in 0..program.instructions.len() {
        let name = writer.value(Value(i));
        writer.names.push(name);
    }
    for (name, value) in results.into_iter().zip(program.results()) {
        let from = writer.in_lanes(value);
        writer.node("Identity", &[&from], name.clone(), &[]);
        let info = info(&name, program.len(value), String::new());
        writer.graph.output.push(info);
    }
    writer.graph
}

fn info(name: &str, len: usize, doc_string: String) -> ValueInfo {
    let size = |value| Dimension { value: Some(value) };
    let dim = vec![
        size(Extent::Name("B".to_owned())),
        size(Extent::Number(len as i64)),
    ];
    ValueInfo {
        name: name.to_owned(),
        r#type: Some(Type {
            tensor_type: Some(TensorType {
                elem_type: FLOAT,
                shape: Some(Shape { dim }),
            }),
        }),
        doc_string,
    }
}

impl Writer<'_> {
    fn input(&mut self, name: &str, len: usize, about: String) {
        self.taken.insert(name.to_owned());
        self.graph.input.push(info(name, len, about));
    }

    /// A name that is not taken, after `name`.
    fn name(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut count = 1;
        while free.is_empty() || !self.taken.insert(free.clone()) {
            free = format!("{name}#{count}");
            count += 1;
        }
        free
    }

    fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        output: String,
        attributes: &[(&str, i64)],
    ) {
        let attribute = |(name, i): &(&str, i64)| Attribute {
            name: (*name).to_owned(),
            i: *i,
            r#type: ATTRIBUTE_INT,
            ..Attribute::default()
        };
        self.graph.node.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            name: output.clone(),
            output: vec![output],
            op_type: operator.to_owned(),
            attribute: attributes.iter().map(attribute).collect(),
        });
    }

    /// A node whose output has a name after `name`.
    fn then(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[&str],
        more: &[(&str, i64)],
    ) -> String {
        let output = self.name(name);
        self.node(operator, inputs, output.clone(), more);
        output
    }

    fn cast(&mut self, x: &str, to: Cast) -> String {
        let (name, kind) = match to {
            Cast::Float => ("float", FLOAT),
            Cast::Byte => ("byte", UINT8),
            Cast::Truth => ("truth", BOOL),
        };
        self.then(&format!("{x}.{name}"), "Cast", &[x], &[("to", kind.into())])
    }

    fn tensor(&mut self, name: &str, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let name = self.name(name);
        self.graph.initializer.push(Tensor {
            dims: dims.iter().map(|&n| n as i64).collect(),
            data_type,
            name: name.clone(),
            raw_data,
        });
        name
    }

    fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, dims, FLOAT, bytes)
    }

    fn integers(&mut self, name: &str, values: impl Iterator<Item = usize>) -> String {
        let values: Vec<i64> = values.map(|x| x as i64).collect();
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, &[values.len()], INT64, bytes)
    }

    fn is_constant(&self, value: Value) -> bool {
        matches!(self.program.at(value).op, Op::Constant(_))
    }

    /// The name of `value` as a tensor `[B, n]`, also where it is a constant.
    fn in_lanes(&mut self, value: Value) -> String {
        let name = self.names[value.0].clone();
        if !self.is_constant(value) {
            return name;
        }
        let zero = self.floats("zero", &[1], &[0.0]);
        let (first, one) = (self.integers("from", 0..1), self.integers("to", 1..2));
        let axis = self.integers("axis", 1..2);
        let lanes = self.then("lanes", "Slice", &["x", &first, &one, &axis], &[]);
        let lanes = self.then("lanes", "Mul", &[&lanes, &zero], &[]);
        self.then(&name, "Add", &[&lanes, &name], &[])
    }

    /// Adds the nodes of an instruction and returns the name of its value.
    fn value(&mut self, value: Value) -> String {
        let instruction = self.program.at(value).clone();
        let of = |writer: &Self, value: Value| writer.names[value.0].clone();
        let own = if instruction.name.is_empty() {
            format!("v{}", value.0)
        } else {
            instruction.name
        };
        match instruction.op {
            Op::Input => "x".to_owned(),
            Op::State(position) => self.program.states[position].name.clone(),
            Op::Constant(values) => self.floats(&own, &[values.len()], &values),
            Op::Product { .. } => self.product(value, &own),
            Op::Convolution { .. } => self.convolution(value, &own),
            Op::Unary(function, x) => {
                let operator = match function {
                    Function::Negate => "Neg",
                    Function::Sigmoid => "Sigmoid",
                    Function::Tanh => "Tanh",
                    Function::Exp => "Exp",
                    Function::Sqrt => "Sqrt",
                    Function::Softplus => "Softplus",
                    Function::Floor => "Floor",
                    Function::Sin => "Sin",
                    Function::Cos => "Cos",
                };
                let x = of(self, x);
                self.then(&own, operator, &[&x], &[])
            }
            Op::Binary(operator, a, b) => {
                let (a, b) = (of(self, a), of(self, b));
                let (operator, compares) = match operator {
                    Operator::Add => ("Add", false),
                    Operator::Sub => ("Sub", false),
                    Operator::Mul => ("Mul", false),
                    Operator::Div => ("Div", false),
                    Operator::Min => ("Min", false),
                    Operator::Greater => ("Greater", true),
                    Operator::AtLeast => ("GreaterOrEqual", true),
                };
                let result = self.then(&own, operator, &[&a, &b], &[]);
                if compares {
                    self.cast(&result, Cast::Float)
                } else {
                    result
                }
            }
            Op::Select {
                condition,
                then,
                otherwise,
            } => {
                let [condition, then, otherwise] =
                    [condition, then, otherwise].map(|x| of(self, x));
                let truth = self.cast(&condition, Cast::Truth);
                self.then(&own, "Where", &[&truth, &then, &otherwise], &[])
            }
            Op::Slice { of: x, first } => {
                let x = of(self, x);
                let from = self.integers("from", first..=first);
                let end = first + instruction.len;
                let (to, axis) = (self.integers("to", end..=end), self.integers("axis", 1..2));
                self.then(&own, "Slice", &[&x, &from, &to, &axis], &[])
            }
            Op::Gather { of: x, indices } => {
                let axis = i64::from(!self.is_constant(x));
                let x = of(self, x);
                let indices = self.integers("positions", indices.into_iter());
                self.then(&own, "Gather", &[&x, &indices], &[("axis", axis)])
            }
            Op::Concat(parts) => {
                let parts: Vec<String> =
                    parts.into_iter().map(|part| self.in_lanes(part)).collect();
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                self.then(&own, "Concat", &parts, &[("axis", 1)])
            }
            Op::Sum(x) => {
                let (x, axis) = (of(self, x), self.integers("axis", 1..2));
                self.then(&own, "ReduceSum", &[&x, &axis], &[("keepdims", 1)])
            }
            Op::Softmax(x) => {
                let x = of(self, x);
                self.then(&own, "Softmax", &[&x], &[("axis", 1)])
            }
        }
    }
}
