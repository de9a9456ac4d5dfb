//! What an evaluation of a finished network is asked for, and the settings that follow: those of its run where it has
//! one, else the defaults of `evaluate` in a scenario.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::model::FinishedModel;
use crate::run::summary::NamedArm;
use crate::run::summary::Roles;
use crate::scenario::{
    Evaluate, EvaluateKeys, Fill, Gap, Instrument, Precision, StateReset, Train,
};
use saturn_data::Times;
use saturn_eval::precision::{Format, PrecisionConfig};
use saturn_live::LiveError;
use saturn_stream::LONGEST_GAP;

/// The detector's threshold where none was chosen for a network.
pub const THRESHOLD: f64 = 0.5;
/// The arm of a network that no run trained, in tables and figures.
const NO_ARM: &str = "finished";

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// The network.
    pub model: &'a Path,
    /// A file of recordings, or a folder with one.
    pub data: &'a Path,
    /// Meaning of the times of its events.
    pub times: Times,
    /// Steps of one evaluation, over all lanes.
    pub steps: Option<u64>,
    /// Lanes that share them.
    pub lanes: Option<usize>,
    /// The gaps' steps.
    pub gap: Option<GapSteps>,
    /// What fills them.
    pub fill: Option<Fill>,
    /// Reset policies, each an evaluation.
    pub state_reset: Vec<StateReset>,
    /// Of the stream.
    pub seed: Option<u64>,
    /// Of the network's numbers, and storage formats that are evaluated in addition.
    pub precision: Vec<AskedPrecision>,
    /// Recordings that ranges of states at low precision are taken from.
    pub ranges: Option<&'a Path>,
    /// Optional instruments.
    pub instruments: Vec<Instrument>,
    /// The detector's threshold.
    pub threshold: Option<f64>,
    /// Where results go.
    pub out: Option<&'a Path>,
}

/// A precision on the command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AskedPrecision {
    /// What the network computes with.
    Numbers(Precision),
    /// What weights and states are stored in, in an evaluation of its own.
    Stored(PrecisionConfig),
}

/// How long gaps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapSteps {
    /// Samples follow each other without gaps.
    None,
    /// Shortest and longest, steps.
    Between([usize; 2]),
}

impl GapSteps {
    /// `none`, or `MIN..MAX`.
    pub fn read(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        let expected =
            || format!("expected none, or MIN..MAX steps such as 10..60, up to {LONGEST_GAP}");
        let (low, high) = text.split_once("..").ok_or_else(expected)?;
        match (low.trim().parse(), high.trim().parse()) {
            (Ok(low), Ok(high)) if low <= high && (1..=LONGEST_GAP).contains(&high) => {
                Ok(Self::Between([low, high]))
            }
            _ => Err(expected()),
        }
    }
}

/// What fills gaps: `silence`, `noise` or `shuffled`.
pub fn read_fill(text: &str) -> Result<Fill, String> {
    match text {
        "silence" => Ok(Fill::Silence),
        "noise" => Ok(Fill::Noise(1.0)),
        "shuffled" => Ok(Fill::Shuffled),
        _ => Err("expected silence, noise or shuffled".to_owned()),
    }
}

/// A reset policy as in a scenario: `oracle`, `periodic=100`, `{misaligned: 5}`.
pub fn read_policy(text: &str) -> Result<StateReset, String> {
    let value: Value = if text.starts_with('{') {
        serde_saphyr::from_str(text).map_err(|e| e.to_string())?
    } else {
        let (name, settings) = match text.split_once('=') {
            None => (text, Value::Object(serde_json::Map::new())),
            Some((name, settings)) => {
                let settings = serde_saphyr::from_str(settings).map_err(|e| e.to_string())?;
                (name, settings)
            }
        };
        Value::Object([(name.to_owned(), settings)].into_iter().collect())
    };
    let policy: StateReset = serde_json::from_value(value).map_err(|e| {
        format!(
            "expected a reset policy as in a scenario, such as none, oracle or periodic=100: {e}"
        )
    })?;
    policy.config().check().map_err(|e| e.to_string())?;
    Ok(policy)
}

