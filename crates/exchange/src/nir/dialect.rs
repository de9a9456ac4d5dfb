//! What simulators write into NIR files that NIR's equations do not mean, undone.
//!
//! Measured with snnTorch 1.0.0, Norse 1.1.0, SpikingJelly 2.0.0, Sinabs 3.1.3, Spyx 1.0.0 and Rockpool 3.1.0:
//!
//! | dialect | what it writes | step | reset |
//! |---|---|---|---|
//! | snnTorch | tau = dt/(1 - beta), r = tau/dt | 0.1 ms | not in the file |
//! | Norse | tau dt in place of tau (older versions: tau); starts at v_leak, which also feeds the synapse; r = 1 for IF, whose input is added whole | 1 ms by default | not in the file |
//! | SpikingJelly | r = 1 or tau/dt; spikes at v = v_threshold; a LIF starts at v_reset | from r, unless 1 | to v_reset |
//! | Sinabs | tau in steps, r = 1 for an input of weight 1 a step; exponential decay, several spikes a step | none | subtracts |
//! | Spyx | tau = dt/(1 - beta), r = beta; output one step late; inputs of loops through w_rec | from r | subtracts, after the leak, of CubaLIF before |
//! | Rockpool | r = tau/dt exp(-dt/tau); exponential decay, several spikes a step, v_leak a bias a step | from r | subtracts |
//!
//! Afterwards the file means what [`Reference`](super::Reference) computes, with the differences in
//! [`Semantics`](super::Semantics).

mod snntorch;

use super::Notice;
use super::array::Array;
use super::error::{Fault, NirError};
use super::flat::Flat;
use super::graph::Value;
use super::neuron::{Decay, Neuron, Reset, Start};
use super::op::Op;

/// The simulator that wrote a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// NIR's equations, as they are.
    #[default]
    Nir,
    /// snnTorch.
    SnnTorch,
    /// Norse.
    Norse,
    /// SpikingJelly.
    SpikingJelly,
    /// Sinabs.
    Sinabs,
    /// Spyx.
    Spyx,
    /// Rockpool.
    Rockpool,
}

