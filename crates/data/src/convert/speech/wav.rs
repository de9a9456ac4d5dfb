//! A WAV file (RIFF: chunks `fmt ` and `data`, little endian), read by `hound`, as one channel.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use hound::{SampleFormat, WavReader};

use crate::convert::open;
use crate::error::DataError;

/// Rates that are plausible, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=384_000;
/// Longest recording in seconds.
const MAX_S: f64 = 3_600.0;
/// Length of the frames that say how loud a recording is, in seconds.
const FRAME_S: f64 = 0.025;

/// A recording as numbers.
pub struct Sound {
    /// Mean of the channels; full scale is 1.
    pub(super) values: Vec<f32>,
    pub(super) rate_hz: f64,
}

/// Counts the bytes that were read, so that an error has a place.
struct Counted {
    file: BufReader<File>,
    bytes: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

impl Sound {
    /// The WAV file at `path`; an error names the byte at which it goes wrong.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let (file, file_bytes) = open(path)?;
        let bytes = Rc::new(Cell::new(0));
        let wrong = |detail: String, hint| DataError::Malformed {
            path: path.to_owned(),
            offset: bytes.get(),
            detail,
            hint,
        };
        let broken = |error: hound::Error| match error {
            hound::Error::IoError(_) => wrong(
                "it ends here, before it is whole".to_owned(),
                "it is cut off, download it again",
            ),
            hound::Error::Unsupported => wrong(
                "it is compressed, or of a kind that is not read".to_owned(),
                "store it as PCM of 8, 16, 24 or 32 bits or as 32-bit floats",
            ),
            error => wrong(error.to_string(), "store it as WAV, or download it again"),
        };
        let counted = Counted {
            file: BufReader::new(file),
            bytes: Rc::clone(&bytes),
        };
        let mut reader = WavReader::new(counted).map_err(broken)?;
        let spec = reader.spec();
        if !RATES.contains(&spec.sample_rate) || spec.channels == 0 {
            return Err(wrong(
                format!(
                    "it claims {} channels at {} Hz",
                    spec.channels, spec.sample_rate
                ),
                "rates from 1,000 to 384,000 Hz are read",
            ));
        }
        // Before memory is asked for: the chunk's claim against the file.
        let width = u64::from(spec.bits_per_sample.div_ceil(8));
        let claimed = u64::from(reader.len()) * width;
        if claimed > file_bytes.saturating_sub(bytes.get()) {
            return Err(wrong(
                format!(
                    "{claimed} bytes of sound should follow, and the file has {file_bytes} bytes"
                ),
                "it is cut off, download it again",
            ));
        }
        let rate_hz = f64::from(spec.sample_rate);
        let frames = reader.duration();
        if frames == 0 {
            return Err(wrong("there is no sound in it".to_owned(), "take it out"));
        }
        if f64::from(frames) > MAX_S * rate_hz {
            let detail = "it is longer than an hour".to_owned();
            return Err(wrong(detail, "cut it into words"));
        }
        let full_scale = (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
        let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
            SampleFormat::Float => reader.samples::<f32>().collect(),
            SampleFormat::Int => reader
                .samples::<i32>()
                .map(|sample| Ok(sample? as f32 / full_scale))
                .collect(),
        };
        let samples = samples.map_err(broken)?;
        if let Some(sample) = samples.iter().find(|v| v.is_nan() || v.abs() > 1e6) {
            return Err(wrong(
                format!("it holds the value {sample}"),
                "store it again as PCM",
            ));
        }
        let channels = usize::from(spec.channels);
        let mix = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
        Ok(Self {
            values: samples.chunks_exact(channels).map(mix).collect(),
            rate_hz,
        })
    }

    /// Seconds.
    pub fn duration_s(&self) -> f64 {
        self.values.len() as f64 / self.rate_hz
    }

    /// Takes out the mean, and brings the loudest 25 ms to `db` above a root mean square of 1; silence stays
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
