//! The simulators that a file can be written for, and what each reads otherwise than NIR means it.
//!
//! Read in snnTorch 1.0.0, Norse 1.1.0 and SpikingJelly 2.0.0, and checked by running them (`.ci/nir`):
//!
//! | | snnTorch | Norse | SpikingJelly |
//! |---|---|---|---|
//! | step | 0.1 ms, fixed | `dt` of `from_nir`, 1 ms by default | `dt` of `import_from_nir`, 0.1 ms by default |
//! | r of a LIF | one scale a layer: tau/dt fits any tau | ignored: 1 | 1 or tau/dt |
//! | r, `w_in` of a CubaLIF | tau/dt | any | tau/dt |
//! | `v_leak`, `v_reset` | 0 | 0 | 0 |
//! | time constants in a layer | any | any | one |
//! | thresholds in a layer | one | any | one |
//! | LI, I, Threshold, Scale, Delay | no | no | no |
//! | loops | nested | any | any |

use crate::nir::{Array, Node};

/// The program that a NIR file is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Any that reads NIR as its equations are: r = 1, `w_in` = 1.
    #[default]
    Any,
    /// snnTorch.
    SnnTorch,
    /// Norse.
    Norse,
    /// SpikingJelly.
    SpikingJelly,
}

/// snnTorch's step in seconds, which cannot be changed.
const SNNTORCH_STEP_S: f64 = 1e-4;

impl Target {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "NIR",
            Self::SnnTorch => "snnTorch",
            Self::Norse => "Norse",
            Self::SpikingJelly => "SpikingJelly",
        }
    }

    /// Seconds a step in the file, for a network with steps of `dt_s`.
    pub(super) fn step_s(self, dt_s: f64) -> f64 {
        if self == Self::SnnTorch {
            SNNTORCH_STEP_S
        } else {
            dt_s
        }
    }

    /// Whether r and `w_in` are tau/dt, so that an input of 1 adds 1 in a step.
    pub(super) fn adds_inputs_whole(self) -> bool {
        matches!(self, Self::SnnTorch | Self::SpikingJelly)
    }

    /// Whether it can run leaky integrators.
    pub(super) fn has_integrators(self) -> bool {
        self == Self::Any
    }

    /// Whether all neurons of a layer have one time constant.
    pub(super) fn one_time_constant(self) -> bool {
        self == Self::SpikingJelly
    }

    /// How to read the file, where that is not obvious.
    pub(super) fn reading(self, dt_s: f64) -> Option<String> {
        match self {
            Self::Any => None,
            Self::SnnTorch => Some(format!(
                "snnTorch's step is 0.1 ms: time constants are scaled so that a step of it is one of this network, {} ms",
                1e3 * dt_s
            )),
            Self::Norse => Some(format!(
                "read it with `norse.torch.from_nir(nir.read(path), dt={dt_s})`"
            )),
            Self::SpikingJelly => Some(format!(
                "read it with `import_from_nir(nir.read(path), dt={dt_s})`; SpikingJelly's threshold is >=, not >"
            )),
        }
    }

    /// What it cannot read of a node as it is, if there is such.
    pub(super) fn refuses(self, node: &Node, step_s: f64) -> Option<String> {
        if self == Self::Any {
            return None;
        }
        let zero = |array: &Array| array.values.iter().all(|&x| x == 0.0);
        let one = |array: &Array| {
            array
                .values
                .windows(2)
                .all(|pair| pair[0].to_bits() == pair[1].to_bits())
        };
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs();
        let whole = |r: &Array, tau: &Array| {
            (0..r.len().max(tau.len())).all(|i| near(r.at(i), tau.at(i) / step_s))
        };
        let ones = |array: &Array| array.values.iter().all(|&x| near(x, 1.0));
        let is_bad = match node {
            Node::Input { .. }
            | Node::Output { .. }
            | Node::Affine { .. }
            | Node::Linear { .. }
            | Node::Conv2d { .. }
            | Node::Flatten { .. }
            | Node::Graph(_) => None,
            Node::AvgPool2d { .. } if self != Self::Norse => None,
            Node::Conv1d { .. } if self == Self::SpikingJelly => None,
            Node::Lif {
                tau,
                r,
                v_leak,
                v_threshold,
                v_reset,
            } => match self {
                _ if !zero(v_leak) || !zero(v_reset) => Some("v_leak and v_reset of 0"),
                Self::Norse if !ones(r) => Some("r = 1"),
                Self::SnnTorch if !(whole(r, tau) || one(tau) && one(r)) => {
                    Some("one time constant and r a layer, or r = tau/dt")
                }
                Self::SnnTorch if !one(v_threshold) => Some("one threshold a layer"),
                Self::SpikingJelly if !(one(tau) && one(v_threshold)) => {
                    Some("one time constant and threshold a layer")
                }
                Self::SpikingJelly if !(ones(r) || whole(r, tau)) => Some("r = 1 or tau/dt"),
                _ => None,
            },
            Node::CubaLif {
                tau_syn,
                tau_mem,
                r,
                v_leak,
                w_in,
                v_threshold,
                v_reset,
            } => match self {
                _ if !zero(v_leak) || !zero(v_reset) => Some("v_leak and v_reset of 0"),
                Self::Norse => None,
                _ if !(whole(r, tau_mem) && whole(w_in, tau_syn)) => {
                    Some("r = tau_mem/dt and w_in = tau_syn/dt")
                }
                _ if !one(v_threshold) => Some("one threshold a layer"),
                Self::SpikingJelly if !(one(tau_syn) && one(tau_mem)) => {
                    Some("one time constant of each kind a layer")
                }
                _ => None,
            },
            other => return Some(format!("{} has no {}", self.name(), other.type_name())),
        };
        is_bad.map(|needs| {
            format!(
                "{} reads its {} only with {needs}",
                self.name(),
                node.type_name()
            )
        })
    }
}
