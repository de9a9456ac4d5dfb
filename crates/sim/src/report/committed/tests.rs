use std::fs;

use super::*;
use crate::run::trials::Events;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every generated number in these documents matches the trials.
#[test]
fn documents_say_what_their_trials_say() {
    let mut committed = Committed::new(&root());
    let mut marks = 0;
    for name in ["README.md", "docs/results-tables.md"] {
        let document = fs::read_to_string(root().join(name)).unwrap();
        let filled = committed.fill(&document).unwrap_or_else(|e| panic!("{e}"));
        assert!(
            filled == document,
            "{name}: tables are not those of the committed trials; run `cargo run --release --example results`"
        );
        marks += document.matches(BEGIN).count();
    }
    assert!(marks > 10, "{marks} tables");
}

/// A number that was changed by hand is corrected.
#[test]
fn a_table_is_made_again() {
    let mut committed = Committed::new(&root());
    let mark = "<!-- trials: spoken-digits-speaker verdicts -->";
    let wrong = format!("before\n{mark}\n\n| 99.9 |\n\n{END}\nafter\n");
    let filled = committed.fill(&wrong).unwrap();
    assert!(filled.starts_with("before\n") && filled.ends_with("\nafter\n"));
    assert!(
        !filled.contains("99.9") && filled.contains("| summed | shown "),
        "{filled}"
    );
    assert_eq!(committed.fill(&filled).unwrap(), filled);
    for (wrong, what) in [
        (
            "<!-- trials: spoken-digits-speaker nothing -->\n<!-- end -->",
            "no table `nothing`",
        ),
        (
            "<!-- trials: spoken-digits-speaker verdicts -->\n",
            "has no `<!-- end -->`",
        ),
        (
            "<!-- trials: spoken-digits-speaker -->\n<!-- end -->",
            "a scenario and a kind",
        ),
    ] {
        let error = committed.fill(wrong).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

/// Trials of one scenario on other events have a table of their own, after the first.
#[test]
fn groups_have_tables_of_their_own() {
    let mut committed = Committed::new(&root());
    let name = "spoken-digits-speaker";
    let groups = committed.groups(name).unwrap();
    let old = groups.last().unwrap();
    let mut shared = old.shared.clone();
    shared.events = Some(Events {
        rule: "another".to_owned(),
        train: "a".repeat(64),
        valid: "b".repeat(64),
        test: None,
    });
    let old = old.clone();
    let new = Group {
        shared,
        ..old.clone()
    };
    let both = vec![new, old];
    committed.known.insert(name.to_owned(), both);
    let text = committed.block(&format!("{name} verdicts")).unwrap();
    assert_eq!(text.matches("| summed |").count(), 2);
    assert!(text.contains("binned by another"), "{text}");
}
