//! How time and memory of a training step grow: one size varied at a time.
//!
//! The other sizes are those of task A, or smaller where the varied one is large. A power is fitted
//! to the last decade of each,
//!
//! ```text
//! (1) time = c size^p
//! ```
//!
//! by least squares of the logarithms, and printed with that of the counted work of [`super::floor`].

use std::path::Path;

use saturn_plots::{Figure, Files, Look, Role, Scaling, Series};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::BenchError;
use super::floor::{Need, Pass, Shares};
use super::limit::Limits;
use super::sample::Effort;
use super::task::{TrainStep, on_cores, shares};
use super::work::{Net, Work};

/// The size that is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sweep {
    /// T.
    Steps,
    /// B.
    Lanes,
    /// H.
    Hidden,
    /// I.
    Channels,
    /// Share of active inputs.
    Density,
    /// Threads.
    Threads,
}

impl Sweep {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Steps,
        Self::Lanes,
        Self::Hidden,
        Self::Channels,
        Self::Density,
        Self::Threads,
    ];

    /// The name, as of a file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Lanes => "lanes",
            Self::Hidden => "hidden",
            Self::Channels => "channels",
            Self::Density => "density",
            Self::Threads => "threads",
        }
    }

    fn axis(self) -> &'static str {
        match self {
            Self::Steps => "T, steps of a sequence",
            Self::Lanes => "lanes",
            Self::Hidden => "hidden units of a layer",
            Self::Channels => "channels of the input",
            Self::Density => "active cells of the input, %",
            Self::Threads => "threads",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Steps => "A training step against the length of its sequences",
            Self::Lanes => "A training step against its lanes",
            Self::Hidden => "A training step against the size of the net",
            Self::Channels => "A training step against the channels of its input",
            Self::Density => "A training step against the density of its input",
            Self::Threads => "A training step against threads",
        }
    }

    /// The values, ascending. T up to 100,000 is timed on 4 lanes, H up to 8,192 on 16 lanes of 20 steps, and I up to
    /// 100,000 with 1.5 % of the channels active in each step.
    fn values(self) -> Vec<f64> {
        match self {
            Self::Steps | Self::Channels => vec![1e2, 3e2, 1e3, 3e3, 1e4, 3e4, 1e5],
            Self::Lanes => vec![8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
            Self::Hidden => (6..14).map(|k| f64::from(1 << k)).collect(),
            Self::Density => vec![0.001, 0.003, 0.015, 0.05, 0.13, 0.3, 0.5],
            Self::Threads => {
                let all = std::thread::available_parallelism().map_or(1, usize::from);
                let powers = (0..).map(|k| 1 << k).take_while(|n| *n < all);
                powers.chain([all]).map(|n| n as f64).collect()
            }
        }
    }

    /// The work with this size set to `value`, and the threads that do it.
    pub fn work(self, net: Net, value: f64) -> (Work, usize) {
        let a = Work::train(net, 0.015);
        let whole = value as usize;
        match self {
            Self::Steps => (
                Work {
                    steps: whole,
                    lanes: 4,
                    ..a
                },
                1,
            ),
            Self::Lanes => (Work { lanes: whole, ..a }, 1),
            Self::Hidden => (
                Work {
                    hidden: whole,
                    lanes: 16,
                    steps: 20,
                    ..a
                },
                1,
            ),
            Self::Channels => (Work { inputs: whole, ..a }, 1),
            Self::Density => (
                Work {
                    density: value,
                    ..a
                },
                1,
            ),
            Self::Threads => (a, whole),
        }
    }

    /// The value that the ideal line goes through.
    fn anchor(self) -> f64 {
        match self {
            Self::Steps => 100.0,
            Self::Lanes => 64.0,
            Self::Hidden => 256.0,
            Self::Channels => 1e3,
            Self::Density => 0.015,
            Self::Threads => 1.0,
        }
    }
}

/// One size of one net.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The size.
    pub value: f64,
    /// The shortest step, ms.
    pub minimum: f64,
    /// The median step, ms.
    pub median: f64,
    /// What the step would take if its time had grown as the floor does, from the anchor on, ms.
    pub ideal: f64,
}

impl Point {
    /// As a JSON object in one line.
    pub fn json(&self, sweep: Sweep, net: Net) -> String {
        json!({
            "scaling": sweep.name(),
            "model": net.name(),
            "value": self.value,
            "unit": "ms",
            "minimum": self.minimum,
            "median": self.median,
            "ideal": self.ideal,
        })
        .to_string()
    }

