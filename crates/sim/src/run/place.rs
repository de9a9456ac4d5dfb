//! One place of the matrix, model x arm x seed, and the names of its files.
//!
//! ```text
//! cells/MODEL.ARM.SEED.json            both, in short: see `cells`
//! results/MODEL.ARM.SEED.train.json    how the net was trained
//! results/MODEL.ARM.SEED.SPLIT.json    how it did
//! weights/MODEL.ARM.SEED.safetensors
//! metrics/MODEL.ARM.SEED.jsonl         what happened, while it is done in parts
//! traces/MODEL.ARM.SEED.SPLIT.h5
//! traces/MODEL.ARM.SEED.SPLIT.STREAM.POLICY.wNN.h5    window NN, of a scenario with `evaluate.traces`
//! ```
//!
//! A dot in a model's or an arm's name is written `%2E` there, as in addresses of the web, so that no two
//! places share a file.

use std::fmt;
use std::path::{Path, PathBuf};

/// One place of the matrix. It reads `MODEL.ARM.SEED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The model's name in the scenario.
    pub model: &'a str,
    /// The arm's name in the scenario.
    pub arm: &'a str,
    /// The seed.
    pub seed: u64,
}

impl Place<'_> {
    /// The file of this place in `folder` (`cells`, `results`, `weights` or `traces`), relative to the run's folder.
    pub fn file(&self, folder: &str, ending: &str) -> PathBuf {
        let (model, arm) = (escaped(self.model), escaped(self.arm));
        Path::new(folder).join(format!("{model}.{arm}.{}.{ending}", self.seed))
    }

    /// The name of the file that sums this place up, in a `cells` folder.
    pub fn cell(&self) -> PathBuf {
        self.file("", "json")
    }

    /// The name of the file of what happened, in a `metrics` folder.
    pub fn lines(&self) -> PathBuf {
        self.file("", "jsonl")
    }

    /// The files of traces in windows of a stream of `split` under a policy, but for `.wNN.h5`.
    pub fn window(&self, split: &str, stream: &str, state_reset: &str) -> PathBuf {
        let (stream, state_reset) = (escaped(stream), escaped(state_reset));
        self.file("traces", &format!("{split}.{stream}.{state_reset}"))
    }

    /// The file of the trace on `split`.
    pub fn trace(&self, split: &str) -> PathBuf {
        self.file("traces", &format!("{split}.h5"))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}.{}.{}", self.model, self.arm, self.seed)
    }
}

/// `name` with every character except letters, digits, `_`, `-` and spaces as `%` and two hexadecimal digits
/// per byte.
fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte);
    name.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(model: &str, arm: &str) -> PathBuf {
        let seed = 1;
        Place { model, arm, seed }.file("results", "train.json")
    }

    #[test]
    fn plain_names_are_the_names_of_their_files() {
        let plain = file("s4d_lin-2", "no gaps");
        assert_eq!(plain, Path::new("results/s4d_lin-2.no gaps.1.train.json"));
    }

    #[test]
    fn no_two_places_share_a_file() {
        assert_eq!(
            file("lif.v2", "classic"),
            Path::new("results/lif%2Ev2.classic.1.train.json")
        );
        assert_ne!(file("a.b", "c"), file("a", "b.c"));
        assert_ne!(file("a.b", "c"), file("a%2Eb", "c"));
        assert_eq!(
            file("é/", "c"),
            Path::new("results/%C3%A9%2F.c.1.train.json")
        );
    }
}
