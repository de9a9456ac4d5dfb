//! One idx file, read as a stream.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use crate::convert::open;
use crate::error::DataError;

/// Type of an entry that is an unsigned byte.
const UNSIGNED_BYTE: u8 = 8;
/// Maximum expansion of one byte by gzip.
const MAX_GZIP: u64 = 1_032;
/// Largest side of an image, in pixels.
const MAX_SIDE: u32 = 1 << 12;

enum Source {
    Plain(BufReader<File>),
    Packed(Box<GzDecoder<BufReader<File>>>),
}

/// An open file with a valid header.
pub(super) struct Idx {
    path: PathBuf,
    source: Source,
    /// Of the unpacked data.
    offset: u64,
    sizes: Vec<u32>,
}

impl Idx {
    /// Opens `path`, which must hold bytes in `dimensions` dimensions.
    pub(super) fn open(path: &Path, dimensions: u8) -> Result<Self, DataError> {
        let (file, file_bytes) = open(path)?;
        let mut reader = BufReader::new(file);
        let start = reader.fill_buf().map_err(|source| DataError::Open {
            path: path.to_owned(),
            source,
        })?;
        let packed = start.starts_with(&[0x1f, 0x8b]);
        let mut idx = Self {
            path: path.to_owned(),
            source: if packed {
                Source::Packed(Box::new(GzDecoder::new(reader)))
            } else {
                Source::Plain(reader)
            },
            offset: 0,
            sizes: Vec::new(),
        };
        let mut magic = [0; 4];
        idx.read(&mut magic)?;
        if magic != [0, 0, UNSIGNED_BYTE, dimensions] {
            let [a, b, c, d] = magic;
            return Err(idx.wrong(
                0,
                format!(
                    "it begins with {a:02x} {b:02x} {c:02x} {d:02x}, not 00 00 08 {dimensions:02x}"
                ),
                "images are idx files of bytes in three dimensions, labels in one",
            ));
        }
        for _ in 0..dimensions {
            let mut size = [0; 4];
            idx.read(&mut size)?;
            idx.sizes.push(u32::from_be_bytes(size));
        }
        if let Some(place) = idx.sizes.iter().position(|size| *size == 0) {
            let offset = 4 + 4 * place as u64;
            return Err(idx.wrong(offset, "a size is 0".to_owned(), "take another file"));
        }
        if idx.sizes[1..].iter().any(|side| *side > MAX_SIDE) {
            let detail = format!("an image claims {} x {} pixels", idx.sizes[1], idx.sizes[2]);
            return Err(idx.wrong(8, detail, "a side may have up to 4,096 pixels"));
        }
        // Three factors of 32 bits, two of them below 2^13.
        let entries: u64 = idx.sizes.iter().map(|size| u64::from(*size)).product();
        let claimed = idx.offset + entries;
        let impossible = if packed {
            claimed > file_bytes.saturating_mul(MAX_GZIP)
        } else {
            claimed != file_bytes
        };
        if impossible {
            return Err(idx.wrong(
                4,
                format!("its dimensions imply {claimed} bytes, and the file has {file_bytes}"),
                "the file is truncated or damaged, download it again",
            ));
        }
        Ok(idx)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of each dimension.
    pub(super) fn sizes(&self) -> &[u32] {
        &self.sizes
    }

    /// Fills `bytes` with the next ones.
    pub(super) fn read(&mut self, bytes: &mut [u8]) -> Result<(), DataError> {
        let mut filled = 0;
        while filled < bytes.len() {
            let got = self.some(&mut bytes[filled..])?;
            if got == 0 {
                return Err(self.wrong(
                    self.offset,
                    "it ends here, and is incomplete".to_owned(),
                    "download it again",
                ));
            }
            filled += got;
            self.offset += got as u64;
        }
        Ok(())
    }

    /// Checks that no data follow, and the checksum of a compressed file.
    pub(super) fn finish(&mut self) -> Result<(), DataError> {
        match self.some(&mut [0])? {
            0 => Ok(()),
            _ => Err(self.wrong(
                self.offset,
                "it has more data than its dimensions imply".to_owned(),
                "download it again",
            )),
        }
    }

    fn some(&mut self, bytes: &mut [u8]) -> Result<usize, DataError> {
        loop {
            let got = match &mut self.source {
                Source::Plain(reader) => reader.read(bytes),
                Source::Packed(reader) => reader.read(bytes),
            };
            match got {
                Ok(got) => return Ok(got),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(self.wrong(
                        self.offset,
                        format!("its compressed data is damaged or truncated ({error})"),
                        "download it again",
                    ));
                }
            }
        }
    }

    fn wrong(&self, offset: u64, detail: String, hint: &'static str) -> DataError {
        DataError::Malformed {
            path: self.path.clone(),
            offset,
            detail,
            hint,
        }
    }
}
