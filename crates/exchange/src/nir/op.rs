//! What a node of a flat graph computes, checked against the shape that comes in.
//!
//! Convolutions and pools have PyTorch's semantics: correlations, `same` padding with the odd zero after the input,
//! windows that must start inside the padded input, means over all of a window. A convolution in one dimension is
//! one in two of height 1. nir 1.0.8 infers other shapes where a kernel is not square or there are groups.

use super::array::Array;
use super::check::{elements, finite, fits, range};
use super::error::Fault;
use super::graph::{Node, Padding};
use super::neuron::Neuron;

/// What a node computes in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The input of the network.
    Input,
    /// The output of the network.
    Output,
    /// Nothing: a place where edges meet.
    Identity,
    /// Another shape, the same numbers.
    Flatten,
    /// W x + b, for each of the leading dimensions.
    Affine {
        /// W, `[.., outputs, inputs]`.
        weight: Array,
        /// b, of the output's shape, `[outputs]` or a single number.
        bias: Option<Array>,
    },
    /// s x.
    Scale {
        /// s.
        scale: Array,
    },
    /// A convolution.
    Conv(Conv),
    /// Sums or means of windows.
    Pool(Pool),
    /// x(t - delay).
    Delay {
        /// In seconds.
        delay: Array,
    },
    /// 1 where x > threshold.
    Threshold {
        /// The threshold.
        threshold: Array,
    },
    /// Neurons.
    Neuron(Box<Neuron>),
}

/// A convolution of `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// `[channels out, channels in / groups, height, width]`.
    pub weight: Array,
    /// `[channels out]`, or a single number.
    pub bias: Array,
    /// Steps.
    pub stride: [usize; 2],
    /// Zeros before the input.
    pub padding: [usize; 2],
    /// Distances between taps.
    pub dilation: [usize; 2],
    /// Groups of channels.
    pub groups: usize,
    /// Shape of the input.
    pub input: [usize; 3],
    /// Shape of the output.
    pub output: [usize; 3],
}

/// Sums or means of windows of `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of a window.
    pub kernel: [usize; 2],
    /// Steps.
    pub stride: [usize; 2],
    /// Zeros before the input.
    pub padding: [usize; 2],
    /// Means, zeros of the padding included.
    pub mean: bool,
    /// Shape of the input.
    pub input: [usize; 3],
    /// Shape of the output.
    pub output: [usize; 3],
}

/// The shape that a node takes by itself, if its parameters or the file have one.
pub(super) fn own_input(node: &Node) -> Result<Option<Vec<usize>>, Fault> {
    let of = |array: &Array| (!array.shape.is_empty()).then(|| array.shape.clone());
    Ok(match node {
        // A shape without dimensions is one that the writer did not know.
        Node::Input { shape } | Node::Output { shape } => {
            (!shape.is_empty()).then(|| shape.clone())
        }
        Node::Flatten { input_shape, .. } => input_shape.clone(),
        Node::Affine { weight, .. } | Node::Linear { weight } => {
            Some(affine_shape(weight, weight.shape.len().wrapping_sub(1))?)
        }
        Node::Scale { scale } => of(scale),
        Node::Threshold { threshold } => of(threshold),
        Node::Delay { delay } => of(delay),
        Node::Conv1d {
            input_shape,
            weight,
            groups,
            ..
        } => {
            let channels = conv_channels(weight, *groups, 3)?;
            input_shape.map(|width| vec![channels, width])
        }
        Node::Conv2d {
            input_shape,
            weight,
            groups,
            ..
        } => {
            let channels = conv_channels(weight, *groups, 4)?;
            input_shape.map(|[height, width]| vec![channels, height, width])
        }
        _ => Neuron::of(node).and_then(|neuron| neuron.shape()),
    })
}

/// The leading dimensions of a weight, and dimension `last`.
fn affine_shape(weight: &Array, last: usize) -> Result<Vec<usize>, Fault> {
    let dimensions = weight.shape.len();
    if dimensions < 2 {
        return Err(Fault::ParameterShape {
            parameter: "weight",
            found: weight.shape.clone(),
            expected: "[.., outputs, inputs]".to_owned(),
        });
    }
    let mut shape = weight.shape[..dimensions - 2].to_vec();
    shape.push(weight.shape[last]);
    Ok(shape)
}

