//! The cells of Saturn that NIR has nodes for.
//!
//! With a = exp(-dt/tau) and g of [`saturn_neurons::decay`], a step of a cell and one of a node are
//!
//! ```text
//! (1) v_t = a v_{t-1} + g d_t                          Saturn
//! (2) v_t = v_{t-1} + q (r I_t - v_{t-1}),  q = dt/tau'       NIR, by Euler's method
//! ```
//!
//! so tau' = dt/(1 - a) and r q = g. The step gain r q is 1 - a in files for all programs, where r = 1, and 1 where the
//! reader demands r = tau'/dt; what is left of g goes into the weights: I = g/(r q) d. A synapse is the same with `w_in`.
//! d has the sum of weights, bias and recurrent weights, so all three are scaled.
//!
//! Saturn's spikes reset the membrane in the next step, NIR's in the same one. For `zero` both give v_t = g d_t after a
//! spike.

use saturn_cell::Cell;
use saturn_network::Layer;
use saturn_neurons::decay::InputScale;
use saturn_neurons::spike_reset::SpikeReset;

use super::chain::{Chain, Setting, Watched, array};
use super::target::Target;
use crate::exported::{Refusal, recurrent, tensor};
use crate::nir::{Array, Node};

/// A remedy for what NIR lacks.
const OWN_WEIGHTS: &str =
    "`--to safetensors` writes any network; NIR has integrators, LIF and CubaLIF";

/// Adds the nodes of cell `i` to `chain`.
pub(super) fn add(
    chain: &mut Chain,
    i: usize,
    (layer, cell): (&Layer, &dyn Cell<f64>),
    setting: &Setting,
) -> Result<(), Refusal> {
    let leak = |name: &str, scale| Leak::of(cell, name, scale, setting);
    let kind = layer.kind();
    match layer {
        Layer::Linear(_) => {
            let (name, node) = (chain.name(i, "fc"), weights(cell, None)?);
            chain.watched.push(Watched::output(i, &name, false));
            chain.add(name, node, kind, &[]);
            Ok(())
        }
        Layer::Li(c) => integrators(chain, i, cell, &leak("tau_mem_ms", c.input_scale)?, setting),
        Layer::Lif(c) => {
            let neurons = Neurons {
                losses: lost_reset(c.spike_reset, setting)?,
                threshold: c.threshold,
                membrane: leak("tau_mem_ms", c.input_scale)?,
                synapse: None,
            };
            neurons.add(chain, i, (kind, cell), setting)
        }
        Layer::Alif(c) => {
            let lost = "NIR has no adaptation, so the threshold stays where it is";
            let hint = "train a `lif`, or give --approximate to leave the adaptation out";
            if !setting.approximate {
                return Err(Refusal::new("NIR has no adaptation", hint));
            }
            let mut losses = vec![lost.to_owned()];
            losses.extend(lost_reset(c.spike_reset, setting)?);
            let neurons = Neurons {
                losses,
                threshold: c.threshold,
                membrane: leak("tau_mem_ms", c.input_scale)?,
                synapse: None,
            };
            neurons.add(chain, i, (kind, cell), setting)
        }
        Layer::CubaLif(c) => {
            let neurons = Neurons {
                losses: lost_reset(c.spike_reset, setting)?,
                threshold: c.threshold,
                membrane: leak("tau_mem_ms", c.input_scale)?,
                synapse: Some(leak("tau_syn_ms", c.synapse_scale)?),
            };
            neurons.add(chain, i, (kind, cell), setting)
        }
        _ => Err(refusal(layer)),
    }
}

/// Why NIR has no node for `layer`.
fn refusal(layer: &Layer) -> Refusal {
    let lacks = match layer {
        Layer::AdLif(_) => "adaptation or resonance",
        Layer::ResonateAndFire(_) => "resonance",
        Layer::Rnn(_) => "tanh units",
        Layer::Gru(_) | Layer::Lstm(_) | Layer::InputGatedRnn(_) => "gates",
        Layer::SurprisalRnn(_) => "predictions of the input",
        Layer::WindowedAttention(_) => "attention",
        _ => "state-space models",
    };
    let hint = match layer {
        Layer::Rnn(_) | Layer::Gru(_) | Layer::Lstm(_) => {
            "`--to safetensors --for pytorch` writes a state dict that PyTorch loads"
        }
        _ => OWN_WEIGHTS,
    };
    Refusal::new(format!("NIR has no {lacks}"), hint)
}

