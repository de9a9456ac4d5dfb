//! Draws every figure with made-up numbers into a folder:
//! `cargo run -p saturn-plots --example gallery -- FOLDER`.
//!
//! The numbers are invented to look like those of a run; they are not results.

mod curves;
mod numbers;
mod stretches;
mod tables;

use std::path::{Path, PathBuf};

use curves::{accuracy, contraction, saturation, training};
use saturn_plots::{
    Compare, Contraction, Figure, Heat, Inspect, PlotError, RasterPlot, Saturation, Span, Stream,
    Traces,
};
use stretches::{inspect, recording, stream, traces};
use tables::{compare, heat, large_heat, operating, scatter};

fn draw(folder: &Path, name: &str, figure: &dyn Figure) -> Result<(), PlotError> {
    figure.draw(&folder.join(name)).map(drop)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("give a folder to draw into")?;
    std::fs::create_dir_all(&folder)?;
    let f = folder.as_path();
    for (models, count) in [(1, 2), (2, 4), (4, 6), (6, 5)] {
        let name = |figure: &str| format!("{figure}-{models}x{count}");
        draw(
            f,
            &name("contraction"),
            &contraction(models, count, models == 2),
        )?;
        draw(f, &name("accuracy"), &accuracy(models, count))?;
        draw(
            f,
            &name("compare"),
            &compare(models, count, [1, 2, 3, 4][models.ilog2() as usize]),
        )?;
        draw(f, &name("saturation"), &saturation(models, count))?;
        draw(f, &name("training"), &training(models, count, 3))?;
        draw(f, &name("heat"), &heat(models, count + 1))?;
    }
    let mut three = contraction(6, 4, false);
    three.panels = ["RNN", "GRU", "LIF"]
        .iter()
        .filter_map(|name| three.panels.iter().find(|p| p.title == *name).cloned())
        .collect();
    for panel in &mut three.panels {
        panel.series.retain(|s| s.name != "lead");
    }
    draw(f, "contraction-3x3", &three)?;
    draw(f, "heat-20x7", &large_heat())?;
    for (models, count) in [(4, 5), (20, 1), (20, 6), (10, 2)] {
        let name = format!("scatter-{models}x{count}");
        draw(f, &name, &scatter(models, count))?;
    }
    for (models, count) in [(1, 2), (4, 5), (7, 6)] {
        let name = format!("operating-{models}x{count}");
        draw(f, &name, &operating(models, count))?;
    }
    draw(f, "stream-2", &stream(2, false))?;
    draw(f, "stream-5", &stream(5, true))?;
    draw(f, "traces-2", &traces(2, 4))?;
    draw(f, "traces-6", &traces(6, 3))?;
    let mut stretch = recording(2500, "A few events, with names");
    stretch.spans = vec![
        Span {
            from_s: 0.08,
            to_s: 0.3,
            class: 7,
            name: "seven".to_owned(),
        },
        Span {
            from_s: 0.35,
            to_s: 0.63,
            class: 2,
            name: "two".to_owned(),
        },
    ];
    draw(f, "raster-few", &stretch)?;
    draw(
        f,
        "raster",
        &recording(
            12_000,
            "recording 12 of train.h5: “seven”, speaker 4, 0.63 s, 12 000 events",
        ),
    )?;
    draw(f, "inspect", &inspect(10, false))?;
    draw(f, "inspect-long", &inspect(35, true))?;
    draw(f, "empty-compare", &Compare::default())?;
    draw(f, "empty-contraction", &Contraction::default())?;
    draw(f, "empty-saturation", &Saturation::default())?;
    draw(f, "empty-inspect", &Inspect::default())?;
    draw(f, "empty-stream", &Stream::default())?;
    draw(f, "empty-traces", &Traces::default())?;
    draw(f, "empty-heat", &Heat::default())?;
    draw(f, "empty-raster", &RasterPlot::default())?;
    Ok(())
}
