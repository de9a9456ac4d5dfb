//! The file with the state of a live run.
//!
//! The layout is that of [`saturn_store::checkpoint`]; the body is postcard: identities, states, detector,
//! health, open steps, counts, position. It is written under a temporary name, synced and renamed, so that
//! there is always a complete one. A file that is truncated or corrupt, of another version, another net or
//! other settings, or that is not a plain file is rejected with the reason. Its header is read before its
//! body.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LiveError;
use super::assemble::Assembler;
use super::counts::Counts;
use super::engine::EngineState;
use super::model::Identity;
use super::protocol::Item;
use super::source::Resume;
use saturn_store::checkpoint::{HEADER, Refused, open, seal};
use saturn_store::folder::{FolderError, write_beside};
use saturn_store::operation::Operation;

const MAGIC: &[u8; 16] = b"saturn stream 2\n";
/// The largest file that is read, bytes.
const LARGEST: u64 = 1 << 32;

/// The complete state of a live run.
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
    /// Items read but not yet processed, in order.
    pub held: Vec<Item>,
    /// Counts of all items.
    pub counts: Counts,
    /// Where the input file was left.
    pub resume: Option<Resume>,
    /// Output lines that no reader had read.
    pub unsaid: Vec<u8>,
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
        .map_err(LiveError::file(path, Operation::Write, hint))?;
    write_beside(path, &seal(MAGIC, &body)).map_err(|e| {
        let source = match e {
            FolderError::Io { source, .. } => source,
            other => std::io::Error::other(other.to_string()),
        };
        LiveError::file(path, Operation::Write, hint)(source)
    })
}

/// Reads the file at `path`; `None` if it does not exist.
pub fn load(path: &Path) -> Result<Option<Saved>, LiveError> {
    let hint = "check the path and who may read it";
    let length = match fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(LiveError::file(path, Operation::Read, hint)(e)),
        Ok(found) if !found.is_file() => {
            return Err(LiveError::State {
                path: path.to_owned(),
                what: "is not a plain file, as a state must be".to_owned(),
                hint: "name a file with --state; it is created if it does not exist",
            });
        }
        Ok(found) if found.len() > LARGEST => {
            return Err(wrong(
                path,
                "is not a state of a live run: it is far too large",
            ));
        }
        Ok(found) => found.len(),
    };
    let mut file = File::open(path).map_err(LiveError::file(path, Operation::Read, hint))?;
    let mut bytes = Vec::new();
    let mut read = |most: u64, bytes: &mut Vec<u8>| {
        let read = (&mut file).take(most).read_to_end(bytes);
        read.map_err(LiveError::file(path, Operation::Read, hint))
    };
    read(HEADER as u64, &mut bytes)?;
    let said = bytes.get(MAGIC.len()..).and_then(|rest| rest.first_chunk());
    let body = said.map(|n| u64::from_le_bytes(*n));
    if let Some(n) = body.filter(|_| bytes.starts_with(MAGIC)) {
        // A file whose length differs from its header is rejected without reading its body.
        if n.checked_add(HEADER as u64) != Some(length) {
            return Err(wrong(path, &Refused::Torn.to_string()));
        }
        read(n, &mut bytes)?;
    }
    decode(path, &bytes).map(Some)
}

/// Decodes the bytes of the file at `path`.
fn decode(path: &Path, bytes: &[u8]) -> Result<Saved, LiveError> {
    let body = open(MAGIC, "state of a live run", bytes);
    let body = body.map_err(|why| wrong(path, &why.to_string()))?;
    postcard::from_bytes(body).map_err(|e| wrong(path, &format!("is damaged: {e}")))
}

/// An error about a state file.
pub fn wrong(path: &Path, what: &str) -> LiveError {
    LiveError::State {
        path: path.to_owned(),
        what: what.to_owned(),
        hint: "give the state of this net with --state, or move this file away to start from the initial state",
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

    /// An endless device, a pipe without a writer, and a large file of another kind.
    #[test]
    fn what_is_no_plain_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path, words: &str| {
            let said = load(path).unwrap_err().to_string();
            assert!(said.contains(words) && said.contains("hint: "), "{said}");
        };
        #[cfg(unix)]
        {
            let pipe = folder.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            refused(Path::new("/dev/zero"), "is not a plain file");
            refused(&pipe, "is not a plain file");
        }
        refused(folder.path(), "is not a plain file");
        // Three gigabytes that take no room on the disk.
        let large = folder.path().join("large");
        let mut file = File::create(&large).unwrap();
        file.set_len(3 << 30).unwrap();
        refused(&large, "is not a state of a live run");
        std::io::Write::write_all(&mut file, MAGIC).unwrap();
        refused(&large, "is truncated or corrupt");
    }
}
