use super::*;
use crate::figures::tests::{scenario, summary};
use crate::run::summary::table;
use saturn_eval::stats::estimate::over_seeds;

/// Three seeds of classic and adaptive nets, all alike on many recordings, the adaptive ones changed.
fn made(change: impl Fn(&mut Evaluation)) -> Summary {
    let s = scenario(&["rnn"], &["classic", "adaptive"]);
    let mut made = summary(&s, 0.9);
    let one = made.cells.clone();
    made.cells.clear();
    for seed in 1..=3 {
        for mut cell in one.clone() {
            cell.seed = seed;
            for e in &mut cell.evaluations {
                let e = &mut e.evaluation;
                for estimate in [&mut e.summed, &mut e.last].into_iter().flatten() {
                    estimate.units = 5_000;
                    estimate.value += 1e-5 * seed as f64;
                }
                if cell.arm == "adaptive" {
                    change(e);
                }
            }
            made.cells.push(cell);
        }
    }
    made.table = table(&made.cells, &made.reference);
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
fn what_holds_is_shown_and_what_does_not_is_shown_otherwise() {
    let good = made(|e| {
        e.detector = e.summed;
        e.false_alarms_per_hour = Some(12.0);
        e.late_gap_max_probability = Some(0.55);
        e.resident_mib = Some([50.0, 50.4]);
    });
    let bad = made(|e| {
        for estimate in [&mut e.summed, &mut e.last] {
            estimate.as_mut().unwrap().value -= 0.03;
        }
        let mut detector = e.summed.unwrap();
        detector.value -= 0.05;
        e.detector = Some(detector);
        e.false_alarms_per_hour = Some(61.0);
        e.late_gap_max_probability = Some(0.7);
        e.resident_mib = Some([50.0, 52.0]);
    });
    for words in [
        "summed accuracy at most 2.5 points below classic",
        "last step accuracy at most 2.5 points below classic",
        "detector without boundaries",
        "false alarms",
        "late in gaps",
        "memory",
    ] {
        assert_eq!(verdict(&good, words), Verdict::Shown, "{words}");
        assert_eq!(verdict(&bad, words), Verdict::ShownOtherwise, "{words}");
    }
    // No classic net has been read by a detector.
    let against = "detector accuracy at most 2.5 points below classic";
    assert_eq!(verdict(&good, against), Verdict::NotShown);
    assert_eq!(verdict(&good, "seeds"), Verdict::Shown);
    assert_eq!(verdict(&good, "no setting was chosen"), Verdict::NotShown);
}

/// A difference of almost nothing with wide bounds is *not shown*, with either sign.
#[test]
fn a_wide_interval_around_nothing_shows_nothing() {
    for sign in [-1.0, 1.0] {
        let mut wide = made(|_| {});
        for cell in wide.cells.iter_mut().filter(|c| c.arm == "adaptive") {
            for e in &mut cell.evaluations {
                let apart = sign * 0.03 * (cell.seed as f64 - 2.0);
                e.evaluation.summed.as_mut().unwrap().value += apart + 0.001;
            }
        }
        wide.table = table(&wide.cells, &wide.reference);
        let words = "summed accuracy at most";
        assert_eq!(verdict(&wide, words), Verdict::NotShown);
        let list = &checklists(&wide, "adaptive")[0];
        assert_eq!(
            list.items[0].found,
            "+0.1 (bounds −5.0 and +5.2) on noise gaps"
        );
    }
}

#[test]
fn slopes_and_saturation_are_those_of_the_stream() {
    let sloped = |slope: f64, last: f64| {
        made(|e| {
            // Seeds differ by as little as their accuracies.
            let value = slope + 1e3 * (e.summed.unwrap().value - 0.9);
            e.steps = 1_000_000;
            e.slope.points_per_million_steps = over_seeds(&[value]);
            let window = e.saturation[0].clone();
            e.saturation = [(100, 0.2), (200, last)]
                .into_iter()
                .flat_map(|(step, share)| (0..2).map(move |layer| (step, share, layer)))
                .map(|(step, share, layer)| {
                    let mut w = window.clone();
                    (w.step, w.layer) = (step, layer);
                    w.stats.always.pinned.insert("h".to_owned(), share);
                    w
                })
                .collect();
        })
    };
    let level = sloped(0.0, 0.24);
    assert_eq!(verdict(&level, "falls by at most"), Verdict::Shown);
    assert_eq!(verdict(&level, "saturated"), Verdict::Shown);
    let falling = sloped(-9.0, 0.26);
    assert_eq!(
        verdict(&falling, "falls by at most"),
        Verdict::ShownOtherwise
    );
    assert_eq!(verdict(&falling, "saturated"), Verdict::ShownOtherwise);
}

#[test]
fn what_a_run_lacks_is_not_measured() {
    let bare = made(|_| {});
    let list = &checklists(&bare, "adaptive")[0];
    // The made-up gaps have two steps.
    for words in [
        "of the past left",
        "false alarms",
        "memory",
        "falls by at most",
        "saturated",
    ] {
        let mut items = list.items.iter();
        let item = items.find(|item| item.asked.contains(words)).unwrap();
        assert_eq!(
            (item.verdict, &*item.found),
            (Verdict::NotShown, NOTHING),
            "{words}"
        );
    }
    assert!(!list.items.iter().any(|item| item.asked.contains("mask")));
    let text = lines(list).join("\n");
    assert!(
        text.starts_with("RNN, adaptive, never reset:\n  shown            summed accuracy"),
        "{text}"
    );
    assert!(text.contains("\n  not shown        "), "{text}");
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
    assert_eq!(verdict(&forgets, "of the past left"), Verdict::Shown);
    for cell in &mut forgets.cells {
        cell.contraction[0].curves[0].values[1] = 0.2;
    }
    assert_eq!(
        verdict(&forgets, "of the past left"),
        Verdict::ShownOtherwise
    );
    // Two seeds that forget and one that does not.
    forgets.cells[0].contraction[0].curves[0].values[1] = 0.01;
    forgets.cells[1].contraction[0].curves[0].values[1] = 0.01;
    forgets.cells[3].contraction[0].curves[0].values[1] = 0.01;
    assert_eq!(verdict(&forgets, "of the past left"), Verdict::NotShown);
}
