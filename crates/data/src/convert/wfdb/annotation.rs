//! The marks of a record: pairs of bytes, the lower first, with a code in the upper six bits and a number in
//! the lower ten.
//!
//! | code | means |
//! |---|---|
//! | 0, number 0 | the end |
//! | 59 | SKIP: the next four bytes are a step in time: its upper 16 bits, then its lower |
//! | 60, 61, 62 | NUM, SUB, CHN: the number qualifies the preceding mark |
//! | 63 | AUX: the lower eight bits count bytes of text that follow, filled up to an even count |
//! | any other | a mark, the number of ticks after the one before |
//!
//! A tick is a frame of the record, unless a NOTE (code 22) at time 0 has the text `## time resolution: N`: then
//! there are N in a second, and a mark at tick t is at frame
//!
//! ```text
//! floor(t RATE_HZ / N + 1/2)                                                (4)
//! ```
//!
//! Of several beats at one frame (an annotator may mark each lead), the first counts. A beat before the first frame or
//! after the last is left out.

use std::fs;
use std::path::Path;

use num_rational::BigRational;

use super::decimal;
use crate::convert::open;
use crate::error::DataError;

const END: u16 = 0;
const NOTE: u16 = 22;
const SKIP: u16 = 59;
const NUMBER: u16 = 60;
const CHANNEL: u16 = 62;
const TEXT: u16 = 63;
const RESOLUTION: &str = "## time resolution:";
/// Maximum bytes of a mark, about: a step, the mark, a short text.
const BYTES_A_SAMPLE: u64 = 1_024;
/// Allowance for any file: a table of codes, whose texts are at time 0.
const FREE_BYTES: u64 = 1 << 16;

/// A beat: the frame of its mark, and its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) sample: u64,
    pub(super) label: usize,
}

/// The beats of a record, ascending; there is one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) beats: Vec<Beat>,
    /// What was left out.
    pub(super) notices: Vec<String>,
}

/// The marks in the file at `path`, of a record of `frames` frames.
pub(super) fn read(path: &Path, frames: u64, rate: &BigRational) -> Result<Marks, DataError> {
    let (_, length) = open(path)?;
    let wrong = |offset: usize, detail: String| DataError::Malformed {
        path: path.to_owned(),
        offset: offset as u64,
        detail,
        hint: "the marks are truncated or damaged, or of another record: download them again",
    };
    if length
        > frames
            .saturating_mul(BYTES_A_SAMPLE)
            .saturating_add(FREE_BYTES)
    {
        return Err(wrong(
            0,
            format!("it has {length} bytes for {frames} samples"),
        ));
    }
    let bytes = fs::read(path).map_err(|source| DataError::Open {
        path: path.to_owned(),
        source,
    })?;
    let cut_off = || wrong(bytes.len(), "it ends without an end mark".to_owned());
    let word = |at: usize| -> Result<u16, DataError> {
        let pair = bytes.get(at..at + 2).ok_or_else(cut_off)?;
        Ok(u16::from_le_bytes([pair[0], pair[1]]))
    };
    let mut beats: Vec<Beat> = Vec::new();
    let (mut outside, mut doubled) = (0, 0);
    // Frames a tick, where they are not one to one; the code of the mark before, and the tick.
    let mut per_tick: Option<BigRational> = None;
    let (mut at, mut last, mut tick) = (0, END, 0_i64);
    loop {
        let place = at;
        let (code, number) = (word(at)? >> 10, word(at)? & 0x3ff);
        at += 2;
        match code {
            END if number == 0 => break,
            SKIP => {
                let step = i32::from(word(at)? as i16) << 16 | i32::from(word(at + 2)?);
                tick += i64::from(step);
                at += 4;
            }
            NUMBER..=CHANNEL => {}
            TEXT => {
                let length = usize::from(number & 0xff);
                let text = bytes.get(at..at + length).ok_or_else(cut_off)?;
                at += length.next_multiple_of(2);
                let text = String::from_utf8_lossy(text);
                if let (NOTE, 0, Some(rest)) = (last, tick, text.strip_prefix(RESOLUTION)) {
                    let ticks = decimal::parse(rest.trim_matches(['\0', ' ']));
                    let ticks = ticks.filter(decimal::is_positive);
                    let ticks = ticks.ok_or_else(|| {
                        wrong(place, format!("the time resolution is `{}`", rest.trim()))
                    })?;
                    per_tick = Some(rate / ticks).filter(|ratio| !num_traits::One::is_one(ratio));
                }
            }
            code => {
                tick += i64::from(number);
                last = code;
                let Some(label) = label(code) else { continue };
                let frame = match &per_tick {
                    None => Some(tick),
                    Some(ratio) => decimal::scaled(tick, ratio),
                };
                let inside = frame.and_then(|frame| u64::try_from(frame).ok());
                let Some(sample) = inside.filter(|sample| *sample < frames) else {
                    outside += 1;
                    continue;
                };
                match beats.last() {
                    Some(beat) if beat.sample > sample => {
                        let detail =
                            format!("a beat at sample {sample} is before the one before it");
                        return Err(wrong(place, detail));
                    }
                    Some(beat) if beat.sample == sample => doubled += 1,
                    _ => beats.push(Beat { sample, label }),
                }
            }
        }
    }
    let left_out = LeftOut { outside, doubled };
    left_out
        .marks(beats, frames)
        .map_err(|detail| wrong(at, detail))
}

/// How many beats are left out.
struct LeftOut {
    outside: usize,
    doubled: usize,
}

impl LeftOut {
    /// The marks of a file, or what is wrong with it.
    fn marks(&self, beats: Vec<Beat>, frames: u64) -> Result<Marks, String> {
        let Self { outside, doubled } = *self;
        if beats.is_empty() {
            return Err(match outside {
                0 => "there is no beat in it".to_owned(),
                _ => format!("its only beats are {outside} before or after its {frames} samples"),
            });
        }
        let mut notices = Vec::new();
        if outside > 0 {
            notices.push(format!(
                "{outside} beats before or after its {frames} samples were left out"
            ));
        }
        if doubled > 0 {
            notices.push(format!(
                "{doubled} beats at the sample of another beat were left out: the first counts"
            ));
        }
        Ok(Marks { beats, notices })
    }
}

/// The class of a mark; `None` where it is no beat.
fn label(code: u16) -> Option<usize> {
    match code {
        // N, L, R; B; e, n; j.
        1..=3 | 25 | 34 | 35 | 11 => Some(0),
        // a; J, A, S.
        4 | 7..=9 => Some(1),
        // V; E; r.
        5 | 10 | 41 => Some(2),
        // F.
        6 => Some(3),
        // /, Q; ?; f.
        12 | 13 | 30 | 38 => Some(4),
        _ => None,
    }
}
