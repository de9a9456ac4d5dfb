//! The chunks of a WAV file: positions of its format and samples.
//!
//! A RIFF file is its id, its size, the word `WAVE`, and chunks: an id (4 bytes), a size (4 bytes, little endian), so
//! many bytes, and a pad byte after an odd number of them (Microsoft & IBM 1991, *Multimedia Programming
//! Interface and Data Specifications*). Three sizes of the chunk `data` are not sizes:
//!
//! - a program that writes to a pipe cannot go back to fill in the size. FFmpeg leaves 0xFFFFFFFF, SoX
//!   0x7FFFF000, `arecord` 0x80000000 and GStreamer 0, and recorders that were interrupted leave 0 in a file
//!   whose RIFF chunk ends before the samples. In these cases the samples end with the file;
//! - RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) put 0xFFFFFFFF there, and the size into the chunk `ds64`.
//!
//! Why not a library: hound 3.5.1 does not skip the pad byte and reads 24 valid bits in 32 from the wrong end,
//! wavers 1.5.1 reads 24 bits 256 times too low, bwavfile 2.0.1 panics on pipes and on 64-bit floats, and symphonia
//! (MPL-2.0) refuses a `LIST` whose text has an odd length.

use std::io::{self, BufRead, BufReader, Read, Seek};

/// The lowest size that means *unknown*, if the file ends before it.
const NEVER_FILLED_IN: u64 = 0x7fff_f000;
/// Bytes of a chunk `fmt ` that are read: those of `WAVE_FORMAT_EXTENSIBLE`.
const MAX_FORMAT: u64 = 40;

/// What is wrong with a file, at which byte, and what to do.
pub(super) struct Fault {
    pub(super) offset: u64,
    pub(super) detail: String,
    pub(super) hint: &'static str,
}

/// Where the parts of a WAV file are.
pub(super) struct Chunks {
    /// The first 40 bytes of the chunk `fmt `, or as many as it has.
    pub(super) format: Vec<u8>,
    /// Where they are in the file.
    pub(super) format_at: u64,
    /// Where the samples are.
    pub(super) data_at: u64,
    /// How many bytes of samples there are; never more than the file has.
    pub(super) data_bytes: u64,
    /// Whether the file itself lacks the length, so that its last frame may be incomplete.
    pub(super) open_ended: bool,
}

/// A file and the place in it.
struct Walk<R> {
    file: BufReader<R>,
    at: u64,
    file_bytes: u64,
}

