//! Every mistake's exact message.

use super::*;

/// Scenarios, each with its message; `{LAYERS}` is replaced by the keys of all layers.
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
        "name: x\nmodels: {a: {layers: [{liff: {}}]}}",
        "s.yaml:2:24: models.a.layers.0: unknown choice `liff`, nearest `lif`; allowed: {LAYERS}",
    ),
    (
        "name: x\nmodels:\n  a:\n    layers:\n      - lif: {hiden: 3}",
        "s.yaml:5:15: models.a.layers.0.lif.hiden: unknown key, nearest `hidden`; allowed: `hidden`, \
             `recurrent`, `tau_mem_ms`, `learn_tau`, `threshold`, `spike_reset`, `reset_gradient`, \
             `input_scale`, `surrogate`, `bias`, `input_gain`, `recurrent_scale`",
    ),
    (
        "name: x\nmodels: {a: {layers: [{lif: {recurrent: no}}]}}",
        "s.yaml:2:41: models.a.layers.0.lif.recurrent: expected `true` or `false`, found the text `no` \
             (`no` is text in YAML 1.2: write `false`)",
    ),
    (
        "name: x\nmodels: {a: {layers: [{lif: {hidden: 012}}]}}",
        "s.yaml:2:38: models.a.layers.0.lif.hidden: expected a whole number, 0 or more, found the text \
             `012` (a leading zero is ambiguous: write `12`)",
    ),
    (
        "name: x\nmodels: {a: {layers: [{lif: {hidden: 0}}]}}",
        "s.yaml:2:38: models.a.layers.0.lif.hidden: `hidden` is 0: it must be at least 1",
    ),
    (
        "name: x\nmodels: {a: {layers: [{lif: {tau_mem_ms: [200, 30]}}]}}",
        "s.yaml:2:42: models.a.layers.0.lif.tau_mem_ms: `tau_mem_ms` is 200: it must be a range \
             [low, high] with its lower end first",
    ),
    (
        "name: x\nmodels: {a: {layers: [{lif: {surrogate: atan}}]}}",
        "s.yaml:2:41: models.a.layers.0.lif.surrogate.atan: `atan` needs a value, a number: write \
             `{atan: ...}`",
    ),
    (
        "name: x\nmodels: {a: {layers: [{lif: {}, rnn: {}}]}}",
        "s.yaml:2:33: models.a.layers.0: expected one of {LAYERS}, found `lif`, `rnn` together",
    ),
    (
        "name: x\nmodels: {a: {layers: []}}",
        "s.yaml:2:22: models.a.layers: the list is empty: give at least one layer, such as `lif`",
    ),
    (
        "name: x\nmodels: {a: {}}",
        "s.yaml:2:13: models.a: the key `layers` is missing",
    ),
    (
        "name: x\nmodels: {}",
        "s.yaml:2:9: models: there is no model: give at least one, as `name: ...`",
    ),
    (
        "name: x\nmodels: {a/b: {layers: lif}}",
        "s.yaml:2:15: models.a/b: `a/b` names files: use up to 64 letters, digits, `_`, `-`, and \
         inside dots and spaces",
    ),
    (
        "name: x\ntrain:",
        "s.yaml:2:6: train: no value: give a mapping (`key: value`), or leave the key out (what belongs to it is \
         indented further)",
    ),
    (
        "name: x\ntrain: {lr: .nan}",
        "s.yaml:2:13: train.lr: `NaN` is out of range: it must be above 0",
    ),
    (
        "name: x\ntrain: {epochs: 2.5}",
        "s.yaml:2:17: train.epochs: expected a whole number, 0 or more, found `2.5`",
    ),
    (
        "name: x\ntrain: {epochs: -1}",
        "s.yaml:2:17: train.epochs: expected a whole number, 0 or more, found `-1`",
    ),
    (
        "name: x\ntrain: {lr: '0.1'}",
        "s.yaml:2:13: train.lr: expected a number, found the text '0.1' in quotes (leave the quotes out)",
    ),
    (
        "name: x\ntrain: {lanes: 4, shard_lanes: 8}",
        "s.yaml:2:32: train.shard_lanes: `8` is out of range: a shard has at most the 4 lanes of `lanes`",
    ),
    (
        "name: x\ntrain: {keep: last, early_stopping: {patience: 2}}",
        "s.yaml:2:37: train.early_stopping: early stopping uses the best epoch: it needs `keep: best`",
    ),
    (
        "name: x\ntrain: {early_stopping: 3}",
        "s.yaml:2:25: train.early_stopping: expected a mapping (`key: value`), found `3`",
    ),
    (
        "name: x\narms: {a: {train: {precision: f64}}}",
        "s.yaml:2:31: arms.a.train.precision: applies to all nets: give it under `train`",
    ),
    (
        "name: x\narms: {a: {loss: {adaptive: {kl_weight: -1}}}}",
        "s.yaml:2:41: arms.a.loss.adaptive.kl_weight: `kl_weight` is -1: it must be 0 or above",
    ),
    (
        "name: x\narms: {a: {loss: {adaptive: {mask: {contrast: {window: 0}}}}}}",
        "s.yaml:2:56: arms.a.loss.adaptive.mask.contrast.window: `window` is 0: it must be 1 step or more",
    ),
    (
        "name: x\narms: {a: {loss: {adaptive: {kl_weight: leaned}}}}",
        "s.yaml:2:41: arms.a.loss.adaptive.kl_weight: expected a number, `{linear: {from: .., to: .., over: ..}}` or `learned`, found the text `leaned`",
    ),
    (
        "name: x\narms: {a: {loss: {adaptive: {kl_weight: {linear: {over: 2}}}}}}",
        "s.yaml:2:57: arms.a.loss.adaptive.kl_weight.linear.over: `kl_weight.linear.over` is 2: it must be 0 to 1",
    ),
    (
        "name: x\narms: {a: {loss: {adaptive: {mask_error: {flip: 3}}}}}",
        "s.yaml:2:49: arms.a.loss.adaptive.mask_error.flip: `mask_error.flip` is 3: it must be 0 to 1",
    ),
    (
        "name: x\narms: {a: {loss: {adaptive: {mask: {learned: {hidden: 0}}}}}}",
        "s.yaml:2:55: arms.a.loss.adaptive.mask.learned.hidden: `hidden` is 0: it must be 1 or more",
    ),
    (
        "name: x\narms: {a: {loss: {nothing: {nothing_weight: -1}}}}",
        "s.yaml:2:45: arms.a.loss.nothing.nothing_weight: `nothing_weight` is -1: it must be 0 or above",
    ),
    (
        "name: x\narms: {a: {loss: {entropy: {weight: 1}}}}",
        "s.yaml:2:29: arms.a.loss.entropy.weight: unknown key; allowed: `entropy_weight`, `direction`",
    ),
    (
        "name: x\narms: {a: {loss: focal}}",
        "s.yaml:2:18: arms.a.loss: unknown choice `focal`; allowed: `cross_entropy`, `adaptive`, `nothing`, `entropy`",
    ),
    (
        "name: x\narms: {a: {initial_state: {passed: {probability: 1.5}}}}",
        "s.yaml:2:50: arms.a.initial_state.passed.probability: `1.5` is out of range: it must be 0 to 1",
    ),
    (
        "name: x\narms: {a: {initial_state: {noise: {std: -1}}}}",
        "s.yaml:2:41: arms.a.initial_state.noise.std: `-1` is out of range: it must be 0 or more",
    ),
    (
        "name: x\narms: {a: {initial_state: pased}}",
        "s.yaml:2:27: arms.a.initial_state: unknown choice `pased`, nearest `passed`; allowed: `rest`, `passed`, `noise`, `fitted_noise`",
    ),
    (
        "name: x\narms: {a: {grad_detach: 0}}",
        "s.yaml:2:25: arms.a.grad_detach: `0` is out of range: it must be 1 to 1000000000",
    ),
    (
        "name: x\narms: {a: {fptt: {every: 0}}}",
        "s.yaml:2:26: arms.a.fptt.every: `0` is out of range: it must be 1 to 1000000000",
    ),
    (
        "name: x\narms: {a: {fptt: {every: 9}, grad_detach: 5}}",
        "s.yaml:2:43: arms.a.grad_detach: `fptt` cuts gradients after its own `every` steps: leave one of the two out",
    ),
    (
        "name: x\narms: {a: {streams: {single: 3}}}",
        "s.yaml:2:30: arms.a.streams.single: `single` takes no settings: write only its name",
    ),
    (
        "name: x\nstream: {gap: {steps: [60, 10]}}",
        "s.yaml:2:23: stream.gap.steps: [60, 10] is in the wrong order: write [10, 60]",
    ),
    (
        "name: x\nstream: {gap: {steps: [10]}}",
        "s.yaml:2:23: stream.gap.steps: expected a list of 2, found a list of 1",
    ),
    (
        "name: x\nstream: {gap: {fill: [noise, silense]}}",
        "s.yaml:2:30: stream.gap.fill.1: unknown choice `silense`, nearest `silence`; allowed: \
             `silence`, `noise`, `shuffled`, `recordings`",
    ),
    (
        "name: x\nstream: {gap: {fill: [noise, {noise: 0}]}}",
        "s.yaml:2:38: stream.gap.fill.1.noise: `0` is out of range: it must be above 0",
    ),
    (
        "name: x\nstream: {gap: {fill: [noise, {noise: 1}]}}",
        "s.yaml:2:30: stream.gap.fill.1: duplicate entry",
    ),
    (
        "name: x\nstream: {gap: nothing}",
        "s.yaml:2:15: stream.gap: expected `none` or a value, found the text `nothing`",
    ),
    (
        "name: x\nevaluate: {state_reset: [{periodic: 0}]}",
        "s.yaml:2:37: evaluate.state_reset.0.periodic: a period of 0 steps would reset all the time: it \
             must be 1 or more",
    ),
    (
        "name: x\nevaluate: {state_reset: {periodic: {every: 5, offset: 5}}}",
        "s.yaml:2:55: evaluate.state_reset.0.periodic.offset: `5` is out of range: it must be below \
             `every`, which is 5",
    ),
    (
        "name: x\nevaluate: {state_reset: periodic}",
        "s.yaml:2:25: evaluate.state_reset.periodic: `periodic` needs a value, a number of steps, or \
             `{every: .., offset: ..}`: write `{periodic: ...}`",
    ),
    (
        "name: x\nevaluate: {state_reset: [none, {decay: 1.5}]}",
        "s.yaml:2:40: evaluate.state_reset.1.decay: `1.5` is out of range: it must be above 0 and at \
             most 1",
    ),
    (
        "name: x\nevaluate: {state_reset: [{misaligned: .nan}]}",
        "s.yaml:2:39: evaluate.state_reset.0.misaligned: `NaN` is out of range: it must be 0 to 10000",
    ),
    (
        "name: x\nevaluate: {state_reset: [{misaligned: -3}]}",
        "s.yaml:2:39: evaluate.state_reset.0.misaligned: `-3` is out of range: it must be 0 to 10000",
    ),
    (
        "name: x\nevaluate: {state_reset: [{random: 0}]}",
        "s.yaml:2:35: evaluate.state_reset.0.random: `0` is out of range: it must be above 0 and at most 1",
    ),
    (
        "name: x\nevaluate: {state_reset: clip}",
        "s.yaml:2:25: evaluate.state_reset.clip: `clip` needs a value, a number: write `{clip: ...}`",
    ),
    (
        "name: x\nevaluate: {state_reset: {clip: 0}}",
        "s.yaml:2:32: evaluate.state_reset.0.clip: `0` is out of range: it must be above 0 and finite",
    ),
    (
        "name: x\nevaluate: {state_reset: {silence: {window: 0}}}",
        "s.yaml:2:44: evaluate.state_reset.0.silence.window: `0` is out of range: it must be 1 to 100000",
    ),
    (
        "name: x\nevaluate: {state_reset: {silence: {treshold: 1}}}",
        "s.yaml:2:36: evaluate.state_reset.silence.treshold: unknown key, nearest `threshold`; allowed: \
             `threshold`, `window`",
    ),
    (
        "name: x\nevaluate: {state_reset: output}",
        "s.yaml:2:25: evaluate.state_reset.output: expected one of `entropy`, `norm`, \
             `boundary`, found only a name",
    ),
    (
        "name: x\nevaluate: {state_reset: {output: {entropy: {level: 2}}}}",
        "s.yaml:2:52: evaluate.state_reset.0.output.entropy.level: `2` is out of range: it must be 0 to \
             below 1",
    ),
    (
        "name: x\nevaluate: {state_reset: {window: {length: 1000, hop: 1}}}",
        "s.yaml:2:54: evaluate.state_reset.0.window.hop: a window of 1000 steps every 1 needs 1000 \
             copies of the net, and the maximum is 256: raise `hop` to 4 or more",
    ),
    (
        "name: x\nevaluate: {state_reset: [none, {none: {}}]}",
        "s.yaml:2:32: evaluate.state_reset.1: duplicate entry",
    ),
    (
        "name: x\nevaluate: {lanes: 20, steps: 10}",
        "s.yaml:2:19: evaluate.lanes: `20` lanes cannot share 10 steps: give `steps` more",
    ),
    (
        "name: x\ndata: {events: {train: a, valid: b}}",
        "s.yaml:2:16: data.events: the key `test` is missing",
    ),
    (
        "name: x\ndata: {synthetic: {channels: 64}, channels: 700}",
        "s.yaml:2:45: data.channels: the synthetic set has 64: leave this out, or change \
             `data.synthetic.channels`",
    ),
    (
        "name: x\ndata: {frames: {train: a, valid: b, test: c}}",
        "s.yaml:2:16: data.frames: needs `data.channels` as well, the number of values of a step: 28 for \
             images of 28 x 28 by rows, 40 for log-mel frames",
    ),
    (
        "name: x\ndata: {normalise: none}",
        "s.yaml:2:19: data.normalise: is for `frames`: events are counts",
    ),
    (
        "name: x\nstream: {gap: {fill: recordings}}",
        "s.yaml:2:22: stream.gap.fill: `recordings` needs `data.gap_recordings`, a file of background noise",
    ),
    (
        "name: x\ndata: {records: {window_ms: [300, 0]}, events: {train: a, valid: b, test: c}}",
        "s.yaml:2:29: data.records.window_ms: [300, 0] is empty: give the earlier end first",
    ),
    (
        "name: x\nstream: {gap: {fill: silence}}\n\
         data: {records: {}, events: {train: a, valid: b, test: c}}",
        "s.yaml:2:15: stream.gap: `data.records` are used unchanged: leave it out, or write `gap: none`",
    ),
    (
        "name: x\ndata: {limit: {train: 0}}",
        "s.yaml:2:23: data.limit.train: `0` is out of range: it must be 1 or more",
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
             `contraction`, `accuracy`, `boundary`, `gap`, `mask`, `precision`, `recovery`, `calibration`, `far_past`, \
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
    for (text, message) in MISTAKES {
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
