//! Mistakes in `train` and `arms`.

pub(super) const MISTAKES: &[(&str, &str)] = &[
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
        "name: x\ntrain: {epochs: 2, steps: 9}",
        "s.yaml:2:27: train.steps: counts updates in place of `epochs`: leave one of the two out",
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
];
