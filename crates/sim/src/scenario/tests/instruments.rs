//! Optional instruments: shorthands, defaults, and that omitted ones leave no trace.

use super::*;

#[test]
fn instruments_and_disturbances_read() {
    let s = good(
        "name: x
evaluate:
  steps: 100_000
  lanes: 4
  instruments: drift
  disturb: {every: 3000, last: 100, kinds: [noise_burst, dead_sensor: {share: 0.5}, gain: {factor: 2}]}",
    );
    assert_eq!(s.evaluate.instruments, [Instrument::Drift]);
    let disturb = s.evaluate.disturb.as_ref().expect("disturbances");
    assert_eq!((disturb.every, disturb.last), (3_000, 100));
    let kinds: Vec<_> = disturb.kinds.iter().map(Disturbance::kind).collect();
    assert_eq!(kinds, ["noise_burst", "dead_sensor", "gain"]);
    assert_eq!(
        disturb.kinds[0],
        Disturbance::NoiseBurst(NoiseBurst { rate: 4.0 })
    );
    assert_eq!(
        disturb.kinds[1],
        Disturbance::DeadSensor(DeadSensor { share: 0.5 })
    );
    let again = good(&to_yaml(&s));
    assert_eq!(again.evaluate, s.evaluate);
    // All by default.
    let s = good("name: x\nevaluate: {steps: 1e6, disturb: {}}");
    assert_eq!(s.evaluate.disturb.expect("disturbances").kinds.len(), 5);
}

/// Results are found by their settings: those of scenarios without the keys are unchanged.
#[test]
fn what_is_not_asked_for_is_not_written() {
    let s = good("name: x");
    let text = serde_json::to_string(&s.evaluate).expect("text");
    assert!(
        !text.contains("instruments") && !text.contains("disturb"),
        "{text}"
    );
    assert!(!to_yaml(&s).contains("disturb"));
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    for (evaluate, said) in [
        (
            "{disturb: {every: 100, last: 100}}",
            "evaluate.disturb.every: `100` is out of range",
        ),
        (
            "{disturb: {every: 5000}, steps: 100_000, lanes: 20}",
            "ends before it has recovered",
        ),
        (
            "{disturb: {kinds: {dead_sensor: {share: 0}}}}",
            "kinds.0.dead_sensor.share: `0` is out of range",
        ),
        ("{disturb: {kinds: [gain, gain]}}", "duplicate entry"),
        ("{instruments: [drift, drift]}", "duplicate entry"),
        (
            "{instruments: drifts}",
            "unknown choice `drifts`, nearest `drift`",
        ),
    ] {
        let message = wrong(&format!("name: x\nevaluate: {evaluate}"), &[]);
        assert!(message.contains(said), "{message}");
    }
}
