//! Whole scenarios: the one of the design, defaults, shorthands, paths, and there and back.

mod hostile;
mod instruments;
mod mistakes;
mod overrides;

use std::path::Path;

use super::*;
use saturn_eval::reset::Periodic;

/// The scenario that the design shows.
pub(super) const DESIGN: &str = "\
name: spoken digits, never reset
seed: 1
data:    {events: {train: data/train.h5, valid: data/valid.h5, test: data/test.h5}, channels: 700, dt_ms: 10}
stream:  {samples: 4, gap: {steps: [10, 60], fill: [silence, noise]}}
models:
  lif: {layers: [{lif: {hidden: 128, recurrent: true, tau_mem_ms: [30, 200], surrogate: {fast_sigmoid: 10}}}, {lif: {hidden: 128, recurrent: true}}]}
  ssm: {layers: [{ssm_block: {width: 96, states: 64}}, {ssm_block: {width: 96, states: 64}}]}
  rnn: {layers: [{rnn: {hidden: 128}}], train: {lr: 0.001}}
arms:
  classic:  {streams: single}
  lead:     {streams: lead}
  carry:    {streams: concatenated}
  adaptive: {streams: concatenated, loss: {adaptive: {kl_weight: 1.0, mask: labels}}}
train:    {epochs: 20, lanes: 16, optimizer: adam, lr: 0.003, clip_norm: 1.0}
evaluate: {steps: 1_000_000, state_reset: [none, oracle, {periodic: 100}]}
plots:    [saturation, contraction, accuracy, stream, raster, traces]
";

fn parse(text: &str, sets: &[&str]) -> Result<Scenario, ScenarioError> {
    Scenario::parse(text, "s.yaml", Path::new(""), sets)
}

fn good(text: &str) -> Scenario {
    parse(text, &[]).unwrap_or_else(|e| panic!("{e}"))
}

/// The message of a scenario that is wrong.
fn wrong(text: &str, sets: &[&str]) -> String {
    match parse(text, sets) {
        Ok(_) => panic!("nothing is wrong with\n{text}"),
        Err(e) => e.to_string(),
    }
}

#[test]
fn the_design_s_scenario_reads_as_written() {
    let s = good(DESIGN);
    assert_eq!(s.name, "spoken digits, never reset");
    assert_eq!((s.data.channels, s.data.dt_ms), (700, 10.0));
    assert_eq!(
        s.stream.gap,
        Some(Gap {
            steps: [10, 60],
            fill: vec![Fill::Silence, Fill::Noise(1.0)]
        })
    );
    let Some(Layer::Lif(lif)) = s.models.get("lif").and_then(|m| m.layers.first()) else {
        panic!("the first model begins with LIF");
    };
    assert_eq!((lif.hidden, lif.recurrent), (128, true));
    assert_eq!(
        s.arms.names().collect::<Vec<_>>(),
        ["classic", "lead", "carry", "adaptive"]
    );
    assert_eq!(s.arms.get("lead").map(|a| a.streams), Some(Streams::Lead));
    assert_eq!(s.evaluate.steps, 1_000_000);
    assert_eq!(
        s.evaluate.state_reset,
        [
            StateReset::NEVER,
            StateReset::ORACLE,
            StateReset::Periodic(Periodic {
                every: 100,
                offset: 0
            })
        ]
    );
    assert_eq!(s.plots.len(), 6);
    assert_eq!(s.train.optimizer, Optimizer::default());
    assert!(s.warnings.is_empty(), "{:?}", s.warnings);
}

