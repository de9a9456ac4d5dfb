//! Scenarios: from a YAML file to checked settings.
//!
//! ```text
//! text -> read -> tree (every value with its position) -> set -> decode -> keys -> check -> Scenario
//! ```
//!
//! The written keys ([`ScenarioKeys`] and the keys below it) and the runnable [`Scenario`] are two types: in
//! the second all defaults are filled in, all values are in range and all parts are consistent. Every fault
//! is a [`Problem`] that names file, line, column and key, and the allowed values.
//!
//! | part | contents |
//! |---|---|
//! | `read`, `scalar`, `node` | YAML into a tree, without YAML's surprises |
//! | `set` | `--set key=value` |
//! | `decode` | the tree into typed keys |
//! | `keys`, `data`, `sources`, `stream`, `models`, `from`, `arms`, `train`, `evaluate`, `disturb`, `plots`, `tune` | the keys, and the checks of each part |
//! | `check` | the checked whole |
//! | `schema` | the JSON Schema of the keys |
//! | `reference` | the same as a table to read |

mod arms;
mod check;
mod data;
mod decode;
mod diagnostics;
mod disturb;
mod evaluate;
mod extras;
mod from;
mod keys;
mod models;
mod named;
mod node;
mod odd;
mod path;
mod plots;
mod problem;
mod read;
mod reference;
mod regimes;
pub mod role;
mod scalar;
mod schema;
mod set;
mod sources;
mod stream;
#[cfg(test)]
mod tests;
mod train;
mod tune;
mod warning;

pub use check::{Scenario, to_yaml, written_yaml};
pub use data::{Data, DataKeys, DataSource, Files, OnBadSample};
pub use evaluate::{Evaluate, EvaluateKeys, EvaluateStream};
pub use extras::{TracesConfig, TwinConfig};
pub(crate) use from::missing;
pub use from::start_of;
pub use keys::ScenarioKeys;
pub use models::Model;
pub use named::Named;
pub use plots::Plot;
pub use problem::{Place, Problem, ScenarioError};
pub(crate) use problem::{nearest, quoted};
pub use reference::reference;
pub use regimes::{Regime, plain, regimes};
pub use role::ArmRole;
pub use saturn_eval::instruments::Instrument;
pub use saturn_eval::instruments::contraction::ContractionConfig;
pub use saturn_eval::reset::StateReset;
pub use saturn_network::{Layer, LeakyReadout, Readout};
pub use saturn_stream::{
    DeadSensor, DisturbConfig, Disturbance, DroppedFrames, Fill, Gain, Gap, NoiseBurst,
    StuckChannel,
};
pub use saturn_train::arm::{Arm, FpttConfig, InitialState, NoiseConfig, PassedConfig, Streams};
pub use saturn_train::changes::{EarlyStopping, TrainKeys};
pub use saturn_train::or_none::OrNone;
pub use saturn_train::settings::{Keep, Optimizer, Precision, Schedule, Train};
pub use schema::schema;
pub use sources::{Limits, RecordKeys, Scaling};
pub use stream::{GapKeys, Stream, StreamKeys};
pub use tune::{Range, TuneKeys};
pub use warning::{Warning, WarningKind};
