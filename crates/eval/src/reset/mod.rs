//! State resets: actions on a network's state before each step of a stream.
//!
//! A [`Policy`] receives the information on a lane's next step, [`Seen`], and returns an [`Action`]: leave
//! the state, reset it, scale it, or bound it. Each kind is one file of this folder, with its settings (a
//! [`PolicyConfig`]) and its rule, and one line of `policies!` below. Every lane has a policy of its own,
//! with its own random numbers, so that the lanes of a batch are reset each at its own time and the bits
//! depend neither on the threads nor on how the stream is cut into chunks.
//!
//! | policy | before a step | needs |
//! |---|---|---|
//! | `none` | nothing | |
//! | `oracle` | a reset at a sample's first step | boundaries |
//! | `misaligned` | that reset, each time early or late by a random number of steps | boundaries |
//! | `periodic` | a reset every so many steps | |
//! | `random` | a reset with a fixed probability | |
//! | `silence` | a reset when the input has fallen silent | the input |
//! | `output` | a reset when the output is uncertain or changes class, or the state is large | the net |
//! | `decay` | the state times gamma | the net's state |
//! | `clip` | the state, bounded | the net's state |
//! | `window` | the network runs on only the last L steps | L / hop times the work |
//!
//! [`effect`] defines the effect of an action on the parts of a state.

mod clip;
mod decay;
pub mod effect;
mod misaligned;
mod none;
mod oracle;
mod output;
mod periodic;
mod random;
mod silence;
mod window;

use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

pub use clip::Clip;
pub use decay::Decay;
pub use misaligned::Misaligned;
pub use none::Never;
pub use oracle::Oracle;
pub use output::{ClassHeld, EntropyOver, Output};
pub use periodic::Periodic;
pub use random::Random;
pub use silence::Silence;
pub use window::Window;

/// The information available to a policy before a step of its lane.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// t, the lane's step, from 0.
    pub step: u64,
    /// The lane's copy of the network in question, below [`Needs::copies`].
    pub copy: usize,
    /// Whether a sample begins at this step.
    pub begins: bool,
    /// How much the step's input holds: its events, counted; of a frame the energy, Σ x².
    pub input: f64,
    /// Class probabilities after the step before, `[C]` (or one more, for a network with an output for
    /// "nothing", which then counts as a class, too); empty at the first step, and for a policy that does not
    /// need them.
    pub output: &'a [f32],
    /// Root mean square of the state ([`effect::Effect::norm`]); 0 for a policy that does not need it.
    pub norm: f64,
}

/// What becomes of a lane's state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// It stays.
    Leave,
    /// It is reset to the initial state.
    Reset,
    /// What sets it apart from rest is multiplied by this, 0..1.
    Scale(f64),
    /// No value is further from 0 than this.
    Clip(f64),
}

/// The rule of one lane. It allocates only when it is built.
pub trait Policy: Send {
    /// A sample begins at `step`: called in order, [`Needs::lookahead`] steps before the decision on that
    /// step.
    fn begins(&mut self, _step: u64) {}

    /// The action on the state before a step. Called once for each step and copy, in order.
    fn decide(&mut self, seen: &Seen) -> Action;

    /// The rule's state for a checkpoint, written by [`remembered`]. A rule that depends only on the present
    /// step has none.
    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Restores the result of [`Self::save`], read by [`recalled`]. False if it is something else.
    fn restore(&mut self, saved: &[u8]) -> bool {
        saved.is_empty()
    }
}

/// A rule's state as bytes.
pub fn remembered(memory: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(memory).expect("numbers in memory can be written")
}

/// A rule's state from `saved`, if that is valid.
pub fn recalled<T: DeserializeOwned>(saved: &[u8]) -> Option<T> {
    postcard::from_bytes(saved).ok()
}

/// A policy's requirements on the runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Steps before a sample's first at which [`Policy::begins`] is called.
    pub lookahead: u64,
    /// Copies of the net that run side by side on a lane, each with a state of its own; at least 1.
    pub copies: usize,
    /// Whether steps run one by one: for a policy that reads the network, or scales or clips its state.
    pub by_step: bool,
    /// Whether [`Seen::output`] is needed, which requires `by_step`.
    pub output: bool,
    /// Whether [`Seen::norm`] is needed, which requires `by_step`.
    pub norm: bool,
}

impl Default for Needs {
    fn default() -> Self {
        Self {
            lookahead: 0,
            copies: 1,
            by_step: false,
            output: false,
            norm: false,
        }
    }
}

/// The settings of a policy. As text they are a name for tables and files: `periodic_100`.
pub trait PolicyConfig: fmt::Display + Send + Sync {
    /// Checks every number against its range.
    fn check(&self) -> Result<(), PolicyError> {
        Ok(())
    }

    /// Its requirements on the runner.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The rule for lane `lane` of the stream of `seed`. Random numbers come from
    /// [`saturn_cell::rng::generator`] for this seed, a purpose of the policy's own, and this lane.
    fn build(&self, seed: u64, lane: u64) -> Box<dyn Policy>;