/// What is lost of the reset, or why it cannot be written.
fn lost_reset(reset: SpikeReset, setting: &Setting) -> Result<Vec<String>, Refusal> {
    match (reset, setting.approximate) {
        (SpikeReset::Zero, _) => Ok(Vec::new()),
        (SpikeReset::Subtract, true) => Ok(vec![
            "NIR has no reset by subtraction, so a spike sets v to 0".to_owned(),
        ]),
        (SpikeReset::Subtract, false) => Err(Refusal::new(
            "NIR has no reset by subtraction (`spike_reset: subtract`)",
            format!(
                "make it with `spike_reset: zero`, or give --approximate to have a spike set v to 0{}",
                state_dict(setting)
            ),
        )),
        (SpikeReset::None, _) => Err(Refusal::new(
            "NIR has no spikes without a reset (`spike_reset: none`)",
            format!("make it with `spike_reset: zero`{}", state_dict(setting)),
        )),
    }
}

/// Another way to the reader, where there is one that has what NIR lacks.
fn state_dict(setting: &Setting) -> &'static str {
    match setting.target {
        Target::SnnTorch => {
            "; a state dict has it: `--to safetensors --for snntorch`, in Python `net.state_dict(reader=\"snntorch\")`"
        }
        _ => "",
    }
}

/// A leak in the file's terms: q, r and the rest of g, one each a neuron.
struct Leak {
    tau: Vec<f64>,
    r: Vec<f64>,
    rest: Vec<f64>,
    losses: Vec<String>,
}

impl Leak {
    fn of(
        cell: &dyn Cell<f64>,
        name: &str,
        scale: InputScale,
        setting: &Setting,
    ) -> Result<Self, Refusal> {
        let all = cell.time_constants_ms();
        let found = all.iter().find(|(key, _)| *key == name);
        let mut tau_ms = found.map_or(Vec::new(), |(_, tau_ms)| tau_ms.to_vec());
        let mut losses = Vec::new();
        if setting.target.one_time_constant() {
            losses.extend(one_time_constant(name, &mut tau_ms, setting)?);
        }
        let dt_ms = 1e3 * setting.dt_s;
        let mut leak = Self {
            tau: Vec::new(),
            r: Vec::new(),
            rest: Vec::new(),
            losses,
        };
        for tau_ms in tau_ms {
            let share = -(-dt_ms / tau_ms).exp_m1();
            let gain = match scale {
                InputScale::One => 1.0,
                InputScale::Decay => share,
            };
            let whole = setting.target.adds_inputs_whole();
            leak.tau.push(setting.step_s / share);
            leak.r.push(if whole { 1.0 / share } else { 1.0 });
            leak.rest.push(if whole { gain } else { gain / share });
        }
        Ok(leak)
    }
}

/// Sets all time constants to their geometric mean, where they differ and that is allowed.
fn one_time_constant(
    name: &str,
    tau_ms: &mut [f64],
    setting: &Setting,
) -> Result<Option<String>, Refusal> {
    let least = tau_ms.iter().copied().fold(f64::INFINITY, f64::min);
    let most = tau_ms.iter().copied().fold(0.0, f64::max);
    if most <= least * (1.0 + 1e-6) {
        return Ok(None);
    }
    let reader = setting.target.name();
    let range = format!("{least:.3} to {most:.3} ms");
    if !setting.approximate {
        let what = format!("its neurons have a `{name}` of {range}, and {reader} has one a layer");
        let hint = "train it with one time constant and `learn_tau: false`, or give --approximate to have all at their mean";
        return Err(Refusal::new(what, hint));
    }
    let mean = (tau_ms.iter().map(|tau| tau.ln()).sum::<f64>() / tau_ms.len() as f64).exp();
    tau_ms.fill(mean);
    Ok(Some(format!(
        "{reader} has one `{name}` a layer, so {range} are all {mean:.3} ms"
    )))
}

/// W x + b of a cell, each row times its factor.
fn weights(cell: &dyn Cell<f64>, factors: Option<&[f64]>) -> Result<Node, Refusal> {
    let widths = cell.widths();
    let scaled = |values: Vec<f64>, columns: usize| match factors {
        Some(factors) => (values.iter().enumerate())
            .map(|(k, w)| w * factors[k / columns.max(1)])
            .collect(),
        None => values,
    };
    let own = tensor(cell, "weight").unwrap_or_default();
    let outputs = own.len() / widths.input.max(1);
    let weight = array(
        "`weight`",
        &[outputs, widths.input],
        scaled(own, widths.input),
    )?;
    Ok(match tensor(cell, "bias") {
        Some(bias) => Node::Affine {
            weight,
            bias: array("`bias`", &[outputs], scaled(bias, 1))?,
        },
        None => Node::Linear { weight },
    })
}

fn constant(n: usize, value: f64) -> Array {
    Array::list(vec![value; n])
}

