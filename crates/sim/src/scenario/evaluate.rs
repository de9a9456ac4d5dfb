//! `evaluate`: what trained nets are put through.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::named::Named;
use super::or_none::OrNone;
use super::report::Report;
use super::stream::{Gap, GapKeys, gap_keys};
use crate::eval::detector::{DetectorConfig, LONGEST};

/// What trained nets are put through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateKeys {
    /// Steps of one evaluation, over all its lanes; at least 1, default 100,000. More: smaller errors, and
    /// a longer look at what time does.
    pub steps: u64,
    /// Streams side by side that share the steps; 1 to `steps`, default 16. Fewer: each runs for longer;
    /// 1 is one long stream.
    pub lanes: usize,
    /// When states are put back to rest: one of these or a list, each an evaluation of its own. Default
    /// `[none, oracle]`.
    pub state_reset: Vec<StateReset>,
    /// The streams to run on, by name. Default: one for each fill of `stream.gap`, with its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<Named<EvaluateStream>>,
    /// Windows that a stream is cut into for figures over its length; at least 1, default 20. More: finer,
    /// with larger errors.
    pub windows: usize,
    /// How forgetting is measured.
    pub contraction: ContractionConfig,
    /// The detector that knows no boundaries; its threshold is set on the validation set.
    pub detector: DetectorConfig,
}

impl Default for EvaluateKeys {
    fn default() -> Self {
        Self {
            steps: 100_000,
            lanes: 16,
            state_reset: vec![StateReset::None, StateReset::Oracle],
            streams: None,
            windows: 20,
            contraction: ContractionConfig::default(),
            detector: DetectorConfig::default(),
        }
    }
}

/// A stream to run on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateStream {
    /// What lies between samples; `none` puts them end to end. What is left out is as in `stream.gap`.
    pub gap: OrNone<GapKeys>,
}

/// When the whole state of a net is put back to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateReset {
    /// Never.
    None,
    /// At each sample's first step, as if boundaries were known.
    Oracle,
    /// Every so many steps: a number, or `{every: .., offset: ..}`.
    #[serde(deserialize_with = "period", serialize_with = "write_period")]
    #[schemars(schema_with = "period_schema")]
    Periodic {
        /// Steps from one reset to the next; at least 1.
        every: u64,
        /// Steps of the stream before the first reset; below `every`, default 0.
        offset: u64,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Period {
    /// Steps from one reset to the next; at least 1.
    every: u64,
    /// Steps of the stream before the first reset; below `every`, default 0.
    #[serde(default)]
    offset: u64,
}

fn period<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(u64, u64), D::Error> {
    struct Either;
    impl<'de> Visitor<'de> for Either {
        type Value = (u64, u64);

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a number of steps, or `{every: .., offset: ..}`")
        }

        fn visit_u64<E: Error>(self, every: u64) -> Result<(u64, u64), E> {
            Ok((every, 0))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(u64, u64), A::Error> {
            let period = Period::deserialize(MapAccessDeserializer::new(map))?;
            Ok((period.every, period.offset))
        }
    }
    deserializer.deserialize_any(Either)
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with references"
)]
fn write_period<S: Serializer>(
    every: &u64,
    offset: &u64,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match *offset {
        0 => every.serialize(serializer),
        offset => Period {
            every: *every,
            offset,
        }
        .serialize(serializer),
    }
}

fn period_schema(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "integer", "minimum": 1 },
            generator.subschema_for::<Period>(),
        ]
    })
}

impl fmt::Display for StateReset {
    /// A name for files and tables: `none`, `oracle`, `periodic_100`, `periodic_100_from_7`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Oracle => f.write_str("oracle"),
            Self::Periodic { every, offset: 0 } => write!(f, "periodic_{every}"),
            Self::Periodic { every, offset } => write!(f, "periodic_{every}_from_{offset}"),
        }
    }
}

/// How forgetting is measured: the states of one net after different pasts, in the same gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContractionConfig {
    /// Validation samples whose states are compared, two by two; at least 2, default 64. More: smaller
    /// errors, in time that grows as the square.
    pub samples: usize,
    /// Steps of a never-reset stream before each sample, default 200. More: states further from rest.
    pub lead_steps: usize,
    /// Steps of the gap; at least 1, default 200. More: longer lags.
    pub gap_steps: usize,
    /// Gaps of the same kind to average over; at least 1, default 8. More: smaller errors.
    pub realisations: usize,
}

impl Default for ContractionConfig {
    fn default() -> Self {
        Self {
            samples: 64,
            lead_steps: 200,
            gap_steps: 200,
            realisations: 8,
        }
    }
}

