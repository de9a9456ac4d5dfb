//! Mistakes in `evaluate`.

pub(super) const MISTAKES: &[(&str, &str)] = &[
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
];