/// Norse's step in seconds, unless its user gave another.
const NORSE_DT_S: f64 = 1e-3;
/// Relative difference between steps above which they are not the same (parameters are float32).
const SAME: f64 = 1e-3;
/// Key of a graph's metadata with the step in seconds.
const DT_KEY: &str = "dt_s";

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 7] = [
        Self::Nir,
        Self::SnnTorch,
        Self::Norse,
        Self::SpikingJelly,
        Self::Sinabs,
        Self::Spyx,
        Self::Rockpool,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nir => "NIR",
            Self::SnnTorch => "snnTorch",
            Self::Norse => "Norse",
            Self::SpikingJelly => "SpikingJelly",
            Self::Sinabs => "Sinabs",
            Self::Spyx => "Spyx",
            Self::Rockpool => "Rockpool",
        }
    }

    /// The graph that the writer meant, the step in seconds, and what could not be restored.
    ///
    /// The step is `dt_s` where it is given, then the number `dt_s` in the graph's metadata, then what the dialect
    /// determines. `reset` is needed where the file does not determine it: an snnTorch or Norse file with spiking
    /// neurons.
    pub fn undo(
        self,
        mut flat: Flat,
        dt_s: Option<f64>,
        reset: Option<Reset>,
    ) -> Result<(Flat, f64, Vec<Notice>), NirError> {
        let mut notices = Vec::new();
        if self == Self::Nir && snntorch::has_its_mark(&flat) {
            notices.push(
                "time constants and r are as snnTorch writes them; if it wrote the file, read it with `--dialect snntorch`, or \
                 spikes differ"
                    .to_owned(),
            );
        }
        let dt_s = self.step(&flat, dt_s, &mut notices)?;
        let first_firing = neurons(&flat).find(|(_, neuron)| neuron.v_threshold.is_some());
        let reset = match (self, reset, first_firing) {
            (_, Some(reset), _) => Some(reset),
            (Self::SnnTorch | Self::Norse, None, Some((name, _))) => {
                return Err(flat.error(name, Fault::NoReset(self.name())));
            }
            (Self::Sinabs | Self::Spyx | Self::Rockpool, None, _) => Some(Reset::Subtract),
            (_, None, _) => None,
        };
        let scaled = self == Self::SnnTorch
            && snntorch::time_constants(&mut flat, dt_s, reset, &mut notices);
        if self == Self::Norse {
            norse_time_constants(&mut flat, dt_s, &mut notices);
        }
        if self == Self::Spyx {
            spyx_loops(&mut flat, &mut notices);
        }
        for node in &mut flat.nodes {
            if let Op::Neuron(neuron) = &mut node.op {
                self.neuron(&node.name, neuron, dt_s, &mut notices);
                if let Some(reset) = reset {
                    neuron.semantics.reset = reset;
                    // snnTorch subtracts the threshold in the step after the spike.
                    let late = self == Self::SnnTorch && reset == Reset::Subtract;
                    neuron.semantics.reset_late |= late;
                }
            }
        }
        self.lost(&flat, &mut notices);
        if !scaled {
            check_times(&flat, dt_s, &mut notices);
        }
        Ok((flat, dt_s, notices))
    }

    /// The step in seconds.
    fn step(
        self,
        flat: &Flat,
        given: Option<f64>,
        notices: &mut Vec<Notice>,
    ) -> Result<f64, NirError> {
        let noted = match flat.metadata.get(DT_KEY) {
            Some(Value::Number(dt_s)) => Some(*dt_s),
            _ => None,
        };
        let written = self.written_step(flat)?;
        let default = match self {
            Self::SnnTorch => Some(snntorch::DT_S),
            Self::Norse => Some(NORSE_DT_S),
            _ => None,
        };
        let chosen = given.or(noted).or(written).or(default);
        let dt_s = chosen.ok_or_else(|| flat.error("dt", Fault::NoStep))?;
        if !(dt_s.is_finite() && dt_s > 0.0) {
            return Err(flat.error("dt", Fault::BadStep(dt_s)));
        }
        let name = self.name();
        match written {
            Some(written) if differ(written, dt_s) => notices.push(format!(
                "the step is {dt_s} s as given, but the file was written by {name} for steps of {written} s"
            )),
            Some(_) if given.or(noted).is_none() => {
                notices.push(format!("the step is {dt_s} s, from r in the file"));
            }
            _ => (),
        }
        if self == Self::Norse && given.or(noted).is_none() {
            notices.push(format!(
                "the step is {NORSE_DT_S} s, Norse's default; the file does not have it"
            ));
        }
        Ok(dt_s)
    }

    /// The step that r and the time constants determine, the same for all neurons.
    fn written_step(self, flat: &Flat) -> Result<Option<f64>, NirError> {
        let of = |tau: f64, r: f64| -> Option<f64> {
            match self {
                Self::Spyx if r > 0.0 && r < 1.0 => Some(tau * (1.0 - r)),
                Self::SpikingJelly if r > 0.0 && differ(r, 1.0) => Some(tau / r),
                Self::Rockpool if r > 0.0 => Some(tau * rockpool_ratio(r)),
                _ => None,
            }
        };
        let mut found: Option<(f64, &str)> = None;
        for (name, neuron) in neurons(flat) {
            let Some(tau) = &neuron.tau_mem else {
                continue;
            };
            for j in 0..tau.len().max(neuron.r.len()) {
                let Some(dt_s) = of(tau.at(j), neuron.r.at(j)) else {
                    continue;
                };
                match found {
                    Some((first, place)) if differ(first, dt_s) => {
                        let fault = Fault::Dialect {
                            dialect: self.name(),
                            detail: format!(
                                "r means steps of {first} s in {place}, but of {dt_s} s here"
                            ),
                        };
                        return Err(flat.error(name, fault));
                    }
                    Some(_) => (),
                    None => found = Some((dt_s, name)),
                }
            }
        }
        Ok(found.map(|(dt_s, _)| dt_s))
    }

    fn neuron(self, name: &str, neuron: &mut Neuron, dt_s: f64, notices: &mut Vec<Notice>) {
        let per_step = |tau: &Option<Array>| match tau {
            Some(tau) => tau.map(|tau| tau / dt_s),
            None => Array::scalar(1.0 / dt_s),
        };
        let semantics = &mut neuron.semantics;
        match self {
            Self::Nir => (),
            Self::SnnTorch => {
                let expected = per_step(&neuron.tau_mem);
                let r = &neuron.r;
                let other =
                    (0..expected.len().max(r.len())).find(|j| differ(expected.at(*j), r.at(*j)));
                if let Some(j) = other {
                    notices.push(format!(
                        "{name}: r is {}, not {} as snnTorch writes; it is kept",
                        r.at(j),
                        expected.at(j)
                    ));
                }
            }
            Self::Norse => {
                semantics.start = Start::Leak;
                semantics.leaky_synapse = neuron.tau_syn.is_some();
                // An IAFCell adds its input whole in each step.
                if neuron.tau_mem.is_none() {
                    neuron.r = per_step(&None);
                }
            }
            Self::SpikingJelly => {
                semantics.inclusive = true;
                // It starts at v_reset, which is v_leak of every neuron with a leak but no synapse.
                if neuron.tau_mem.is_some() && neuron.tau_syn.is_none() {
                    semantics.start = Start::Leak;
                }
            }
            Self::Sinabs => {
                semantics.decay = Decay::Exact;
                semantics.many_spikes = true;
                semantics.inclusive = true;
                neuron.tau_mem = neuron.tau_mem.take().map(|tau| tau.map(|tau| tau * dt_s));
                neuron.tau_syn = neuron.tau_syn.take().map(|tau| tau.map(|tau| tau * dt_s));
                neuron.r = unit_gain(neuron.tau_mem.as_ref(), dt_s);
            }
            Self::Spyx => {
                semantics.late = neuron.v_threshold.is_some();
                // A CuBaLIF subtracts before the leak, which is as in the step of the spike.
                semantics.reset_late = neuron.tau_syn.is_none();
                neuron.r = per_step(&neuron.tau_mem);
                if let Some(tau_syn) = &neuron.tau_syn {
                    neuron.w_in = tau_syn.map(|tau| tau / dt_s);
                }
            }
            Self::Rockpool => {
                semantics.decay = Decay::Exact;
                semantics.many_spikes = true;
                semantics.inclusive = true;
                neuron.r = unit_gain(neuron.tau_mem.as_ref(), dt_s);
                neuron.v_leak = neuron.v_leak.zip(&neuron.r, |bias, gain| bias * gain);
                if let Some(tau_syn) = &neuron.tau_syn {
                    // i_t = b (i_{t-1} + x_t), so that an input decays in its own step already.
                    neuron.w_in = tau_syn.map(|tau| 1.0 / (dt_s / tau).exp_m1());
                }
            }
        }
    }

    /// What the file does not contain.
    fn lost(self, flat: &Flat, notices: &mut Vec<Notice>) {
        let has = |f: &dyn Fn(&Neuron) -> bool| neurons(flat).any(|(_, neuron)| f(neuron));
        match self {
            Self::Sinabs => {
                notices.push(
                    "Sinabs does not write the time constants of synapses, the least membrane potential and whether \
                     inputs are normalised: neurons have no synapse, no least potential and inputs of weight 1"
                        .to_owned(),
                );
            }
            Self::Spyx if has(&|neuron| neuron.v_leak.values.iter().any(|v| *v != 0.0)) => {
                notices.push("Spyx has no v_leak; the file's is kept".to_owned());
            }
            _ => (),
        }
        let subtracts = has(&|neuron| {
            let resets = neuron.v_reset.values.iter().any(|v| *v != 0.0);
            neuron.semantics.reset != Reset::Zero && neuron.v_threshold.is_some() && resets
        });
        if subtracts {
            notices.push("v_reset of the file is not used: spikes do not reset to it".to_owned());
        }
    }
}

