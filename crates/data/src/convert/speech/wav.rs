//! A WAV file as one channel.

use std::io::Read;
use std::path::Path;

use super::riff::{self, Fault};
use super::samples::Format;
use crate::convert::open;
use crate::error::DataError;

/// Rates that are plausible, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;
/// Longest recording in seconds.
const MAX_S: f64 = 3_600.0;
/// Largest value of a float; full scale is 1.
const MAX_VALUE: f32 = 1e6;
/// Length of the frames that measure the loudness of a recording, in seconds.
const FRAME_S: f64 = 0.025;

/// A recording as numbers.
pub struct Sound {
    /// Mean of the channels; full scale is 1.
    pub(super) values: Vec<f32>,
    pub(super) rate_hz: f64,
}

impl Sound {
    /// The WAV file at `path`; an error names the byte at which it goes wrong.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let (file, file_bytes) = open(path)?;
        Self::parse(file, file_bytes).map_err(|fault| DataError::Malformed {
            path: path.to_owned(),
            offset: fault.offset,
            detail: fault.detail,
            hint: fault.hint,
        })
    }

    fn parse(file: std::fs::File, file_bytes: u64) -> Result<Self, Fault> {
        let (chunks, mut file) = riff::find(file, file_bytes)?;
        let format = Format::parse(&chunks.format).map_err(|(detail, hint)| Fault {
            offset: chunks.format_at,
            detail,
            hint,
        })?;
        let wrong = |detail: String, hint| Fault {
            offset: chunks.data_at,
            detail,
            hint,
        };
        if !RATES.contains(&format.rate_hz) {
            return Err(Fault {
                offset: chunks.format_at + 4,
                detail: format!("its rate is {} Hz", format.rate_hz),
                hint: "rates from 1,000 to 384,000 Hz are read",
            });
        }
        let frame = format.frame() as u64;
        let frames = chunks.data_bytes / frame;
        if chunks.data_bytes % frame != 0 && !chunks.open_ended {
            return Err(wrong(
                format!(
                    "its {} bytes of samples are not a multiple of {frame}, the bytes of {} samples at one time",
                    chunks.data_bytes, format.channels
                ),
                "it is damaged: copy it again, or store it again as PCM",
            ));
        }
        if frames == 0 {
            return Err(wrong("there is no sound in it".to_owned(), "remove it"));
        }
        let rate_hz = f64::from(format.rate_hz);
        if frames as f64 > MAX_S * rate_hz {
            let detail = format!(
                "it has {:.0} s, longer than an hour",
                frames as f64 / rate_hz
            );
            return Err(wrong(detail, "cut it into words"));
        }
        // No more than the file has.
        let mut bytes = vec![0; (frames * frame) as usize];
        file.read_exact(&mut bytes).map_err(|error| {
            wrong(
                format!("its samples cannot be read: {error}"),
                "copy it again",
            )
        })?;
        let channels = f32::from(format.channels);
        let mut values = Vec::with_capacity(frames as usize);
        for (k, frame) in bytes.chunks_exact(format.frame()).enumerate() {
            let implausible = |value: &f32| value.is_nan() || value.abs() > MAX_VALUE;
            if let Some(value) = format.values(frame).find(implausible) {
                return Err(Fault {
                    offset: chunks.data_at + (k * frame.len()) as u64,
                    detail: format!("a sample is {value}, and full scale is 1"),
                    hint: "store it again as PCM",
                });
            }
            values.push(format.values(frame).sum::<f32>() / channels);
        }
        Ok(Self { values, rate_hz })
    }

    /// Seconds.
    pub fn duration_s(&self) -> f64 {
        self.values.len() as f64 / self.rate_hz
    }

    /// Subtracts the mean, and scales the loudest 25 ms to `db` above a root mean square of 1; silence stays
    /// silence.
    pub(super) fn level(&mut self, db: f64) {
        let mean = self.values.iter().map(|v| f64::from(*v)).sum::<f64>();
        let mean = (mean / self.values.len().max(1) as f64) as f32;
        for value in &mut self.values {
            *value -= mean;
        }
        let frame = (FRAME_S * self.rate_hz) as usize;
        let power = |frame: &[f32]| {
            frame.iter().map(|v| f64::from(v * v)).sum::<f64>() / frame.len().max(1) as f64
        };
        let loudest = self
            .values
            .chunks(frame.max(1))
            .map(power)
            .fold(0.0, f64::max);
        if loudest > 0.0 {
            let factor = (10_f64.powf(db / 20.0) / loudest.sqrt()) as f32;
            for value in &mut self.values {
                *value *= factor;
            }
        }
    }
}

#[cfg(test)]
mod tests;
