//! How the memory of a training step grows with the length of its sequences, as a whole tape and with
//! recomputation (see [`saturn_network::Tapes::recompute`]).
//!
//! The figure is the peak of the process's resident memory during the step, less what was resident at the
//! start and less the input, which is there before the step and grows with T however it is trained. Linux
//! alone tells the peak. Each step is measured in a process of its own.

use std::fmt::{Display, Formatter};
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use saturn_plots::{Figure, Files, Look, Role, Scaling, Series};
use serde::{Deserialize, Serialize};
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

/// One length of one net. As text, `net:steps:whole` or `net:steps:recompute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The net.
    pub net: Net,
    /// T.
    pub steps: usize,
    /// Whether few states are kept and the others computed again.
    pub recompute: bool,
}

impl Display for Probe {
    fn fmt(&self, f: &mut Formatter) -> std::fmt::Result {
        let kept = if self.recompute { "recompute" } else { "whole" };
        write!(f, "{}:{}:{kept}", self.net.name(), self.steps)
    }
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not of the form lif_recurrent:1000:recompute");
        let [net, steps, kept] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err(wrong());
        };
        let net = Net::ALL.into_iter().find(|n| n.name() == net);
        let recompute = match kept {
            "recompute" => true,
            "whole" => false,
            _ => return Err(wrong()),
        };
        Ok(Self {
            net: net.ok_or_else(wrong)?,
            steps: (steps.parse().ok()).filter(|&n| n > 0).ok_or_else(wrong)?,
            recompute,
        })
    }
}

/// What a step of a [`Probe`] needed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The probe.
    pub probe: Probe,
    /// The peak in addition to the input, MiB.
    pub mib: f64,
    /// The input, MiB.
    pub input_mib: f64,
}

impl Point {
    /// As a JSON object in one line.
    pub fn json(&self) -> String {
        json!({
            "scaling": "memory",
            "model": self.probe.net.name(),
            "value": self.probe.steps,
            "recompute": self.probe.recompute,
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
            self.probe.net.name(),
            self.probe.steps,
            self.mib,
            kept(self.probe.recompute),
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

/// Every net and length, with recomputation and without.
pub fn probes() -> Vec<Probe> {
    let all = STEPS.into_iter().flat_map(|steps| {
        NETS.into_iter().flat_map(move |net| {
            [true, false].map(|recompute| Probe {
                net,
                steps,
                recompute,
            })
        })
    });
    all.collect()
}

/// [`measure`] in a process of its own, whose peak is that of this step alone: `program` is Saturn itself.
pub fn measure_apart(program: &Path, probe: Probe) -> Result<Point, BenchError> {
    let output = Command::new(program)
        .args(["bench", "--memory-of", &probe.to_string()])
        .output()
        .map_err(BenchError::Peak)?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BenchError::Peak(std::io::Error::other(text)));
    }
    serde_json::from_slice(&output.stdout).map_err(|e| BenchError::Peak(e.into()))
}

/// The peak of this process during a step, which must be the first thing that it does.
pub fn measure(probe: Probe) -> Result<Point, BenchError> {
    let start = resident("VmRSS:")?;
    let mut train = TrainStep::new(Work {
        hidden: HIDDEN,
        lanes: LANES,
        shard_lanes: LANES,
        steps: probe.steps,
        ..Work::train(probe.net, 0.015)
    })?;
    train.recompute(probe.recompute);
    train.step();
    let input_mib = train.input_bytes() as f64 / 1024.0 / 1024.0;
    Ok(Point {
        probe,
        mib: resident("VmHWM:")? - start - input_mib,
        input_mib,
    })
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
        y: "memory in addition to the input, MiB".to_owned(),
        note: "dashed: growth with T, and with its square root".to_owned(),
        ..Scaling::default()
    };
    for net in NETS {
        for recompute in [false, true] {
            let own = |p: &&Point| {
                p.probe
                    == (Probe {
                        net,
                        steps: p.probe.steps,
                        recompute,
                    })
            };
            let line: Vec<(f64, f64)> = (points.iter().filter(own))
                .map(|p| (p.probe.steps as f64, p.mib))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_read_as_it_is_written() {
        for probe in probes() {
            assert_eq!(probe.to_string().parse(), Ok(probe));
        }
        for wrong in ["", "gru:10", "gru:0:whole", "gnu:10:whole", "gru:10:half"] {
            assert!(wrong.parse::<Probe>().is_err(), "{wrong}");
        }
    }
}
