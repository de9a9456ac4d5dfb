//! The samples of a record, in millivolts.
//!
//! Leads in one file take turns, sample by sample. In format 212 two samples a and b of 12 bits, in two's
//! complement, take three bytes: the low eight bits of a; the high four bits of b and of a; the low
//! eight bits of b. In format 16 a sample is two bytes, the lower first. The smallest number marks a sample that
//! is missing: it is taken to be as the one before.

use std::io::{Read, Seek, SeekFrom};

use super::header::{Format, Header, Signal};
use crate::convert::open;
use crate::error::DataError;

/// All leads of a record, `[leads][samples]`.
pub(super) fn read(header: &Header) -> Result<Vec<Vec<f32>>, DataError> {
    let mut leads = Vec::new();
    while leads.len() < header.signals.len() {
        // Leads of one file stand together in the header.
        let rest = &header.signals[leads.len()..];
        let together = rest.iter().take_while(|signal| signal.file == rest[0].file);
        let together = &rest[..together.count()];
        let samples = read_file(header, together)?;
        for (lead, signal) in together.iter().enumerate() {
            let stored = samples.iter().skip(lead).step_by(together.len());
            leads.push(to_mv(header, signal, leads.len(), stored.copied())?);
        }
    }
    Ok(leads)
}

/// The samples of a file as they are stored.
fn read_file(header: &Header, signals: &[Signal]) -> Result<Vec<i16>, DataError> {
    let signal = &signals[0];
    let (mut file, file_bytes) = open(&signal.file)?;
    let wrong = |offset: u64, detail: String, hint| DataError::Malformed {
        path: signal.file.clone(),
        offset,
        detail,
        hint,
    };
    if signals
        .iter()
        .any(|s| (s.format, s.offset) != (signal.format, signal.offset))
    {
        let detail = "its leads have different formats or offsets".to_owned();
        return Err(wrong(0, detail, "download the header again"));
    }
    // Below 2^46, with the limits of the header.
    let count = header.samples * signals.len() as u64;
    let bytes = match signal.format {
        Format::Bits12 => (3 * count).div_ceil(2),
        Format::Bits16 => 2 * count,
    };
    if signal.offset.saturating_add(bytes) > file_bytes {
        return Err(wrong(
            file_bytes,
            format!(
                "it ends here, and {} samples of {} leads from byte {} take {bytes} bytes",
                header.samples,
                signals.len(),
                signal.offset
            ),
            "it is cut off, or its header is damaged: download both again",
        ));
    }
    let mut raw = vec![0; bytes as usize];
    let read = file
        .seek(SeekFrom::Start(signal.offset))
        .and_then(|_| file.read_exact(&mut raw));
    read.map_err(|error| wrong(signal.offset, error.to_string(), "copy the file again"))?;
    Ok(unpack(signal.format, &raw, count as usize))
}

/// `count` stored samples; the missing ones are `i16::MIN`.
pub(super) fn unpack(format: Format, raw: &[u8], count: usize) -> Vec<i16> {
    match format {
        Format::Bits16 => {
            let pairs = raw.chunks_exact(2).take(count);
            pairs
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect()
        }
        Format::Bits12 => (0..count)
            .map(|sample| {
                let at = sample / 2 * 3;
                let bits = if sample % 2 == 0 {
                    u16::from(raw[at]) | u16::from(raw[at + 1] & 0x0f) << 8
                } else {
                    u16::from(raw[at + 2]) | u16::from(raw[at + 1] & 0xf0) << 4
                };
                // The sign bit goes to the top and comes back down as a sign.
                match ((bits << 4) as i16) >> 4 {
                    -2_048 => i16::MIN,
                    sample => sample,
                }
            })
            .collect(),
    }
}

fn to_mv(
    header: &Header,
    signal: &Signal,
    lead: usize,
    stored: impl Iterator<Item = i16> + Clone,
) -> Result<Vec<f32>, DataError> {
    let wrong = |detail: String| DataError::Malformed {
        path: signal.file.clone(),
        offset: signal.offset,
        detail,
        hint: "the file and its header disagree: download both again",
    };
    let missing = |sample: i16| match (signal.format, sample) {
        (Format::Bits12, i16::MIN) => -2_048,
        (_, sample) => sample,
    };
    if let (Some(expected), Some(found)) = (signal.first, stored.clone().next().map(missing))
        && expected != i64::from(found)
    {
        let detail = format!("lead {lead} begins with {found}, and its header says {expected}");
        return Err(wrong(detail));
    }
    let sum = stored
        .clone()
        .fold(0_i16, |sum, sample| sum.wrapping_add(missing(sample)));
    if let Some(expected) = signal.checksum
        && expected as i16 != sum
    {
        let detail = format!("lead {lead} has the checksum {sum}, and its header says {expected}");
        return Err(wrong(detail));
    }
    let mut before = 0.0;
    let mut values = Vec::with_capacity(header.samples as usize);
    values.extend(stored.map(|sample| {
        if sample != i16::MIN {
            before = ((f64::from(sample) - signal.baseline) / signal.gain) as f32;
        }
        before
    }));
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(wrong(format!("lead {lead} has a value of {value} mV")));
    }
    Ok(values)
}
