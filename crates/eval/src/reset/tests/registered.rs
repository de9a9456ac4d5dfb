//! A policy is registered by one line.

/// The worked example of `CONTRIBUTING.md`.
#[path = "../../../../../tests/example_policy.rs"]
mod onset;

mod example {
    use super::super::super::*;
    use super::onset;

    policies! {
        /// At the first event after a silence.
        "onset": Onset(onset::Onset),
    }
}

#[test]
fn the_worked_example_is_a_policy_by_the_line_that_contributors_read() {
    use example::StateReset;

    let line = r#""onset": Onset(onset::Onset),"#;
    assert!(include_str!("registered.rs").contains(line));
    let text = include_str!("../../../../../CONTRIBUTING.md");
    assert!(text.contains(line), "the line is in CONTRIBUTING.md");
    let yaml = r#"{"onset": {"after": 4}}"#;
    let policy: StateReset = serde_json::from_str(yaml).expect("a policy");
    assert_eq!(policy, StateReset::Onset(onset::Onset { after: 4 }));
    assert_eq!(policy.kind(), "onset");
    assert_eq!(policy.config().to_string(), "onset_after_4_steps");
    let written = serde_json::to_string(&policy).expect("JSON");
    assert_eq!(written, r#"{"onset":{"after":4}}"#);
    let schema = schemars::schema_for!(StateReset).to_value();
    assert!(
        schema
            .to_string()
            .contains("At the first event after a silence.")
    );
}
