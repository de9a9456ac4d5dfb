//! How many cells of a matrix may go on at once.

use anyhow::Result;
use saturn_cell::Real;

use super::memory::{self, MIB, Samples};
use saturn_network::resources;
use saturn_network::{NetSize, build};
use saturn_sim::figures::LONG;
use saturn_sim::run::dataset::{Dataset, Paths};
use saturn_sim::run::entry::Entry;
use saturn_sim::run::matrix::Budget;
use saturn_sim::scenario::{Precision, Scenario};

/// Of the memory that the system has to spare, the share that is used where nobody says how much.
const SHARE: f64 = 0.7;

/// What the user allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// MiB for the whole program; a share of what the system has to spare by default.
    pub memory_mib: Option<f64>,
    /// Cells at once, at most; by default as many as threads, and for `run` on very long streams one.
    pub jobs: Option<usize>,
}

/// What cells take.
pub struct Costs {
    /// Bytes of all that they share.
    base: f64,
    /// Bytes of each entry.
    pub cells: Vec<f64>,
}

/// The memory of each of `entries`. Every net is counted and built once, so that one that is too large or cannot
/// be built is known before any is trained.
pub fn costs(s: &Scenario, bench: &Dataset, paths: &Paths, entries: &[Entry]) -> Result<Costs> {
    match s.train.precision {
        Precision::F32 => costs_in::<f32>(s, bench, paths, entries),
        Precision::F64 => costs_in::<f64>(s, bench, paths, entries),
    }
}

fn costs_in<R: Real>(
    s: &Scenario,
    bench: &Dataset,
    paths: &Paths,
    entries: &[Entry],
) -> Result<Costs> {
    let samples = Samples::of(s, Some((bench, paths)));
    let mask = memory::mask(s, &samples);
    // Seeds take the same memory.
    let mut known: Vec<(&str, &str, f64)> = Vec::new();
    let mut cells = Vec::new();
    for entry in entries {
        let (model, arm) = (entry.place.model, entry.place.arm);
        let found = known.iter().find(|k| (k.0, k.1) == (model, arm));
        if let Some(known) = found {
            cells.push(known.2);
            continue;
        }
        let answers = entry.arm.outputs(bench.classes.len());
        let net = NetSize::of(model, &entry.model.network(), bench.channels, answers);
        net.check_training::<R>()?;
        build::<R>(
            model,
            &entry.model.network(),
            bench.channels,
            answers,
            bench.dt_ms,
            s.seed,
        )?;
        let bytes = memory::net::<R>(s, &samples, &net, entry.model, entry.arm).max(mask);
        known.push((model, arm, bytes));
        cells.push(bytes);
    }
    Ok(Costs {
        base: memory::base(&samples),
        cells,
    })
}

/// Trials at once if nobody says how many: as many as threads. Of one seed on very long streams memory and speed are results,
/// which a trial has alone.
pub fn usual_jobs(scenario: &Scenario, all_seeds: bool) -> usize {
    let evaluate = &scenario.evaluate;
    let is_long = evaluate.steps / evaluate.lanes.max(1) as u64 >= LONG;
    if is_long && !all_seeds {
        1
    } else {
        rayon::current_num_threads()
    }
}

/// How many trials that need `each` bytes `run` does at once, of `usual` at most, within the memory that the system has to
/// spare; and the bytes of the largest so many. Sorts `each`, the largest first.
pub fn together(each: &mut [f64], usual: usize, base: f64) -> (usize, f64) {
    each.sort_by(|a, b| b.total_cmp(a));
    let room = resources::spare().map_or(0.0, |bytes| SHARE * bytes - base);
    let (mut at_once, mut bytes) = (0, 0.0);
    for trial in each.iter().take(usual) {
        let with = bytes + trial + if at_once == 0 { 0.0 } else { memory::TRIAL };
        if at_once == 0 || with <= room {
            at_once += 1;
            bytes = with;
        }
    }
    (at_once, bytes)
}

/// As many at once as the limits and the memory allow, `usual` by default; one at least. Where the system does not say
/// what it has to spare, one alone.
pub fn budget(limits: &Limits, usual: usize, costs: &Costs) -> Budget {
    let given = limits.memory_mib.map(|mib| mib * MIB);
    let all = given.or_else(|| resources::spare().map(|bytes| SHARE * bytes));
    match (limits.jobs.unwrap_or(usual), all) {
        (workers, Some(all)) if workers > 1 => Budget {
            workers,
            bytes: (all - costs.base).max(0.0),
        },
        _ => Budget::one(),
    }
}

/// What to say where the memory that was given is less than the data and the largest cell need: it is a bound on what
/// goes on at once, and one cell always does.
pub fn too_little(limits: &Limits, costs: &Costs) -> Option<String> {
    let given_mib = limits.memory_mib?;
    let largest = costs.cells.iter().copied().fold(0.0, f64::max);
    let needed_mib = (costs.base + largest) / MIB;
    (given_mib < needed_mib).then(|| {
        format!(
            "--memory {given_mib}: the data and the largest net need about {needed_mib:.0} MiB; trials run one after \
             the other, and take more than was given"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_bounds_what_goes_on_at_once() {
        let costs = Costs {
            base: 100.0 * MIB,
            cells: vec![50.0 * MIB; 8],
        };
        let of = |memory_mib, jobs| {
            let limits = Limits { memory_mib, jobs };
            budget(&limits, 3, &costs)
        };
        let four = of(Some(300.0), Some(4));
        assert_eq!(four.workers, 4);
        assert!((four.bytes - 200.0 * MIB).abs() < 1.0);
        // Too little for the data alone: one after the other, since no two fit together.
        assert!(of(Some(50.0), Some(4)).bytes.abs() < 1.0);
        let said = |memory_mib| {
            let limits = Limits {
                memory_mib,
                jobs: None,
            };
            too_little(&limits, &costs)
        };
        assert_eq!((said(None), said(Some(150.0))), (None, None));
        let text = said(Some(149.0)).unwrap();
        assert!(
            text.contains("--memory 149: ") && text.contains("about 150 MiB"),
            "{text}"
        );
        assert!(
            [1, 3].contains(&of(None, None).workers),
            "where the system says what it has to spare"
        );
        assert_eq!(of(Some(300.0), None).workers, 3);
        assert_eq!(of(Some(300.0), Some(1)).workers, 1);
    }
}
