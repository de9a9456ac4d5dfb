//! How the memory of a training step grows with the length of its sequences, as a whole tape and with
//! recomputation (see [`crate::network::Tapes::recompute`]).
//!
//! What is told is the peak of the process's resident memory during the step, less what was resident at the
//! start and less the input, which is there before the step and grows with T however it is trained. Linux
//! alone tells the peak.

use std::path::Path;

use saturn_plots::{Figure, Files, Look, Role, Scaling, Series};
use serde_json::json;

use super::BenchError;
use super::task::TrainStep;
use super::work::{Net, Work};

/// The lengths T, ascending.
const STEPS: [usize; 7] = [100, 320, 1_000, 3_200, 10_000, 32_000, 100_000];
/// The nets: one that spikes, one that does not.
const NETS: [Net; 2] = [Net::LifRecurrent, Net::Gru];
/// Hidden units.
const HIDDEN: usize = 128;
/// Lanes, all of one shard.
const LANES: usize = 8;

/// One length of one net.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The net.
    pub net: Net,
    /// T.
    pub steps: usize,
    /// Whether few states are kept and the others computed again.
    pub recompute: bool,
    /// The peak beside the input, MiB.
    pub mib: f64,
    /// The input, MiB.
    pub input_mib: f64,
}

impl Point {
    /// As a JSON object in one line.
    pub fn json(&self) -> String {
        json!({
            "scaling": "memory",
            "model": self.net.name(),
            "value": self.steps,
            "recompute": self.recompute,
            "unit": "MiB",
            "peak": self.mib,
            "input": self.input_mib,
        })
        .to_string()
    }

    /// As a line for a terminal.
    pub fn text(&self) -> String {
        format!(
            "memory   {:13} {:>8}  {:9.1} MiB {} (input {:.1} MiB)",
            self.net.name(),
            self.steps,
            self.mib,
            kept(self.recompute),
            self.input_mib,
        )
    }
}

fn kept(recompute: bool) -> &'static str {
    if recompute {
        "recomputed"
    } else {
        "whole tape"
    }
}

/// Measures every length, those with recomputation first: what the system keeps of memory that was given
/// back must not be larger than what comes next.
pub fn measure<E: From<BenchError>>(mut each: impl FnMut(Point) -> Result<(), E>) -> Result<(), E> {
    let start = resident("VmRSS:")?;
    for recompute in [true, false] {
        for steps in STEPS {
            for net in NETS {
                let work = Work {
                    hidden: HIDDEN,
                    lanes: LANES,
                    shard_lanes: LANES,
                    steps,
                    ..Work::train(net, 0.015)
                };
                // 5 sets the peak back to what is resident now.
                std::fs::write("/proc/self/clear_refs", "5").map_err(BenchError::Peak)?;
                let mut train = TrainStep::new(work).map_err(BenchError::from)?;
                train.recompute(recompute);
                train.step();
                let input_mib = train.input_bytes() as f64 / 1024.0 / 1024.0;
                each(Point {
                    net,
                    steps,
                    recompute,
                    mib: resident("VmHWM:")? - start - input_mib,
                    input_mib,
                })?;
            }
        }
    }
    Ok(())
}

/// A line of what the system says about this process, in MiB.
fn resident(key: &str) -> Result<f64, BenchError> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(BenchError::Peak)?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    let missing = || BenchError::Peak(std::io::Error::other(format!("no {key} in its status")));
    kib.map(|kib| kib / 1024.0).ok_or_else(missing)
}

/// Draws all points into `out`.
pub fn draw(points: &[Point], out: &Path) -> Result<Files, BenchError> {
    let mut figure = Scaling {
        title: "Memory of a training step against the length of its sequences".to_owned(),
        x: "T, steps of a sequence".to_owned(),
        y: "memory beside the input, MiB".to_owned(),
        note: "dashed: growth with T, and with its square root".to_owned(),
        ..Scaling::default()
    };
    for net in NETS {
        for recompute in [false, true] {
            let own = |p: &&Point| p.net == net && p.recompute == recompute;
            let line: Vec<(f64, f64)> = (points.iter().filter(own))
                .map(|p| (p.steps as f64, p.mib))
                .collect();
            let Some(&(longest, most)) = line.last() else {
                continue;
            };
            let power = if recompute { 0.5 } else { 1.0 };
            let ideal = line
                .iter()
                .map(|&(t, _)| (t, most * (t / longest).powf(power)));
            let name = format!("{}, {}", net.name(), kept(recompute));
            let look = Look::of(Role::Other(figure.measured.len()));
            figure.ideal.push(Series::new(&name, look, ideal.collect()));
            figure.measured.push(Series::new(&name, look, line));
        }
    }
    Ok(figure.draw(&out.join("scaling-memory"))?)
}
