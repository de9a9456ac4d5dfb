//! Dependencies of a result, as checksums: a result with another key is computed again.
//!
//! The settings and the data have separate checksums, so that finished trials can be read without the data.
//! No key contains a file's location: data count by their content, other paths by their name.

use std::path::Path;

use anyhow::{Context, Result};
use saturn_data::checksum::hex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::run::entry::Entry;
use crate::scenario::{Model, Scenario};

/// A result with the key of its dependencies.
#[derive(Serialize, Deserialize)]
pub struct Keyed<T> {
    /// The checksum.
    pub key: String,
    /// The result.
    pub result: T,
}

/// The keys of one place, but for the data.
pub struct Keys {
    /// Of its training.
    pub trained: String,
    /// Of its training and evaluation.
    pub evaluated: String,
}

impl Keys {
    /// Of `entry`, evaluated on `split`.
    pub fn of(s: &Scenario, entry: &Entry, split: &str) -> Result<Self> {
        let mut data = serde_json::to_value(&s.data).context("encoding a key")?;
        if let Value::Object(data) = &mut data {
            // Files: their content has a checksum of its own.
            data.remove("source");
            data.remove("gap_recordings");
        }
        // Of a net to begin from its weights count, not where they lie: see `begun`.
        let model = Model {
            from: None,
            ..entry.model.clone()
        };
        let mut trained = key(&(
            env!("CARGO_PKG_VERSION"),
            (data, &s.stream),
            (&model, entry.arm),
            s.train_for(entry.model, entry.arm),
            entry.place.seed,
        ))?;
        if entry.model.from.is_some() {
            trained = key(&(&trained, "from"))?;
        }
        let evaluated = key(&(&trained, &s.evaluate, split))?;
        Ok(Self { trained, evaluated })
    }

    /// The same of a net that begins with weights of this checksum, if it does with a finished net's.
    pub fn begun(self, from_sha256: Option<&str>) -> Result<Self> {
        let Some(sum) = from_sha256 else {
            return Ok(self);
        };
        Ok(Self {
            trained: key(&(&self.trained, sum))?,
            evaluated: key(&(&self.evaluated, sum))?,
        })
    }
}

/// The key of a training or an evaluation on the inputs of a matrix, and its key in an earlier version, in
/// which every result depended on the test file, too.
pub struct DataKeys {
    /// The current key.
    pub now: String,
    /// The earlier key.
    pub before: String,
}

impl DataKeys {
    /// The key under which a result is stored: `known`, if that is one of these.
    pub fn known_as(&self, known: Option<&str>) -> String {
        let before = known == Some(&*self.before);
        if before { &self.before } else { &self.now }.clone()
    }
}

/// The checksum of a result's dependencies.
pub fn key(of: &impl Serialize) -> Result<String> {
    let mut value = serde_json::to_value(of).context("encoding a key")?;
    leave_out_folders(&mut value);
    let bytes = serde_json::to_vec(&value).context("encoding a key")?;
    Ok(hex(&Sha256::digest(bytes)))
}

/// Replaces every absolute path by its last component.
fn leave_out_folders(value: &mut Value) {
    match value {
        Value::String(text) if Path::new(text.as_str()).is_absolute() => {
            let name = Path::new(text.as_str()).file_name();
            *text = name.unwrap_or_default().to_string_lossy().into_owned();
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_folders),
        Value::Object(map) => map.values_mut().for_each(leave_out_folders),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::entry::entries;

    fn keys(folder: &str, change: &str) -> Keys {
        let text = format!(
            "name: keys\ndata: {{events: {{train: {folder}/a.h5, valid: {folder}/b.h5, test: {folder}/c.h5}}, channels: 8}}\n\
             models: {{rnn: {{layers: [rnn]}}}}\narms: {{classic: {{streams: single}}}}\n"
        );
        let s = Scenario::parse(&text, "keys.yaml", Path::new(""), &[change]).expect("sound");
        Keys::of(&s, &entries(&s, &[1])[0], "valid").expect("a key")
    }

    #[test]
    fn where_files_lie_is_no_part_of_a_key() {
        let (here, there) = (keys("/a/b", "seed=1"), keys("elsewhere", "seed=1"));
        assert_eq!(here.evaluated, there.evaluated);
        assert_eq!(
            key(&"/a/b/noise.wav").unwrap(),
            key(&"/c/noise.wav").unwrap()
        );
        assert_ne!(
            key(&"/a/b/noise.wav").unwrap(),
            key(&"/a/b/hum.wav").unwrap()
        );
    }

    #[test]
    fn settings_are() {
        let plain = keys("d", "seed=1");
        for change in ["train.lr=0.5", "data.dt_ms=5", "stream.samples=9"] {
            assert_ne!(plain.trained, keys("d", change).trained, "{change}");
        }
        let evaluated = keys("d", "evaluate.steps=77");
        assert_eq!(plain.trained, evaluated.trained);
        assert_ne!(plain.evaluated, evaluated.evaluated);
    }
}
