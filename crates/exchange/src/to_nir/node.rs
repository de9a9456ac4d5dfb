//! One node of a [graph](saturn_neurons::graph) as a node of NIR.
//!
//! A decay `exact` is written as the time constant with which an Euler step is the same. A reset that acts in the next step and
//! one in the same step give the same spikes if they set v.

use saturn_cell::Cell;
use saturn_neurons::graph::Convolution;
use saturn_neurons::graph::node::{Decay, Neurons, Node as Saturn, Reset, Spike, Start};

use super::chain::{Setting, array};
use super::target::Target;
use crate::exported::{Refusal, tensor};
use crate::nir::{Array, Node, Padding};

/// What one node is made from.
pub(super) struct Writer<'a> {
    pub name: &'a str,
    pub cell: &'a dyn Cell<f64>,
    pub setting: &'a Setting,
    pub decay: Decay,
    /// Whether convolutions are along one dimension.
    pub is_line: bool,
    /// Of its input.
    pub shape: &'a [usize],
    pub output: &'a [usize],
}

impl Writer<'_> {
    fn numbers(&self, parameter: &str) -> Vec<f64> {
        tensor(self.cell, &format!("{}.{parameter}", self.name)).unwrap_or_default()
    }

    /// A parameter in the shape of the node.
    fn own(&self, parameter: &str) -> Result<Array, Refusal> {
        array(
            &format!("`{parameter}`"),
            self.shape,
            self.numbers(parameter),
        )
    }

    /// The node, and what is lost of it.
    pub fn node(&self, node: &Saturn, losses: &mut Vec<String>) -> Result<Node, Refusal> {
        let shape = || self.shape.to_vec();
        Ok(match node {
            Saturn::Input { .. } => Node::Input { shape: shape() },
            Saturn::Output { .. } => Node::Output { shape: shape() },
            Saturn::Identity { size } if self.shape == self.output => Node::Scale {
                scale: array("`scale`", self.shape, vec![1.0; *size])?,
            },
            Saturn::Identity { .. } => Node::Flatten {
                input_shape: Some(shape()),
                start_dim: 0,
                end_dim: -1,
            },
            Saturn::Linear {
                inputs,
                outputs,
                bias,
            } => {
                let weight = array("`weight`", &[*outputs, *inputs], self.numbers("weight"))?;
                match bias {
                    false => Node::Linear { weight },
                    true => Node::Affine {
                        weight,
                        bias: array("`bias`", &[*outputs], self.numbers("bias"))?,
                    },
                }
            }
            Saturn::Scale { .. } => Node::Scale {
                scale: self.own("scale")?,
            },
            Saturn::Convolution(c) => self.convolution(c)?,
            Saturn::Pooling(p) => {
                let (kernel_size, stride, padding) = (p.kernel, p.stride, p.padding);
                if p.mean {
                    Node::AvgPool2d {
                        kernel_size,
                        stride,
                        padding,
                    }
                } else {
                    Node::SumPool2d {
                        kernel_size,
                        stride,
                        padding,
                    }
                }
            }
            Saturn::Delay { steps } => {
                let delay = steps.iter().map(|&k| k as f64 * self.setting.step_s);
                Node::Delay {
                    delay: array("the delay", self.shape, delay.collect())?,
                }
            }
            Saturn::Threshold { spike, .. } => {
                self.strict(*spike, losses)?;
                Node::Threshold {
                    threshold: self.own("threshold")?,
                }
            }
            Saturn::Neurons(neurons) => self.neurons(neurons, losses)?,
        })
    }

    fn convolution(&self, c: &Convolution) -> Result<Node, Refusal> {
        let [top, bottom, left, right] = c.padding;
        let pads = [[top, bottom], [left, right]];
        let [_, rows, columns] = c.output();
        let reach = |k: usize| c.dilation[k] * (c.kernel[k] - 1) + 1;
        let symmetric = (0..2).all(|k| {
            let padded = c.input[1 + k] + 2 * pads[k][0];
            padded >= reach(k) && (padded - reach(k)) / c.stride[k] + 1 == [rows, columns][k]
        });
        let same = c.stride == [1, 1]
            && (0..2).all(|k| {
                let total = reach(k) - 1;
                pads[k] == [total / 2, total - total / 2]
            });
        let padding = match (symmetric, same) {
            (true, _) => Padding::Zeros(vec![top, left]),
            (false, true) => Padding::Same,
            _ => {
                let what = format!("NIR has no padding of {:?} on its four sides", c.padding);
                return Err(Refusal::new(what, "pad both sides of a dimension alike"));
            }
        };
        let group = c.input[0] / c.groups;
        let bias = if c.bias {
            self.numbers("bias")
        } else {
            vec![0.0; c.channels]
        };
        if self.is_line {
            let shape = [c.channels, group, c.kernel[1]];
            return Ok(Node::Conv1d {
                input_shape: Some(c.input[2]),
                weight: array("`weight`", &shape, self.numbers("weight"))?,
                stride: c.stride[1],
                padding: match padding {
                    Padding::Zeros(_) => Padding::Zeros(vec![left]),
                    same => same,
                },
                dilation: c.dilation[1],
                groups: c.groups,
                bias: array("`bias`", &[c.channels], bias)?,
            });
        }
        let shape = [c.channels, group, c.kernel[0], c.kernel[1]];
        Ok(Node::Conv2d {
            input_shape: Some([c.input[1], c.input[2]]),
            weight: array("`weight`", &shape, self.numbers("weight"))?,
            stride: c.stride,
            padding,
            dilation: c.dilation,
            groups: c.groups,
            bias: array("`bias`", &[c.channels], bias)?,
        })
    }

    /// An approximation, if it is allowed.
    fn lose(&self, what: &str, instead: &str, losses: &mut Vec<String>) -> Result<(), Refusal> {
        if !self.setting.approximate {
            let whole = match self.setting.target {
                Target::SnnTorch => {
                    ", or write a state dict, where that has it: `--to safetensors --for snntorch`, in Python \
                     `net.state_dict(reader=\"snntorch\")`"
                }
                _ => "",
            };
            let hint = format!("give --approximate to have {instead}{whole}");
            return Err(Refusal::new(format!("NIR has no {what}"), hint));
        }
        losses.push(format!("NIR has no {what}, so there is {instead}"));
        Ok(())
    }

    fn strict(&self, spike: Spike, losses: &mut Vec<String>) -> Result<(), Refusal> {
        match spike {
            Spike::Above => Ok(()),
            // Its threshold is one.
            Spike::AtOrAbove if self.setting.target == Target::SpikingJelly => Ok(()),
            Spike::AtOrAbove => self.lose(
                "spike at the threshold (`spike: at_or_above`)",
                "a spike only above it",
                losses,
            ),
            Spike::Many => self.lose(
                "several spikes in a step (`spike: many`)",
                "one spike at most",
                losses,
            ),
        }
    }

    fn neurons(&self, neurons: &Neurons, losses: &mut Vec<String>) -> Result<Node, Refusal> {
        let v_leak = if neurons.leak {
            self.own("v_leak")?
        } else {
            Array::list([0.0])
        };
        let leaks_to_zero = v_leak.values.iter().all(|&v| v == 0.0);
        if neurons.start == Start::Leak && !leaks_to_zero {
            self.lose("start at v_leak (`start: leak`)", "a start at 0", losses)?;
        }
        if neurons.leaky_synapse && !leaks_to_zero {
            let what = "NIR has no synapse that receives v_leak (`leaky_synapse`)";
            return Err(Refusal::new(what, "train it with a v_leak of 0"));
        }
        if neurons.spikes {
            self.strict(neurons.spike, losses)?;
            match neurons.reset {
                Reset::ToReset => {}
                Reset::Subtract => self.lose(
                    "reset by subtraction (`reset: subtract`)",
                    "a reset to v_reset",
                    losses,
                )?,
                Reset::None => {
                    let what = "NIR has no spikes without a reset (`reset: none`)";
                    return Err(Refusal::new(what, "write integrators and a threshold"));
                }
            }
        }
        self.typed(neurons, v_leak)
    }

    /// With which an Euler step of the file is a step of the network.
    fn time_constants(&self, parameter: &str) -> Result<Array, Refusal> {
        let (dt, step) = (self.setting.dt_s, self.setting.step_s);
        let in_file = |tau: f64| match self.decay {
            Decay::Euler => tau / dt * step,
            Decay::Exact => step / -(-dt / tau).exp_m1(),
        };
        let plain = self.decay == Decay::Euler && dt.to_bits() == step.to_bits();
        let values = self.numbers(parameter).into_iter();
        let values = values.map(|tau| if plain { tau } else { in_file(tau) });
        array(&format!("`{parameter}`"), self.shape, values.collect())
    }

    fn typed(&self, neurons: &Neurons, v_leak: Array) -> Result<Node, Refusal> {
        let r = if neurons.leak {
            self.own("r")?
        } else {
            let per_step = self.setting.dt_s / self.setting.step_s;
            let values = self.numbers("r").iter().map(|r| r * per_step).collect();
            array("`r`", self.shape, values)?
        };
        let fire = |parameter| self.own(parameter);
        Ok(match (neurons.synapse, neurons.leak, neurons.spikes) {
            (true, false, _) => {
                let what = "NIR has no synapse before a membrane without a leak";
                return Err(Refusal::new(what, "give the membrane a long time constant"));
            }
            (false, false, false) => Node::I { r },
            (false, false, true) => Node::If {
                r,
                v_threshold: fire("v_threshold")?,
                v_reset: fire("v_reset")?,
            },
            (false, true, false) => Node::Li {
                tau: self.time_constants("tau_mem")?,
                r,
                v_leak,
            },
            (false, true, true) => Node::Lif {
                tau: self.time_constants("tau_mem")?,
                r,
                v_leak,
                v_threshold: fire("v_threshold")?,
                v_reset: fire("v_reset")?,
            },
            (true, true, false) => Node::CubaLi {
                tau_syn: self.time_constants("tau_syn")?,
                tau_mem: self.time_constants("tau_mem")?,
                r,
                v_leak,
                w_in: self.own("w_in")?,
            },
            (true, true, true) => Node::CubaLif {
                tau_syn: self.time_constants("tau_syn")?,
                tau_mem: self.time_constants("tau_mem")?,
                r,
                v_leak,
                w_in: self.own("w_in")?,
                v_threshold: fire("v_threshold")?,
                v_reset: fire("v_reset")?,
            },
        })
    }
}
