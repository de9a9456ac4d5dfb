//! A simulated schedule of 100,000 trials: from one node to a thousand, with nodes that differ in speed and fail.
//!
//! ```sh
//! cargo run --release -p saturn-sim --example schedule -- results/spoken-digits.jsonl.gz 10
//! ```
//!
//! Prints the table of `docs/many-machines.md`. Trials take what the trials in the file took to train, times a factor; tasks are those of
//! `saturn submit`; times between a failure and a second start are Slurm's defaults, those of the lease and of checkpoints
//! are Saturn's. The same arguments give the same table.

#![allow(clippy::print_stdout)] // Its result.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rand::RngExt;
use saturn_cell::rng::generator;
use saturn_sim::run::tasks::{Need, Task, arrays};
use saturn_sim::run::trials::archive;

const TRIALS: usize = 100_000;
/// Cores of a node; a task has one.
const CORES: usize = 64;
/// Seconds from a free core to the first step of a task: the scheduler, the program, the checksums of the data.
const START: f64 = 6.0;
/// Of a trial within a task: reading what is there, the lease, writing the results.
const EACH: f64 = 0.2;
/// Mean seconds between two failures of a node: a day, as of machines that are lent and taken back.
const BETWEEN_FAILURES: f64 = 86_400.0;
/// Until a failed node is back.
const REPAIR: f64 = 3_600.0;
/// Until the scheduler gives a silent node up (`SlurmdTimeout`), and until a job that is queued again may start.
const GIVEN_UP: f64 = 300.0 + 120.0;
/// Until a lease is taken over.
const PATIENCE: f64 = 60.0;
/// Between two checkpoints; half of it is lost, on average.
const EVERY: f64 = 60.0;
/// The slowest and the fastest node.
const SPEEDS: [f64; 2] = [0.7, 1.3];

/// A node: how fast it is, and when it fails.
struct Node {
    speed: f64,
    failures: Vec<f64>,
}

impl Node {
    fn new(rng: &mut impl RngExt, horizon: f64) -> Self {
        let mut failures = Vec::new();
        let mut at = 0.0;
        while at < horizon {
            at -= BETWEEN_FAILURES * (1.0 - rng.random::<f64>()).ln();
            failures.push(at);
        }
        Self {
            speed: rng.random_range(SPEEDS[0]..SPEEDS[1]),
            failures,
        }
    }

    /// The first failure after `at`, if it is before `end`.
    fn failure(&self, at: f64, end: f64) -> Option<f64> {
        let next = self.failures.partition_point(|&failure| failure <= at);
        self.failures.get(next).copied().filter(|&f| f < end)
    }
}

/// A time in an order.
#[derive(PartialEq, PartialOrd)]
struct At(f64);

impl Eq for At {}

#[allow(clippy::derive_ord_xor_partial_ord)] // Times are numbers.
impl Ord for At {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What a schedule came to.
#[derive(Default)]
struct Outcome {
    end: f64,
    failed: usize,
    lost: f64,
    done: Vec<u8>,
}

fn simulate(tasks: &[Task], nodes: &[Node]) -> Outcome {
    let mut outcome = Outcome {
        done: vec![0; TRIALS],
        ..Outcome::default()
    };
    let mut free: BinaryHeap<Reverse<(At, usize)>> = (0..nodes.len() * CORES)
        .map(|core| Reverse((At(0.0), core / CORES)))
        .collect();
    // Seconds of work that are left of a task, and whether it takes a lease over.
    let mut again: BinaryHeap<Reverse<(At, usize)>> = BinaryHeap::new();
    let mut left: Vec<f64> = (tasks.iter())
        .map(|task| task.seconds + EACH * task.numbers.len() as f64)
        .collect();
    let mut fresh = 0..tasks.len();
    while let Some(Reverse((At(now), node))) = free.pop() {
        let ready = again.peek().is_some_and(|Reverse((At(at), _))| *at <= now);
        let (task, begin, first) = if ready || fresh.is_empty() {
            match again.pop() {
                Some(Reverse((At(at), task))) => (task, now.max(at), false),
                None => break,
            }
        } else {
            match fresh.next() {
                Some(task) => (task, now, true),
                None => break,
            }
        };
        let start = START + if first { 0.0 } else { PATIENCE };
        let speed = nodes[node].speed;
        let end = begin + start + left[task] / speed;
        if let Some(failure) = nodes[node].failure(begin, end) {
            let worked = (failure - begin - start).max(0.0);
            let lost = worked.min(EVERY / 2.0);
            left[task] -= (worked - lost) * speed;
            outcome.failed += 1;
            outcome.lost += lost + start.min(failure - begin);
            again.push(Reverse((At(failure + GIVEN_UP), task)));
            free.push(Reverse((At(failure + REPAIR), node)));
        } else {
            outcome.end = outcome.end.max(end);
            for number in &tasks[task].numbers {
                outcome.done[number - 1] += 1;
            }
            free.push(Reverse((At(end), node)));
        }
    }
    outcome
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1);
    let path = path.context("give a file of trials, such as results/spoken-digits.jsonl.gz")?;
    let lines = archive::read_all(Path::new(&path))?;
    let factor = std::env::args().nth(2).unwrap_or_else(|| "1".to_owned());
    let factor: f64 = factor.parse().context("the factor is a number")?;
    let measured: Vec<f64> = lines
        .iter()
        .map(|line| factor * line.trial.cell.training.seconds)
        .collect();
    ensure!(!measured.is_empty(), "{path}: no trials");
    let mut rng = generator(1, "trials", 0);
    let needs: Vec<Need> = (1..=TRIALS)
        .map(|number| Need {
            number,
            memory_mib: 150.0,
            seconds: measured[rng.random_range(0..measured.len())],
        })
        .collect();
    let work: f64 = needs.iter().map(|need| need.seconds).sum();
    println!(
        "{TRIALS} trials of {} on average, {} at most (those of {path}, times {factor}): {:.0} hours of a core\n",
        words(work / TRIALS as f64),
        words(needs.iter().map(|need| need.seconds).fold(0.0, f64::max)),
        work / 3_600.0
    );
    println!(
        "| nodes of {CORES} cores | `--tasks` | time | ideal | of the ideal | tasks cut short | lost |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (count, most) in [
        (1, 1_000),
        (10, 1_000),
        (10, 10_000),
        (100, 30_000),
        (1_000, 100_000),
    ] {
        let horizon = 4.0 * work / (count * CORES) as f64 + 30.0 * 86_400.0;
        let mut rng = generator(1, "nodes", 0);
        let nodes: Vec<Node> = (0..count).map(|_| Node::new(&mut rng, horizon)).collect();
        let arrays = arrays(&needs, 900.0_f64.min(work / most as f64), most, None);
        let tasks: Vec<Task> = arrays.into_iter().flat_map(|array| array.tasks).collect();
        let found = simulate(&tasks, &nodes);
        ensure!(
            found.done.iter().all(|&times| times == 1),
            "a trial is lost or done twice"
        );
        let power: f64 = nodes.iter().map(|node| node.speed * CORES as f64).sum();
        println!(
            "| {count} | {} | {} | {} | {:.0} % | {} | {:.1} core hours |",
            tasks.len(),
            words(found.end),
            words(work / power),
            100.0 * (work / power) / found.end,
            found.failed,
            found.lost / 3_600.0
        );
    }
    Ok(())
}

fn words(seconds: f64) -> String {
    if seconds >= 172_800.0 {
        format!("{:.1} days", seconds / 86_400.0)
    } else if seconds >= 7_200.0 {
        format!("{:.1} h", seconds / 3_600.0)
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}