/// Finds the chunks of a file of `file_bytes` bytes, and leaves the reader at the samples.
pub(super) fn find<R: Read + Seek>(
    file: R,
    file_bytes: u64,
) -> Result<(Chunks, BufReader<R>), Fault> {
    let mut walk = Walk {
        file: BufReader::new(file),
        at: 0,
        file_bytes,
    };
    let start: [u8; 12] = walk.array("the first 12 bytes of a WAV file")?;
    let (id, riff_bytes) = header(&start);
    if !matches!(&id, b"RIFF" | b"RF64" | b"BW64") || start[8..] != *b"WAVE" {
        let start = start.escape_ascii();
        return Err(Fault {
            offset: 0,
            detail: format!(
                "it begins with `{start}`, and a WAV file with `RIFF`, a size and `WAVE`"
            ),
            hint: "convert it to WAV, for example with `ffmpeg -i IN OUT.wav`",
        });
    }
    let long = id != *b"RIFF";
    let mut long_bytes = None;
    let mut format = None;
    loop {
        let chunk_at = walk.at;
        if chunk_at == file_bytes {
            return Err(Fault {
                offset: chunk_at,
                detail: "the file ends here, and it has no chunk `data`".to_owned(),
                hint: "it contains no sound: store it again as WAV, or remove it",
            });
        }
        let start: [u8; 8] = walk.array("the head of a chunk")?;
        let (id, claimed) = header(&start);
        if &id == b"data" {
            let Some((format, format_at)) = format else {
                return Err(Fault {
                    offset: chunk_at,
                    detail: "the chunk `data` comes before a chunk `fmt `".to_owned(),
                    hint: "it is damaged: copy it again, or store it again as WAV",
                });
            };
            let claimed = long_bytes
                .filter(|_| claimed == u64::from(u32::MAX))
                .unwrap_or(claimed);
            let (data_bytes, open_ended) = walk.samples(claimed, riff_bytes)?;
            let chunks = Chunks {
                format,
                format_at,
                data_at: walk.at,
                data_bytes,
                open_ended,
            };
            return Ok((chunks, walk.file));
        }
        if claimed > walk.left() {
            return Err(Fault {
                offset: chunk_at,
                detail: format!(
                    "the chunk `{}` has {claimed} bytes, and the file only {} more",
                    id.escape_ascii(),
                    walk.left()
                ),
                hint: "it is truncated: copy or download it again",
            });
        }
        let end = walk.at + claimed;
        match &id {
            b"fmt " => {
                let format_at = walk.at;
                let mut bytes = vec![0; claimed.min(MAX_FORMAT) as usize];
                walk.fill(&mut bytes, "the chunk `fmt `")?;
                format = Some((bytes, format_at));
            }
            b"ds64" if long && claimed >= 16 => {
                let sizes: [u8; 16] = walk.array("the chunk `ds64`")?;
                let [.., a, b, c, d, e, f, g, h] = sizes;
                long_bytes = Some(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
            }
            _ => {}
        }
        walk.skip_to(end)?;
        if claimed % 2 == 1 {
            walk.skip_pad()?;
        }
    }
}

/// Id and size of a chunk.
fn header(bytes: &[u8]) -> ([u8; 4], u64) {
    let four = |from: usize| {
        [
            bytes[from],
            bytes[from + 1],
            bytes[from + 2],
            bytes[from + 3],
        ]
    };
    (four(0), u64::from(u32::from_le_bytes(four(4))))
}

impl<R: Read + Seek> Walk<R> {
    /// Bytes from here to the end of the file.
    fn left(&self) -> u64 {
        self.file_bytes - self.at
    }

    /// Number of bytes of samples from here, and whether only the end of the file limits them.
    fn samples(&self, claimed: u64, riff_bytes: u64) -> Result<(u64, bool), Fault> {
        let left = self.left();
        // The RIFF chunk ends 8 bytes after its stated size.
        let rest_unclaimed = riff_bytes + 8 <= self.at || riff_bytes >= NEVER_FILLED_IN;
        let never_filled_in = match claimed {
            0 => rest_unclaimed,
            claimed => claimed > left && claimed >= NEVER_FILLED_IN,
        };
        if never_filled_in {
            return Ok((left, true));
        }
        if claimed > left {
            return Err(Fault {
                offset: self.at,
                detail: format!(
                    "{claimed} bytes of samples should follow, and the file has {left} more"
                ),
                hint: "it is truncated: copy or download it again",
            });
        }
        Ok((claimed, false))
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8], what: &str) -> Result<(), Fault> {
        let read = self.file.read_exact(bytes);
        read.map_err(|error| self.broken(&error, what))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn skip_to(&mut self, end: u64) -> Result<(), Fault> {
        // Both are within the file, whose length is an i64.
        let skipped = self.file.seek_relative((end - self.at) as i64);
        skipped.map_err(|error| self.broken(&error, "a chunk"))?;
        self.at = end;
        Ok(())
    }

    /// Skips the pad byte. Some programs omit it; a chunk id does not begin with a zero.
    fn skip_pad(&mut self) -> Result<(), Fault> {
        let ahead = match self.file.fill_buf() {
            Ok(ahead) => ahead.first().copied(),
            Err(error) => return Err(self.broken(&error, "a chunk")),
        };
        if ahead == Some(0) {
            self.file.consume(1);
            self.at += 1;
        }
        Ok(())
    }

    fn broken(&self, error: &io::Error, what: &str) -> Fault {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Fault {
                offset: self.at,
                detail: format!(
                    "the file ends after {} bytes, within {what}",
                    self.file_bytes
                ),
                hint: "it is truncated, or not a WAV file: copy or download it again",
            }
        } else {
            Fault {
                offset: self.at,
                detail: format!("the rest cannot be read: {error}"),
                hint: "check the disk that it is on, and copy it again",
            }
        }
    }
}
