//! The modules of a network of snnTorch as nodes of a graph.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::Dtype;
use saturn_train::weights::WeightsFile;

use super::super::Module;
use super::{Type, WHOLE, wrong};
use crate::imported::ImportError;
use crate::nir::{Array, Graph, Node, Reset};

/// A step of a time constant that is so long that nothing decays: 1 − 2⁻⁶⁰ is 1 in f64.
const ENDLESS: f64 = (1_u64 << 60) as f64;

/// The numbers of a tensor, which may be integers: `snn.Leaky(beta=1)`.
fn numbers(file: &mut WeightsFile, name: &str) -> Result<Vec<f64>, ImportError> {
    if file.tensors()[name].dtype != Dtype::I64 {
        return Ok(file.numbers(name)?);
    }
    let bytes = file.bytes(name)?;
    let (chunks, _) = bytes.as_chunks();
    Ok(chunks
        .iter()
        .map(|b| i64::from_le_bytes(*b) as f64)
        .collect())
}

/// The graph as far as it is made.
pub(super) struct Made<'p> {
    path: &'p Path,
    dt_s: f64,
    pub graph: Graph,
    /// The node that the next module receives from.
    last: String,
    /// Names of the nodes of each module.
    pub parts: Vec<Vec<String>>,
    /// What spikes do, by nodes.
    pub resets: BTreeMap<String, Reset>,
    pub notices: Vec<String>,
}

impl<'p> Made<'p> {
    /// An Input of so many channels.
    pub fn new(path: &'p Path, channels: usize, dt_s: f64) -> Self {
        let mut made = Self {
            path,
            dt_s,
            graph: Graph {
                file: path.to_owned(),
                ..Graph::default()
            },
            last: String::new(),
            parts: Vec::new(),
            resets: BTreeMap::new(),
            notices: Vec::new(),
        };
        let shape = vec![channels];
        made.last = made.add("input", Node::Input { shape });
        made
    }

    /// Adds the Output.
    pub fn output(&mut self, outputs: usize) {
        let shape = vec![outputs];
        let name = self.add("output", Node::Output { shape });
        self.connect(name);
    }

    /// Adds a node with this name, or a similar one if there is one already.
    fn add(&mut self, name: &str, node: Node) -> String {
        let mut free = if name.is_empty() { "module" } else { name }.to_owned();
        while self.graph.nodes.contains_key(&free) {
            free.push('_');
        }
        self.graph.nodes.insert(free.clone(), node);
        free
    }

    /// Leads the output of the last node to that called `name`, which is now the last.
    fn connect(&mut self, name: String) {
        let from = std::mem::replace(&mut self.last, name.clone());
        self.graph.edges.push((from, name));
    }

    /// A tensor of the module, one number for each unit; `default` where there is none.
    fn each(
        &self,
        file: &mut WeightsFile,
        module: &Module,
        tensor: &str,
        default: f64,
    ) -> Result<Array, ImportError> {
        let values = match module.tensor(file, tensor) {
            Some(name) => numbers(file, &name)?,
            None => vec![default],
        };
        let array = Array::list(values);
        let full = array.broadcast(&[module.outputs]);
        full.ok_or_else(|| {
            let what = format!(
                "has a `{tensor}` of {} numbers for {} units",
                array.len(),
                module.outputs
            );
            wrong(self.path, &module.name, what, WHOLE)
        })
    }

    /// W x + b. The recurrent bias of the neurons behind it is part of b.
    pub fn linear(
        &mut self,
        file: &mut WeightsFile,
        module: &Module,
        next: Option<&Module>,
    ) -> Result<(), ImportError> {
        let weight = Array {
            shape: vec![module.outputs, module.inputs],
            values: match module.tensor(file, "weight") {
                Some(name) => file.numbers(&name)?,
                None => Vec::new(),
            },
        };
        let recurrent = |module: &&Module| module.shapes.contains_key("recurrent.bias");
        let added = match next.filter(recurrent) {
            Some(next) => Some(self.each(file, next, "recurrent.bias", 0.0)?),
            None => None,
        };
        let node = if module.shapes.contains_key("bias") || added.is_some() {
            let own = self.each(file, module, "bias", 0.0)?;
            let bias = match added {
                Some(added) => own.zip(&added, |a, b| a + b),
                None => own,
            };
            Node::Affine { weight, bias }
        } else {
            Node::Linear { weight }
        };
        let name = self.add(&module.name, node);
        self.parts.push(vec![name.clone()]);
        self.connect(name);
        Ok(())
    }

