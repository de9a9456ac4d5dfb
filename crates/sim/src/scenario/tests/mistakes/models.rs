//! Mistakes in `models`.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    (
        "name: x\nmodels: {a: {layers: [{liff: {}}]}}",
        "s.yaml:2:24: models.a.layers.0: unknown choice `liff`, nearest `lif`; allowed: {LAYERS}",
    ),
    (
        "name: x\nmodels:\n  a:\n    layers:\n      - lif: {hiden: 3}",
        "s.yaml:5:15: models.a.layers.0.lif.hiden: unknown key, nearest `hidden`; allowed: `hidden`, \
             `recurrent`, `tau_mem_ms`, `learn_tau`, `threshold`, `spike_reset`, `reset_gradient`, \
             `input_scale`, `surrogate`, `surrogate_cutoff`, `bias`, `input_gain`, `recurrent_scale`, `density`, \
             `connection_seed`",
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
        "s.yaml:2:22: models.a.layers: there are none: give at least one, such as `lif`, or a finished net with `from`",
    ),
    (
        "name: x\nmodels: {a: {}}",
        "s.yaml:2:13: models.a.layers: there are none: give at least one, such as `lif`, or a finished net with `from`",
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
];
