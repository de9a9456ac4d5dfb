//! Counts for each kind of disturbance.

use serde::{Deserialize, Serialize};

use crate::instruments::sketch::Sketch;
use saturn_stream::DisturbConfig;

/// Steps of the first bin after a disturbance; each further one ends twice as late.
const FIRST_BIN: u64 = 50;

/// Segments that began some time after a disturbance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryBin {
    /// They began in this step after its end or later, from 1 on; 0 where a disturbance touched them.
    pub from: u64,
    /// And before this one.
    pub to: u64,
    /// Correct predictions.
    pub right: u64,
    /// Correct predictions of the undisturbed copy.
    pub undisturbed: u64,
    /// Segments.
    pub total: u64,
}

/// How a net recovers from one kind of disturbance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindRecovery {
    /// The kind, as in the scenario.
    pub kind: String,
    /// Disturbances whose whole recovery was observed, over all lanes.
    pub disturbances: u64,
    /// Segments that a disturbance touched.
    pub during: RecoveryBin,
    /// The others, by the time since its end.
    pub bins: Vec<RecoveryBin>,
    /// k: steps after the last disturbed step.
    pub lags: Vec<u64>,
    /// D at each of them, mean over disturbances.
    pub distances: Vec<f64>,
    /// Steps until half of the disturbances had settled; `None` if fewer did.
    pub settled_median: Option<f64>,
    /// Steps until 90 % had.
    pub settled_q90: Option<f64>,
    /// Share that had not settled when the next disturbance came, 0..1.
    pub never: f64,
}

/// Counts by kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    lags: Vec<u64>,
    kinds: Vec<Kind>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kind {
    during: RecoveryBin,
    bins: Vec<RecoveryBin>,
    /// Of D at each lag: the sum and how many.
    distances: Vec<(f64, u64)>,
    settled: Sketch,
    never: u64,
}

impl Counts {
    pub fn new(config: &DisturbConfig) -> Self {
        let horizon = config.every - config.last;
        // 0, 1, 2, 3, 4, 6, 8, 12, ...
        let octaves = (0..=horizon.ilog2()).flat_map(|i| [2 << i, 3 << i].map(|k| k / 2));
        let lags: Vec<u64> = [0, 1]
            .into_iter()
            .chain(octaves.filter(|&k| k > 1 && k <= horizon))
            .collect();
        let mut bins = Vec::new();
        let (mut from, mut to) = (1, 1 + FIRST_BIN);
        while from <= horizon {
            bins.push(RecoveryBin {
                from,
                to: to.min(horizon + 1),
                ..RecoveryBin::default()
            });
            (from, to) = (to, 2 * (to - 1) + 1);
        }
        let kind = Kind {
            bins,
            distances: vec![(0.0, 0); lags.len()],
            ..Kind::default()
        };
        Self {
            lags,
            kinds: vec![kind; config.kinds.len()],
        }
    }

    /// A segment that began `since` steps after a disturbance, or that one touched (0).
    pub fn segment(&mut self, kind: usize, since: u64, right: bool, undisturbed: bool) {
        let kind = &mut self.kinds[kind];
        let bin = if since == 0 {
            Some(&mut kind.during)
        } else {
            let i = kind.bins.partition_point(|bin| bin.to <= since);
            kind.bins.get_mut(i)
        };
        if let Some(bin) = bin {
            bin.right += u64::from(right);
            bin.undisturbed += u64::from(undisturbed);
            bin.total += 1;
        }
    }

    /// The distance `since` steps after the last disturbed one.
    pub fn distance(&mut self, kind: usize, since: u64, distance: f64) {
        if let Ok(i) = self.lags.binary_search(&since)
            && distance.is_finite()
        {
            let (sum, n) = &mut self.kinds[kind].distances[i];
            *sum += distance;
            *n += 1;
        }
    }

    /// A disturbance whose recovery was observed to the end: (2), `None` for never.
    pub fn settled(&mut self, kind: usize, after: Option<u64>) {
        let kind = &mut self.kinds[kind];
        match after {
            Some(steps) => kind.settled.add(steps as f64),
            None => kind.never += 1,
        }
    }

    /// Adds the counts of further lanes.
    pub fn merge(&mut self, other: &Self) {
        for (to, from) in self.kinds.iter_mut().zip(&other.kinds) {
            to.during.merge(&from.during);
            for (to, from) in to.bins.iter_mut().zip(&from.bins) {
                to.merge(from);
            }
            for (to, from) in to.distances.iter_mut().zip(&from.distances) {
                to.0 += from.0;
                to.1 += from.1;
            }
            to.settled.merge(&from.settled);
            to.never += from.never;
        }
    }

    /// What was found, kind by kind.
    pub fn report(&self, config: &DisturbConfig) -> Vec<KindRecovery> {
        let kinds = self.kinds.iter().zip(&config.kinds);
        kinds
            .map(|(counts, kind)| {
                let settled = counts.settled.count();
                let all = settled + counts.never;
                // Those that never settled come last in order.
                let quantile = |q: f64| {
                    let own = q * all as f64 / settled as f64;
                    let known = settled > 0 && own <= 1.0;
                    known.then(|| counts.settled.quantile(own))?.map(f64::round)
                };
                let mean = |(sum, n): &(f64, u64)| sum / *n as f64;
                let seen = self
                    .lags
                    .iter()
                    .zip(&counts.distances)
                    .filter(|d| d.1.1 > 0);
                let (lags, distances) = seen.map(|(k, d)| (*k, mean(d))).unzip();
                KindRecovery {
                    kind: kind.kind().to_owned(),
                    disturbances: all,
                    during: counts.during,
                    bins: counts.bins.clone(),
                    lags,
                    distances,
                    settled_median: quantile(0.5),
                    settled_q90: quantile(0.9),
                    never: counts.never as f64 / all.max(1) as f64,
                }
            })
            .collect()
    }
}

impl RecoveryBin {
    fn merge(&mut self, other: &Self) {
        self.right += other.right;
        self.undisturbed += other.undisturbed;
        self.total += other.total;
    }
}