/// Precisions between commas: `f32` or `f64` for what the network computes with, `int8` for weights and states,
/// `int8/f32` for weights alone, `{weights: int8, states: int8, rounding: stochastic}` as in a scenario.
pub fn read_precisions(text: &str) -> Result<Vec<AskedPrecision>, String> {
    let mut inside = false;
    let parts = text.split(|c| {
        inside = match c {
            '{' => true,
            '}' => false,
            _ => inside,
        };
        c == ',' && !inside
    });
    parts.map(|part| read_precision(part.trim())).collect()
}

fn read_precision(text: &str) -> Result<AskedPrecision, String> {
    match text {
        "f32" => return Ok(AskedPrecision::Numbers(Precision::F32)),
        "f64" => return Ok(AskedPrecision::Numbers(Precision::F64)),
        _ => {}
    }
    let format = |name: &str| {
        let found = serde_json::from_value::<Format>(Value::String(name.to_owned()));
        found.map_err(|_| {
            format!(
                "`{name}` is no format: expected f32 or f64 for what the network computes with, or formats of \
                 weights and states (bf16, int16, int12, int10, int8, int6, int4; f32 in a pair), such as int8 for \
                 both, int8/int16, or {{weights: int8, states: int8, rounding: stochastic}} as in a scenario"
            )
        })
    };
    let config = if text.starts_with('{') {
        serde_saphyr::from_str(text).map_err(|e| e.to_string())?
    } else {
        let (weights, states) = text.split_once('/').unwrap_or((text, text));
        PrecisionConfig {
            weights: format(weights)?,
            states: format(states)?,
            ..PrecisionConfig::default()
        }
    };
    config.check().map_err(|e| format!("`{text}`: {e}"))?;
    Ok(AskedPrecision::Stored(config))
}

/// An optional instrument, by its key in a scenario.
pub fn read_instrument(text: &str) -> Result<Instrument, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|e| e.to_string())
}

/// The settings of an evaluation.
pub struct Settings {
    /// Those that a scenario has, too, with one stream.
    pub evaluate: Evaluate,
    /// Of the stream.
    pub seed: u64,
    /// Of the network's numbers.
    pub precision: Precision,
    /// Lanes that run together on one thread.
    pub shard_lanes: usize,
    /// The network's name, arm and seed in tables and figures.
    pub place: (String, NamedArm, u64),
}

impl Settings {
    /// Of `options` for `model`.
    pub fn new(options: &Options, model: &FinishedModel) -> Result<Self> {
        let scenario = model.run().map(|run| &run.scenario);
        let default = EvaluateKeys::default();
        let of_run = scenario.map(|s| &s.evaluate);
        let steps = (options.steps).unwrap_or(of_run.map_or(default.steps, |e| e.steps));
        let usual = of_run.map_or(default.lanes, |e| e.lanes);
        let lanes =
            (options.lanes).unwrap_or_else(|| usual.min(usize::try_from(steps).unwrap_or(usual)));
        if lanes as u64 > steps {
            let what = format!("{lanes} lanes cannot share {steps} steps");
            return Err(refused("--lanes", what, "give more --steps").into());
        }
        let gap = gap(options, model)?;
        let known = of_run.and_then(|e| {
            let mut streams = e.streams.iter();
            let same = streams.find(|(_, known)| **known == gap);
            same.map(|(name, _)| name.to_owned())
        });
        let name = known.unwrap_or_else(|| match &gap {
            None => "no_gaps".to_owned(),
            Some(gap) => {
                let fills: Vec<String> = gap.fill.iter().map(Fill::name).collect();
                fills.join("_or_")
            }
        });
        for (k, policy) in options.state_reset.iter().enumerate() {
            if options.state_reset[..k].contains(policy) {
                let what = format!("{policy} is given twice");
                return Err(refused("--state-reset", what, "give each policy once").into());
            }
        }
        let (numbers, stored) = precisions(&options.precision)?;
        if options.ranges.is_some() && stored.iter().all(|config| config.states.top().is_none()) {
            let what = "no states with a range are stored at low precision".to_owned();
            let hint = "add a --precision with integer states, such as int8, or leave out --ranges";
            return Err(refused("--ranges", what, hint).into());
        }
        let state_reset = if options.state_reset.is_empty() {
            default.state_reset
        } else {
            options.state_reset.clone()
        };
        let evaluate = Evaluate {
            steps,
            lanes,
            state_reset,
            streams: [(name, gap)].into_iter().collect(),
            windows: of_run.map_or(default.windows, |e| e.windows),
            spacing: of_run.map_or(default.spacing, |e| e.spacing),
            contraction: default.contraction,
            detector: of_run.map_or(default.detector, |e| e.detector),
            precision: stored,
            traces: None,
            twin: None,
            instruments: options.instruments.clone(),
            disturb: None,
        };
        let place = match model.run() {
            Some(run) => {
                let arms = Roles::of(&run.scenario).arms.into_iter();
                let own = arms.into_iter().find(|arm| arm.name == run.arm_name());
                let own = own.unwrap_or_else(|| named(run.arm_name()));
                (run.model_name().to_owned(), own, run.seed())
            }
            None => (model.name.clone(), named(NO_ARM), 1),
        };
        Ok(Self {
            evaluate,
            seed: options.seed.unwrap_or(place.2),
            precision: numbers.unwrap_or(model.precision),
            shard_lanes: scenario.map_or(Train::default().shard_lanes, |s| s.train.shard_lanes),
            place,
        })
    }

