//! The stream figure: input, mask, and the output of two arms on the same stretch, a figure a model.

use saturn_loss::softmax::argmax;
use saturn_plots::{Look, Raster, Stream, StreamOutput};

use super::names;
use super::scope::Scope;
use super::stretch::{Heard, Stretch, choose};
use super::{FiguresError, Sheet};
use crate::scenario::Plot;
use saturn_eval::trace::Trace;

/// Rows of the raster, at most.
const ROWS: usize = 100;

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    for model in &scope.models {
        let mut heard: Vec<(&str, Look, Trace)> = Vec::new();
        for (arm, look) in scope.pair() {
            if let Some(trace) = scope.trace(model, arm)?
                && heard
                    .first()
                    .is_none_or(|(_, _, first)| same_stream(first, &trace))
            {
                heard.push((arm, look, trace));
            }
        }
        let Some((_, _, first)) = heard.first() else {
            continue;
        };
        let Some(stretch) = choose(first) else {
            continue;
        };
        let outputs: Vec<StreamOutput> = (heard.iter())
            .map(|(arm, look, trace)| output(&names::arm(arm), *look, trace, &stretch))
            .collect();
        let title = title(&names::model(model), &outputs, &stretch.samples);
        let figure = Stream {
            title: title.clone(),
            start_s: stretch.start_s(first),
            dt_s: first.dt_ms / 1e3,
            input: input(first, &stretch),
            channel_count: first.channels,
            mask: stretch.mask(first),
            estimated_mask: Vec::new(),
            spans: stretch.spans(first, &scope.summary.classes),
            classes: scope.summary.classes.clone(),
            outputs,
        };
        sheet.add(Plot::Stream, &format!("stream-{model}"), &title, &figure)?;
    }
    Ok(())
}

/// Whether two networks had the same input.
fn same_stream(a: &Trace, b: &Trace) -> bool {
    (a.start, a.classes, &a.recording, &a.events) == (b.start, b.classes, &b.recording, &b.events)
}

/// The result as counts: `The same LIF on the same stream, never reset: classic classifies 2 of 8 samples
/// correctly, adaptive 8`.
fn title(model: &str, outputs: &[StreamOutput], samples: &[Heard]) -> String {
    let right = |output: &StreamOutput| {
        let said = output.says.iter().zip(samples);
        said.filter(|(says, sample)| **says == Some(sample.class))
            .count()
    };
    let of = samples.len();
    let plural = if of == 1 { "sample" } else { "samples" };
    match outputs {
        [one] => format!(
            "{model} on a stream that is never reset: {} classifies {} of {of} {plural} correctly",
            one.name,
            right(one)
        ),
        [first, .., last] => format!(
            "The same {model} on the same stream, never reset: {} classifies {} of {of} {plural} correctly, {} {}",
            first.name,
            right(first),
            last.name,
            right(last)
        ),
        [] => model.to_owned(),
    }
}

fn output(name: &str, look: Look, trace: &Trace, stretch: &Stretch) -> StreamOutput {
    let row = |t: usize| &trace.probability[t * trace.classes..(t + 1) * trace.classes];
    let says = stretch.samples.iter().map(|sample| {
        let mut summed = vec![0.0f64; trace.classes];
        for t in sample.steps.clone() {
            for (sum, &p) in summed.iter_mut().zip(row(t)) {
                *sum += f64::from(p);
            }
        }
        (summed.iter().all(|s| s.is_finite()) && !summed.is_empty()).then(|| argmax(&summed))
    });
    StreamOutput {
        name: name.to_owned(),
        look,
        probabilities: stretch.steps.clone().flat_map(row).copied().collect(),
        says: says.collect(),
    }
}

/// Events of neighbouring channels together: single events of hundreds of channels would be dust. Values of
/// frames count from the lowest of the stretch.
fn input(trace: &Trace, stretch: &Stretch) -> Raster {
    let (channels, columns) = (trace.channels, stretch.steps.len());
    let heard = &trace.events[stretch.steps.start * channels..stretch.steps.end * channels];
    let lowest = heard.iter().copied().fold(0.0, f32::min);
    let rows = channels.min(ROWS);
    let mut values = vec![0.0; rows * columns];
    for (column, step) in heard.chunks(channels).enumerate() {
        for (channel, value) in step.iter().enumerate() {
            values[channel * rows / channels * columns + column] += value - lowest;
        }
    }
    Raster {
        rows,
        columns,
        values,
    }
}
