//! The file in which a stream's memory is kept.
//!
//! The layout is that of [`crate::run::checkpoint`]; the body is postcard: identities, states, detector, health,
//! open steps, counts, position. It is written beside, synced and renamed, so that there is always a whole one. A file that is torn or damaged,
//! of another version, of another net or of other settings is refused by name.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LiveError;
use super::assemble::Assembler;
use super::counts::Counts;
use super::engine::EngineState;
use super::model::Identity;
use super::protocol::Item;
use super::source::Resume;
use crate::run::checkpoint::{open, seal};
use crate::run::folder::{FolderError, write_beside};

const MAGIC: &[u8; 16] = b"saturn stream 1\n";
/// The largest file that is read, bytes.
const LARGEST: u64 = 1 << 32;

/// All that a stream remembers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// The net, and the one that it may fall back to.
    pub identity: Identity,
    /// The other.
    pub other: Option<Identity>,
    /// The net's state, the detector and health.
    pub engine: EngineState,
    /// Open steps.
    pub assembler: Assembler,
    /// Items that were read and not heard yet, in order.
    pub held: Vec<Item>,
    /// What became of everything.
    pub counts: Counts,
    /// Where the input file was left.
    pub resume: Option<Resume>,
    /// The last decision.
    pub decision: Option<usize>,
    /// Lines that were written.
    pub decisions: u64,
}

/// Writes `saved` to `path`.
pub fn save(path: &Path, saved: &Saved) -> Result<(), LiveError> {
    let hint = "free some space, or choose another file with --state";
    let body = postcard::to_stdvec(saved)
        .map_err(std::io::Error::other)
        .map_err(LiveError::file(path, "write", hint))?;
    write_beside(path, &seal(MAGIC, &body)).map_err(|e| {
        let source = match e {
            FolderError::Io { source, .. } => source,
            other => std::io::Error::other(other.to_string()),
        };
        LiveError::file(path, "write", hint)(source)
    })
}

/// Reads what stands at `path`; `None` where there is no such file.
pub fn load(path: &Path) -> Result<Option<Saved>, LiveError> {
    let hint = "check the path and who may read it";
    match fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LiveError::file(path, "read", hint)(e)),
        Ok(found) if found.len() > LARGEST => {
            return Err(wrong(path, "is no state of a stream: it is far too large"));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(LiveError::file(path, "read", hint))?;
    decode(path, &bytes).map(Some)
}

/// What the bytes of the file at `path` say.
fn decode(path: &Path, bytes: &[u8]) -> Result<Saved, LiveError> {
    let body = open(MAGIC, "state of a stream", bytes);
    let body = body.map_err(|why| wrong(path, &why.to_string()))?;
    postcard::from_bytes(body).map_err(|e| wrong(path, &format!("is damaged: {e}")))
}

/// An error about a state file.
pub fn wrong(path: &Path, what: &str) -> LiveError {
    LiveError::State {
        path: path.to_owned(),
        what: what.to_owned(),
        hint: "give the state of this net with --state, or move this file away to begin at rest",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_refused_by_name(body in prop::collection::vec(any::<u8>(), 0..300), sound in any::<bool>()) {
            let bytes = if sound { seal(MAGIC, &body) } else { body };
            let refused = decode(Path::new("a.state"), &bytes);
            let said = refused.err().map(|e| e.to_string()).unwrap_or_default();
            prop_assert!(said.contains("a.state: is ") && said.contains("hint: "), "{said}");
        }
    }
}