    /// The name of the stream, and its gaps.
    pub fn stream(&self) -> (&str, Option<&Gap>) {
        let mut streams = self.evaluate.streams.iter();
        let first = streams.next();
        first.map_or(("", None), |(name, gap)| (name, gap.as_ref()))
    }

    /// The detector's threshold under `policy`. It is never chosen on the evaluated data.
    pub fn threshold(
        &self,
        options: &Options,
        model: &FinishedModel,
        policy: &StateReset,
    ) -> Threshold {
        if let Some(value) = options.threshold {
            return Threshold {
                value,
                from: "given with --threshold".to_owned(),
                of_run: false,
            };
        }
        let chosen = model.run().map_or(&[][..], |run| &run.thresholds[..]);
        let (stream, policy) = (self.stream().0, policy.to_string());
        let under = || chosen.iter().filter(|c| c.state_reset == policy);
        let exact = under().find(|c| c.stream == stream);
        let found = exact.or_else(|| under().next()).or_else(|| chosen.first());
        found.map_or_else(
            || Threshold {
                value: THRESHOLD,
                from: "the default, since none was chosen for this network".to_owned(),
                of_run: false,
            },
            |c| Threshold {
                value: c.threshold,
                from: format!(
                    "chosen by the run on its validation split, stream {}, state_reset {}",
                    c.stream, c.state_reset
                ),
                of_run: exact.is_some(),
            },
        )
    }
}

/// A detector's threshold.
pub struct Threshold {
    /// It.
    pub value: f64,
    /// Where it is from.
    pub from: String,
    /// Whether a run chose it for this stream and policy.
    pub of_run: bool,
}

/// What the network computes with, and the storage formats.
fn precisions(
    asked: &[AskedPrecision],
) -> Result<(Option<Precision>, Vec<PrecisionConfig>), LiveError> {
    let (mut numbers, mut stored) = (None, Vec::new());
    for one in asked {
        match one {
            AskedPrecision::Numbers(own) if numbers.is_none_or(|known| known == *own) => {
                numbers = Some(*own);
            }
            AskedPrecision::Numbers(_) => {
                let what = "a network computes with one of f32 and f64".to_owned();
                return Err(refused("--precision", what, "leave out one of them"));
            }
            AskedPrecision::Stored(config) if stored.contains(config) => {
                let what = format!("{config} is given twice");
                return Err(refused("--precision", what, "give each format once"));
            }
            AskedPrecision::Stored(config) => stored.push(*config),
        }
    }
    Ok((numbers, stored))
}

