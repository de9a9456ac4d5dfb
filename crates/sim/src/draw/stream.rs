//! The figure that explains the project at a glance: the same net on the same stretch of a stream,
//! trained in two ways; and the raster of that stretch.

use std::path::Path;

use saturn_plots::{Raster, RasterPlot, Span, Stream, StreamOutput, arm_looks};

use super::{arms, models, plain, trace};
use crate::run::summary::Summary;
use crate::run::trace::{Trace, TraceError};
use crate::train::validate::argmax;

/// Rows of the drawn raster: channels are grouped.
const ROWS: usize = 70;

/// The outputs of two arms of `model`: classic and adaptive where they are, else the first and last.
pub fn stream(folder: &Path, summary: &Summary, model: &str) -> Result<Option<Stream>, TraceError> {
    let all = arms(summary);
    let looks = arm_looks(&all);
    let pick = |name: &str, other: Option<usize>| all.iter().position(|a| a == name).or(other);
    let chosen = [
        pick("classic", (!all.is_empty()).then_some(0)),
        pick("adaptive", all.len().checked_sub(1)),
    ];
    let mut outputs = Vec::new();
    let mut shown: Option<Trace> = None;
    for index in chosen.into_iter().flatten() {
        let Some(trace) = trace(folder, summary, model, &all[index])? else {
            continue;
        };
        let stretch = stretch(&trace);
        outputs.push(StreamOutput {
            name: plain(&all[index]),
            look: looks[index],
            probabilities: trace.probability
                [stretch.start * trace.classes..stretch.end * trace.classes]
                .to_vec(),
            says: spans_of(&trace, &stretch)
                .map(|(from, to, _)| Some(answer(&trace, from, to)))
                .collect(),
        });
        shown = Some(trace);
    }
    outputs.dedup_by(|a, b| a.name == b.name);
    Ok(shown.map(|trace| {
        let stretch = stretch(&trace);
        let dt_s = trace.dt_ms / 1e3;
        Stream {
            title: format!(
                "The same {} on the same stream, trained in two ways",
                model.to_uppercase()
            ),
            start_s: (trace.start as usize + stretch.start) as f64 * dt_s,
            dt_s,
            input: raster_of(&trace, &stretch),
            channel_count: trace.channels,
            mask: trace.mask[stretch.clone()]
                .iter()
                .map(|&m| f32::from(m))
                .collect(),
            spans: spans(&trace, &stretch, summary),
            classes: summary.classes.clone(),
            outputs,
            ..Stream::default()
        }
    }))
}

/// The events of the same stretch.
pub fn raster(folder: &Path, summary: &Summary) -> Result<Option<RasterPlot>, TraceError> {
    let (Some(model), Some(arm)) = (
        models(summary).into_iter().next(),
        arms(summary).into_iter().next(),
    ) else {
        return Ok(None);
    };
    let Some(trace) = trace(folder, summary, &model, &arm)? else {
        return Ok(None);
    };
    let stretch = stretch(&trace);
    let dt_s = trace.dt_ms / 1e3;
    let (mut times_s, mut channels) = (Vec::new(), Vec::new());
    for t in stretch.clone() {
        for channel in 0..trace.channels {
            if trace.events[t * trace.channels + channel] > 0 {
                times_s.push((trace.start as usize + t) as f64 * dt_s);
                channels.push(channel as u32);
            }
        }
    }
    let start = (trace.start as usize + stretch.start) as f64 * dt_s;
    Ok(Some(RasterPlot {
        title: "What the nets hear".into(),
        times_s,
        channels,
        channel_count: trace.channels as u32,
        window_s: Some((start, start + stretch.len() as f64 * dt_s)),
        spans: spans(&trace, &stretch, summary),
    }))
}

/// The steps that are drawn: about eight samples, whole ones, with some of the gaps around them.
fn stretch(trace: &Trace) -> std::ops::Range<usize> {
    let steps = trace.steps();
    // A sample that the recording cuts at either end is no sample to judge.
    let whole: Vec<(usize, usize, usize)> = spans_of(trace, &(0..steps))
        .filter(|&(from, to, _)| from > 0 && to < steps)
        .take(8)
        .collect();
    match (whole.first(), whole.last()) {
        (Some(first), Some(last)) => {
            let before = (0..first.0).rev().take_while(|&t| trace.label[t] < 0);
            let after = (last.1..steps).take_while(|&t| trace.label[t] < 0);
            first.0 - before.take(12).count()..last.1 + after.take(12).count()
        }
        _ => 0..steps,
    }
}

/// The samples that end inside `stretch`: first step, one past the last, class.
fn spans_of<'a>(
    trace: &'a Trace,
    stretch: &std::ops::Range<usize>,
) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
    let (start, end) = (stretch.start, stretch.end);
    let mut t = start;
    std::iter::from_fn(move || {
        while t < end && trace.label[t] < 0 {
            t += 1;
        }
        let from = t;
        // The recording changes where sample follows sample without a gap.
        while t < end && trace.label[t] >= 0 && trace.recording[t] == trace.recording[from] {
            t += 1;
        }
        (from < t).then(|| (from, t, trace.label[from] as usize))
    })
}

/// The class whose probability, summed over the informative steps, is highest.
fn answer(trace: &Trace, from: usize, to: usize) -> usize {
    let mut sum = vec![0.0f64; trace.classes];
    for t in (from..to).filter(|&t| trace.mask[t] > 0) {
        let p = &trace.probability[t * trace.classes..(t + 1) * trace.classes];
        for (s, &p) in sum.iter_mut().zip(p) {
            *s += f64::from(p);
        }
    }
    argmax(&sum)
}

/// The samples of a stretch, in seconds of the stream.
pub(super) fn spans(
    trace: &Trace,
    stretch: &std::ops::Range<usize>,
    summary: &Summary,
) -> Vec<Span> {
    let at = |t: usize| (trace.start as usize + t) as f64 * trace.dt_ms / 1e3;
    spans_of(trace, stretch)
        .map(|(from, to, class)| Span {
            from_s: at(from),
            to_s: at(to),
            class,
            name: summary
                .classes
                .get(class)
                .cloned()
                .unwrap_or_else(|| class.to_string()),
        })
        .collect()
}

fn raster_of(trace: &Trace, stretch: &std::ops::Range<usize>) -> Raster {
    let rows = ROWS.min(trace.channels);
    let columns = stretch.len();
    let mut values = vec![0.0f32; rows * columns];
    for (column, t) in stretch.clone().enumerate() {
        for channel in 0..trace.channels {
            let row = channel * rows / trace.channels;
            values[row * columns + column] += f32::from(trace.events[t * trace.channels + channel]);
        }
    }
    Raster {
        rows,
        columns,
        values,
    }
}