fn neurons(flat: &Flat) -> impl Iterator<Item = (&str, &Neuron)> {
    flat.nodes.iter().filter_map(|node| match &node.op {
        Op::Neuron(neuron) => Some((node.name.as_str(), &**neuron)),
        _ => None,
    })
}

fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > SAME * a.abs().max(b.abs())
}

/// r for which an input of 1 adds 1 to the membrane in a step of exponential decay.
fn unit_gain(tau_mem: Option<&Array>, dt_s: f64) -> Array {
    match tau_mem {
        Some(tau) => tau.map(|tau| 1.0 / Decay::Exact.share(dt_s, tau)),
        None => Array::scalar(1.0 / dt_s),
    }
}

/// dt/tau = z for which r = exp(-z) / z: the root of z + ln z + ln r by Newton's method in ln z.
fn rockpool_ratio(r: f64) -> f64 {
    // u = ln z: exp(u) + u + ln r = 0, which is convex and increasing; from the right it falls to its root.
    let log_r = r.ln();
    let mut u = -log_r;
    for _ in 0..2000 {
        let z = u.exp();
        let change = (z + u + log_r) / (z + 1.0);
        u -= change;
        if change.abs() < 1e-14 {
            break;
        }
    }
    u.exp()
}

/// Spyx writes input -> w_rec <-> neurons, but adds its input to what comes from `w_rec`.
fn spyx_loops(flat: &mut Flat, notices: &mut Vec<Notice>) {
    for k in 0..flat.nodes.len() {
        if !matches!(flat.nodes[k].op, Op::Affine { .. }) {
            continue;
        }
        let into = |to: usize| flat.edges.iter().filter(move |edge| edge.to == to);
        let Some(neurons) = into(k).find(|edge| edge.delayed).map(|edge| edge.from) else {
            continue;
        };
        let fires = matches!(flat.nodes[neurons].op, Op::Neuron(_));
        if !fires || into(neurons).any(|edge| edge.from != k) || into(k).count() < 2 {
            continue;
        }
        notices.push(format!(
            "{}: the input goes through {} in the file; Spyx adds it to the neurons, which is restored",
            flat.nodes[neurons].name, flat.nodes[k].name
        ));
        for edge in &mut flat.edges {
            if edge.to == k && !edge.delayed {
                edge.to = neurons;
            }
        }
        flat.edges.sort_by_key(|edge| (edge.to, edge.from));
    }
}

