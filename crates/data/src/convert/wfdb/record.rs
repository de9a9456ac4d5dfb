//! A record: its leads, its stretches, its beats.
//!
//! An ordinary record is one stretch. A record of segments is one stretch a segment: with a *fixed* layout
//! each has the same leads in the same order; with a *variable* one the first segment, of no length, names
//! the leads, and each other has some of them. A segment `~` has none. Leads that a stretch lacks are
//! missing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use num_rational::BigRational;

use super::annotation::{self, Beat};
use super::choice::choose;
use super::format::MISSING;
use super::header::{Body, Header};
use super::lead::Lead;
use super::signal_line::Signal;
use super::unusable;
use super::{WfdbOptions, decimal, signal};
use crate::error::DataError;

/// Samples that a record may have beyond [`MISSING_SHARE`] times what its files hold.
const FREE_SAMPLES: u64 = 1 << 18;
/// Samples a record may have for each that its files hold: the rest is missing, or repeated.
const MISSING_SHARE: u64 = 16;

/// A lead that is converted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) name: String,
    units: String,
    volts: bool,
    per_frame: usize,
}

impl Chosen {
    /// The unit of its values.
    pub(super) fn unit(&self) -> &str {
        if self.volts { "mV" } else { &self.units }
    }
}

/// Consecutive frames with the same header.
struct Stretch {
    frames: u64,
    /// The header, and the position of each chosen lead in it; `None` if nothing was recorded.
    source: Option<(Rc<Header>, Vec<Option<usize>>)>,
}

/// A record of a folder.
pub(super) struct Record {
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// Frames in a second.
    pub(super) rate: BigRational,
    pub(super) frames: u64,
    pub(super) leads: Vec<Chosen>,
    stretches: Vec<Stretch>,
    pub(super) beats: Vec<Beat>,
    pub(super) number: u32,
    /// What was left out of it.
    pub(super) notices: Vec<String>,
}

fn signals(header: &Header) -> Result<&[Signal], DataError> {
    match &header.body {
        Body::Signals(signals) => Ok(signals),
        Body::Segments(_) => Err(unusable(
            &header.path,
            "it is a segment, and has segments itself".to_owned(),
            "a segment is a record of one stretch: download it again",
        )),
    }
}

/// Frames of a stretch, and its header.
type Headed = (u64, Option<Rc<Header>>);

/// The headers of a record's stretches with their frames; `None` if nothing was recorded. The first only
/// names the leads if it has no frames.
fn stretches(header: &Header) -> Result<Vec<Headed>, DataError> {
    let Body::Segments(segments) = &header.body else {
        let frames = signal::frames(header, signals(header)?)?;
        return Ok(vec![(frames, Some(Rc::new(header.clone())))]);
    };
    let hint = "the header of a record and those of its segments disagree: download them again";
    let mut headers: BTreeMap<&str, Rc<Header>> = BTreeMap::new();
    let mut stretches = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        let Some(name) = &segment.name else {
            stretches.push((segment.frames, None));
            continue;
        };
        if segment.frames == 0 && place > 0 {
            continue;
        }
        if !headers.contains_key(name.as_str()) {
            let path = header.path.with_file_name(format!("{name}.hea"));
            headers.insert(name, Rc::new(Header::read(&path)?));
        }
        let own = &headers[name.as_str()];
        signals(own)?;
        let differs = |what: &str, found: String, expected: String| {
            let record = &header.name;
            let detail = format!("it has {found} {what}, and the record {record} {expected}");
            Err(unusable(&own.path, detail, hint))
        };
        if own.rate != header.rate {
            let [found, expected] =
                [&own.rate, &header.rate].map(|r| decimal::to_f64(r).to_string());
            return differs("frames a second", found, expected);
        }
        let found = own.frames.unwrap_or(segment.frames);
        if segment.frames > 0 && found != segment.frames {
            return differs("samples", found.to_string(), segment.frames.to_string());
        }
        stretches.push((segment.frames, Some(Rc::clone(own))));
    }
    let sum: u64 = stretches.iter().map(|(frames, _)| frames).sum();
    if header.frames.is_some_and(|frames| frames != sum) || sum == 0 {
        let frames = header.frames.unwrap_or(0);
        let detail = format!("it has {frames} samples, and its segments {sum}");
        return Err(unusable(&header.path, detail, hint));
    }
    Ok(stretches)
}

/// Where in a stretch each chosen lead is.
fn places(
    signals: &[Signal],
    layout: &[Signal],
    chosen: &[usize],
    variable: bool,
) -> Vec<Option<usize>> {
    let place = |lead: &usize| {
        if variable {
            let name = &layout[*lead].name;
            signals.iter().position(|signal| signal.name == *name)
        } else {
            Some(*lead).filter(|lead| *lead < signals.len())
        }
    };
    chosen.iter().map(place).collect()
}

/// Whether the leads of a stretch are what those of the record are.
fn same_kind(
    own: &Header,
    leads: &[Chosen],
    places: &[Option<usize>],
    variable: bool,
) -> Result<(), DataError> {
    let own_signals = signals(own)?;
    for (lead, place) in leads.iter().zip(places) {
        let same = match place.map(|place| &own_signals[place]) {
            None => variable,
            Some(s) if s.per_frame != lead.per_frame => false,
            Some(s) => s.volts == lead.volts && (s.volts || s.units == lead.units),
        };
        if !same {
            let name = &lead.name;
            let detail =
                format!("its lead `{name}` has other units or samples a frame than the record's");
            let hint = "download it again, or choose other leads with --leads";
            return Err(unusable(&own.path, detail, hint));
        }
    }
    Ok(())
}