/// Channels that come in.
fn conv_channels(weight: &Array, groups: usize, dimensions: usize) -> Result<usize, Fault> {
    let divided = weight.shape.first().is_some_and(|out| out % groups == 0);
    if weight.shape.len() != dimensions || !divided || weight.is_empty() {
        return Err(Fault::ParameterShape {
            parameter: "weight",
            found: weight.shape.clone(),
            expected: format!(
                "{dimensions} dimensions, channels out (a multiple of {groups} groups) first"
            ),
        });
    }
    weight.shape[1].checked_mul(groups).ok_or(Fault::TooLarge)
}

impl Op {
    /// What `node` computes from an input of this shape, and the shape of its output.
    pub(super) fn new(node: &Node, input: &[usize]) -> Result<(Self, Vec<usize>), Fault> {
        elements(input)?;
        let same = |op: Self| Ok((op, input.to_vec()));
        match node {
            Node::Input { .. } => same(Self::Input),
            Node::Output { .. } => same(Self::Output),
            Node::Graph(_) => same(Self::Identity),
            Node::Flatten {
                start_dim, end_dim, ..
            } => Ok((Self::Flatten, flattened(input, *start_dim, *end_dim)?)),
            Node::Affine { weight, bias } => affine(weight, Some(bias)),
            Node::Linear { weight } => affine(weight, None),
            Node::Scale { scale } => {
                finite("scale", scale)?;
                fits("scale", scale, input)?;
                same(Self::Scale {
                    scale: scale.clone(),
                })
            }
            Node::Threshold { threshold } => {
                finite("threshold", threshold)?;
                fits("threshold", threshold, input)?;
                same(Self::Threshold {
                    threshold: threshold.clone(),
                })
            }
            Node::Delay { delay } => {
                finite("delay", delay)?;
                range(
                    "delay",
                    delay,
                    |delay| delay >= 0.0,
                    "at least 0, in seconds",
                )?;
                fits("delay", delay, input)?;
                same(Self::Delay {
                    delay: delay.clone(),
                })
            }
            Node::Conv1d { .. } | Node::Conv2d { .. } => conv(node, input),
            Node::SumPool2d {
                kernel_size,
                stride,
                padding,
            } => pool(*kernel_size, *stride, *padding, false, input),
            Node::AvgPool2d {
                kernel_size,
                stride,
                padding,
            } => pool(*kernel_size, *stride, *padding, true, input),
            _ => {
                let neuron = Neuron::of(node).ok_or(Fault::NoShape)?;
                neuron.check(input)?;
                same(Self::Neuron(Box::new(neuron)))
            }
        }
    }

    /// Whether a loop through the node has a meaning: it has a state, or delays each signal by a step of `dt_s` or
    /// more (by any time, where no step is given).
    pub(super) fn has_state(&self, dt_s: Option<f64>) -> bool {
        match self {
            Self::Neuron(_) => true,
            Self::Delay { delay } => {
                let delays =
                    |delay: &f64| dt_s.map_or(*delay > 0.0, |dt_s| steps(*delay, dt_s) >= 1.0);
                !delay.is_empty() && delay.values.iter().all(delays)
            }
            _ => false,
        }
    }
}

/// A delay as a number of steps, rounded.
pub fn steps(delay_s: f64, dt_s: f64) -> f64 {
    (delay_s / dt_s).round()
}

fn flattened(input: &[usize], start: i64, end: i64) -> Result<Vec<usize>, Fault> {
    let dimensions = input.len() as i64;
    let place = |k: i64| if k < 0 { k + dimensions } else { k };
    let (start, end) = (place(start), place(end));
    if start < 0 || start > end || end >= dimensions {
        return Err(Fault::InputShape {
            found: input.to_vec(),
            expected: format!("one with dimensions {start} to {end}, which are joined"),
        });
    }
    let (start, end) = (start as usize, end as usize);
    let mut shape = input[..start].to_vec();
    shape.push(elements(&input[start..=end])?);
    shape.extend(&input[end + 1..]);
    Ok(shape)
}

