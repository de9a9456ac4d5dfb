//! Properties that readers rely on: one legend, each name once, marked ends of axes, no hidden value.

use saturn_plots::{
    Accuracy, AccuracyPanel, Axis, Compare, CompareItem, ComparePanel, CompareValue, Figure,
    LinePanel, Look, Role, Series, Sweep,
};

use crate::texts;

fn count(found: &[String], words: &str) -> usize {
    found.iter().filter(|text| *text == words).count()
}

fn line(name: &str, n: usize, y: impl Fn(usize) -> f64) -> Series {
    Series::new(
        name,
        Look::of(Role::Other(n)),
        (0..6).map(|k| (k as f64, y(k))).collect(),
    )
}

fn sweep(panels: usize, y: Axis, lines: &[Series]) -> Sweep {
    let panel = |k: usize| LinePanel::new(format!("net {k}"), lines.to_vec());
    Sweep {
        y,
        chance: Some(10.0),
        panels: (0..panels).map(panel).collect(),
        ..Sweep::default()
    }
}

/// The y of the first text equal to `words`.
fn height(svg: &str, words: &str) -> f64 {
    let texts = svg.split("<text").skip(1);
    let tag = texts.map(|text| text.split_once('>').expect("a tag"));
    let own = |(_, rest): &(&str, &str)| rest.split("</text>").next().map(str::trim) == Some(words);
    let (tag, _) = tag.into_iter().find(own).expect(words);
    let (_, place) = tag.split_once(" y=\"").expect("a place");
    let (number, _) = place.split_once('"').expect("its end");
    number.parse().expect("a number")
}

#[test]
fn names_and_levels_are_in_one_legend_above_all_panels() {
    // Lines that lie on one another, and some that cover the level of chance.
    let lines = [
        line("one", 0, |_| 9.0),
        line("two", 1, |k| 9.0 + k as f64),
        line("three", 2, |_| 30.0),
    ];
    for panels in [1, 2, 6, 17] {
        let svg = sweep(panels, Axis::linear("accuracy, %").over(0.0, 100.0), &lines)
            .to_svg()
            .expect("drawn");
        let found = texts(&svg);
        for name in ["one", "two", "three", "chance"] {
            assert_eq!(count(&found, name), 1, "{panels} panels: {name}");
            assert!(
                height(&svg, name) < height(&svg, "net 0"),
                "{panels} panels: {name}"
            );
        }
    }
}

#[test]
fn what_lies_beyond_an_axis_is_marked() {
    let inside = [line("one", 0, |k| 20.0 * k as f64)];
    let beyond = [line("one", 0, |k| 40.0 * k as f64 - 20.0)];
    let axis = || Axis::linear("accuracy, %").over(0.0, 100.0);
    let said = |lines: &[Series]| {
        let svg = sweep(2, axis(), lines).to_svg().expect("drawn");
        (
            count(&texts(&svg), "beyond the axis"),
            svg.matches("<path").count(),
        )
    };
    let (none, few) = said(&inside);
    let (once, more) = said(&beyond);
    assert_eq!((none, once), (0, 1));
    // A triangle below and one above in each panel, and two in the legend.
    assert!(more >= few, "{few} and {more} areas");
}

#[test]
fn an_axis_that_does_not_begin_at_zero_says_so() {
    let lines = [line("one", 0, |_| 95.0)];
    let svg = |low: f64| {
        sweep(1, Axis::linear("accuracy, %").over(low, 100.0), &lines)
            .to_svg()
            .expect("drawn")
    };
    assert_eq!(count(&texts(&svg(90.0)), "accuracy, %, from 90 on"), 1);
    assert_eq!(count(&texts(&svg(0.0)), "accuracy, %"), 1);
}

#[test]
fn a_floor_is_written_with_its_sign() {
    let lines = [line("one", 0, |k| 10f64.powi(-2 * k as i32).max(1e-6))];
    let mut figure = sweep(2, Axis::log("distance").with_floor(1e-6), &lines);
    figure.chance = None;
    let found = texts(&figure.to_svg().expect("drawn"));
    assert_eq!(count(&found, "≤10⁻⁶"), 1, "{found:?}");
    assert_eq!(count(&found, "10⁻⁶"), 0);
}

#[test]
fn a_caption_speaks_of_the_stream_that_was_run() {
    let caption = |last: f64| {
        let series = Series::new(
            "one",
            Look::of(Role::Classic),
            vec![(10.0, 50.0), (last, 50.0)],
        );
        let panel = AccuracyPanel {
            series: vec![series],
            ..AccuracyPanel::default()
        };
        Accuracy {
            panels: vec![panel],
            ..Accuracy::default()
        }
        .caption()
    };
    assert!(
        caption(7_480.0).contains("after 7,500 steps"),
        "{}",
        caption(7_480.0)
    );
    assert!(
        caption(980_000.0).contains("after 980,000 steps"),
        "{}",
        caption(980_000.0)
    );
    assert!(!caption(7_480.0).contains("million"));
    assert!(Accuracy::default().caption().contains("at the end"));
}

fn compared(models: usize, items: usize) -> Vec<String> {
    let value = |k: usize| CompareValue {
        value: 50.0 + k as f64,
        low: 45.0,
        high: 90.0,
        seeds: vec![49.0, 51.0],
    };
    let row = || (0..items).map(|k| Some(value(k))).collect::<Vec<_>>();
    let figure = Compare {
        models: (0..models).map(|m| format!("net {m}")).collect(),
        items: (0..items)
            .map(|k| CompareItem {
                name: format!("arm {k}"),
                look: Look::of(Role::Other(k)),
            })
            .collect(),
        panels: ["a", "b"]
            .map(|title| ComparePanel {
                title: title.to_owned(),
                values: (0..models).map(|_| row()).collect(),
            })
            .to_vec(),
        interval: "95 % interval over seeds".to_owned(),
        ..Compare::default()
    };
    texts(&figure.to_svg().expect("drawn"))
}

#[test]
fn many_arms_have_their_names_beside_their_markers() {
    for (models, items, times) in [(1, 22, 1), (1, 2, 1), (3, 4, 1), (3, 9, 3)] {
        let found = compared(models, items);
        for k in 0..items {
            assert_eq!(
                count(&found, &format!("arm {k}")),
                times,
                "{models} models, {items} arms"
            );
        }
        assert_eq!(count(&found, "95 % interval over seeds"), 1);
        assert_eq!(count(&found, "single seeds"), 1);
    }
}