impl Record {
    /// The record of a header, with its beats. Sizes are compared with the files, and no sample is read.
    pub(super) fn open(header: &Header, options: &WfdbOptions) -> Result<Self, DataError> {
        let mut found = stretches(header)?;
        let variable = matches!(header.body, Body::Segments(_)) && matches!(found[0], (0, Some(_)));
        let layout = found
            .iter()
            .find_map(|(_, own)| own.as_ref().map(Rc::clone));
        let layout = layout.ok_or_else(|| {
            let detail = "nothing was recorded in any of its segments".to_owned();
            unusable(&header.path, detail, "download it again")
        })?;
        if variable {
            found.remove(0);
        }
        let layout = signals(&layout)?;
        if layout.len() != header.leads {
            let (says, has) = (header.leads, layout.len());
            let detail = format!("it has {says} leads, and its segments {has}");
            let hint =
                "the header of a record and those of its segments disagree: download them again";
            return Err(unusable(&header.path, detail, hint));
        }
        let chosen = choose(header, layout, options)?;
        let mut notices = Vec::new();
        for (lead, signal) in layout.iter().enumerate() {
            if options.leads.is_empty() && !chosen.contains(&lead) {
                notices.push(format!(
                    "lead {} is in {}, not volts",
                    signal.name, signal.units
                ));
            }
        }
        let leads: Vec<Chosen> = chosen
            .iter()
            .map(|lead| Chosen {
                name: layout[*lead].name.clone(),
                units: layout[*lead].units.clone(),
                volts: layout[*lead].volts,
                per_frame: layout[*lead].per_frame,
            })
            .collect();
        let mut stretches = Vec::new();
        for (frames, own) in found {
            let source = match own {
                None => None,
                Some(own) => {
                    let places = places(signals(&own)?, layout, &chosen, variable);
                    same_kind(&own, &leads, &places, variable)?;
                    Some((own, places))
                }
            };
            stretches.push(Stretch { frames, source });
        }
        let frames = stretches.iter().map(|stretch| stretch.frames).sum();
        let mut record = Self {
            path: header.path.clone(),
            name: header.name.clone(),
            rate: header.rate.clone(),
            frames,
            leads,
            stretches,
            beats: Vec::new(),
            number: 0,
            notices,
        };
        record.check_size()?;
        let path = header.path.with_extension(&options.annotator);
        let marks = annotation::read(&path, frames, &record.rate)?;
        record.beats = marks.beats;
        record.notices.extend(marks.notices);
        Ok(record)
    }

    /// A header may claim any length if nothing is stored.
    fn check_size(&self) -> Result<(), DataError> {
        let mut held = BTreeMap::new();
        let chosen: u64 = self.leads.iter().map(|lead| lead.per_frame as u64).sum();
        let mut samples = 0_u64;
        for stretch in &self.stretches {
            let mut per_frame = chosen;
            if let Some((own, _)) = &stretch.source {
                let signals = signals(own)?;
                if !held.contains_key(&own.path) {
                    held.insert(own.path.clone(), signal::stored(signals)?);
                }
                per_frame = per_frame.max(signals.iter().map(|s| s.per_frame as u64).sum());
            }
            samples = samples.saturating_add(stretch.frames.saturating_mul(per_frame));
        }
        // Segments may share a file.
        let held: BTreeMap<PathBuf, u64> = held.into_values().flatten().collect();
        let held: u64 = held.values().sum();
        let most = FREE_SAMPLES.saturating_add(held.saturating_mul(MISSING_SHARE));
        if samples <= most {
            return Ok(());
        }
        let detail = format!("it has {samples} samples, and its signal files contain {held}");
        let hint = "at most 16 samples for each that is stored are read: convert its segments one by one, or download \
                    it again";
        Err(unusable(&self.path, detail, hint))
    }

    /// The samples of its leads.
    pub(super) fn read(&self) -> Result<Vec<Lead>, DataError> {
        let mut leads: Vec<Lead> = self
            .leads
            .iter()
            .map(|chosen| Lead {
                name: chosen.name.clone(),
                per_frame: chosen.per_frame,
                counts: Vec::new(),
                scales: Vec::new(),
            })
            .collect();
        let mut end = 0;
        for stretch in &self.stretches {
            if let Some((own, places)) = &stretch.source {
                let signals = signals(own)?;
                let wanted: Vec<usize> = places.iter().flatten().copied().collect();
                let mut read = signal::read(own, signals, stretch.frames, &wanted)?.into_iter();
                for (lead, place) in leads.iter_mut().zip(places) {
                    if let (Some(place), Some(counts)) = (place, place.and_then(|_| read.next())) {
                        lead.push(&signals[*place], &counts);
                    }
                }
            }
            end += stretch.frames;
            for lead in &mut leads {
                lead.counts.resize(end as usize * lead.per_frame, MISSING);
            }
        }
        for (number, lead) in leads.iter().enumerate() {
            if lead.present().next().is_none() {
                let detail = format!("lead {number} ({}) has no sample", lead.name);
                let hint = "choose other leads with --leads";
                return Err(unusable(&self.path, detail, hint));
            }
        }
        Ok(leads)
    }
}
