//! An open safetensors file: its header is read and its sizes are checked before any memory is allocated.
//!
//! ```text
//! offset size
//!      0    8  n, the length of the header, little-endian
//!      8    n  the header, JSON: dtype, shape and place of each tensor; `__metadata__`, texts by key
//!  8 + n       the tensors' bytes, one after the other
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};
use saturn_data::checksum::hex;
use sha2::{Digest, Sha256};

use super::description::{self, Description};
use super::dtype::{is_read, numbers};
use super::error::WeightsError;
use super::head_line;
use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;

/// The longest header that is read, bytes: some hundred thousand tensors.
pub const LARGEST_HEADER: u64 = 16 << 20;
/// Bytes before the header.
const LENGTH: u64 = 8;
/// Bytes that a checksum reads in one go.
const CHUNK: usize = 1 << 20;

const COPY: &str =
    "copy the file again from where it was trained, or train again with another --out";
const CONVERT: &str =
    "weights are read from safetensors: in Python, `safetensors.torch.save_file(tensors, path)`";

/// An open file with a valid header.
#[derive(Debug)]
pub struct WeightsFile {
    path: PathBuf,
    file: File,
    tensors: BTreeMap<String, TensorInfo>,
    /// Where the tensors' bytes begin.
    data: u64,
    description: Option<String>,
}

impl WeightsFile {
    /// Opens the file at `path`.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let failed = |source| read_failed(path, source);
        let wrong = |what: String, hint| WeightsError::Format {
            path: path.to_owned(),
            what,
            hint,
        };
        // Checked before opening: a pipe without a writer would block.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            let what = "is not a plain file, and weights are read from safetensors".to_owned();
            return Err(wrong(what, "check the path"));
        }
        let mut file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut head = Vec::new();
        (&mut file)
            .take(LENGTH)
            .read_to_end(&mut head)
            .map_err(failed)?;
        let length =
            <[u8; LENGTH as usize]>::try_from(&head[..]).map_or(u64::MAX, u64::from_le_bytes);
        let rest = size.saturating_sub(LENGTH);
        if length > rest.min(LARGEST_HEADER) {
            if let Some(kind) = foreign(&head) {
                let what = format!("is not a safetensors file: {kind}");
                return Err(wrong(what, CONVERT));
            }
            let what = format!(
                "is not a whole safetensors file: of {size} bytes the header would take {length} (at most \
                 {LARGEST_HEADER} are read)"
            );
            return Err(wrong(what, COPY));
        }
        let mut header = Vec::new();
        (&mut file)
            .take(length)
            .read_to_end(&mut header)
            .map_err(failed)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|e| wrong(format!("is not a safetensors file: its header: {e}"), COPY))?;
        let data = LENGTH + length;
        let tensors: BTreeMap<String, TensorInfo> = (metadata.tensors().into_iter())
            .map(|(name, info)| (name, info.clone()))
            .collect();
        let end = tensors.values().map(|info| info.data_offsets.1).max();
        let expected = data.saturating_add(end.unwrap_or(0) as u64);
        if size != expected {
            let what = format!(
                "is truncated or corrupt: it has {size} bytes, and its header describes {expected}"
            );
            return Err(wrong(what, COPY));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            tensors,
            data,
            description: text(&metadata),
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its tensors by name.
    pub fn tensors(&self) -> &BTreeMap<String, TensorInfo> {
        &self.tensors
    }

    /// Gives its tensors other names; one that `rename` maps to `None` is left out.
    ///
    /// # Errors
    /// If two tensors would have the same name.
    pub fn rename(&mut self, rename: impl Fn(&str) -> Option<String>) -> Result<(), WeightsError> {
        let mut renamed = BTreeMap::new();
        for (name, info) in &self.tensors {
            let Some(new) = rename(name) else { continue };
            if renamed.insert(new.clone(), info.clone()).is_some() {
                return Err(WeightsError::Format {
                    path: self.path.clone(),
                    what: format!("two of its tensors would be called `{new}`"),
                    hint: "map each tensor to a name of its own, or to none",
                });
            }
        }
        self.tensors = renamed;
        Ok(())
    }

    /// Its description; `None` for a file not written by saturn, or written by a version without descriptions.
    pub fn description(&self) -> Result<Option<Description>, WeightsError> {
        let read = |text: &String| Description::read(text);
        let found = self.description.as_ref().map(read).transpose();
        found.map_err(|what| WeightsError::Format {
            path: self.path.clone(),
            what,
            hint: COPY,
        })
    }

    /// The bytes of the tensor called `name`, which there is.
    pub fn bytes(&mut self, name: &str) -> Result<Vec<u8>, WeightsError> {
        let (start, end) = self.tensors[name].data_offsets;
        let mut bytes = vec![0; end - start];
        let mut read = || {
            self.file.seek(SeekFrom::Start(self.data + start as u64))?;
            self.file.read_exact(&mut bytes)
        };
        read().map_err(|source| read_failed(&self.path, source))?;
        Ok(bytes)
    }

    /// The checksum of its tensors: see [`super::checksum`]. Those of a type that is not read count by their bytes.
    pub fn checksum(&mut self) -> Result<String, WeightsError> {
        let mut sum = Sha256::new();
        for (name, info) in &self.tensors {
            sum.update(head_line(name, &info.shape));
            let (start, end) = info.data_offsets;
            let mut chunk = vec![0; CHUNK.min(end - start)];
            let mut read = || -> io::Result<()> {
                self.file.seek(SeekFrom::Start(self.data + start as u64))?;
                let mut left = end - start;
                while left > 0 {
                    let bytes = &mut chunk[..left.min(CHUNK)];
                    self.file.read_exact(bytes)?;
                    if is_read(info.dtype) {
                        for x in numbers(info.dtype, bytes) {
                            sum.update(x.to_le_bytes());
                        }
                    } else {
                        sum.update(&*bytes);
                    }
                    left -= bytes.len();
                }
                Ok(())
            };
            read().map_err(|source| read_failed(&self.path, source))?;
        }
        Ok(hex(&sum.finalize()))
    }
}

fn text(metadata: &Metadata) -> Option<String> {
    metadata.metadata().as_ref()?.get(description::KEY).cloned()
}

fn read_failed(path: &Path, source: io::Error) -> WeightsError {
    FolderError::Io {
        path: path.to_owned(),
        what: Operation::Read,
        source,
    }
    .into()
}

/// What other kind of file begins so, where the first eight bytes are no length of a header.
fn foreign(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 6] = [
        (
            b"PK\x03\x04",
            "it is a zip archive, as `torch.save` and `numpy.savez` write",
        ),
        (
            b"\x80\x02",
            "it is a Python pickle, as old versions of `torch.save` write",
        ),
        (b"\x89HDF", "it is an HDF5 file, as Keras and NIR write"),
        (b"\x93NUMPY", "it is a NumPy array"),
        (b"GGUF", "it is a GGUF file"),
        (
            b"version ",
            "it is a pointer of Git LFS, not the file itself (`git lfs pull` fetches it)",
        ),
    ];
    let found = kinds.into_iter().find(|(magic, _)| head.starts_with(magic));
    found
        .map(|(_, kind)| kind)
        .or(head.is_empty().then_some("it is empty"))
}