    /// The copy whose output counts at `step`, below [`Needs::copies`].
    fn reads(&self, _step: u64) -> usize {
        0
    }

    /// Its label in figures and reports: `reset every 100 steps`. By default its name as words.
    fn label(&self) -> String {
        self.to_string().replace('_', " ")
    }

    /// Whether there are options; if not, only the name is written.
    fn has_settings(&self) -> bool {
        true
    }
}

/// A policy that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// A number outside its range.
    #[error("`{value}` is out of range: it must be {allowed}")]
    OutOfRange {
        /// The key below the policy's name, with dots; empty for the policy's only number.
        key: &'static str,
        /// What was given.
        value: f64,
        /// The allowed range, as text.
        allowed: String,
    },
    /// Resets without a step between them.
    #[error("a period of 0 steps would reset all the time: it must be 1 or more")]
    NoPeriod,
    /// More copies of a net than are sensible.
    #[error(
        "a window of {length} steps every {hop} needs {copies} copies of the net, and the maximum is \
        {most}: raise `hop` to {least} or more"
    )]
    TooManyCopies {
        /// Steps of the window.
        length: u64,
        /// Steps from window to window.
        hop: u64,
        /// Copies that these take.
        copies: u64,
        /// Copies that are allowed.
        most: u64,
        /// The least hop for this length.
        least: u64,
    },
}

impl PolicyError {
    /// The key below the policy's name that is wrong; empty for the policy as a whole.
    pub fn key(&self) -> &'static str {
        match self {
            Self::OutOfRange { key, .. } => key,
            Self::NoPeriod => "",
            Self::TooManyCopies { .. } => "hop",
        }
    }

    /// An error about `key`, whose `value` must be `allowed`, unless it is `right`.
    pub fn unless(
        right: bool,
        key: &'static str,
        value: f64,
        allowed: impl Into<String>,
    ) -> Result<(), Self> {
        if right {
            return Ok(());
        }
        Err(Self::OutOfRange {
            key,
            value,
            allowed: allowed.into(),
        })
    }

    /// An error about `key` unless `value` is finite and greater than 0.
    pub fn unless_positive(key: &'static str, value: f64) -> Result<(), Self> {
        let fits = value.is_finite() && value > 0.0;
        Self::unless(fits, key, value, "above 0 and finite")
    }

    /// An error about `key` unless `value` is at least 1.
    pub fn unless_at_least_one(key: &'static str, value: u64) -> Result<(), Self> {
        Self::unless(value >= 1, key, value as f64, "1 or more")
    }
}

/// Declares [`StateReset`]: a line a policy, with its key in a scenario and its settings.
macro_rules! policies {
    ($($(#[doc = $doc:literal])+ $key:literal: $name:ident($config:ty),)+) => {
        /// Actions on a network's whole state along a stream.
        #[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
        pub enum StateReset {
            $($(#[doc = $doc])+ #[serde(rename = $key)] $name($config),)+
        }

        impl StateReset {
            /// The key that it is written under.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $key,)+ }
            }

            /// Its settings.
            pub fn config(&self) -> &dyn PolicyConfig {
                match self { $(Self::$name(config) => config,)+ }
            }
        }

        impl Serialize for StateReset {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !self.config().has_settings() {
                    return serializer.serialize_str(self.kind());
                }
                let mut map = serializer.serialize_map(Some(1))?;
                match self { $(Self::$name(config) => map.serialize_entry($key, config)?,)+ }
                map.end()
            }
        }
    };
}

policies! {
    /// Never.
    "none": None(Never),
    /// At each sample's first step, as if boundaries were known.
    "oracle": Oracle(Oracle),
    /// At each sample's first step, but early or late by a random number of steps each time.
    "misaligned": Misaligned(Misaligned),
    /// Every so many steps: a number, or `{every: .., offset: ..}`.
    "periodic": Periodic(Periodic),
    /// At random, with the same probability at every step.
    "random": Random(Random),
    /// When the input falls silent, once for each silence.
    "silence": Silence(Silence),
    /// When the network's own output or state indicates it: by `entropy`, by `norm`, or at a `boundary`.
    "output": Output(Output),
    /// No reset: before every step the state is multiplied by this number.
    "decay": Decay(Decay),
    /// No reset: before every step the state is bounded by this number.
    "clip": Clip(Clip),
    /// No reset: each output comes from a network that starts in the initial state and receives only the last
    /// steps.
    "window": Window(Window),
}

impl StateReset {
    /// No reset at all.
    pub const NEVER: Self = Self::None(Never {});
    /// Known boundaries.
    pub const ORACLE: Self = Self::Oracle(Oracle {});

    /// Whether results that carry `name` are of this policy.
    pub fn is_named(&self, name: &str) -> bool {
        self.to_string() == name
    }
}

impl fmt::Display for StateReset {
    /// A name for files and tables: `none`, `periodic_100`, `misaligned_by_5`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.config().fmt(f)
    }
}

#[cfg(test)]
pub(crate) mod tests;
