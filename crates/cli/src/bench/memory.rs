//! How the memory of a training step grows: with the length of its sequences, as a whole tape and with recomputation
//! (see [`saturn_network::Tapes::recompute`]), with the size of the network and with the channels of its input.
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
use super::scaling::{Sweep, exponent};
use super::task::TrainStep;
use super::work::{Net, Work};

/// The lengths T, the units H and the channels I, ascending.
const STEPS: [usize; 7] = [100, 320, 1_000, 3_200, 10_000, 32_000, 100_000];
const UNITS: [usize; 4] = [512, 1_024, 2_048, 4_096];
const CHANNELS: [usize; 4] = [700, 10_000, 30_000, 100_000];
/// The nets: one that spikes, one that does not.
const NETS: [Net; 2] = [Net::LifRecurrent, Net::Gru];
/// What memory is measured against.
const SWEEPS: [Sweep; 3] = [Sweep::Steps, Sweep::Hidden, Sweep::Channels];
/// Hidden units, where T is varied.
const HIDDEN: usize = 128;
/// Lanes, all of one shard.
const LANES: usize = 8;

/// One size of one net. As text, `net:sweep:size:whole` or `net:sweep:size:recompute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The net.
    pub net: Net,
    /// What is varied: T, H or I.
    pub sweep: Sweep,
    /// Its value.
    pub size: usize,
    /// Whether few states are kept and the others computed again.
    pub recompute: bool,
}

impl Display for Probe {
    fn fmt(&self, f: &mut Formatter) -> std::fmt::Result {
        let kept = if self.recompute { "recompute" } else { "whole" };
        write!(
            f,
            "{}:{}:{}:{kept}",
            self.net.name(),
            self.sweep.name(),
            self.size
        )
    }
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not of the form lif_recurrent:steps:1000:recompute");
        let [net, sweep, size, kept] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err(wrong());
        };
        let net = Net::ALL.into_iter().find(|n| n.name() == net);
        let sweep = SWEEPS.into_iter().find(|s| s.name() == sweep);
        let recompute = match kept {
            "recompute" => true,
            "whole" => false,
            _ => return Err(wrong()),
        };
        Ok(Self {
            net: net.ok_or_else(wrong)?,
            sweep: sweep.ok_or_else(wrong)?,
            size: (size.parse().ok()).filter(|&n| n > 0).ok_or_else(wrong)?,
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
            "against": self.probe.sweep.name(),
            "value": self.probe.size,
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
            "memory   {:13} {:8} {:>8}  {:9.1} MiB {} (input {:.1} MiB)",
            self.probe.net.name(),
            self.probe.sweep.name(),
            self.probe.size,
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

/// Every net and length, with recomputation and without; every net with every number of units and of channels.
pub fn probes() -> Vec<Probe> {
    let mut all = Vec::new();
    for net in NETS {
        let sizes = [&STEPS[..], &STEPS, &UNITS, &CHANNELS];
        let sweeps = [Sweep::Steps, Sweep::Steps, Sweep::Hidden, Sweep::Channels];
        for (i, (sweep, sizes)) in sweeps.into_iter().zip(sizes).enumerate() {
            all.extend(sizes.iter().map(|&size| Probe {
                net,
                sweep,
                size,
                recompute: i == 0,
            }));
        }
    }
    all
}

/// For each net and what is varied, the power of the size that memory grows with in its last decade, as a line for a
/// terminal.
pub fn powers(points: &[Point]) -> Vec<String> {
    let mut lines = Vec::new();
    for net in NETS {
        for (sweep, recompute) in [
            (Sweep::Steps, false),
            (Sweep::Steps, true),
            (Sweep::Hidden, false),
            (Sweep::Channels, false),
        ] {
            let own = points.iter().filter(|p| {
                let Probe {
                    net: of,
                    sweep: by,
                    recompute: again,
                    ..
                } = p.probe;
                (of, by, again) == (net, sweep, recompute)
            });
            let own: Vec<_> = own.map(|p| (p.probe.size as f64, p.mib)).collect();
            lines.push(format!(
                "memory   {:13} {:8} {} grows with the power {:.2} of the size",
                net.name(),
                sweep.name(),
                kept(recompute),
                exponent(&own)
            ));
        }
    }
    lines
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
    let (work, _) = probe.sweep.work(probe.net, probe.size as f64);
    let work = match probe.sweep {
        Sweep::Steps => Work {
            hidden: HIDDEN,
            lanes: LANES,
            shard_lanes: LANES,
            ..work
        },
        _ => work,
    };
    let mut train = TrainStep::new(work)?;
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
                        sweep: Sweep::Steps,
                        size: p.probe.size,
                        recompute,
                    })
            };
            let line: Vec<(f64, f64)> = (points.iter().filter(own))
                .map(|p| (p.probe.size as f64, p.mib))
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
        for wrong in [
            "",
            "gru:steps:10",
            "gru:steps:0:whole",
            "gnu:steps:10:whole",
            "gru:steps:10:half",
            "gru:lanes:10:whole",
        ] {
            assert!(wrong.parse::<Probe>().is_err(), "{wrong}");
        }
    }
}