fn affine(weight: &Array, bias: Option<&Array>) -> Result<(Op, Vec<usize>), Fault> {
    finite("weight", weight)?;
    let output = affine_shape(weight, weight.shape.len().wrapping_sub(2))?;
    if let Some(bias) = bias {
        finite("bias", bias)?;
        // One bias for each output may be shared by the leading dimensions.
        if bias.shape != output[output.len() - 1..] {
            fits("bias", bias, &output)?;
        }
    }
    let op = Op::Affine {
        weight: weight.clone(),
        bias: bias.cloned(),
    };
    Ok((op, output))
}

fn conv(node: &Node, input: &[usize]) -> Result<(Op, Vec<usize>), Fault> {
    let (weight, bias, padding, groups, stride, dilation, dimensions) = match node {
        Node::Conv1d {
            weight,
            bias,
            padding,
            groups,
            stride,
            dilation,
            ..
        } => (
            weight,
            bias,
            padding,
            *groups,
            [1, *stride],
            [1, *dilation],
            1,
        ),
        Node::Conv2d {
            weight,
            bias,
            padding,
            groups,
            stride,
            dilation,
            ..
        } => (weight, bias, padding, *groups, *stride, *dilation, 2),
        _ => return Err(Fault::NoShape),
    };
    finite("weight", weight)?;
    finite("bias", bias)?;
    let channels = conv_channels(weight, groups, dimensions + 2)?;
    let wrong = || Fault::InputShape {
        found: input.to_vec(),
        expected: match dimensions {
            1 => format!("[{channels}, width]"),
            _ => format!("[{channels}, height, width]"),
        },
    };
    let size = match *input {
        [c, width] if dimensions == 1 && c == channels => [c, 1, width],
        [c, height, width] if dimensions == 2 && c == channels => [c, height, width],
        _ => return Err(wrong()),
    };
    let mut weight = weight.clone();
    if dimensions == 1 {
        weight.shape.insert(2, 1);
    }
    fits("bias", bias, &weight.shape[..1])?;
    let mut before = [0; 2];
    let mut output = [weight.shape[0], 0, 0];
    for k in 0..2 {
        // Zeros for Conv1d are those of the width.
        let (start, total) = match padding {
            Padding::Valid => (0, 0),
            Padding::Zeros(zeros) => {
                let all = match dimensions {
                    1 if k == 0 => 0,
                    1 => zeros.first().copied().unwrap_or(0),
                    _ => zeros.get(k).copied().unwrap_or(0),
                };
                (all, 2 * all)
            }
            Padding::Same => {
                if stride[k] != 1 {
                    return Err(Fault::OutOfRange {
                        parameter: "stride",
                        index: k,
                        value: stride[k] as f64,
                        expected: "1 with `same` padding",
                    });
                }
                let total = dilation[k].saturating_mul(weight.shape[k + 2] - 1);
                (total / 2, total)
            }
        };
        before[k] = start;
        let window = (dilation[k].saturating_mul(weight.shape[k + 2] - 1)).saturating_add(1);
        output[k + 1] = windows(size[k + 1], total, window, stride[k]).ok_or_else(wrong)?;
    }
    let shape = match dimensions {
        1 => vec![output[0], output[2]],
        _ => output.to_vec(),
    };
    let conv = Conv {
        weight,
        bias: bias.clone(),
        stride,
        padding: before,
        dilation,
        groups,
        input: size,
        output,
    };
    elements(&shape)?;
    Ok((Op::Conv(conv), shape))
}

/// How many windows of a width fit into `size` and `padding` zeros; `None` if not one does.
fn windows(size: usize, padding: usize, window: usize, stride: usize) -> Option<usize> {
    let room = size.checked_add(padding)?.checked_sub(window)?;
    Some(room / stride + 1)
}

fn pool(
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    mean: bool,
    input: &[usize],
) -> Result<(Op, Vec<usize>), Fault> {
    let wrong = || Fault::InputShape {
        found: input.to_vec(),
        expected: format!("[channels, height, width], at least {kernel:?} high and wide"),
    };
    let &[channels, height, width] = input else {
        return Err(wrong());
    };
    let mut output = [channels, 0, 0];
    for (k, size) in [height, width].into_iter().enumerate() {
        output[k + 1] = windows(size, 2 * padding[k], kernel[k], stride[k]).ok_or_else(wrong)?;
    }
    elements(&output)?;
    let pool = Pool {
        kernel,
        stride,
        padding,
        mean,
        input: [channels, height, width],
        output,
    };
    Ok((Op::Pool(pool), output.to_vec()))
}
