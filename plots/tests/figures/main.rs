//! Every figure with ordinary, empty and hostile data: it is drawn, its SVG is well formed and
//! carries its labels, and equal input gives equal bytes.

mod made;
mod marks;

use std::path::Path;

use made::{Data, figures, stretches};
use saturn_plots::{
    Accuracy, Blocks, Compare, Contraction, Figure, Heat, Inspect, Operating, PlotError,
    RasterPlot, Saturation, Scatter, Stream, Sweep, Traces, Training,
};

/// The texts of an SVG, after a check that every tag is closed, no attribute is NaN and all text is escaped.
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
    let expected: [(&str, &[&str]); 16] = [
        ("compare", &["classic", "noise", "chance", "accuracy, %"]),
        ("heat", &["classic", "adaptive"]),
        ("blocks", &["never reset", "classic", "adaptive"]),
        ("scatter", &["pinned", "left", "adaptive"]),
        ("operating", &["classic", "false alarms an hour"]),
        ("contraction", &["classic", "adaptive"]),
        ("accuracy", &["classic", "points per 10⁶ steps:"]),
        ("sweep", &["classic", "length of the gap, s"]),
        ("saturation", &["pinned", "classic"]),
        ("training", &["classic", "epoch", "training loss, nats"]),
        (
            "stream",
            &[
                "classic",
                "mask",
                "estimated",
                "seven",
                "detects two",
                "P(class)",
            ],
        ),
        ("traces", &["classic", "unit 3", "seven", "state"]),
        ("raster", &["recording", "channel", "time, s", "rate, Hz"]),
        (
            "inspect",
            &["a file", "recording", "Durations", "Classes", "seven"],
        ),
        ("scaling", &["classic", "T, steps"]),
        (
            "dynamics",
            &["layer 0, rnn", "cannot diverge", "real part of eigenvalues"],
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
        // A table shows it at each missing entry.
        let says = if ["heat", "blocks"].contains(&name) {
            "–"
        } else {
            "no data"
        };
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
    let empty: [(&str, Box<dyn Figure>); 14] = [
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
        ("blocks", Box::new(Blocks::default())),
        ("scatter", Box::new(Scatter::default())),
        ("operating", Box::new(Operating::default())),
        ("sweep", Box::new(Sweep::default())),
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
