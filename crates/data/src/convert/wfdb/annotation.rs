//! The marks of a record: pairs of bytes, the lower first, with a code in the upper six bits and a number in
//! the lower ten.
//!
//! | code | means |
//! |---|---|
//! | 0, number 0 | the end |
//! | 59 | the next four bytes are a step in time: its upper 16 bits, then its lower |
//! | 60, 61, 62 | the number says more about the mark before |
//! | 63 | the number counts bytes of text that follow, filled up to an even count |
//! | any other | a mark, the number of samples after the one before |

use std::fs;
use std::path::Path;

use super::header::Header;
use crate::convert::open;
use crate::error::DataError;

const END: u16 = 0;
const STEP: u16 = 59;
const NUMBER: u16 = 60;
const CHANNEL: u16 = 62;
const TEXT: u16 = 63;
/// Most bytes a mark takes, about: a step, the mark, a word of text.
const BYTES_A_SAMPLE: u64 = 1_024;

/// A beat: the sample of its mark, and its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beat {
    pub(super) sample: u64,
    pub(super) label: usize,
}

/// The beats of a record, ascending; there is one at least.
pub(super) fn read(path: &Path, header: &Header) -> Result<Vec<Beat>, DataError> {
    let (_, length) = open(path)?;
    let wrong = |offset: usize, detail: String| DataError::Malformed {
        path: path.to_owned(),
        offset: offset as u64,
        detail,
        hint: "the marks are cut off or damaged, or of another record: download them again",
    };
    if length > header.samples.saturating_mul(BYTES_A_SAMPLE) {
        return Err(wrong(
            0,
            format!("it has {length} bytes for {} samples", header.samples),
        ));
    }
    let bytes = fs::read(path).map_err(|source| DataError::Open {
        path: path.to_owned(),
        source,
    })?;
    let word = |at: usize| -> Result<u16, DataError> {
        match bytes.get(at..at + 2) {
            Some(pair) => Ok(u16::from_le_bytes([pair[0], pair[1]])),
            None => Err(wrong(
                bytes.len(),
                "it ends without the mark of the end".to_owned(),
            )),
        }
    };
    let mut beats: Vec<Beat> = Vec::new();
    let (mut at, mut sample) = (0, 0_i64);
    loop {
        let place = at;
        let (code, number) = (word(at)? >> 10, word(at)? & 0x3ff);
        at += 2;
        match code {
            END if number == 0 => break,
            STEP => {
                let step = i32::from(word(at)? as i16) << 16 | i32::from(word(at + 2)?);
                sample += i64::from(step);
                at += 4;
            }
            NUMBER..=CHANNEL => {}
            TEXT => at += usize::from(number).next_multiple_of(2),
            code => {
                sample += i64::from(number);
                let inside = u64::try_from(sample).ok().filter(|s| *s < header.samples);
                let Some(sample) = inside else {
                    let samples = header.samples;
                    let detail = format!("a mark at sample {sample} of {samples}");
                    return Err(wrong(place, detail));
                };
                if let Some(label) = label(code) {
                    if beats.last().is_some_and(|beat| beat.sample >= sample) {
                        let detail =
                            format!("a beat at sample {sample} is not after the one before");
                        return Err(wrong(place, detail));
                    }
                    beats.push(Beat { sample, label });
                }
            }
        }
    }
    if beats.is_empty() {
        return Err(wrong(at, "there is no beat in it".to_owned()));
    }
    Ok(beats)
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
