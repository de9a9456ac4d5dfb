//! A cell is registered by one line.

/// The worked example of `CONTRIBUTING.md`.
#[allow(dead_code, reason = "what an example runs by itself")]
#[path = "../../../neurons/examples/leaky_average.rs"]
mod leaky_average;

mod registered {
    use saturn_cell::rng::ChaCha8Rng;
    use saturn_cell::{Cell, CellConfig, ConfigError, Count, Real, Size, compiled_once};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::leaky_average;

    layers! {
        /// Moving averages, each as slow as it has learnt to be.
        "leaky_average": LeakyAverage(leaky_average::LeakyAverageConfig),
    }
}

#[test]
fn the_worked_example_is_a_layer_by_the_line_that_contributors_read() {
    use registered::Layer;
    use saturn_cell::CellConfig;

    let line = r#""leaky_average": LeakyAverage("#;
    assert!(include_str!("tests.rs").contains(line));
    let text = include_str!("../../../../CONTRIBUTING.md");
    assert!(text.contains(line), "the line is in CONTRIBUTING.md");
    assert_eq!(Layer::KINDS, ["leaky_average"]);
    let layer: Layer = serde_json::from_str(r#"{"leaky_average": {"hidden": 7}}"#).unwrap();
    assert_eq!((layer.kind(), layer.check()), ("leaky_average", Ok(())));
    let rng = &mut saturn_cell::rng::generator(1, "init", 0);
    let cell = layer.build::<f32>(3, 10.0, rng).unwrap();
    assert_eq!(cell.widths().output, 7);
    assert!(!layer.spikes() && layer.threshold().is_none() && layer.input_width().is_none());
}
