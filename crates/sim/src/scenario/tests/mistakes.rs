//! Every mistake's exact message.

mod evaluation;
mod models;
mod streams;
mod training;

use super::*;

/// Scenarios, each with its message; `{LAYERS}` is replaced by the keys of all layers. Those about one part of a
/// scenario are in a file of the part.
const MISTAKES: &[(&str, &str)] = &[
    (
        "",
        "s.yaml:1:1: the scenario is empty: it needs at least `name: ...`",
    ),
    ("about: x", "s.yaml:1:1: the key `name` is missing"),
    (
        "name: [x",
        "s.yaml:1:7: not valid YAML: unclosed bracket '['",
    ),
    (
        "name: ''",
        "s.yaml:1:7: name: is empty: give the experiment a name",
    ),
    (
        "name: x\nstreem: {}",
        "s.yaml:2:1: streem: unknown key, nearest `stream`; allowed: `name`, `about`, `seed`, `seeds`, \
             `data`, `stream`, `models`, `arms`, `train`, `evaluate`, `tune`, `plots`",
    ),
    (
        "name: x\nseeds: []",
        "s.yaml:2:8: seeds: the list is empty: give at least one seed",
    ),
    (
        "name: x\nseeds: [1, 1]",
        "s.yaml:2:12: seeds.1: duplicate entry",
    ),
    (
        "name: x\nseed: 99999999999999999999",
        "s.yaml:2:7: seed: `99999999999999999999` is too large",
    ),
    (
        "name: x\nname: y",
        "s.yaml:2:1: duplicate key `name` (first on line 1)",
    ),
    (
        "name: x\ntune: {candidates: 1}",
        "s.yaml:2:20: tune.candidates: `1` is out of range: it must be 2 to 100000",
    ),
    (
        "name: x\ntune: {search: {train.lr: {log: [0.1, 0.01]}}}",
        "s.yaml:2:33: tune.search.train.lr.log: `[0.1, 0.01]` is out of range: it must be two numbers above \
             0, the lower one first",
    ),
    (
        "name: x\nplots: [acuracy]",
        "s.yaml:2:9: plots.0: unknown choice `acuracy`, nearest `accuracy`; allowed: `saturation`, \
             `contraction`, `accuracy`, `boundary`, `gap`, `mask`, `updates`, `precision`, `recovery`, `calibration`, `far_past`, \
             `gradient_lag`, `long_run`, `stream`, `operating`, `nets`, `raster`, `traces`, `compare`, `training`",
    ),
    (
        "- 1",
        "s.yaml:1:1: expected a mapping (`key: value`), found a list of 1",
    ),
];

#[test]
fn every_mistake_names_its_place_and_what_is_allowed() {
    let layers = Layer::KINDS.iter().map(|kind| format!("`{kind}`"));
    let layers = layers.collect::<Vec<_>>().join(", ");
    let mut differ = Vec::new();
    let parts = [
        MISTAKES,
        models::MISTAKES,
        training::MISTAKES,
        streams::MISTAKES,
        evaluation::MISTAKES,
    ];
    for (text, message) in parts.into_iter().flatten() {
        let message = message.replace("{LAYERS}", &layers);
        let found = wrong(text, &[]);
        if found != message {
            differ.push(format!("{text}\nfound:    {found}\nexpected: {message}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
}

#[test]
fn all_values_out_of_range_are_told_at_once() {
    let text = "name: x\ntrain:\n  lr: 0\n  epochs: 0\nevaluate: {windows: 0}";
    assert_eq!(
        wrong(text, &[]),
        "s.yaml:3:7: train.lr: `0` is out of range: it must be above 0\n\
         s.yaml:4:11: train.epochs: `0` is out of range: it must be 1 to 1000000\n\
         s.yaml:5:21: evaluate.windows: `0` is out of range: it must be 1 to 100000"
    );
}

#[test]
fn a_synthetic_key_out_of_range_has_its_place() {
    let message = wrong("name: x\ndata: {synthetic: {word_ms: [300, 5]}}", &[]);
    assert!(
        message.starts_with("s.yaml:2:35: data.synthetic.word_ms.1: "),
        "{message}"
    );
}

#[test]
fn odd_but_possible_is_a_warning() {
    let s = good(
        "name: x\nmodels: {m: {layers: rnn}}\narms: {a: {streams: single, loss: adaptive, spike_rate: {upper: {rate_hz: 9}}}}",
    );
    let warnings: Vec<String> = s.warnings.iter().map(|w| w.line("s.yaml")).collect();
    assert_eq!(
        warnings,
        [
            "s.yaml:3:57: arms.a.spike_rate: `spike_rate`: no model has a spiking layer, so it changes nothing; \
             leave it out, or add a layer that spikes",
            "s.yaml:3:21: arms.a.streams: `single`: a `single` stream has no gaps: the adaptive loss is left with \
             the silence before and after each sample's events; write `concatenated` or `lead`",
        ]
    );
}

#[test]
fn no_text_brings_the_reader_down() {
    // A linear congruential generator (Knuth's MMIX) is random enough to spoil text with.
    let mut state = 1_u64;
    let mut below = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let signs: Vec<char> = "{}[]:,-&*!|>'\"#%@`? \n\t0.eé\u{0}".chars().collect();
    let mut read = 0;
    for _ in 0..3_000 {
        let mut text: Vec<char> = DESIGN.chars().collect();
        for _ in 0..=below(3) {
            let at = below(text.len());
            match below(3) {
                0 => text[at] = signs[below(signs.len())],
                1 => text.insert(at, signs[below(signs.len())]),
                _ => text.truncate(at.max(1)),
            }
        }
        let text: String = text.into_iter().collect();
        match parse(&text, &[]) {
            Ok(_) => read += 1,
            Err(e) => assert!(e.to_string().starts_with("s.yaml:"), "{e}"),
        }
    }
    assert!((1..3_000).contains(&read), "{read}");
}
