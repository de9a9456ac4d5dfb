//! Figures of made-up numbers.

use saturn_plots::{
    Accuracy, AccuracyPanel, Axis, Block, Blocks, Compare, CompareItem, ComparePanel, CompareValue,
    Contraction, Dynamics, DynamicsRow, Figure, Heat, Inspect, Level, LinePanel, Look, Operating,
    OperatingPanel, OperatingPoint, Raster, RasterPlot, Role, Saturation, SaturationModel,
    SaturationPanel, Scaling, Scatter, ScatterPanel, ScatterPoint, Series, Slope, Span, Stream,
    StreamOutput, Sweep, TraceArm, Traces, Training, TrainingArm, TrainingModel, TrainingRun,
};

/// Which numbers a figure gets.
#[derive(Clone, Copy, PartialEq)]
pub enum Data {
    Ordinary,
    /// Every value NaN.
    Missing,
    /// NaN, infinities, zeros, huge and equal values.
    Hostile,
}

fn value(data: Data, k: usize) -> f64 {
    match data {
        Data::Ordinary => 50.0 + 30.0 * (k as f64 * 0.7).sin(),
        Data::Missing => f64::NAN,
        Data::Hostile => [
            0.0,
            f64::NAN,
            1e300,
            f64::INFINITY,
            -1e300,
            5.0,
            f64::NEG_INFINITY,
            5.0,
        ][k % 8],
    }
}

fn points(data: Data) -> Vec<(f64, f64)> {
    (0..30).map(|k| (k as f64, value(data, k))).collect()
}

fn series(name: &str, data: Data) -> Series {
    let points = points(data);
    let interval = points.iter().map(|p| (p.1 - 2.0, p.1 + 2.0)).collect();
    Series::new(name, look(name), points).with_interval(interval)
}

fn look(arm: &str) -> Look {
    Look::of(if arm == "classic" {
        Role::Classic
    } else {
        Role::Adaptive
    })
}

fn spans() -> Vec<Span> {
    vec![Span {
        from_s: 0.02,
        to_s: 0.2,
        class: 1,
        name: "seven".to_owned(),
    }]
}