fn integrators(
    chain: &mut Chain,
    i: usize,
    cell: &dyn Cell<f64>,
    leak: &Leak,
    setting: &Setting,
) -> Result<(), Refusal> {
    let n = leak.tau.len();
    let reader = setting.target;
    if !reader.has_integrators() && !setting.approximate {
        return Err(Refusal::new(
            format!("{} has no leaky integrators", reader.name()),
            format!(
                "make it with `readout: linear`, or give --approximate to leave out the average over time{}",
                state_dict(setting)
            ),
        ));
    }
    let (fc, li) = (chain.name(i, "fc"), chain.name(i, "li"));
    let mut losses = leak.losses.clone();
    if !reader.has_integrators() {
        losses.push(format!(
            "{} has no leaky integrators, so the output is not averaged over time",
            reader.name()
        ));
        let whole = (leak.rest.iter().zip(&leak.r)).map(|(rest, r)| rest * r);
        let node = weights(cell, Some(&whole.collect::<Vec<_>>()))?;
        chain.watched.push(Watched::output(i, &fc, false));
        chain.add(fc, node, "li", &losses);
        return Ok(());
    }
    let node = Node::Li {
        tau: array("`tau`", &[n], leak.tau.clone())?,
        r: array("`r`", &[n], leak.r.clone())?,
        v_leak: constant(n, 0.0),
    };
    chain.nodes.push((fc, weights(cell, Some(&leak.rest))?));
    chain.watched.push(Watched::output(i, &li, false));
    chain.add(li, node, "li", &losses);
    Ok(())
}

/// A layer of neurons that spike.
struct Neurons {
    losses: Vec<String>,
    threshold: f64,
    membrane: Leak,
    synapse: Option<Leak>,
}

impl Neurons {
    fn add(
        mut self,
        chain: &mut Chain,
        i: usize,
        (kind, cell): (&str, &dyn Cell<f64>),
        setting: &Setting,
    ) -> Result<(), Refusal> {
        let mut factors = self.membrane.rest.clone();
        self.losses.append(&mut self.membrane.losses);
        if let Some(synapse) = &mut self.synapse {
            self.losses.append(&mut synapse.losses);
            let rest = factors.iter_mut().zip(&synapse.rest);
            rest.for_each(|(factor, rest)| *factor *= rest);
        }
        let (fc, lif) = (chain.name(i, "fc"), chain.name(i, "lif"));
        chain.nodes.push((fc, weights(cell, Some(&factors))?));
        let neurons = self.node()?;
        if let Some(why) = setting.target.refuses(&neurons, setting.step_s) {
            return Err(Refusal::new(why, "leave --for out, or change the layer"));
        }
        let n = factors.len();
        let (node, place) = match recurrent(cell) {
            None => (neurons, lif.clone()),
            Some(own) => {
                let own = own.iter().enumerate().map(|(k, w)| w * factors[k / n]);
                let weight = array("`recurrent`", &[n, n], own.collect())?;
                (
                    loop_of(neurons, Node::Linear { weight }, n),
                    format!("{lif}.lif"),
                )
            }
        };
        chain.watched.push(Watched {
            node: place,
            ..Watched::output(i, &lif, true)
        });
        chain.add(lif, node, kind, &self.losses);
        Ok(())
    }

    fn node(&self) -> Result<Node, Refusal> {
        let n = self.membrane.tau.len();
        let list = |what: &str, values: &[f64]| array(what, &[n], values.to_vec());
        let v_threshold = list("`threshold`", &vec![self.threshold; n])?;
        let tau = list("`tau`", &self.membrane.tau)?;
        let r = list("`r`", &self.membrane.r)?;
        let (v_leak, v_reset) = (constant(n, 0.0), constant(n, 0.0));
        Ok(match &self.synapse {
            None => Node::Lif {
                tau,
                r,
                v_leak,
                v_threshold,
                v_reset,
            },
            Some(synapse) => Node::CubaLif {
                tau_syn: list("`tau_syn`", &synapse.tau)?,
                tau_mem: tau,
                r,
                v_leak,
                w_in: list("`w_in`", &synapse.r)?,
                v_threshold,
                v_reset,
            },
        })
    }
}

/// Neurons that receive their own spikes of the step before through `w_rec`.
///
/// The edge to the output is the last: nirtorch 2.6 takes as the output of a graph what it computes last, in the order of the
/// edges.
fn loop_of(neurons: Node, w_rec: Node, n: usize) -> Node {
    let mut graph = Chain::graph(vec![("lif".to_owned(), neurons)], n, n);
    graph.nodes.insert("w_rec".to_owned(), w_rec);
    let pairs = [("lif", "w_rec"), ("w_rec", "lif")];
    let edges = pairs.map(|(from, to)| (from.to_owned(), to.to_owned()));
    graph.edges.splice(1..1, edges);
    Node::Graph(Box::new(graph))
}
