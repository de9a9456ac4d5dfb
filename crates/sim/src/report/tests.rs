use super::*;
use crate::figures;
use crate::run::summary::{Failure, Row};
use saturn_eval::stats::crossed::{Basis, Difference};
use saturn_eval::stats::estimate::Estimate;

fn row(model: &str, arm: &str, stream: &str, state_reset: &str, value: f64) -> Row {
    let estimate = |value| {
        Some(Estimate {
            value,
            standard_error: None,
            interval: None,
            units: 1,
        })
    };
    Row {
        model: model.to_owned(),
        arm: arm.to_owned(),
        stream: stream.to_owned(),
        state_reset: state_reset.to_owned(),
        seeds: 1,
        summed: estimate(value),
        last: estimate(value / 2.0),
        detector: None,
        basis: Basis::None,
        balanced: None,
        from_reference: None,
        against: crate::run::summary::Against::default(),
        p_value: None,
        p_holm: None,
        late_gap_max_probability: None,
        spikes_per_step: 0.0,
        synaptic_operations_per_step: 0.0,
        computed_steps_per_step: 1.0,
        resets_per_1000_steps: 0.0,
    }
}

#[test]
fn differences_have_lines_of_their_own() {
    let scenario = figures::tests::scenario(&["rnn"], &["classic"]);
    let mut summary = figures::tests::summary(&scenario, 0.5);
    let mut better = row("rnn", "adaptive", "noise", "none", 0.5);
    let points = |value: f64| Difference {
        estimate: Estimate {
            value,
            standard_error: Some(0.01),
            interval: Some([value - 0.025, value + 0.025]),
            units: 3,
        },
        bounds: None,
        p_value: None,
        verdict: None,
        basis: Basis::Seeds,
    };
    better.against.summed = Some(points(0.125));
    better.against.last = Some(points(-0.05));
    summary.table = vec![row("rnn", "classic", "noise", "oracle", 0.25), better];
    let lines = difference_lines(&summary, 200);
    assert_eq!(lines.len(), 3, "the reference has no line: {lines:#?}");
    assert!(lines[0].contains("classic, oracle"));
    assert!(
        lines[2].ends_with("+12.5 +10.0..+15.0  −5.0 −7.5..−2.5         –"),
        "{}",
        lines[2]
    );
    summary.table.clear();
    assert!(difference_lines(&summary, 200).is_empty());
}

#[test]
fn the_table_for_the_terminal_has_intervals_and_fits() {
    let scenario = figures::tests::scenario(&["rnn"], &["classic"]);
    let mut summary = figures::tests::summary(&scenario, 0.5);
    let known = |mut row: Row| {
        let bounds = row.summed.map(|e| [e.value - 0.04, e.value + 0.03]);
        if let Some(e) = &mut row.summed {
            e.interval = bounds;
        }
        row
    };
    summary.table = vec![
        known(row("rnn", "classic", "noise", "none", 0.25)),
        row(
            "rnn",
            "classic",
            "a stream with a very long name",
            "none",
            1.0,
        ),
        row("rnn", "adaptive", "noise", "periodic_100", 0.5),
    ];
    let lines = table_lines(&summary, 80);
    let expected = [
        "accuracy in % with its 95 % interval on the valid split; chance level 50.0",
        "noise:",
        "model  arm       state_reset           summed  last  detector",
        "rnn    classic   none          25.0 21.0-28.0  12.5         -",
        "rnn    adaptive  periodic_100            50.0  25.0         -",
        "a stream with a very long name:",
    ];
    assert_eq!(lines[..6], expected, "{lines:#?}");
    // Where a class is rare, the mean recall is before the accuracy.
    for row in &mut summary.table {
        row.balanced = row.last;
    }
    let rare = table_lines(&summary, 80);
    assert!(rare[2].contains("recall          summed"), "{rare:#?}");
    summary.table.clear();
    assert!(table_lines(&summary, 80).is_empty());
}

