//! Every figure with ordinary, empty and hostile data: it is drawn, its SVG is well formed and
//! carries its labels, and equal input gives equal bytes.

use std::path::Path;

use saturn_plots::{
    Accuracy, AccuracyPanel, Compare, CompareItem, ComparePanel, CompareValue, Contraction, Figure,
    Heat, Inspect, Level, LinePanel, Look, PlotError, Raster, RasterPlot, Saturation,
    SaturationModel, SaturationPanel, Scaling, Series, Slope, Span, Stream, StreamOutput, Sweep,
    TraceArm, Traces, Training, TrainingArm, TrainingModel, TrainingRun,
};

/// Which numbers a figure gets.
#[derive(Clone, Copy, PartialEq)]
enum Data {
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
    Series::new(name, Look::arm(name), points).with_interval(interval)
}

fn spans() -> Vec<Span> {
    vec![Span {
        from_s: 0.02,
        to_s: 0.2,
        class: 1,
        name: "seven".to_owned(),
    }]
}

type Named = (&'static str, Box<dyn Figure>);

const MODEL: &str = "a model with a name that is rather long <&> \"quoted\"";

fn figures(data: Data) -> Vec<Named> {
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
    vec![("scaling", Box::new(scaling))]
}

fn tables(data: Data) -> Vec<Named> {
    let compare = Compare {
        models: vec![MODEL.to_owned()],
        items: vec![CompareItem {
            name: "classic".to_owned(),
            look: Look::arm("classic"),
        }],
        panels: vec![ComparePanel {
            title: "noise".to_owned(),
            values: vec![vec![Some(CompareValue {
                value: value(data, 2),
                low: value(data, 0),
                high: value(data, 4),
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
    ]
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
                y: saturn_plots::Axis::log("left"),
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
                        look: Look::arm("classic"),
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
                        look: Look::arm("classic"),
                        runs: vec![run.clone(), run],
                    }],
                }],
                ..Training::default()
            }),
        ),
    ]
}

fn stretches(data: Data) -> Vec<Named> {
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
                    look: Look::arm("classic"),
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
                    look: Look::arm("classic"),
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

/// The texts of an SVG, after a check that each tag that opens is closed, that no attribute is NaN
/// and that nothing is left unescaped.
fn texts(svg: &str) -> Vec<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    let mut rest = svg;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "stray > in {before}");
        if open.last() == Some(&"text") {
            let plain = before
                .trim()
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"");
            found.push(plain.replace("&apos;", "'").replace("&amp;", "&"));
        }
        let (tag, next) = after.split_once('>').expect("each < has its >");
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().expect("a name"));
        }
        rest = next;
    }
    assert!(open.is_empty(), "{open:?}");
    found
}

#[test]
fn ordinary_data_gives_svg_with_its_labels() {
    let expected: [(&str, &[&str]); 10] = [
        (
            "compare",
            &["classic", "noise", "chance", "accuracy, % (95 % interval)"],
        ),
        ("heat", &["classic", "adaptive"]),
        ("contraction", &["classic", "adaptive"]),
        ("accuracy", &["classic", "points per 10⁶ steps:"]),
        ("saturation", &["pinned", "classic"]),
        ("training", &["classic", "epoch", "training loss, nats"]),
        (
            "stream",
            &[
                "classic",
                "mask",
                "estimated",
                "seven",
                "says two",
                "P(class)",
            ],
        ),
        ("traces", &["classic", "unit 3", "seven", "state"]),
        ("raster", &["recording", "channel", "time, s", "rate, Hz"]),
        (
            "inspect",
            &["a file", "recording", "Durations", "Classes", "seven"],
        ),
    ];
    for ((name, figure), (same, labels)) in figures(Data::Ordinary).iter().zip(expected) {
        assert_eq!(*name, same);
        let svg = figure.to_svg().expect(name);
        let found = texts(&svg);
        for label in labels {
            assert!(
                found.iter().any(|t| t == label),
                "{name}: no `{label}` in {found:?}"
            );
        }
        assert!(!found.iter().any(|t| t == "no data"), "{name}");
        assert!(svg.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
        assert!(figure.caption().ends_with('.') && figure.caption().len() > 60);
    }
}

#[test]
fn what_is_missing_is_said() {
    for (name, figure) in figures(Data::Missing) {
        let found = texts(&figure.to_svg().expect(name));
        // A heat map says so cell by cell.
        let says = if name == "heat" { "–" } else { "no data" };
        assert!(found.iter().any(|t| t == says), "{name}: {found:?}");
    }
}

#[test]
fn hostile_data_is_drawn() {
    for (name, figure) in figures(Data::Hostile) {
        texts(&figure.to_svg().expect(name));
    }
}

#[test]
fn empty_figures_are_drawn() {
    let empty: [(&str, Box<dyn Figure>); 10] = [
        ("compare", Box::new(Compare::default())),
        ("contraction", Box::new(Contraction::default())),
        ("accuracy", Box::new(Accuracy::default())),
        ("saturation", Box::new(Saturation::default())),
        ("training", Box::new(Training::default())),
        ("stream", Box::new(Stream::default())),
        ("traces", Box::new(Traces::default())),
        ("raster", Box::new(RasterPlot::default())),
        ("inspect", Box::new(Inspect::default())),
        ("heat", Box::new(Heat::default())),
    ];
    for (name, figure) in empty {
        let found = texts(&figure.to_svg().expect(name));
        assert!(found.iter().any(|t| t == "no data"), "{name}: {found:?}");
    }
}

#[test]
fn equal_input_gives_equal_bytes_and_no_leftovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let draw = |stem: &str| {
        let (_, figure) = stretches(Data::Ordinary).swap_remove(0);
        let files = figure.draw(&folder.path().join(stem)).expect("drawn");
        (
            std::fs::read(files.svg).expect("svg"),
            std::fs::read(files.png).expect("png"),
        )
    };
    let first = draw("one.with.dots");
    assert_eq!(first, draw("two"));
    assert!(first.1.starts_with(b"\x89PNG"));
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .expect("listed")
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "one.with.dots.png",
            "one.with.dots.svg",
            "two.png",
            "two.svg"
        ]
    );
}

#[test]
fn the_png_has_two_pixels_a_px() {
    let folder = tempfile::tempdir().expect("a folder");
    let figure = Heat::default();
    let size = figure.canvas().expect("drawn").size();
    let files = figure.draw(&folder.path().join("heat")).expect("drawn");
    let png = std::fs::read(files.png).expect("png");
    let word = |at: usize| {
        f64::from(u32::from_be_bytes(
            png[at..at + 4].try_into().expect("four bytes"),
        ))
    };
    assert_eq!((word(16), word(20)), (2.0 * size.0, 2.0 * size.1));
}

#[test]
fn errors_name_the_file_and_the_array() {
    let error = Heat::default()
        .draw(Path::new("/no/such/folder/figure"))
        .expect_err("no folder");
    assert!(matches!(error, PlotError::Write { .. }));
    assert!(
        error
            .to_string()
            .starts_with("/no/such/folder/figure.svg: "),
        "{error}"
    );
    let error = Heat::default().draw(Path::new("/")).expect_err("no name");
    assert!(matches!(error, PlotError::NoName { .. }));
    let heat = Heat {
        rows: vec!["a".to_owned()],
        columns: vec!["b".to_owned()],
        ..Heat::default()
    };
    let error = heat.to_svg().expect_err("no values");
    assert_eq!(error.to_string(), "heat: values has 0 values, expected 1");
}