#[test]
fn everything_but_the_name_has_a_default() {
    let s = good("name: x");
    assert_eq!((s.seed, s.seeds.as_slice()), (1, [1].as_slice()));
    assert!(matches!(s.data.source, DataSource::Synthetic { .. }));
    assert_eq!(s.models.names().collect::<Vec<_>>(), ["lif", "ssm", "rnn"]);
    assert_eq!(s.arms.names().collect::<Vec<_>>(), ["classic", "adaptive"]);
    assert_eq!(
        (s.train.epochs, s.train.lanes, s.train.shard_lanes),
        (20, 16, 8)
    );
    assert_eq!((s.train.clip_norm, s.train.patience), (Some(1.0), None));
    assert_eq!(
        s.evaluate.streams.names().collect::<Vec<_>>(),
        ["silence", "noise"]
    );
    assert_eq!(s.plots, Plot::ALL);
    let readout = |name: &str| s.models.get(name).and_then(|m| m.readout.clone());
    assert_eq!(
        readout("lif"),
        Some(Readout::Leaky(LeakyReadout::default()))
    );
    assert_eq!(readout("rnn"), Some(Readout::Linear));
}

#[test]
fn arms_go_before_models_and_models_before_the_rest() {
    let s = good(
        "name: x
train: {lr: 0.1, epochs: 3, shard_lanes: 2}
models: {a: {layers: rnn, train: {lr: 0.2, lanes: 4}}, b: {layers: lif}}
arms: {p: {train: {lr: 0.3}}, q: {}}",
    );
    let train = |model: &str, arm: &str| {
        let (Some(model), Some(arm)) = (s.models.get(model), s.arms.get(arm)) else {
            panic!("{model} or {arm} is missing");
        };
        let train = s.train_for(model, arm);
        (train.lr, train.lanes, train.epochs)
    };
    assert_eq!(train("a", "p"), (0.3, 4, 3));
    assert_eq!(train("a", "q"), (0.2, 4, 3));
    assert_eq!(train("b", "q"), (0.1, 16, 3));
}

#[test]
fn epochs_and_updates_take_each_others_place() {
    let s = good(
        "name: x
train: {steps: 9}
models: {a: {layers: rnn, train: {epochs: 3}}, b: {layers: lif}}
arms: {p: {train: {steps: 0}}, q: {}}",
    );
    let length = |model: &str, arm: &str| {
        let (Some(model), Some(arm)) = (s.models.get(model), s.arms.get(arm)) else {
            panic!("{model} or {arm} is missing");
        };
        let train = s.train_for(model, arm);
        (train.updates(10), train.passes(10))
    };
    assert_eq!(length("a", "p"), (0, 0.0));
    assert_eq!(length("a", "q"), (30, 3.0));
    assert_eq!(length("b", "q"), (9, 0.9));
}

#[test]
fn fewer_lanes_make_smaller_shards_unless_the_shard_is_given() {
    let s = good("name: x\nmodels: {a: {layers: rnn, train: {lanes: 4}}}\narms: {p: {}}");
    let (Some(a), Some(p)) = (s.models.get("a"), s.arms.get("p")) else {
        panic!("missing");
    };
    assert_eq!(s.train_for(a, p).shard_lanes, 4);
    // The written-out scenario must not turn the default into a demand.
    assert!(parse(&to_yaml(&s), &[]).is_ok());
}

#[test]
fn seeds_of_run_and_of_compare() {
    let seeds = |text: &str| {
        let s = good(text);
        (s.seeds_for(false), s.seeds_for(true))
    };
    assert_eq!(seeds("name: x\nseed: 7"), (vec![7], vec![7]));
    assert_eq!(seeds("name: x\nseeds: [3, 4]"), (vec![3], vec![3, 4]));
    assert_eq!(
        seeds("name: x\nseed: 5\nseeds: [3, 4]"),
        (vec![5], vec![3, 4])
    );
}