#[test]
fn a_large_table_begins_with_what_is_never_reset() {
    let scenario = figures::tests::scenario(&["rnn"], &["classic"]);
    let mut summary = figures::tests::summary(&scenario, 0.5);
    summary.table.clear();
    for k in 0..leading::WHOLE / 2 {
        let model = format!("net{k}");
        for (arm, policy) in [
            ("classic", "oracle"),
            ("adaptive", "none"),
            ("adaptive", "decay_0.9"),
        ] {
            summary.table.push(row(&model, arm, "noise", policy, 0.5));
        }
    }
    let all = summary.table.len();
    let (first, whole) = leading::leading(&summary, "noise");
    assert!(!whole && first.len() == 2 * all / 3);
    assert!(first.iter().all(|row| row.state_reset != "decay_0.9"));
    let lines = table_lines(&summary, 200);
    assert_eq!(lines.len(), 3 + 2 * all / 3 + 1);
    let last = lines.last().unwrap();
    assert!(last.starts_with(&format!("and {} more", all / 3)), "{last}");
    // On the page the rest is folded.
    let page = page::page(&scenario, &summary, &[]);
    let (before, after) = page.split_once(&format!("all {all} rows")).unwrap();
    let name = summary.roles.policy_label("decay_0.9");
    assert!(!before.contains(&name) && after.contains(&name), "{name}");
    // A table of that many rows is whole.
    summary.table.truncate(leading::WHOLE);
    assert!(leading::leading(&summary, "noise").1);
}

#[test]
fn arms_of_a_model_that_differ_in_size_are_named() {
    let scenario = figures::tests::scenario(&["rnn", "gru"], &["classic", "nothing"]);
    let mut summary = figures::tests::summary(&scenario, 0.5);
    assert!(unmatched(&summary).is_empty());
    for cell in summary.cells.iter_mut().filter(|c| c.arm == "nothing") {
        // 1,234 in the other arm: 1.9 and 2.9 % more.
        cell.training.parameters = if cell.model == "rnn" { 1_258 } else { 1_270 };
    }
    assert_eq!(
        unmatched(&summary),
        [
            "the nets of `gru` are not matched in size: 1\u{202f}234 parameters in `classic`, \
             1\u{202f}270 in `nothing`, 2.9 % more"
        ]
    );
}

#[test]
fn a_report_holds_every_figure_and_escapes_what_it_is_told() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("run");
    let scenario = figures::tests::scenario(&["rnn", "gru"], &["classic", "adaptive"]);
    let mut summary = figures::tests::summary(&scenario, 0.9);
    summary.failures.push(Failure {
        model: "rnn".to_owned(),
        arm: "classic".to_owned(),
        seed: 2,
        reason: "<script>alert(1)</script>".to_owned(),
    });
    let drawn = figures::draw(&scenario, &folder, &summary).expect("drawn");
    write(&scenario, &folder, &summary, &drawn).expect("written");
    let html = std::fs::read_to_string(folder.join("report.html")).expect("read");
    assert_eq!(html.matches("<img ").count(), drawn.len());
    assert_eq!(
        html.matches("data:image/svg+xml;base64,").count(),
        drawn.len()
    );
    for figure in &drawn {
        let caption = figure.caption.replace('&', "&amp;");
        assert!(html.contains(&caption), "{caption}");
    }
    assert!(html.contains("made &lt;up&gt; &amp; more"));
    assert!(html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"));
    assert!(html.contains("reach accuracies of <strong>90 %</strong> (summed)"));
    for part in [
        "name=\"viewport\"",
        "How this was measured",
        "models:",
        "What failed",
        "1\u{202f}234",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // Nothing is fetched: no address except those inside figures, which are encoded.
    assert!(!html.contains("http") && !html.contains("src=\"/"));

    std::fs::remove_file(folder.join("figures/compare.svg")).expect("removed");
    let error = write(&scenario, &folder, &summary, &drawn).expect_err("a figure is gone");
    assert!(error.to_string().contains("compare.svg"), "{error}");
}

#[test]
fn numbers_that_are_none_are_dashes() {
    let scenario = figures::tests::scenario(&["rnn"], &["only"]);
    let summary = figures::tests::summary(&scenario, f64::NAN);
    let html = page::page(&scenario, &summary, &[]);
    assert!(!html.contains("NaN") && !html.contains("inf %"));
    assert!(html.contains('–'));
}
