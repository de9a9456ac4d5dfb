//! The line of a header for one lead.
//!
//! ```text
//! FILE FORMAT[xPER_FRAME][:SKEW][+OFFSET] GAIN[(BASELINE)][/UNITS] BITS ZERO FIRST CHECKSUM BLOCK NAME
//! ```
//!
//! GAIN is 200 where it is 0 or missing, BASELINE is ZERO where it is missing, UNITS are mV. FIRST is the
//! initial value of a lead in format 8, and is ignored in others. CHECKSUM is the sum of the lead's samples
//! in 16 bits.

use std::path::{Path, PathBuf};

use num_rational::BigRational;
use num_traits::Zero;

use super::decimal;
use super::format::Format;

/// Most samples a frame.
const MAX_PER_FRAME: usize = 1_000;
/// Counts in a millivolt: between them, every value is a finite f32.
const MIN_GAIN: f64 = 1e-15;
const MAX_GAIN: f64 = 1e15;

/// One lead.
#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub(super) file: PathBuf,
    pub(super) format: Format,
    /// Samples a frame.
    pub(super) per_frame: usize,
    /// Frames at the beginning of the file that are before the first of the record.
    pub(super) skew: u64,
    /// First byte of the samples in the file.
    pub(super) offset: u64,
    /// Counts in a millivolt, or in `units` where they are not volts. Not zero.
    pub(super) gain: BigRational,
    pub(super) baseline: i64,
    /// As the header spells them.
    pub(super) units: String,
    /// Whether `units` are volts or a part of them.
    pub(super) volts: bool,
    /// What format 8 starts from.
    pub(super) first: i64,
    pub(super) checksum: Option<i64>,
    pub(super) name: String,
}

impl Signal {
    /// From a line, or what is wrong with it.
    pub(super) fn parse(header: &Path, text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [file, storage, ..] = words[..] else {
            return Err("a lead needs a file and a format".to_owned());
        };
        let (format, per_frame, skew, offset) = storage_of(storage)?;
        // A header may only name files in its own folder; a lead without samples names none.
        let elsewhere = file.contains(['/', '\\']) || file.starts_with('.') || file == "-";
        if elsewhere || (file == "~" && format != Format::Null) {
            return Err(format!("the file `{file}` is not in the header's folder"));
        }
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
        let wrong_gain = || format!("the gain is `{gain_text}`");
        let (amount, units) = gain_text.split_once('/').unwrap_or((gain_text, ""));
        let units = if units.is_empty() { "mV" } else { units };
        let (number, baseline) = match amount.split_once('(') {
            Some((number, rest)) => {
                let baseline = rest.strip_suffix(')').and_then(|text| text.parse().ok());
                (number, baseline.ok_or_else(wrong_gain)?)
            }
            None => (amount, zero),
        };
        let gain = decimal::parse(number).ok_or_else(wrong_gain)?;
        let gain = if gain.is_zero() {
            BigRational::from_integer(200.into())
        } else {
            gain
        };
        let millivolt = exponent_of_volts(units).map(decimal::power_of_ten);
        let volts = millivolt.is_some();
        let gain = millivolt.map_or_else(|| gain.clone(), |part| &gain * part);
        if !(MIN_GAIN..=MAX_GAIN).contains(&decimal::to_f64(&gain).abs()) {
            return Err(wrong_gain());
        }
        Ok(Self {
            file: header.with_file_name(file),
            format,
            per_frame,
            skew,
            offset,
            gain,
            baseline,
            units: units.to_owned(),
            volts,
            first: integer(5)?.unwrap_or(zero),
            checksum: integer(6)?,
            name: words.get(8..).unwrap_or_default().join(" "),
        })
    }
}

/// FORMAT[xPER_FRAME][:SKEW][+OFFSET].
fn storage_of(text: &str) -> Result<(Format, usize, u64, u64), String> {
    let (rest, offset) = text.split_once('+').unwrap_or((text, "0"));
    let (rest, skew) = rest.split_once(':').unwrap_or((rest, "0"));
    let (format, per_frame) = rest.split_once('x').unwrap_or((rest, "1"));
    let format = Format::parse(format)?;
    let offset = offset
        .parse()
        .map_err(|_| format!("the offset is `{offset}`"))?;
    let skew = skew.parse().map_err(|_| format!("the skew is `{skew}`"))?;
    // None and 0 are one.
    let per_frame = match per_frame.parse() {
        Ok(0) => 1,
        Ok(number) if number <= MAX_PER_FRAME => number,
        _ => {
            return Err(format!(
                "there are `{per_frame}` samples a frame, and 1 to {MAX_PER_FRAME} are read"
            ));
        }
    };
    Ok((format, per_frame, skew, offset))
}

/// The power of ten by which a gain in `units` is one in millivolts; `None` where they are no volts.
fn exponent_of_volts(units: &str) -> Option<i32> {
    match units.to_lowercase().as_str() {
        "v" | "volt" | "volts" => Some(-3),
        "mv" | "millivolt" | "millivolts" => Some(0),
        // The micro sign and the Greek letter.
        "uv" | "\u{b5}v" | "\u{3bc}v" | "microvolt" | "microvolts" => Some(3),
        "nv" | "nanovolt" | "nanovolts" => Some(6),
        _ => None,
    }
}