/// Norse writes dt / tau_mem_inv, which is tau dt; before it had this habit, tau.
fn norse_time_constants(flat: &mut Flat, dt_s: f64, notices: &mut Vec<Notice>) {
    let all = |neuron: &Neuron| -> Vec<f64> {
        let arrays = [&neuron.tau_mem, &neuron.tau_syn];
        let values = arrays
            .into_iter()
            .flatten()
            .flat_map(|tau| tau.values.clone());
        values.collect()
    };
    let times: Vec<f64> = neurons(flat).flat_map(|(_, neuron)| all(neuron)).collect();
    if times.is_empty() {
        return;
    }
    if times.iter().all(|tau| *tau >= dt_s) {
        notices.push(
            "no time constant is shorter than a step, so that they are in seconds, as older versions of Norse wrote \
             them, and are kept"
                .to_owned(),
        );
        return;
    }
    for node in &mut flat.nodes {
        if let Op::Neuron(neuron) = &mut node.op {
            for tau in [&mut neuron.tau_mem, &mut neuron.tau_syn]
                .into_iter()
                .flatten()
            {
                *tau = tau.map(|tau| tau / dt_s);
            }
        }
    }
}

/// Notes time constants that are not in seconds, most likely.
fn check_times(flat: &Flat, dt_s: f64, notices: &mut Vec<Notice>) {
    let mut short = None;
    let mut long = None;
    for (name, neuron) in neurons(flat) {
        for tau in [&neuron.tau_mem, &neuron.tau_syn].into_iter().flatten() {
            for tau in &tau.values {
                if *tau < dt_s && neuron.semantics.decay == Decay::Euler {
                    short.get_or_insert((name, *tau));
                }
                if *tau >= 1.0 {
                    long.get_or_insert((name, *tau));
                }
            }
        }
    }
    if let Some((name, tau)) = short {
        notices.push(format!(
            "{name}: a time constant of {tau} s is shorter than the step of {dt_s} s; a file of Norse needs the \
             dialect norse"
        ));
    }
    if let Some((name, tau)) = long {
        notices.push(format!(
            "{name}: a time constant of {tau} s is long; it may be in steps, as Sinabs writes it, or in units of \
             another step"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_of_rockpool_is_the_root() {
        // tau 20 ms, dt 1 ms.
        let r = 20.0 * (-0.05_f64).exp();
        assert!((rockpool_ratio(r) - 0.05).abs() < 1e-12);
        for r in [1e-300, 1e-3, 1.0, 1e9, 1e300] {
            let z = rockpool_ratio(r);
            assert!(
                z > 0.0 && (z + z.ln() + f64::ln(r)).abs() < 1e-9 * z.max(1.0),
                "{r}: {z}"
            );
        }
    }
}
