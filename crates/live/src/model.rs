//! A trained network as a stream takes it.

use std::path::Path;

use anyhow::Result;
use saturn_cell::Real;
use saturn_eval::detector::DetectorConfig;
use saturn_eval::health::Ranges;
use saturn_network::Network;
use serde::{Deserialize, Serialize};

/// Identity of a trained net, its input and its output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// `MODEL.ARM.SEED`.
    pub place: String,
    /// The checksum of its weights.
    pub weights: String,
    /// I.
    pub channels: usize,
    /// Length of a step, ms.
    pub dt_ms: f64,
    /// Names of its classes.
    pub classes: Vec<String>,
    /// `f32` or `f64`.
    pub precision: String,
}

/// A trained network, found and not yet built.
pub trait Model: Sized {
    /// Finds the network of events that `path` names.
    fn open(path: &Path) -> Result<Self>;

    /// Which it is.
    fn identity(&self) -> &Identity;

    /// Notices about its weights, one line each.
    fn notices(&self) -> &[String];

    /// Builds it and reads its weights.
    fn network<R: Real>(&self) -> Result<Network<R>>;

    /// Its healthy ranges for windows of `window` steps: stored, or learnt now; `None` if its data were not
    /// found. `say` receives a line for the user if that takes long.
    fn ranges<R: Real>(
        &self,
        net: &Network<R>,
        window: u64,
        say: &mut dyn FnMut(&str),
    ) -> Result<Option<Ranges>>;

    /// The detector that it was validated with.
    fn detector(&self) -> &DetectorConfig;

    /// The detector's threshold, where it was chosen for these weights.
    fn threshold(&self) -> Option<f64>;

    /// Description of the gaps of the stream on which its healthy ranges are learnt.
    fn learnt_in(&self) -> String;
}
