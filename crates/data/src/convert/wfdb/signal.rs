//! The samples of one stretch of a record, as counts of the converter.
//!
//! Leads in one file are interleaved frame by frame; the samples of a lead's frame are contiguous. The first
//! `skew` frames of a lead are before the record's first, and as many are missing at its end.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::format::{Format, MISSING};
use super::header::{Header, MAX_FRAMES};
use super::signal_line::Signal;
use crate::convert::open;
use crate::error::DataError;

/// The leads of one file, which are in it in this order.
struct Group<'a> {
    /// Of the first, in the header.
    first: usize,
    signals: &'a [Signal],
    /// Samples of all leads in a frame.
    per_frame: u64,
}

impl Group<'_> {
    fn wrong(&self, offset: u64, detail: String, hint: &'static str) -> DataError {
        DataError::Malformed {
            path: self.signals[0].file.clone(),
            offset,
            detail,
            hint,
        }
    }

    fn format(&self) -> Format {
        self.signals[0].format
    }

    fn offset(&self) -> u64 {
        self.signals[0].offset
    }

    /// The file, and its bytes less those before the samples.
    fn open(&self) -> Result<(File, u64), DataError> {
        let (file, bytes) = open(&self.signals[0].file)?;
        Ok((file, bytes.saturating_sub(self.offset())))
    }
}

/// The signals file by file; those that are not stored are in none.
fn groups(signals: &[Signal]) -> Result<Vec<Group<'_>>, DataError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut first = 0;
    for signals in signals.chunk_by(|a, b| a.file == b.file) {
        let group = Group {
            first,
            signals,
            per_frame: signals.iter().map(|signal| signal.per_frame as u64).sum(),
        };
        first += signals.len();
        if signals
            .iter()
            .any(|s| (s.format, s.offset) != (group.format(), group.offset()))
        {
            let detail = "its leads have different formats or offsets".to_owned();
            return Err(group.wrong(0, detail, "download the header again"));
        }
        if group.format() == Format::Null {
            continue;
        }
        if groups
            .iter()
            .any(|other| other.signals[0].file == signals[0].file)
        {
            let detail = "its leads do not follow one another in the header".to_owned();
            return Err(group.wrong(0, detail, "download the header again"));
        }
        groups.push(group);
    }
    Ok(groups)
}

/// Frames of a stretch: as stated in its header, otherwise the number in its first file.
pub(super) fn frames(header: &Header, signals: &[Signal]) -> Result<u64, DataError> {
    if let Some(frames) = header.frames {
        return Ok(frames);
    }
    let unusable = |detail: &str| DataError::Unusable {
        path: header.path.clone(),
        detail: detail.to_owned(),
        hint: "write the number of samples into its first line, or download it again",
    };
    let groups = groups(signals)?;
    let Some(group) = groups.first() else {
        return Err(unusable(
            "it states no number of samples, and has no signal file",
        ));
    };
    let (_, bytes) = group.open()?;
    let frames = group.format().samples(bytes) / group.per_frame;
    if frames == 0 || frames >= MAX_FRAMES {
        return Err(unusable(
            "it states no number of samples, and its signal file contains none",
        ));
    }
    Ok(frames)
}

/// The signal files, and how many samples each can hold.
pub(super) fn stored(signals: &[Signal]) -> Result<Vec<(PathBuf, u64)>, DataError> {
    let mut stored = Vec::new();
    for group in groups(signals)? {
        let (_, bytes) = group.open()?;
        stored.push((group.signals[0].file.clone(), group.format().samples(bytes)));
    }
    Ok(stored)
}

/// The `wanted` leads, `[wanted][frames * per_frame]`.
pub(super) fn read(
    header: &Header,
    signals: &[Signal],
    frames: u64,
    wanted: &[usize],
) -> Result<Vec<Vec<i32>>, DataError> {
    let mut leads = vec![Vec::new(); wanted.len()];
    for group in groups(signals)? {
        let range = group.first..group.first + group.signals.len();
        if !wanted.iter().any(|lead| range.contains(lead)) {
            continue;
        }
        let stored = read_group(&group, frames)?;
        for (place, lead) in wanted.iter().enumerate() {
            if range.contains(lead) {
                leads[place] = counts(header, &group, lead - group.first, &stored)?;
            }
        }
    }
    // A lead that is not stored.
    for (lead, counts) in wanted.iter().zip(&mut leads) {
        if signals[*lead].format == Format::Null {
            *counts = vec![MISSING; frames as usize * signals[*lead].per_frame];
        }
    }
    Ok(leads)
}

/// The samples of a file as they are stored.
fn read_group(group: &Group, frames: u64) -> Result<Vec<i32>, DataError> {
    let (mut file, file_bytes) = group.open()?;
    // Below 2^56, with the limits of the header.
    let count = frames * group.per_frame;
    let bytes = group.format().bytes(count);
    if bytes > file_bytes {
        return Err(group.wrong(
            file_bytes + group.offset(),
            format!(
                "it ends here, and {frames} samples of {} leads from byte {} take {bytes} bytes",
                group.signals.len(),
                group.offset()
            ),
            "it is truncated, or its header is damaged: download both again",
        ));
    }
    let mut raw = vec![0; bytes as usize];
    let read = file
        .seek(SeekFrom::Start(group.offset()))
        .and_then(|_| file.read_exact(&mut raw));
    read.map_err(|error| group.wrong(group.offset(), error.to_string(), "copy the file again"))?;
    Ok(group.format().unpack(&raw, count as usize))
}

/// The counts of one lead of a file.
fn counts(
    header: &Header,
    group: &Group,
    lead: usize,
    stored: &[i32],
) -> Result<Vec<i32>, DataError> {
    let signal = &group.signals[lead];
    let number = group.first + lead;
    let wrong = |detail: String| {
        let hint = "the file and its header disagree: download both again";
        group.wrong(group.offset(), detail, hint)
    };
    let before: usize = group.signals[..lead].iter().map(|s| s.per_frame).sum();
    let frames = stored.chunks_exact(group.per_frame as usize);
    let own = frames.flat_map(|frame| &frame[before..before + signal.per_frame]);
    let mut counts = Vec::with_capacity(stored.len() / group.per_frame as usize * signal.per_frame);
    if signal.format == Format::Differences {
        let mut sum = signal.first;
        for difference in own {
            // Within 2^63 with files below 2^56 bytes.
            sum = sum.saturating_add(i64::from(*difference));
            let count = i32::try_from(sum).ok().filter(|count| *count != MISSING);
            counts.push(count.ok_or_else(|| {
                wrong(format!(
                    "lead {number} has a sample of {sum}, beyond 32 bits"
                ))
            })?);
        }
    } else {
        counts.extend(own);
    }
    // Without a number of samples, the checksum is a placeholder.
    if let (Some(expected), Some(_)) = (signal.checksum, header.frames) {
        let sum = counts
            .iter()
            .fold(0_i16, |sum, c| sum.wrapping_add(*c as i16));
        if expected as i16 != sum {
            return Err(wrong(format!(
                "lead {number} has the checksum {sum}, and its header states {expected}"
            )));
        }
    }
    if let Some(missing) = signal.format.missing() {
        let marked = counts.iter_mut().filter(|count| **count == missing);
        marked.for_each(|count| *count = MISSING);
    }
    let skewed = usize::try_from(signal.skew).unwrap_or(usize::MAX);
    let skewed = skewed.saturating_mul(signal.per_frame).min(counts.len());
    counts.rotate_left(skewed);
    let kept = counts.len() - skewed;
    counts[kept..].fill(MISSING);
    Ok(counts)
}
