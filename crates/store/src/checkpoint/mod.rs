//! Checkpoints: what an unfinished stage of a run (a training, an evaluation's lanes) needs to go on.
//!
//! A stage writes numbered files, `checkpoints/NAME.N.ckpt`, each beside its place, synced and renamed, and
//! keeps the last K. A stage that begins takes up the newest sound one of its own key: what it goes on to
//! compute has the bits of a run that was never stopped. One that is torn, damaged, of another version or of
//! another scenario is named with its reason, and the one before it is taken. A stage that has ended leaves a
//! result with a key, and its checkpoints go.

mod file;
mod keeper;
mod numbers;
#[cfg(test)]
mod tests;

pub use file::{CHECKPOINT, HEADER, Refused, decode, encode, open, seal};
pub use keeper::{Keeper, Keeping, Stage, remove};
pub use numbers::Numbers;

/// JSON within a checkpoint, for what leaves keys out when it is written: the body's own format cannot.
pub mod as_json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes `value` as a text.
    pub fn serialize<T: Serialize, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(value).map_err(S::Error::custom)?;
        to.serialize_str(&text)
    }

    /// Reads it back.
    pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(from)?;
        serde_json::from_str(&text).map_err(D::Error::custom)
    }
}
