//! The header of a record: lines of text, `#` begins a comment.
//!
//! ```text
//! NAME[/SEGMENTS] LEADS [RATE_HZ[/COUNTER_HZ[(BASE)]] [FRAMES [TIME [DATE]]]]
//! ```
//!
//! and a line for each lead ([`super::signal_line`]) or, if there are segments, a line NAME FRAMES for each.
//! The default rate is 250 Hz. If FRAMES is missing or 0, the signal file's length determines it.

use std::fs;
use std::path::{Path, PathBuf};

use num_rational::BigRational;

use super::decimal;
use super::signal_line::Signal;
use crate::convert::open;
use crate::error::DataError;

/// Largest header in bytes.
const MAX_BYTES: u64 = 1 << 20;
const MAX_LEADS: usize = 64;
const MAX_SEGMENTS: usize = 1 << 15;
/// Most frames of a record.
pub(super) const MAX_FRAMES: u64 = 1 << 40;
const DEFAULT_HZ: i64 = 250;
const LINE_HINT: &str = "a header has a line NAME LEADS RATE SAMPLES, and a line FILE FORMAT GAIN BITS ZERO FIRST CHECKSUM \
     BLOCK NAME for each lead, or a line NAME SAMPLES for each segment; download it again";

/// A segment of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its own record; `None` if nothing was recorded.
    pub(super) name: Option<String>,
    pub(super) frames: u64,
}

/// Contents of a record.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Signals(Vec<Signal>),
    Segments(Vec<Segment>),
}

/// A header.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) path: PathBuf,
    /// Of the file, less its ending.
    pub(super) name: String,
    /// Frames in a second.
    pub(super) rate: BigRational,
    /// Number of frames of the record, if the header states it.
    pub(super) frames: Option<u64>,
    pub(super) leads: usize,
    pub(super) body: Body,
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
        let line = RecordLine::parse(text).map_err(|detail| wrong(at, detail))?;
        let mut rest = Rest {
            lines,
            of: at,
            wrong: &wrong,
        };
        let body = match line.segments {
            None => {
                Body::Signals(rest.parsed(line.leads, "leads", |text| Signal::parse(path, text))?)
            }
            Some(segments) => Body::Segments(rest.parsed(segments, "segments", Segment::parse)?),
        };
        let stem = path.file_stem().unwrap_or_default();
        Ok(Self {
            path: path.to_owned(),
            name: stem.to_string_lossy().into_owned(),
            rate: line.rate,
            frames: line.frames,
            leads: line.leads,
            body,
        })
    }
}

/// The lines after the first.
struct Rest<'a, I> {
    lines: I,
    of: usize,
    wrong: &'a dyn Fn(usize, String) -> DataError,
}

impl<'t, I: Iterator<Item = (usize, &'t str)>> Rest<'_, I> {
    /// Parses the next `count` lines; later lines are ignored.
    fn parsed<T>(
        &mut self,
        count: usize,
        things: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, DataError> {
        let mut parsed = Vec::new();
        while parsed.len() < count {
            let (at, text) = self.lines.next().ok_or_else(|| {
                let found = parsed.len();
                (self.wrong)(self.of, format!("{found} of {count} {things} follow"))
            })?;
            parsed.push(parse(text).map_err(|detail| (self.wrong)(at, detail))?);
        }
        Ok(parsed)
    }
}

/// The first line.
struct RecordLine {
    segments: Option<usize>,
    leads: usize,
    rate: BigRational,
    frames: Option<u64>,
}

impl RecordLine {
    fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, leads, ..] = words[..] else {
            return Err(format!("there are {} words", words.len()));
        };
        let segments = match name.split_once('/') {
            None => None,
            Some((_, number)) => {
                let number = number.parse().ok();
                let number = number.filter(|number| (1..=MAX_SEGMENTS).contains(number));
                Some(
                    number
                        .ok_or_else(|| format!("`{name}` has not 1 to {MAX_SEGMENTS} segments"))?,
                )
            }
        };
        let leads = leads
            .parse()
            .ok()
            .filter(|leads| (1..=MAX_LEADS).contains(leads));
        let leads = leads.ok_or_else(|| "there are not 1 to 64 leads".to_owned())?;
        let rate = match words.get(2) {
            None => BigRational::from_integer(DEFAULT_HZ.into()),
            Some(text) => {
                // 360/360(0) is 360: the counter's rate follows.
                let number = &text[..text.find(['/', '(']).unwrap_or(text.len())];
                let rate = decimal::parse(number)
                    .filter(|rate| decimal::is_positive(rate) && decimal::to_f64(rate) <= 1e6);
                rate.ok_or_else(|| format!("the rate is `{text}`"))?
            }
        };
        let frames = match words.get(3) {
            None => None,
            Some(text) => {
                let frames = text.parse().ok().filter(|frames| *frames < MAX_FRAMES);
                let frames = frames.ok_or_else(|| format!("the number of samples is `{text}`"))?;
                Some(frames).filter(|frames| *frames > 0)
            }
        };
        Ok(Self {
            segments,
            leads,
            rate,
            frames,
        })
    }
}

impl Segment {
    /// From a line, or what is wrong with it.
    fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (Some(name), Some(frames)) = (words.next(), words.next()) else {
            return Err("a segment needs a name and a number of samples".to_owned());
        };
        // A record may only name segments in its own folder.
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(format!(
                "the segment `{name}` is not in the header's folder"
            ));
        }
        let frames = frames.parse().ok().filter(|frames| *frames < MAX_FRAMES);
        Ok(Self {
            name: Some(name.to_owned()).filter(|name| name != "~"),
            frames: frames.ok_or_else(|| format!("`{name}` has no number of samples"))?,
        })
    }
}
