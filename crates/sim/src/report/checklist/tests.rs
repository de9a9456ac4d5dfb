use super::*;
use crate::figures::tests::{scenario, summary};
use crate::run::summary::{Reference, table};

fn made(change: impl Fn(&mut Evaluation)) -> Summary {
    let s = scenario(&["rnn"], &["classic", "adaptive"]);
    let mut made = summary(&s, 0.9);
    let one = made.cells.clone();
    made.cells.clear();
    for seed in 1..=3 {
        for mut cell in one.clone() {
            cell.seed = seed;
            if cell.arm == "adaptive" {
                let evaluations = cell.evaluations.iter_mut();
                evaluations.for_each(|e| change(&mut e.evaluation));
            }
            made.cells.push(cell);
        }
    }
    made.table = table(&made.cells, &Reference::default());
    made
}

fn verdicts(summary: &Summary) -> Vec<(String, Verdict)> {
    let lists = checklists(summary, "adaptive");
    assert_eq!(lists.len(), 1);
    let items = lists[0].items.iter();
    items.map(|i| (i.asked.clone(), i.verdict)).collect()
}

fn verdict(summary: &Summary, words: &str) -> Verdict {
    let all = verdicts(summary);
    let found: Vec<_> = all
        .iter()
        .filter(|(asked, _)| asked.contains(words))
        .collect();
    assert_eq!(found.len(), 1, "{words}: {all:?}");
    found[0].1
}

#[test]
fn what_holds_passes_and_what_does_not_fails() {
    let good = made(|e| {
        e.detector = e.summed;
        e.false_alarms_per_hour = Some(12.0);
        e.late_gap_max_probability = Some(0.55);
        e.resident_mib = Some([50.0, 50.4]);
    });
    let bad = made(|e| {
        let summed = e.summed.as_mut().unwrap();
        summed.value -= 0.03;
        let mut detector = *summed;
        detector.value -= 0.05;
        e.detector = Some(detector);
        e.false_alarms_per_hour = Some(61.0);
        e.late_gap_max_probability = Some(0.7);
        e.resident_mib = Some([50.0, 52.0]);
    });
    for words in [
        "2.5 points below classic",
        "detector",
        "false alarms",
        "late in gaps",
        "memory",
    ] {
        assert_eq!(verdict(&good, words), Verdict::Pass, "{words}");
        assert_eq!(verdict(&bad, words), Verdict::Fail, "{words}");
    }
    assert_eq!(verdict(&good, "seeds"), Verdict::Pass);
    assert_eq!(
        verdict(&good, "no setting was chosen"),
        Verdict::NotMeasured
    );
}

#[test]
fn slopes_and_saturation_are_those_of_the_stream() {
    let sloped = |low: f64, high: f64| {
        made(|e| {
            let value = f64::midpoint(low, high);
            e.slope.points_per_million_steps = over_seeds(&[value, value + (high - low) / 20.0]);
            let window = e.saturation[0].clone();
            e.saturation = [(100, 0.2), (200, 0.2 + high / 100.0)]
                .into_iter()
                .flat_map(|(step, share)| (0..2).map(move |layer| (step, share, layer)))
                .map(|(step, share, layer)| {
                    let mut w = window.clone();
                    (w.step, w.layer) = (step, layer);
                    w.stats.pinned.insert("h".to_owned(), share);
                    w
                })
                .collect();
        })
    };
    let level = sloped(4.0, 5.0);
    assert_eq!(verdict(&level, "does not fall"), Verdict::Pass);
    assert_eq!(verdict(&level, "saturated"), Verdict::Pass);
    let falling = sloped(-9.0, -8.0);
    assert_eq!(verdict(&falling, "does not fall"), Verdict::Fail);
    assert_eq!(verdict(&sloped(11.0, 12.0), "saturated"), Verdict::Fail);
}

#[test]
fn what_a_run_lacks_is_not_measured() {
    let bare = made(|_| {});
    // The made-up gaps have two steps.
    for words in [
        "of the past left",
        "false alarms",
        "memory",
        "does not fall",
        "saturated",
    ] {
        assert_eq!(verdict(&bare, words), Verdict::NotMeasured, "{words}");
    }
    assert!(
        !verdicts(&bare)
            .iter()
            .any(|(asked, _)| asked.contains("mask"))
    );
    let list = &checklists(&bare, "adaptive")[0];
    let text = lines(list).join("\n");
    assert!(
        text.starts_with("RNN, adaptive, never reset:\n  pass "),
        "{text}"
    );
    assert!(text.contains("  not measured  "), "{text}");
    assert_eq!(arm_of(&bare), Some("adaptive"));
    assert!(checklists(&bare, "other").is_empty());
}

#[test]
fn forgetting_is_judged_at_its_lag() {
    let mut forgets = made(|_| {});
    for cell in &mut forgets.cells {
        let curve = &mut cell.contraction[0].curves[0];
        curve.lags = vec![0, LAG];
        curve.values = vec![1.0, 0.1];
    }
    // The layer that was measured must not be the readout.
    assert_eq!(verdict(&forgets, "of the past left"), Verdict::Pass);
    for cell in &mut forgets.cells {
        cell.contraction[0].curves[0].values[1] = 0.2;
    }
    assert_eq!(verdict(&forgets, "of the past left"), Verdict::Fail);
}