pub type Named = (&'static str, Box<dyn Figure>);

const MODEL: &str = "a model with a name that is rather long <&> \"quoted\"";

pub fn figures(data: Data) -> Vec<Named> {
    let mut all = tables(data);
    all.extend(lines(data));
    all.extend(stretches(data));
    all.extend(sizes(data));
    all
}

fn sizes(data: Data) -> Vec<Named> {
    let scaling = Scaling {
        title: "Time against T".to_owned(),
        x: "T, steps".to_owned(),
        measured: vec![series("classic", data)],
        ideal: vec![series("classic", data)],
        ..Scaling::default()
    };
    let points = || series("classic", data).points;
    let dynamics = Dynamics {
        title: "What drives a net".to_owned(),
        look: look("classic"),
        rows: vec![DynamicsRow {
            title: "layer 0, rnn".to_owned(),
            along: points(),
            at_rest: points(),
            measured: points(),
            foretold: points(),
            notes: vec!["cannot diverge".to_owned()],
            ..DynamicsRow::default()
        }],
    };
    vec![
        ("scaling", Box::new(scaling)),
        ("dynamics", Box::new(dynamics)),
    ]
}

fn tables(data: Data) -> Vec<Named> {
    let compare = Compare {
        models: vec![MODEL.to_owned()],
        items: vec![CompareItem {
            name: "classic".to_owned(),
            look: look("classic"),
        }],
        panels: vec![ComparePanel {
            title: "noise".to_owned(),
            values: vec![vec![Some(CompareValue {
                value: value(data, 2),
                low: value(data, 0),
                high: value(data, 4),
                seeds: (0..3).map(|k| value(data, k)).collect(),
            })]],
        }],
        chance: Some(10.0),
        ..Compare::default()
    };
    vec![
        ("compare", Box::new(compare)),
        (
            "heat",
            Box::new(Heat {
                title: "heat".to_owned(),
                rows: vec![MODEL.to_owned()],
                columns: vec!["classic".to_owned(), "adaptive".to_owned()],
                values: (0..2).map(|k| value(data, k + 1)).collect(),
                ..Heat::default()
            }),
        ),
        (
            "blocks",
            Box::new(Blocks {
                title: "blocks".to_owned(),
                rows: vec![MODEL.to_owned()],
                columns: vec!["classic".to_owned(), "adaptive".to_owned()],
                blocks: vec![Block {
                    title: "never reset".to_owned(),
                    values: (0..2).map(|k| value(data, k + 1)).collect(),
                }],
                range: (0.0, 100.0),
                caption:
                    "One row per model, one block per reset policy, one column per training regime."
                        .to_owned(),
                ..Blocks::default()
            }),
        ),
        ("scatter", Box::new(scatter(data))),
        ("operating", Box::new(operating(data))),
    ]
}

fn scatter(data: Data) -> Scatter {
    let point = |k: usize| ScatterPoint {
        name: MODEL.to_owned(),
        look: look("adaptive"),
        at: (value(data, k + 1), value(data, 2 * k + 3)),
    };
    Scatter {
        title: "one against another".to_owned(),
        x: Axis::linear("pinned"),
        y: Axis::log("left"),
        legend: vec![(look("adaptive"), "adaptive".to_owned())],
        panels: vec![ScatterPanel {
            title: "all".to_owned(),
            points: (0..9).map(point).collect(),
        }],
        caption:
            "Each marker is one network: saturated states to the right, remaining effect upwards."
                .to_owned(),
    }
}

fn operating(data: Data) -> Operating {
    Operating {
        panels: vec![OperatingPanel {
            title: MODEL.to_owned(),
            curves: vec![series("classic", data), series("adaptive", data)],
            points: vec![OperatingPoint {
                name: "classic".to_owned(),
                look: look("classic"),
                false_alarms_per_hour: value(data, 1),
                substitutions: value(data, 2),
                misses: value(data, 3),
            }],
        }],
        ..Operating::default()
    }
}

fn lines(data: Data) -> Vec<Named> {
    let run = TrainingRun {
        loss: (0..9).map(|k| value(data, k)).collect(),
        accuracy: (0..9).map(|k| value(data, k)).collect(),
    };
    vec![
        (
            "contraction",
            Box::new(Contraction {
                panels: vec![LinePanel::new(
                    MODEL,
                    vec![series("classic", data), series("adaptive", data)],
                )],
                threshold: Some(Level::new(0.15, "target")),
                y: Axis::log("left"),
                ..Contraction::default()
            }),
        ),
        (
            "accuracy",
            Box::new(Accuracy {
                panels: vec![AccuracyPanel {
                    title: MODEL.to_owned(),
                    series: vec![series("classic", data)],
                    slopes: vec![Slope {
                        name: "classic".to_owned(),
                        look: look("classic"),
                        points_per_million: value(data, 1),
                        standard_error: value(data, 2),
                    }],
                }],
                chance: Some(f64::NAN),
                ..Accuracy::default()
            }),
        ),
        (
            "sweep",
            Box::new(Sweep {
                panels: vec![LinePanel::new(
                    MODEL,
                    vec![series("classic", data), series("adaptive", data)],
                )],
                chance: Some(value(data, 1)),
                x: saturn_plots::Axis::log("length of the gap, s"),
                ..Sweep::default()
            }),
        ),
        (
            "saturation",
            Box::new(Saturation {
                models: vec![SaturationModel {
                    name: MODEL.to_owned(),
                    panels: vec![SaturationPanel {
                        title: "pinned".to_owned(),
                        series: vec![series("classic", data)],
                        ..SaturationPanel::default()
                    }],
                }],
                ..Saturation::default()
            }),
        ),
        (
            "training",
            Box::new(Training {
                models: vec![TrainingModel {
                    name: MODEL.to_owned(),
                    arms: vec![TrainingArm {
                        name: "classic".to_owned(),
                        look: look("classic"),
                        runs: vec![run.clone(), run],
                    }],
                }],
                ..Training::default()
            }),
        ),
    ]
}

pub fn stretches(data: Data) -> Vec<Named> {
    let small = |n: usize| -> Vec<f32> { (0..n).map(|k| value(data, k) as f32).collect() };
    let recording = RasterPlot {
        title: "recording".to_owned(),
        times_s: (0..50).map(|k| value(data, k)).collect(),
        channels: (0..50).collect(),
        channel_count: 40,
        window_s: None,
        spans: spans(),
    };
    vec![
        (
            "stream",
            Box::new(Stream {
                title: "stream".to_owned(),
                dt_s: 0.01,
                input: Raster {
                    rows: 4,
                    columns: 30,
                    values: small(120),
                },
                channel_count: 40,
                mask: small(30),
                estimated_mask: small(30),
                spans: spans(),
                classes: vec!["two".to_owned(), "seven".to_owned()],
                outputs: vec![StreamOutput {
                    name: "classic".to_owned(),
                    look: look("classic"),
                    probabilities: small(60),
                    says: vec![Some(0)],
                }],
                ..Stream::default()
            }),
        ),
        (
            "traces",
            Box::new(Traces {
                title: "traces".to_owned(),
                quantity: "state".to_owned(),
                dt_s: 0.01,
                mask: small(30),
                spans: spans(),
                arms: vec![TraceArm {
                    name: "classic".to_owned(),
                    look: look("classic"),
                    units: vec![("unit 3".to_owned(), small(30))],
                }],
                ..Traces::default()
            }),
        ),
        ("raster", Box::new(recording.clone())),
        (
            "inspect",
            Box::new(Inspect {
                title: "a file".to_owned(),
                example: recording,
                rates_hz: (0..40).map(|k| value(data, k)).collect(),
                durations_s: (0..40).map(|k| value(data, k)).collect(),
                classes: vec![("seven".to_owned(), 3)],
            }),
        ),
    ]
}
