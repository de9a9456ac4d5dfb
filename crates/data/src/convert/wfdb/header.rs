//! The header of a record: lines of text, `#` begins a comment.
//!
//! ```text
//! NAME LEADS RATE_HZ SAMPLES ...
//! FILE FORMAT[+OFFSET] GAIN[(BASELINE)][/UNITS] BITS ZERO FIRST CHECKSUM BLOCK DESCRIPTION    (one a lead)
//! ```
//!
//! The value of a sample is (s - BASELINE) / GAIN millivolts. GAIN is 200 where it is 0 or missing, BASELINE is
//! ZERO where it is missing. CHECKSUM is the sum of the lead's samples in 16 bits.

use std::fs;
use std::path::{Path, PathBuf};

use crate::convert::open;
use crate::error::DataError;

/// Largest header in bytes.
const MAX_BYTES: u64 = 1 << 16;
const MAX_LEADS: usize = 64;
const LINE_HINT: &str = "a header has a line NAME LEADS RATE SAMPLES, and a line FILE FORMAT GAIN BITS ZERO FIRST CHECKSUM \
     BLOCK DESCRIPTION for each lead; download it again";

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Two samples of 12 bits in three bytes.
    Bits12,
    /// 16 bits, little endian.
    Bits16,
}

/// One lead.
#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub(super) file: PathBuf,
    pub(super) format: Format,
    /// First byte of the samples in the file.
    pub(super) offset: u64,
    /// Steps of the converter in a millivolt.
    pub(super) gain: f64,
    pub(super) baseline: f64,
    /// First sample, where the header says it.
    pub(super) first: Option<i64>,
    pub(super) checksum: Option<i64>,
    pub(super) description: String,
}

/// A record.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) rate_hz: f64,
    /// Samples of each lead.
    pub(super) samples: u64,
    pub(super) signals: Vec<Signal>,
}

impl Header {
    pub(super) fn read(path: &Path) -> Result<Self, DataError> {
        let (_, length) = open(path)?;
        let wrong = |line: usize, detail: String| DataError::MalformedLine {
            path: path.to_owned(),
            line: line as u64 + 1,
            detail,
            hint: LINE_HINT,
        };
        if length > MAX_BYTES {
            return Err(wrong(0, format!("the header has {length} bytes")));
        }
        let bytes = fs::read(path).map_err(|source| DataError::Open {
            path: path.to_owned(),
            source,
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(line, text)| (line, text.trim()))
            .filter(|(_, text)| !text.is_empty() && !text.starts_with('#'));
        let (at, text) = lines
            .next()
            .ok_or_else(|| wrong(0, "there is no record in it".to_owned()))?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, leads, rate, samples, ..] = words[..] else {
            return Err(wrong(at, format!("there are {} words", words.len())));
        };
        if name.contains('/') {
            return Err(wrong(at, format!("`{name}` has several segments")));
        }
        let leads = leads
            .parse()
            .ok()
            .filter(|leads| (1..=MAX_LEADS).contains(leads));
        let leads = leads.ok_or_else(|| wrong(at, "there are not 1 to 64 leads".to_owned()))?;
        let rate_hz = leading_number(rate).filter(|rate| *rate > 0.0 && *rate <= 1e6);
        let rate_hz = rate_hz.ok_or_else(|| wrong(at, format!("the rate is `{rate}`")))?;
        let samples = samples
            .parse()
            .ok()
            .filter(|samples| (1..1 << 40).contains(samples));
        let samples =
            samples.ok_or_else(|| wrong(at, "there is no number of samples".to_owned()))?;
        let mut signals = Vec::new();
        for _ in 0..leads {
            let (at, text) = lines
                .next()
                .ok_or_else(|| wrong(at, format!("{} of {leads} leads follow", signals.len())))?;
            signals.push(Signal::parse(path, text).map_err(|detail| wrong(at, detail))?);
        }
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            rate_hz,
            samples,
            signals,
        })
    }
}

impl Signal {
    /// From a line, else what is wrong with it.
    fn parse(header: &Path, text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [file, format, ..] = words[..] else {
            return Err("a lead needs a file and a format".to_owned());
        };
        // A header names files beside it, and none elsewhere.
        if file.contains(['/', '\\']) || file.starts_with('.') || file == "-" {
            return Err(format!("the file `{file}` is not beside the header"));
        }
        let (format, offset) = format.split_once('+').unwrap_or((format, "0"));
        let format = match format {
            "212" => Format::Bits12,
            "16" => Format::Bits16,
            other => return Err(format!("the format is `{other}`, and 212 and 16 are read")),
        };
        let offset = offset
            .parse()
            .map_err(|_| format!("the offset is `{offset}`"))?;
        let integer = |place: usize| -> Result<Option<i64>, String> {
            let text = words.get(place);
            text.map(|text| {
                text.parse()
                    .map_err(|_| format!("`{text}` is not a whole number"))
            })
            .transpose()
        };
        let zero = integer(4)?.unwrap_or(0);
        let gain_text = words.get(2).copied().unwrap_or("200");
        let (gain_text, units) = gain_text.split_once('/').unwrap_or((gain_text, "mV"));
        let (number, baseline) = match gain_text.split_once('(') {
            Some((number, rest)) => {
                let baseline = rest.strip_suffix(')').and_then(|text| text.parse().ok());
                (
                    number,
                    baseline.ok_or_else(|| format!("the gain is `{gain_text}`"))?,
                )
            }
            None => (gain_text, zero as f64),
        };
        let gain: Option<f64> = number.parse().ok();
        let gain = gain.filter(|gain| gain.is_finite() && *gain >= 0.0);
        let gain = gain.ok_or_else(|| format!("the gain is `{gain_text}`"))?;
        let per_mv = match units {
            "mV" => 1.0,
            "uV" => 1e3,
            "V" => 1e-3,
            other => {
                return Err(format!(
                    "the units are `{other}`, and mV, uV and V are known"
                ));
            }
        };
        if !f64::is_finite(baseline) {
            return Err(format!("the baseline is {baseline}"));
        }
        Ok(Self {
            file: header.with_file_name(file),
            format,
            offset,
            gain: per_mv * if gain == 0.0 { 200.0 } else { gain },
            baseline,
            first: integer(5)?,
            checksum: integer(6)?,
            description: words.get(8..).unwrap_or_default().join(" "),
        })
    }
}

/// The number that `text` begins with: `360/360(0)` is 360.
fn leading_number(text: &str) -> Option<f64> {
    let end = text.find(['/', '(']).unwrap_or(text.len());
    text[..end].parse().ok()
}
