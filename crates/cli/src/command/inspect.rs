//! `saturn data inspect`: what is in an event file, in figures and as a figure.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use saturn_data::steps::TimeFloat;
use saturn_data::{EventFile, OnBadSample, Quantiles, ReadOptions, Summary, Times, summarise};
use saturn_data::{printable, printable_name};
use saturn_plots::{Figure, Inspect, RasterPlot};

use super::print::print;

/// Classes that are printed by name.
const CLASSES: usize = 40;

/// Where figures of `inspect` go; nowhere where both are `None`.
#[derive(Clone, Copy, Default)]
pub struct InspectFigures<'a> {
    /// Into this folder, under the file's name and `-inspect`.
    pub folder: Option<&'a Path>,
    /// To this path, without its ending: the older way to ask.
    pub stem: Option<&'a Path>,
}

/// The most channels that are taken for granted: a unit beyond is a damaged number rather than a channel.
const MOST_CHANNELS: u32 = 1 << 20;

/// Prints what is in `file`, and draws it where asked. Without `channels` there is one more than the largest unit.
pub fn inspect(
    file: &Path,
    channels: Option<usize>,
    times: Times,
    figures: InspectFigures,
) -> Result<()> {
    // Bad samples are counted and named below: the good ones are still worth looking at.
    let options = |channels: usize| ReadOptions {
        channels,
        classes: None,
        on_bad_sample: OnBadSample::Skip,
    };
    let (channels, inferred) = match channels {
        Some(channels) => (channels, false),
        None => (
            inferred(&EventFile::open_timed(
                file,
                &options(MOST_CHANNELS as usize),
                times,
            )?)?,
            true,
        ),
    };
    let events = EventFile::open_timed(file, &options(channels), times)?;
    let summary = summarise(&events)?;
    print(&lines(&summary, inferred).join("\n"))?;
    let stem = match (figures.folder, figures.stem) {
        (None, None) => return Ok(()),
        (Some(folder), _) => {
            std::fs::create_dir_all(folder).with_context(|| {
                format!("{}: cannot make the folder of --figures", folder.display())
            })?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            folder.join(format!("{name}-inspect"))
        }
        (None, Some(stem)) => stem.to_owned(),
    };
    let drawn = draw(&events, summary)?
        .draw(&stem)
        .map_err(|e| anyhow!("{e}\nhint: choose another place for the figure with --figures"))?;
    print(&format!(
        "figure     {}, {}",
        drawn.svg.display(),
        drawn.png.display()
    ))
}

/// One more than the largest unit of `events`.
fn inferred(events: &EventFile) -> Result<usize> {
    let mut most = 0;
    for batch in events.batches(256) {
        let units = batch?.into_iter().flat_map(|recording| recording.units);
        most = most.max(units.max().map_or(0, |unit| unit as usize + 1));
    }
    Ok(most.max(1))
}

/// The summary as lines of text.
fn lines(s: &Summary, inferred: bool) -> Vec<String> {
    let quantiles = |q: &Quantiles, places: usize| {
        format!(
            "median {:.places$}, 5 to 95 %: {:.places$} to {:.places$}, all: {:.places$} to {:.places$}",
            q.median, q.q05, q.q95, q.min, q.max
        )
    };
    let silent = s.channel_rates_hz.iter().filter(|r| **r == 0.0).count();
    let loudest = s.channel_rates_hz.iter().fold(0.0f64, |a, &b| a.max(b));
    let mean = s.channel_rates_hz.iter().sum::<f64>() / s.channel_rates_hz.len().max(1) as f64;
    let mut classes: Vec<String> = s
        .classes
        .iter()
        .take(CLASSES)
        .map(|c| format!("{} ({})", c.name, c.samples))
        .collect();
    if s.classes.len() > CLASSES {
        classes.push(format!("and {} more", s.classes.len() - CLASSES));
    }
    let speakers = match s.speakers.len() {
        0 => "(speakers not named)".to_owned(),
        1 => "by 1 speaker".to_owned(),
        n => format!("by {n} speakers"),
    };
    let apart = match 1e3 * s.time_step_s {
        ms if ms < 1e-3 => "less than 1 µs".to_owned(),
        ms => format!("{ms:.3} ms"),
    };
    let mut lines = vec![
        format!(
            "file       {}, {:.1} MB",
            printable(&s.path.display().to_string()),
            s.file_bytes as f64 / 1e6
        ),
        format!(
            "samples    {} {speakers}, {} events",
            s.samples, s.total_events
        ),
        format!("classes    {}", classes.join(", ")),
        format!("duration   {} s", quantiles(&s.duration_s, 2)),
        format!("events     {} a sample", quantiles(&s.events, 0)),
        format!(
            "channels   {}{}: mean {mean:.1} Hz, loudest {loudest:.1} Hz, {silent} silent",
            s.channels,
            if inferred {
                " (the largest unit and one; --channels sets it)"
            } else {
                ""
            }
        ),
        format!(
            "active     {:.2} % of (step, channel) cells in steps of 1 ms, {:.2} % of 10 ms",
            100.0 * s.active_share_1ms,
            100.0 * s.active_share_10ms
        ),
        format!(
            "times      {} bits, in {}, {apart} apart at the median duration",
            match s.stored.float {
                TimeFloat::Integer => format!("integers of {}", s.time_bits),
                _ => format!("floats of {}", s.time_bits),
            },
            s.stored.unit.plural()
        ),
    ];
    if let Some(grid) = s.grid {
        lines.push(format!("grid       all times lie on one of {grid}"));
    }
    if !s.notices.is_empty() {
        // Further lines stand under the first.
        let notices = s.notices.to_string().replace('\n', "\n           ");
        lines.push(format!("notices    {notices}"));
    }
    lines
}

fn draw(events: &EventFile, summary: Summary) -> Result<Inspect> {
    let mut durations_s = Vec::with_capacity(events.len());
    for batch in events.batches(256) {
        durations_s.extend(batch?.iter().map(saturn_data::Recording::duration_s));
    }
    let example = summary.example;
    let name = events
        .class_names()
        .get(example.label)
        .cloned()
        .unwrap_or_default();
    Ok(Inspect {
        title: format!(
            "{}: {} samples of {} classes",
            printable_name(
                &summary
                    .path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
            ),
            summary.samples,
            summary.classes.len()
        ),
        example: RasterPlot {
            title: format!("one sample of “{name}”"),
            times_s: example.times_s,
            channels: example.units,
            channel_count: summary.channels as u32,
            ..RasterPlot::default()
        },
        rates_hz: summary.channel_rates_hz,
        durations_s,
        classes: summary
            .classes
            .into_iter()
            .map(|c| (c.name, c.samples))
            .collect(),
    })
}
