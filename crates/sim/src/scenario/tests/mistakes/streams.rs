//! Mistakes in `data` and `stream`.

pub(super) const MISTAKES: &[(&str, &str)] = &[
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
];