    /// Neurons, the factor of their spikes and their loop.
    pub fn neurons(
        &mut self,
        file: &mut WeightsFile,
        module: &Module,
        neurons: Type,
    ) -> Result<(), ImportError> {
        let reset = self.reset(file, module, neurons)?;
        let v_threshold = self.each(file, module, "threshold", 1.0)?;
        if v_threshold.values.iter().any(|v| *v < 0.0) {
            let what = "has a negative `threshold`, with which snnTorch resets neurons before their first spike";
            let hint = "train it with thresholds of at least 0";
            return Err(wrong(self.path, &module.name, what, hint));
        }
        let tau_mem = self.tau(file, module, "beta")?;
        let dt_s = self.dt_s;
        // Inputs are added whole.
        let whole = |tau: &Array| tau.map(|tau| tau / dt_s);
        let (r, v_leak, v_reset) = (whole(&tau_mem), Array::scalar(0.0), Array::scalar(0.0));
        let node = if neurons.synapse {
            let tau_syn = self.tau(file, module, "alpha")?;
            Node::CubaLif {
                w_in: whole(&tau_syn),
                tau_syn,
                tau_mem,
                r,
                v_leak,
                v_threshold,
                v_reset,
            }
        } else {
            Node::Lif {
                tau: tau_mem,
                r,
                v_leak,
                v_threshold,
                v_reset,
            }
        };
        let before = &self.graph.nodes[&self.last];
        let is_behind_linear = matches!(before, Node::Affine { .. } | Node::Linear { .. });
        if module.shapes.contains_key("recurrent.bias") && !is_behind_linear {
            let what = "has a recurrent bias, and no linear module before it to add it to";
            let hint = "begin the network with a linear module";
            return Err(wrong(self.path, &module.name, what, hint));
        }
        let name = self.add(&module.name, node);
        let mut nodes = vec![name.clone()];
        self.resets.insert(name.clone(), reset);
        self.connect(name.clone());
        let scale = self.each(file, module, "graded_spikes_factor", 1.0)?;
        if scale.values.iter().any(|factor| (factor - 1.0).abs() > 0.0) {
            let scaled = self.add(&format!("{name}.graded"), Node::Scale { scale });
            nodes.push(scaled.clone());
            self.connect(scaled);
        }
        if neurons.recurrent {
            let node = self.recurrence(file, module)?;
            let weights = self.add(&format!("{name}.recurrent"), node);
            nodes.push(weights.clone());
            let edges = [(self.last.clone(), weights.clone()), (weights, name)];
            self.graph.edges.extend(edges);
        }
        self.parts.push(nodes);
        Ok(())
    }

    /// What a spike does.
    fn reset(
        &self,
        file: &mut WeightsFile,
        module: &Module,
        neurons: Type,
    ) -> Result<Reset, ImportError> {
        let number = self.each(file, module, "reset_mechanism_val", 0.0)?.at(0);
        let (what, hint) = match number {
            0.0 => return Ok(Reset::Subtract),
            2.0 => return Ok(Reset::None),
            1.0 if neurons.synapse || neurons.recurrent => (
                format!(
                    "({}) cannot be run: it resets to zero in the step after a spike, whose input is then lost",
                    neurons.name()
                ),
                "train it with `reset_mechanism=\"subtract\"`, or use `snn.Leaky`",
            ),
            1.0 => return Ok(Reset::Zero),
            other => (
                format!("has a `reset_mechanism_val` of {other}"),
                "snnTorch has 0 (subtract), 1 (zero) and 2 (none)",
            ),
        };
        Err(wrong(self.path, &module.name, what, hint))
    }

    /// Weights of spikes of the step before, without the bias.
    fn recurrence(&self, file: &mut WeightsFile, module: &Module) -> Result<Node, ImportError> {
        if let Some(weight) = module.tensor(file, "recurrent.weight") {
            let weight = Array {
                shape: vec![module.outputs; 2],
                values: file.numbers(&weight)?,
            };
            return Ok(Node::Linear { weight });
        }
        // The same numbers, one of which `safetensors.torch.save_model` leaves out.
        let inner = module.shapes.contains_key("recurrent.V");
        let v = if inner { "recurrent.V" } else { "V" };
        let scale = self.each(file, module, v, 1.0)?;
        Ok(Node::Scale { scale })
    }

    /// Time constants that decay by the factors in `tensor`.
    fn tau(
        &mut self,
        file: &mut WeightsFile,
        module: &Module,
        tensor: &str,
    ) -> Result<Array, ImportError> {
        let factors = self.each(file, module, tensor, 0.0)?;
        let is_outside = |factor: &&f64| !(0.0..=1.0).contains(*factor);
        let outside = factors.values.iter().filter(is_outside).count();
        if outside > 0 {
            self.notices.push(format!(
                "{}: `{tensor}` of `{}` is outside of 0 to 1 for {outside} of {} neurons and is clamped, as snnTorch does",
                self.path.display(),
                module.name,
                factors.len()
            ));
        }
        Ok(factors.map(|factor| match 1.0 - factor.clamp(0.0, 1.0) {
            0.0 => self.dt_s * ENDLESS,
            lost => self.dt_s / lost,
        }))
    }
}