    /// As a line for a terminal.
    pub fn text(&self, sweep: Sweep, net: Net) -> String {
        format!(
            "{:8} {:13} {:>8}  {:9.2} ms, median {:9.2} ms, ideal {:9.2} ms",
            sweep.name(),
            net.name(),
            self.value,
            self.minimum,
            self.median,
            self.ideal
        )
    }
}

/// One net over all values.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The net.
    pub net: Net,
    /// In ascending order of their values.
    pub points: Vec<Point>,
}

impl Line {
    /// The powers of the size that the last decade of the measured times and of the counted work grows with.
    pub fn powers(&self) -> (f64, f64) {
        let of = |y: fn(&Point) -> f64| {
            let points: Vec<_> = self.points.iter().map(|p| (p.value, y(p))).collect();
            exponent(&points)
        };
        (of(|p| p.minimum), of(|p| p.ideal))
    }

    /// [`Self::powers`] as a line for a terminal.
    pub fn text(&self, sweep: Sweep) -> String {
        let (time, work) = self.powers();
        format!(
            "{:8} {:13} time grows with the power {time:.2} of the size, the counted work with {work:.2}",
            sweep.name(),
            self.net.name()
        )
    }

    /// [`Self::powers`] as a JSON object in one line.
    pub fn json(&self, sweep: Sweep) -> String {
        let (time, work) = self.powers();
        json!({
            "scaling": sweep.name(),
            "model": self.net.name(),
            "power": time,
            "counted_power": work,
        })
        .to_string()
    }
}

/// (1) The power p of the points (size, value) in the last decade of their sizes; no number for fewer than two.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let last = points.last().map_or(f64::NAN, |p| p.0);
    let logs: Vec<(f64, f64)> = (points.iter())
        .filter(|p| p.0 >= 0.099 * last)
        .map(|p| (p.0.ln(), p.1.ln()))
        .collect();
    let n = logs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |of: &dyn Fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>();
    sum(&|p| (p.0 - x) * (p.1 - y)) / sum(&|p| (p.0 - x) * (p.0 - x))
}

/// Seconds for the limits of each number of threads: only their ratios matter here.
const LIMIT_SECONDS: f64 = 0.5;

/// Times one net over all values of `sweep`.
pub fn time(sweep: Sweep, net: Net, effort: Effort) -> Result<Line, BenchError> {
    let one = Limits::measure(1, LIMIT_SECONDS)?;
    let mut points = Vec::new();
    for value in sweep.values() {
        let (work, threads) = sweep.work(net, value);
        let (samples, need) = on_cores(threads, || -> Result<_, BenchError> {
            let mut train = TrainStep::new(work)?;
            let (rate, active) = shares(&work, &work.network()?);
            let hidden = Shares::of(rate, active);
            let columns = (work.steps * work.lanes) as f64;
            let need = Need::of(&work, Pass::Train, columns, hidden, train.parameters());
            let samples = train.samples(effort);
            Ok((samples, need))
        })??;
        points.push(Point {
            value,
            minimum: 1e3 * samples.minimum(),
            median: 1e3 * samples.median(),
            ideal: need.seconds(&one) / threads as f64,
        });
    }
    let at = |point: &&Point| (point.value - sweep.anchor()).abs() < 1e-9;
    let factor = points
        .iter()
        .find(at)
        .map_or(f64::NAN, |p| p.minimum / p.ideal);
    for point in &mut points {
        point.ideal *= factor;
    }
    Ok(Line { net, points })
}

/// Draws all nets of a sweep into `out`, in a file named after it.
pub fn draw(sweep: Sweep, lines: &[Line], out: &Path) -> Result<Files, BenchError> {
    let percent = if sweep == Sweep::Density { 100.0 } else { 1.0 };
    let series = |line: &Line, of: fn(&Point) -> f64| {
        let role = Net::ALL.iter().position(|net| *net == line.net);
        let points = line.points.iter();
        Series::new(
            line.net.name(),
            Look::of(Role::Other(role.unwrap_or(0))),
            points.map(|p| (percent * p.value, of(p))).collect(),
        )
    };
    let figure = Scaling {
        title: sweep.title().to_owned(),
        x: sweep.axis().to_owned(),
        measured: lines.iter().map(|l| series(l, |p| p.minimum)).collect(),
        ideal: lines.iter().map(|l| series(l, |p| p.ideal)).collect(),
        note: if sweep == Sweep::Threads {
            "dashed: the time on one thread, shared evenly".to_owned()
        } else {
            format!(
                "dashed: the time at {}, grown as the counted work grows",
                sweep.anchor()
            )
        },
        ..Scaling::default()
    };
    Ok(figure.draw(&out.join(format!("scaling-{}", sweep.name())))?)
}