/// Checked settings of evaluation. Ranges and defaults: [`EvaluateKeys`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluate {
    /// Steps of one evaluation, over all its lanes.
    pub steps: u64,
    /// Streams side by side that share the steps.
    pub lanes: usize,
    /// When states are put back to rest, each an evaluation of its own.
    pub state_reset: Vec<StateReset>,
    /// The gaps of the streams to run on, by name; none for samples end to end.
    pub streams: Named<Option<Gap>>,
    /// Windows that a stream is cut into.
    pub windows: usize,
    /// How forgetting is measured.
    pub contraction: ContractionConfig,
    /// The detector that knows no boundaries.
    pub detector: DetectorConfig,
}

impl EvaluateKeys {
    /// Checks the settings; `gap` is that of `stream`.
    pub(super) fn resolve(&self, gap: Option<&Gap>, report: &mut Report) -> Evaluate {
        let at = |key: &str| format!("evaluate.{key}");
        report.at_least(&at("steps"), self.steps, 1);
        report.at_least(&at("lanes"), self.lanes as u64, 1);
        if self.steps > 0 && self.lanes as u64 > self.steps {
            let message = format!(
                "`{}` lanes cannot share {} steps: give `steps` more",
                self.lanes, self.steps
            );
            report.problem(&at("lanes"), message);
        }
        report.not_empty(
            &at("state_reset"),
            &self.state_reset,
            "policy, such as `none`",
        );
        report.distinct(&at("state_reset"), &self.state_reset);
        for (i, policy) in self.state_reset.iter().enumerate() {
            let StateReset::Periodic { every, offset } = *policy else {
                continue;
            };
            let at = at(&format!("state_reset.{i}.periodic"));
            if every == 0 {
                report.problem(
                    &at,
                    "a period of 0 steps would reset all the time: it must be 1 or more",
                );
            } else if offset >= every {
                let message = format!(
                    "`{offset}` is out of range: it must be below `every`, which is {every}"
                );
                report.problem(&format!("{at}.offset"), message);
            }
        }
        report.at_least(&at("windows"), self.windows as u64, 1);
        let contraction = &self.contraction;
        report.at_least(&at("contraction.samples"), contraction.samples as u64, 2);
        report.at_least(
            &at("contraction.gap_steps"),
            contraction.gap_steps as u64,
            1,
        );
        report.at_least(
            &at("contraction.realisations"),
            contraction.realisations as u64,
            1,
        );
        report.at_least(&at("detector.window"), self.detector.window as u64, 1);
        let hold = self.detector.hold as f64;
        let allowed = format!("1 to {LONGEST}");
        report.number(
            &at("detector.hold"),
            hold,
            |x| x >= 1.0 && x <= LONGEST as f64,
            &allowed,
        );
        Evaluate {
            steps: self.steps,
            lanes: self.lanes,
            state_reset: self.state_reset.clone(),
            streams: self.streams(gap, report),
            windows: self.windows,
            contraction: self.contraction,
            detector: self.detector,
        }
    }

    fn streams(&self, gap: Option<&Gap>, report: &mut Report) -> Named<Option<Gap>> {
        let Some(streams) = &self.streams else {
            return default_streams(gap);
        };
        report.names("evaluate.streams", streams.names(), "stream");
        let above = gap.cloned().unwrap_or_default();
        streams
            .iter()
            .map(|(name, stream)| {
                let path = format!("evaluate.streams.{name}.gap");
                (name.to_owned(), stream.gap.resolve(&path, &above, report))
            })
            .collect()
    }
}

/// One stream for each fill of the training stream.
fn default_streams(gap: Option<&Gap>) -> Named<Option<Gap>> {
    let Some(gap) = gap else {
        return [("no_gaps".to_owned(), None)].into_iter().collect();
    };
    gap.fill
        .iter()
        .map(|fill| {
            let alone = Gap {
                steps: gap.steps,
                fill: vec![*fill],
            };
            (fill.name(), Some(alone))
        })
        .collect()
}

impl Evaluate {
    /// The same as keys, with nothing left out.
    pub(super) fn keys(&self) -> EvaluateKeys {
        EvaluateKeys {
            steps: self.steps,
            lanes: self.lanes,
            state_reset: self.state_reset.clone(),
            streams: Some(self.streams.map(|gap| EvaluateStream {
                gap: gap_keys(gap.as_ref()),
            })),
            windows: self.windows,
            contraction: self.contraction,
            detector: self.detector,
        }
    }
}
