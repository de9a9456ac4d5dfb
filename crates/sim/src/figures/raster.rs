//! One recording of the data as its events.

use saturn_data::{EventFile, ReadOptions, Recording};
use saturn_plots::RasterPlot;

use super::scope::Scope;
use super::stretch::choose;
use super::{FiguresError, Sheet};
use crate::scenario::{DataSource, Plot};

pub(super) fn draw(scope: &Scope, sheet: &mut Sheet) -> Result<(), FiguresError> {
    let (Some(scenario), Some(recording)) = (scope.scenario, recording(scope)?) else {
        return Ok(());
    };
    let class = scope.summary.classes.get(recording.label);
    let title = format!(
        "One recording of class {}: {} events",
        class.map_or("?", String::as_str),
        recording.len()
    );
    let figure = RasterPlot {
        title: title.clone(),
        window_s: Some((0.0, recording.duration_s())),
        times_s: recording.times_s,
        channels: recording.units,
        channel_count: scenario.data.channels as u32,
        spans: Vec::new(),
    };
    sheet.add(Plot::Raster, "raster", &title, &figure)
}

/// The first recording that the stream figure shows, or the first of the split. `None` where the data are
/// no longer there: a run can be drawn again without them.
fn recording(scope: &Scope) -> Result<Option<Recording>, FiguresError> {
    let Some(scenario) = scope.scenario else {
        return Ok(None);
    };
    let data = &scenario.data;
    let last = scope.summary.split == "test";
    let path = match &data.source {
        // Frames are no events.
        DataSource::Frames { .. } => return Ok(None),
        DataSource::Events { valid, test, .. } => if last { test } else { valid }.clone(),
        DataSource::Synthetic { folder, .. } => {
            let [_, valid, test] = saturn_data::Synthetic::paths(folder);
            if last { test } else { valid }
        }
    };
    let mut index = 0;
    'found: for model in &scope.models {
        for (arm, _) in &scope.arms {
            if let Some(stretch) = scope.trace(model, arm)?.as_ref().and_then(choose) {
                index = stretch.samples[0].recording;
                break 'found;
            }
        }
    }
    let options = ReadOptions {
        channels: data.channels,
        classes: Some(scope.summary.classes.len()),
        on_bad_sample: data.on_bad_sample.into(),
    };
    let Ok(file) = EventFile::open_timed(path, &options, data.times()) else {
        return Ok(None);
    };
    let read = (index < file.len()).then(|| file.read(index));
    let readable = read.and_then(Result::ok);
    Ok(readable.filter(|recording| !recording.is_empty()))
}
