//! What probes of imports and exports share: their input, and the differences that they find.

use std::collections::BTreeMap;

use rand::RngExt;

/// Differences between a network and a reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distance {
    /// Steps that were compared.
    pub steps: usize,
    /// Spikes and silences of all neurons in all steps.
    pub spikes: u64,
    /// Those that differ, by part.
    pub differ: BTreeMap<String, u64>,
    /// The first step in which one differs.
    pub first: Option<usize>,
    /// The largest distance of a value that is no spike up to that step, over max(1, |v|), by part.
    pub state: BTreeMap<String, f64>,
}

impl Distance {
    /// None yet, over `steps` steps.
    pub(crate) fn over(steps: usize) -> Self {
        Self {
            steps,
            ..Self::default()
        }
    }

    /// The largest distance of a state.
    pub fn largest(&self) -> f64 {
        self.state.values().fold(0.0, |a: f64, &b| a.max(b))
    }

    /// How many spikes and silences differ.
    pub fn differing(&self) -> u64 {
        self.differ.values().sum()
    }

    /// Counts spikes of `part` in a step, each with the reference's.
    pub(crate) fn add_spikes(
        &mut self,
        part: &str,
        step: usize,
        pairs: impl Iterator<Item = (f64, f64)>,
    ) {
        let mut differing = 0;
        for (spike, expected) in pairs {
            self.spikes += 1;
            differing += u64::from((spike - expected).abs() > 0.0);
        }
        if differing > 0 {
            *self.differ.entry(part.to_owned()).or_default() += differing;
            self.first.get_or_insert(step);
        }
    }

    /// Takes the distances of values of `part` in a step.
    pub(crate) fn add_distances(&mut self, part: &str, distances: impl Iterator<Item = f64>) {
        let most = self.state.entry(part.to_owned()).or_default();
        *most = distances.fold(*most, f64::max);
    }
}

/// Spikes of 1 in a third of the channels, no input in the last quarter of each 100 steps, and a constant for the last
/// tenth of all.
pub(crate) fn input(
    rng: &mut impl rand::Rng,
    channels: usize,
    step: usize,
    steps: usize,
) -> Vec<f64> {
    let spikes: Vec<f64> = (0..channels)
        .map(|_| f64::from(u8::from(rng.random_bool(0.33))))
        .collect();
    match step {
        _ if 10 * step >= 9 * steps => vec![1.5; channels],
        _ if step % 100 >= 75 => vec![0.0; channels],
        _ => spikes,
    }
}
