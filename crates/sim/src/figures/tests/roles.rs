//! Figures depend on the settings of arms and the reference, not on their names.

use super::*;
use crate::run::summary::{ReferenceArg, Roles};
use crate::{figures, report};
use saturn_store::folder::Folder;

/// `apples` trains on one sample at a time, `pears` has the adaptive loss; `classic` and `adaptive` are names of
/// variants. Policies: none and every 100 steps.
fn fruit() -> Scenario {
    let text = "name: fruit
models: {rnn: {layers: [rnn]}, gru: {layers: [gru]}}
arms:
  adaptive: {streams: single, initial_state: passed}
  classic: {loss: entropy}
  apples: {streams: single}
  pears: {loss: adaptive}
evaluate: {state_reset: [none, {periodic: 100}]}
plots: [compare, gap, nets, accuracy, training]
";
    Scenario::parse(text, "fruit.yaml", Path::new(""), &[""; 0]).unwrap_or_else(|e| panic!("{e}"))
}

fn found(scenario: &Scenario, reference: Option<(&str, &str)>) -> Summary {
    let mut made = summary(scenario, 0.9);
    for e in made.cells.iter_mut().flat_map(|cell| &mut cell.evaluations) {
        if e.state_reset == "oracle" {
            "periodic_100".clone_into(&mut e.state_reset);
        }
    }
    let given = reference.map(|(arm, policy)| ReferenceArg {
        arm: arm.to_owned(),
        policy: policy.to_owned(),
    });
    made.reference = Roles::of(scenario)
        .reference(given.as_ref())
        .expect("known");
    made.table = table(&made.cells, &made.reference);
    made
}

/// The legend of the comparison, in order, as far as its texts are in the SVG.
fn compared(scenario: &Scenario, summary: &Summary) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    draw(scenario, folder.path(), summary).expect("drawn");
    std::fs::read_to_string(folder.path().join("figures/compare.svg")).expect("drawn")
}

#[test]
fn legends_and_colours_follow_the_reference() {
    let scenario = fruit();
    let grey = "#555555";
    for (reference, name) in [
        (None, "apples, never reset"),
        (
            Some(("pears", "periodic_100")),
            "pears, reset every 100 steps",
        ),
        (
            Some(("classic", "periodic")),
            "classic, reset every 100 steps",
        ),
        (Some(("adaptive", "none")), "adaptive, never reset"),
    ] {
        let summary = found(&scenario, reference);
        let scope = scope::Scope::new(&scenario, Path::new(""), &summary);
        let items = items::items(&scope);
        assert_eq!(items[0].name, name, "the reference comes first");
        assert_eq!(items[0].look, saturn_plots::Look::reference());
        let reset = items
            .iter()
            .filter(|item| item.name.contains("every 100 steps"));
        assert_eq!(reset.count(), usize::from(name.contains("every")));
        // Every arm without resets once, the reference among them.
        let never = items
            .iter()
            .filter(|item| item.name.ends_with("never reset"));
        assert_eq!(never.count(), 4);
        let svg = compared(&scenario, &summary);
        assert!(svg.contains(grey) && svg.contains(name), "{name}");
        assert!(!svg.contains("oracle"), "no run of this scenario has one");
    }
}

#[test]
fn roles_decide_which_arms_are_set_side_by_side() {
    let scenario = fruit();
    let pair = |reference| -> Vec<String> {
        let summary = found(&scenario, reference);
        let scope = scope::Scope::new(&scenario, Path::new(""), &summary);
        scope
            .pair()
            .iter()
            .map(|(arm, _)| (*arm).to_owned())
            .collect()
    };
    assert_eq!(pair(None), ["apples", "pears"]);
    assert_eq!(
        pair(Some(("classic", "periodic_100"))),
        ["classic", "pears"]
    );
    // The adaptive networks without resets are the reference: the last other arm is compared with them.
    assert_eq!(pair(Some(("pears", "none"))), ["pears", "apples"]);
}

#[test]
fn the_report_follows_the_reference() {
    let scenario = fruit();
    let summary = found(&scenario, Some(("classic", "periodic_100")));
    let folder = tempfile::tempdir().expect("a folder");
    let run = Folder::open(folder.path(), "fruit", "x", false).expect("new");
    let drawn = figures::draw(&scenario, folder.path(), &summary).expect("drawn");
    report::write(&scenario, run.path(), &summary, &drawn).expect("written");
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("written");
    for words in [
        "networks trained in the arm <em>classic</em>",
        "those trained in <em>pears</em>",
        "With the policy <em>reset every 100 steps</em>",
        "summed, less classic with reset every 100 steps, points",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let arm = report::checklist::arm_of(&summary);
    assert_eq!(arm, Some("pears"));
}

/// The figures of a run with `classic` and of one whose arm of the same settings has another name: the same SVG but for
/// the name, of which the letters are the same, so that labels are as wide.
#[test]
fn a_renamed_arm_has_the_same_figures() {
    let drawn_with = |arm: &str| -> Vec<(String, String)> {
        let mut scenario = scenario(&["rnn", "gru"], &[arm, "carry", "adaptive"]);
        scenario.plots = Plot::ALL.to_vec();
        let summary = summary(&scenario, 0.9);
        assert_eq!(summary.reference.arm, arm);
        let folder = tempfile::tempdir().expect("a folder");
        let drawn = draw(&scenario, folder.path(), &summary).expect("drawn");
        let svg = |stem: &str| {
            let path = folder.path().join(format!("{stem}.svg"));
            std::fs::read_to_string(path).expect("drawn")
        };
        let text = |figure: &Drawn| svg(&figure.file_stem).replace(arm, "ARM");
        let named = |figure: &Drawn| figure.file_stem.replace(arm, "ARM");
        drawn.iter().map(|f| (named(f), text(f))).collect()
    };
    let (classic, renamed) = (drawn_with("classic"), drawn_with("cissalc"));
    assert!(classic.len() > 5 && classic.iter().any(|(_, svg)| svg.contains("ARM")));
    for (a, b) in classic.iter().zip(&renamed) {
        assert_eq!(a.0, b.0);
        assert!(a.1 == b.1, "{} follows the name", a.0);
    }
    assert_eq!(classic.len(), renamed.len());
}