#[test]
fn shorthands_stand_for_what_they_abbreviate() {
    let short = good(
        "name: x
stream: {gap: {fill: noise}}
models: {m: {layers: lif, readout: leaky}}
arms: {a: {loss: adaptive}}
train: {optimizer: sgd, early_stopping: {patience: 3}, clip_norm: none}
evaluate: {steps: 1e5, state_reset: {periodic: {every: 50, offset: 3}}}
plots: accuracy",
    );
    let long = good(
        "name: x
stream: {gap: {steps: [10, 60], fill: [{noise: 1}]}}
models: {m: {layers: [{lif: {}}], readout: {leaky: {tau_mem_ms: 20}}}}
arms: {a: {loss: {adaptive: {}}}}
train: {optimizer: {sgd: {momentum: 0.9}}, early_stopping: {patience: 3}, clip_norm: none}
evaluate: {steps: 100000, state_reset: [{periodic: {every: 50, offset: 3}}]}
plots: [accuracy]",
    );
    assert_eq!(short.keys(), long.keys());
    assert_eq!((long.train.clip_norm, long.train.patience), (None, Some(3)));
    assert_eq!(
        long.evaluate.state_reset[0].to_string(),
        "periodic_50_from_3"
    );
}

/// One of each kind of policy, and the names of their results.
pub(super) const POLICIES: &str = "\
name: x
evaluate:
  state_reset: [none, oracle, {misaligned: 2.5}, {periodic: 9}, {periodic: {every: 9, offset: 4}}, \
    {random: 0.01}, silence, {silence: {threshold: 0.5, window: 4}}, {output: entropy}, \
    {output: {norm: 3}}, {output: {boundary: {hold: 5}}}, {decay: 0.99}, {clip: 2}, window, \
    {window: {length: 50, hop: 25}}]";

#[test]
fn every_policy_reads_and_has_a_name_of_its_own() {
    let s = good(POLICIES);
    let names: Vec<String> = (s.evaluate.state_reset.iter())
        .map(ToString::to_string)
        .collect();
    let expected = [
        "none",
        "oracle",
        "misaligned_by_2.5",
        "periodic_9",
        "periodic_9_from_4",
        "random_0.01",
        "silence_of_10_steps",
        "silence_of_4_steps_at_0.5",
        "entropy_over_0.9_for_5_steps",
        "norm_over_3",
        "new_class_for_5_steps",
        "decay_0.99",
        "clip_at_2",
        "window_100_hop_10",
        "window_50_hop_25",
    ];
    assert_eq!(names, expected);
    // A choice without settings is written as its name.
    let yaml = to_yaml(&s);
    assert!(
        yaml.contains("- none\n") && yaml.contains("- oracle\n"),
        "{yaml}"
    );
    assert!(yaml.contains("- periodic: 9\n"), "{yaml}");
}

#[test]
fn streams_of_evaluation_inherit_the_training_gap() {
    let s = good(
        "name: x
stream: {gap: {steps: [5, 9], fill: [{noise: 0.25}, shuffled]}}
evaluate: {streams: {long: {gap: {steps: [500, 500]}}, loud: {gap: {fill: {noise: 4}}}, none: {gap: none}}}",
    );
    let gap = |name: &str| s.evaluate.streams.get(name).cloned().flatten();
    let fill = vec![Fill::Noise(0.25), Fill::Shuffled];
    assert_eq!(
        gap("long"),
        Some(Gap {
            steps: [500, 500],
            fill
        })
    );
    assert_eq!(
        gap("loud"),
        Some(Gap {
            steps: [5, 9],
            fill: vec![Fill::Noise(4.0)]
        })
    );
    assert_eq!(gap("none"), None);

    let names = |text: &str| {
        good(text)
            .evaluate
            .streams
            .names()
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("name: x\nstream: {gap: {fill: [{noise: 0.25}, shuffled]}}"),
        ["noise_x0.25", "shuffled"]
    );
    assert_eq!(names("name: x\nstream: {gap: none}"), ["no_gaps"]);
}

