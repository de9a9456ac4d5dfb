//! The datasets of a node, one list for the writer and for the fingerprint.

use super::array::Array;
use super::graph::{Node, Padding};

/// A dataset of a node.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field<'a> {
    /// Real numbers.
    Real(&'a Array),
    /// A list of whole numbers.
    Whole(Vec<i64>),
    /// One whole number.
    One(i64),
    /// A string.
    Text(&'static str),
}

fn whole(sizes: &[usize]) -> Field<'static> {
    Field::Whole(sizes.iter().map(|&size| size as i64).collect())
}

/// Files with `v_reset` are not read by nir before 1.0.6, where a missing one is 0.
fn reset<'a>(fields: &mut Vec<(&'static str, Field<'a>)>, v_reset: &'a Array) {
    if v_reset.values.iter().any(|&v| v != 0.0) {
        fields.push(("v_reset", Field::Real(v_reset)));
    }
}

impl Node {
    /// Its datasets by name, without `type`; none of a subgraph.
    pub(super) fn fields(&self) -> Vec<(&'static str, Field<'_>)> {
        use Field::{One, Real};
        let mut fields = Vec::new();
        match self {
            Self::Graph(_) => {}
            Self::Input { shape } | Self::Output { shape } => fields.push(("shape", whole(shape))),
            Self::Flatten {
                input_shape,
                start_dim,
                end_dim,
            } => {
                if let Some(shape) = input_shape {
                    fields.push(("input_type", whole(shape)));
                }
                fields.extend([("start_dim", One(*start_dim)), ("end_dim", One(*end_dim))]);
            }
            Self::Affine { weight, bias } => {
                fields.extend([("weight", Real(weight)), ("bias", Real(bias))]);
            }
            Self::Linear { weight } => fields.push(("weight", Real(weight))),
            Self::Scale { scale } => fields.push(("scale", Real(scale))),
            Self::Conv1d { .. } | Self::Conv2d { .. } => self.convolution(&mut fields),
            Self::SumPool2d {
                kernel_size,
                stride,
                padding,
            }
            | Self::AvgPool2d {
                kernel_size,
                stride,
                padding,
            } => fields.extend([
                ("kernel_size", whole(kernel_size)),
                ("stride", whole(stride)),
                ("padding", whole(padding)),
            ]),
            Self::Delay { delay } => fields.push(("delay", Real(delay))),
            Self::Threshold { threshold } => fields.push(("threshold", Real(threshold))),
            _ => self.neurons(&mut fields),
        }
        fields
    }

    fn convolution<'a>(&'a self, fields: &mut Vec<(&'static str, Field<'a>)>) {
        let zeros = |padding: &Padding| match padding {
            Padding::Zeros(zeros) => whole(zeros),
            Padding::Same => Field::Text("same"),
            Padding::Valid => Field::Text("valid"),
        };
        let one = |value: &usize| Field::One(*value as i64);
        match self {
            Self::Conv1d {
                input_shape,
                weight,
                stride,
                padding,
                dilation,
                groups,
                bias,
            } => {
                if let Some(width) = input_shape {
                    fields.push(("input_shape", one(width)));
                }
                fields.extend([
                    ("weight", Field::Real(weight)),
                    ("stride", one(stride)),
                    ("padding", zeros(padding)),
                    ("dilation", one(dilation)),
                    ("groups", one(groups)),
                    ("bias", Field::Real(bias)),
                ]);
            }
            Self::Conv2d {
                input_shape,
                weight,
                stride,
                padding,
                dilation,
                groups,
                bias,
            } => {
                if let Some(shape) = input_shape {
                    fields.push(("input_shape", whole(shape)));
                }
                fields.extend([
                    ("weight", Field::Real(weight)),
                    ("stride", whole(stride)),
                    ("padding", zeros(padding)),
                    ("dilation", whole(dilation)),
                    ("groups", one(groups)),
                    ("bias", Field::Real(bias)),
                ]);
            }
            _ => {}
        }
    }

    fn neurons<'a>(&'a self, fields: &mut Vec<(&'static str, Field<'a>)>) {
        use Field::Real;
        match self {
            Self::I { r } => fields.push(("r", Real(r))),
            Self::If {
                r,
                v_threshold,
                v_reset,
            } => {
                fields.extend([("r", Real(r)), ("v_threshold", Real(v_threshold))]);
                reset(fields, v_reset);
            }
            Self::Li { tau, r, v_leak } => {
                fields.extend([("tau", Real(tau)), ("r", Real(r)), ("v_leak", Real(v_leak))]);
            }
            Self::Lif {
                tau,
                r,
                v_leak,
                v_threshold,
                v_reset,
            } => {
                fields.extend([("tau", Real(tau)), ("r", Real(r)), ("v_leak", Real(v_leak))]);
                fields.push(("v_threshold", Real(v_threshold)));
                reset(fields, v_reset);
            }
            Self::CubaLi {
                tau_syn,
                tau_mem,
                r,
                v_leak,
                w_in,
            }
            | Self::CubaLif {
                tau_syn,
                tau_mem,
                r,
                v_leak,
                w_in,
                ..
            } => fields.extend([
                ("tau_syn", Real(tau_syn)),
                ("tau_mem", Real(tau_mem)),
                ("r", Real(r)),
                ("v_leak", Real(v_leak)),
                ("w_in", Real(w_in)),
            ]),
            _ => {}
        }
        if let Self::CubaLif {
            v_threshold,
            v_reset,
            ..
        } = self
        {
            fields.push(("v_threshold", Real(v_threshold)));
            reset(fields, v_reset);
        }
    }

    /// Whether a spike sets v to anything but 0, in a subgraph too.
    pub(crate) fn resets_elsewhere(&self) -> bool {
        match self {
            Self::Graph(graph) => graph.nodes.values().any(Self::resets_elsewhere),
            node => node.fields().iter().any(|(name, _)| *name == "v_reset"),
        }
    }
}
