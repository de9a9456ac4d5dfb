//! Storage formats of the samples of a WAV file, and their values.
//!
//! ```text
//! x = u / 2^(8 c - 1),  u the signed number in a container of c bytes                  (1)
//! ```
//!
//! In one byte the number is unsigned, with 128 for 0; two to four bytes are signed and little endian. Fewer
//! valid bits than the container has are its *high* bits (`WAVEFORMATEXTENSIBLE`: "the valid bits are
//! left-aligned within the container"), so (1) holds for them too, and lower bits contribute their value, as
//! in libsndfile. Without the extension a number of bits that is no multiple of 8 is in the next larger
//! container, left-aligned. Floats of 4 and 8 bytes are used directly.

/// The last 14 bytes of the GUID of every sub-format that is a format tag.
const TAG_GUID: [u8; 14] = *b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// The sample format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Float,
}

/// The content of a chunk `fmt `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
    kind: Kind,
    /// Bytes of one sample.
    container: usize,
}

/// What is wrong, and what to do.
type Refused = (String, &'static str);

const STORE: &str = "store it as PCM, for example with `ffmpeg -i IN -c:a pcm_s16le OUT.wav`";
const DAMAGED: &str = "it is damaged: copy it again, or store it again as PCM";

impl Format {
    /// Reads the bytes of a chunk `fmt `.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        let short = |at: usize| -> Result<u16, Refused> {
            let two = bytes.get(at..at + 2).ok_or_else(|| {
                let detail = format!("the chunk `fmt ` has only {} bytes", bytes.len());
                (detail, DAMAGED)
            })?;
            Ok(u16::from_le_bytes([two[0], two[1]]))
        };
        let long =
            |at: usize| Ok::<_, Refused>(u32::from(short(at)?) | u32::from(short(at + 2)?) << 16);
        let (channels, rate_hz) = (short(2)?, long(4)?);
        let (frame, bits) = (usize::from(short(12)?), short(14)?);
        let tag = match short(0)? {
            EXTENSIBLE => {
                let valid = short(18)?;
                if valid > bits {
                    let detail = format!("{valid} of a sample's {bits} bits are valid");
                    return Err((detail, DAMAGED));
                }
                let tag = short(24)?;
                if bytes.get(26..40) != Some(&TAG_GUID[..]) {
                    let guid: Vec<String> =
                        bytes[24..].iter().map(|b| format!("{b:02x}")).collect();
                    let detail = format!("its samples are of the sub-format {}", guid.join(" "));
                    return Err((detail, STORE));
                }
                tag
            }
            tag => tag,
        };
        let kind = match tag {
            PCM => Kind::Integer,
            FLOAT => Kind::Float,
            tag => return Err((format!("its samples are {}", name(tag)), STORE)),
        };
        let container = usize::from(bits.div_ceil(8));
        let read = match kind {
            Kind::Integer => matches!(container, 1..=4),
            Kind::Float => matches!(bits, 32 | 64),
        };
        if !read {
            let kind = if kind == Kind::Float {
                "floats"
            } else {
                "integers"
            };
            return Err((format!("its samples are {kind} of {bits} bits"), STORE));
        }
        if channels == 0 || frame != container * usize::from(channels) {
            let detail = format!(
                "{channels} samples of {bits} bits at one time have {} bytes, and it claims {frame}",
                container * usize::from(channels)
            );
            return Err((detail, STORE));
        }
        Ok(Self {
            channels,
            rate_hz,
            kind,
            container,
        })
    }

    /// Bytes of the samples of one time.
    pub(super) fn frame(&self) -> usize {
        self.container * usize::from(self.channels)
    }

    /// The values `[channels]` of one time.
    pub(super) fn values<'a>(&self, frame: &'a [u8]) -> impl Iterator<Item = f32> + use<'a> {
        let kind = self.kind;
        frame
            .chunks_exact(self.container)
            .map(move |sample| match (kind, sample) {
                // (1), the number shifted to the top of 32 bits
                (Kind::Integer, &[a]) => signed([0, 0, 0, a ^ 0x80]),
                (Kind::Integer, &[a, b]) => signed([0, 0, a, b]),
                (Kind::Integer, &[a, b, c]) => signed([0, a, b, c]),
                (Kind::Integer, &[a, b, c, d]) => signed([a, b, c, d]),
                (Kind::Float, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
                (Kind::Float, &[a, b, c, d, e, f, g, h]) => {
                    f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32
                }
                _ => unreachable!("the format was checked"),
            })
    }
}

fn signed(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}

/// The meaning of a format tag.
fn name(tag: u16) -> String {
    let known = match tag {
        0x0002 => "Microsoft ADPCM",
        0x0006 => "A-law",
        0x0007 => "mu-law",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0050 => "MPEG",
        0x0055 => "MP3",
        _ => return format!("of the unknown format {tag:#06x}"),
    };
    format!("compressed ({known})")
}