#[test]
fn written_out_a_scenario_reads_back_as_itself() {
    let everything = "
name: '012: \"no\" #'
about: |
  Two
  lines.
seeds: [18446744073709551615, 2]
data: {synthetic: {classes: 4, channels: 32, train: 8, valid: 4, test: 4}, folder: made, dt_ms: 5, on_bad_sample: skip}
stream: {samples: 2, gap: {fill: [shuffled, {noise: 0.25}]}}
models:
  no: {layers: [{linear: {out: 5}}, {li: {}}, ssm, gru], readout: {leaky: {tau_mem_ms: [5, 50], learn_tau: false}}}
  007: {layers: {lif: {surrogate: {multi_gaussian: 0.5}, spike_reset: none}}, train: {optimizer: {adam: {epsilon: 1e-12}}}}
arms:
  a: {loss: {adaptive: {kl_weight: 0.5, direction: to_uniform, normalise: per_step, mask: {event_count: {window: 3}}}}, spike_rate: {upper: {rate_hz: 50}}}
  b: {streams: lead, train: {early_stopping: {patience: 2}, clip_norm: none, precision_: 1}}
train: {precision: f64, schedule: constant, keep: best}
evaluate: {streams: {a: {gap: none}, b: {gap: {fill: noise}}}, state_reset: {periodic: {every: 9, offset: 4}}, lanes: 1}
plots: [compare, training]"
        .replace(", precision_: 1", "");
    for text in [
        everything.as_str(),
        DESIGN,
        POLICIES,
        "name: x",
        "name: x\nstream: {gap: none}",
    ] {
        let first = good(text);
        let yaml = to_yaml(&first);
        let second = parse(&yaml, &[]).unwrap_or_else(|e| panic!("{e}\n{yaml}"));
        assert_eq!(first.keys(), second.keys(), "{yaml}");
        assert_eq!(first.train, second.train);
        assert_eq!(first.evaluate, second.evaluate);
        assert_eq!(yaml, to_yaml(&second));
    }
}

#[test]
fn paths_are_found_beside_the_scenario_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("s.yaml");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write(
        "s.yaml",
        "name: x\ndata:\n  events:\n    train: a.h5\n    valid: ./no/b.h5\n    test: c.h5\n",
    );
    write("a.h5", "");
    write("c.h5", "");
    let s = Scenario::load(&file, &[] as &[&str]).unwrap_or_else(|e| panic!("{e}"));
    let DataSource::Events { train, valid, .. } = &s.data.source else {
        panic!("events are files");
    };
    assert_eq!(train, &folder.path().join("a.h5"));
    assert_eq!(valid, Path::new("./no/b.h5"));
    let message = s.find_data().err().map(|e| e.to_string());
    let expected = format!(
        "{}:5:12: data.events.valid: no file `./no/b.h5`, neither in the scenario's folder nor in the \
        current folder",
        file.display()
    );
    assert_eq!(message, Some(expected));

    let none = folder.path().join("none.yaml");
    let message = Scenario::load(&none, &[] as &[&str])
        .err()
        .map(|e| e.to_string());
    assert!(message.is_some_and(|m| m.contains("none.yaml: the scenario cannot be read: ")));
}

#[test]
fn an_environment_variable_may_begin_a_path() {
    let Some(home) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        panic!("cargo sets it");
    };
    for path in ["$CARGO_MANIFEST_DIR/x/a.h5", "${CARGO_MANIFEST_DIR}/x/a.h5"] {
        let s = good(&format!(
            "name: x\ndata: {{events: {{train: \"{path}\", valid: b, test: c}}}}"
        ));
        let DataSource::Events { train, .. } = &s.data.source else {
            panic!("events are files");
        };
        assert_eq!(train, &Path::new(&home).join("x/a.h5"));
    }
}

/// The scenario is valid even if its data do not exist; a command that needs them gets the reason.
#[test]
fn a_variable_that_is_not_set_is_named_when_the_data_are_needed() {
    let s = good("name: x\ndata: {events: {train: $SATURN_NOT_SET/a, valid: b, test: c}}");
    let message = s
        .find_data()
        .err()
        .map(|e| e.to_string())
        .unwrap_or_default();
    let expected = "s.yaml:2:24: data.events.train: the environment variable `SATURN_NOT_SET` is not set: set it, \
                    or write the path out";
    assert!(message.contains(expected), "{message}");
}
