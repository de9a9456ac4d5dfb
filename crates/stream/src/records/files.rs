//! Records from files of events and of frames.

use std::collections::BTreeMap;

use saturn_data::{DataError, EventFile, FrameFile, Place, Steps};

use super::{Record, Stretch};
use crate::bins::Bins;
use crate::content::Content;
use crate::length;

/// The records of an event file: samples of one speaker belong together, at the positions `places`. Labels
/// are valid in `window_ms` around their marks, or as the file states.
pub(crate) fn of_events(
    file: &EventFile,
    places: Option<&[Place]>,
    dt_ms: f64,
    window_ms: Option<[f64; 2]>,
    rows: usize,
) -> Result<Vec<Record>, DataError> {
    let places = needed(file, places)?;
    // Marks and places are f64 seconds, independent of the type of the events.
    let steps = Steps::new(dt_ms);
    let step = |terms_s: &[f64]| steps.of_sum(terms_s) as usize;
    let mut known: BTreeMap<Option<u32>, Vec<Stretch>> = BTreeMap::new();
    for position in 0..file.len().min(rows) {
        let place = places[file.index(position)];
        let start_s = place.start_s;
        let [from, until] = match (window_ms, place.mark_s) {
            (Some(window_ms), Some(mark_s)) => {
                window_ms.map(|ms| step(&[start_s, mark_s, ms / 1e3]))
            }
            (Some(_), None) => {
                return Err(unusable(
                    file,
                    "it contains no marks of its samples",
                    "leave out `data.records.window_ms`, or convert the records again with `saturn data \
                     convert wfdb --whole`",
                ));
            }
            (None, _) => place.known_s.map(|known_s| step(&[start_s, known_s])),
        };
        let end_s = start_s + place.known_s[1].max(place.mark_s.unwrap_or(0.0));
        length::check_memory(
            file.path(),
            file.index(position),
            end_s,
            until as u64,
            dt_ms,
        )?;
        let steps = from..until;
        let stretches = known.entry(file.speakers()[position]).or_default();
        // A stretch ends where the next begins.
        if let Some(last) = stretches.last_mut() {
            last.steps.end = last.steps.end.min(steps.start);
        }
        stretches.push(Stretch {
            label: file.labels()[position],
            steps,
        });
    }
    let mut records = lay_events(file, Some(places), dt_ms, rows)?;
    for (record, stretches) in records.iter_mut().zip(known.into_values()) {
        if let Some(stretch) = stretches.iter().find(|stretch| stretch.steps.is_empty()) {
            return Err(unusable(
                file,
                &format!(
                    "a label is valid for less than a step, {:.2} s from a record's start",
                    stretch.steps.start as f64 * dt_ms / 1e3
                ),
                "use a smaller `data.dt_ms`, or a `data.records.window_ms` that is longer",
            ));
        }
        let end = stretches.last().map_or(0, |stretch| stretch.steps.end);
        if let Content::Events(bins) = &mut record.content {
            bins.reach(end);
        }
        record.stretches = stretches;
    }
    Ok(records)
}

/// The recordings of an event file, without labels: samples of one speaker belong together, at the positions
/// `places`.
pub(crate) fn lay_events(
    file: &EventFile,
    places: Option<&[Place]>,
    dt_ms: f64,
    rows: usize,
) -> Result<Vec<Record>, DataError> {
    /// The speaker, and a recording's number if there is no speaker.
    type Whose = (Option<u32>, usize);
    let places = needed(file, places)?;
    let mut laid: BTreeMap<Whose, Vec<(u32, u32)>> = BTreeMap::new();
    // If samples have no speaker, one that starts before the last begins a new recording.
    let (mut number, mut last_s) = (0, 0.0);
    let steps = file.steps(dt_ms);
    for position in 0..file.len().min(rows) {
        let recording = file.read(position)?;
        let start_s = places[recording.index].start_s;
        number += usize::from(recording.speaker.is_none() && start_s < last_s);
        last_s = start_s;
        let events = laid.entry((recording.speaker, number)).or_default();
        let end = steps
            .of_sum(&[start_s, recording.duration_s()])
            .saturating_add(1);
        length::check_memory(
            file.path(),
            file.index(position),
            start_s + recording.duration_s(),
            end,
            dt_ms,
        )?;
        for (&t_s, &unit) in recording.times_s.iter().zip(&recording.units) {
            events.push((steps.of_sum(&[start_s, t_s]) as u32, unit));
        }
    }
    let record = |mut events: Vec<(u32, u32)>| {
        events.sort_unstable();
        Record {
            content: Content::Events(Bins::from_sorted(&events, 0)),
            stretches: Vec::new(),
        }
    };
    Ok(laid.into_values().map(record).collect())
}

/// The places, one a sample in the file.
fn needed<'a>(file: &EventFile, places: Option<&'a [Place]>) -> Result<&'a [Place], DataError> {
    places.ok_or_else(|| {
        unusable(
            file,
            "it does not contain the positions of its samples in a recording",
            "convert the recordings again with this version: `saturn data convert wfdb --whole`, or `wav` \
             for background noise",
        )
    })
}

fn unusable(file: &EventFile, detail: &str, hint: &'static str) -> DataError {
    DataError::Unusable {
        path: file.path().to_owned(),
        detail: detail.to_owned(),
        hint,
    }
}

/// The records of a frame file: samples of one speaker that follow each other are one record.
pub(crate) fn of_frames(file: &FrameFile, rows: usize) -> Result<Vec<Record>, DataError> {
    let mut records = Vec::new();
    let mut first = 0;
    let read = file.len().min(rows);
    for of_one in file.speakers()[..read].chunk_by(|a, b| a == b) {
        let (mut all, mut stretches) = (Vec::new(), Vec::new());
        for frames in file.read_range(first..first + of_one.len())? {
            let start = all.len() / file.channels();
            let onset = frames.mask.iter().position(|known| *known);
            let until = frames.mask.iter().rposition(|known| *known);
            if let (Some(onset), Some(until)) = (onset, until) {
                stretches.push(Stretch {
                    label: frames.label,
                    steps: start + onset..start + until + 1,
                });
            }
            all.extend(frames.values);
        }
        first += of_one.len();
        records.push(Record {
            content: Content::Frames {
                channels: file.channels(),
                values: all,
            },
            stretches,
        });
    }
    Ok(records)
}