fn named(arm: &str) -> NamedArm {
    NamedArm {
        name: arm.to_owned(),
        role: None,
    }
}

/// The gaps: as given, else those of the run's first stream, else the default's with silence.
fn gap(options: &Options, model: &FinishedModel) -> Result<Option<Gap>> {
    let usual = Gap {
        fill: vec![Fill::Silence],
        ..Gap::default()
    };
    let base = match model.run() {
        Some(run) => run.scenario.first_gap().cloned(),
        None => Some(usual.clone()),
    };
    let steps = match options.gap {
        Some(GapSteps::None) => {
            if options.fill.is_some() {
                let what = "there is nothing to fill with --gap none".to_owned();
                return Err(refused("--fill", what, "leave out one of them").into());
            }
            return Ok(None);
        }
        Some(GapSteps::Between(steps)) => Some(steps),
        None => None,
    };
    let mut gap = match (base, steps, options.fill) {
        (None, None, None) => return Ok(None),
        (base, ..) => base.unwrap_or(usual),
    };
    gap.steps = steps.unwrap_or(gap.steps);
    if let Some(fill) = options.fill {
        gap.fill = vec![fill];
    }
    if gap.fill.contains(&Fill::Recordings) {
        let what =
            "the run's gaps are filled with recordings, which a file of samples does not have";
        return Err(refused("--fill", what.to_owned(), "give silence, noise or shuffled").into());
    }
    Ok(Some(gap))
}

pub(super) fn refused(option: &'static str, what: String, hint: &'static str) -> LiveError {
    LiveError::Option { option, what, hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precisions_are_read() {
        let names = |text: &str| -> Vec<String> {
            let name = |one: &AskedPrecision| match one {
                AskedPrecision::Numbers(numbers) => format!("{numbers:?}"),
                AskedPrecision::Stored(config) => config.to_string(),
            };
            let read = read_precisions(text).unwrap();
            read.iter().map(name).collect()
        };
        assert_eq!(names("f64"), ["F64"]);
        assert_eq!(names("int8, bf16"), ["int8/int8", "bf16/bf16"]);
        assert_eq!(
            names("int8/f32,{weights: int4, states: int8, rounding: stochastic},f32"),
            ["int8/f32", "int4/int8 stochastic", "F32"]
        );
        for (wrong, part) in [
            ("", "int8"),
            ("f16", "`f16` is no format"),
            ("int8,int7", "`int7` is no format"),
            ("f64/int8", "`f64` is no format"),
            ("f32/f32", "is full precision"),
            ("{weights: int8, covers: 2}", "above 0"),
            ("{weights: int8, rounding: stochastic}", "give `states`"),
            ("{weights: f16}", "int8"),
        ] {
            let message = read_precisions(wrong).unwrap_err();
            assert!(message.contains(part), "{wrong}: {message}");
        }
    }

    #[test]
    fn gaps_fills_policies_and_instruments_are_read() {
        assert_eq!(GapSteps::read("none"), Ok(GapSteps::None));
        assert_eq!(GapSteps::read("5..15"), Ok(GapSteps::Between([5, 15])));
        for wrong in ["", "5", "15..5", "0..0", "1..2000000", "a..b"] {
            assert!(GapSteps::read(wrong).unwrap_err().contains("MIN..MAX"));
        }
        assert_eq!(read_fill("noise"), Ok(Fill::Noise(1.0)));
        assert!(read_fill("recordings").is_err());
        for (text, name) in [
            ("none", "none"),
            ("oracle", "oracle"),
            ("periodic=50", "periodic_50"),
            ("{periodic: 50}", "periodic_50"),
            ("decay=0.9", "decay_0.9"),
        ] {
            assert_eq!(read_policy(text).unwrap().to_string(), name);
        }
        for wrong in ["never", "periodic=0", "periodic", "{", "decay=2"] {
            assert!(read_policy(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read_instrument("calibration"), Ok(Instrument::Calibration));
        assert!(read_instrument("thermometer").is_err());
    }
}
