//! Checkpoints: what an unfinished stage of a run (a training, an evaluation's lanes) needs to resume.
//!
//! A stage writes numbered files, `checkpoints/NAME.N.ckpt`, under temporary names, synced and renamed, and
//! keeps the last K. A stage that starts loads the newest valid one with its key; the results are bit for bit
//! those of an uninterrupted run. A checkpoint that is truncated, corrupt, of another version or of another
//! scenario is reported with the reason, and the previous one is used. A completed stage leaves a result with
//! a key, and its checkpoints are removed.

mod file;
mod keeper;
mod numbers;
#[cfg(test)]
mod tests;

pub use file::{CHECKPOINT, HEADER, Refused, decode, encode, open, seal};
pub use keeper::{Keeper, Keeping, Stage, remove};
pub use numbers::Numbers;

/// JSON within a checkpoint, for types that skip keys when serialised, which the body's own format does not
/// support.
pub mod as_json {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Serialises `value` as a string.
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
