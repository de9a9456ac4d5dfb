//! `--set`.

use super::*;

#[test]
fn overrides_reach_everywhere() {
    let s = parse(
        DESIGN,
        &[
            "train.epochs=2",
            "models.lif.layers.0.lif.hidden=64",
            "seeds=[1,2]",
            "train.optimizer.adam.beta1=0.8",
            "evaluate.contraction.samples=8",
            "stream.gap=none",
            "arms.new.streams=lead",
            "about=one: two",
        ],
    );
    // `about` is given a mapping.
    let message = s.err().map(|e| e.to_string());
    assert_eq!(
        message.as_deref(),
        Some("--set about=one: two: about: expected text, found a mapping (`key: value`)")
    );
    let s = parse(
        DESIGN,
        &[
            "train.epochs=2",
            "models.lif.layers.0.lif.hidden=64",
            "seeds=[1,2]",
            "train.optimizer.adam.beta1=0.8",
            "evaluate.contraction.samples=8",
            "stream.gap=none",
            "arms.new.streams=lead",
        ],
    );
    let s = s.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((s.train.epochs, s.train.lanes), (2, 16));
    let Some(Layer::Lif(lif)) = s.models.get("lif").and_then(|m| m.layers.first()) else {
        panic!("the first model begins with LIF");
    };
    assert_eq!((lif.hidden, lif.recurrent), (64, true));
    assert_eq!(s.seeds, [1, 2]);
    assert!(matches!(
        s.train.optimizer,
        Optimizer::Adam {
            beta1: 0.8,
            beta2: 0.999,
            ..
        }
    ));
    assert_eq!(s.evaluate.contraction.samples, 8);
    assert_eq!(s.stream.gap, None);
    let warnings: Vec<String> = s.warnings.iter().map(|w| w.line("s.yaml")).collect();
    assert_eq!(
        warnings,
        [
            "s.yaml:11:23: arms.lead.streams: `lead`: `stream.gap` is `none`, so there is no leading gap: \
            this is the same as `single`; give `stream.gap`, or write `single`",
            "--set arms.new.streams=lead: arms.new.streams: `lead`: `stream.gap` is `none`, so there is no \
            leading gap: this is the same as `single`; give `stream.gap`, or write `single`",
        ]
    );
}

#[test]
fn wrong_overrides_say_so() {
    for (set, message) in [
        (
            "x",
            "--set x: expected `key=value`, such as `train.epochs=2`",
        ),
        (
            "a..b=1",
            "--set a..b=1: `a..b` is not a key: expected names with dots between",
        ),
        (
            "train.epoch=2",
            "--set train.epoch=2: train.epoch: unknown key, nearest `epochs`; allowed: `epochs`, `steps`, `lanes`, \
             `shard_lanes`, `recompute`, `optimizer`, `lr`, `warmup`, `schedule`, `final_lr`, `clip_norm`, \
             `early_stopping`, `keep`, `class_balance`, `precision`",
        ),
        (
            "train.epochs=two",
            "--set train.epochs=two: train.epochs: expected a whole number, 0 or more, found the text `two`",
        ),
        (
            "train.epochs=",
            "--set train.epochs=: train.epochs: no value: give a whole number, 0 or more, or leave the key out",
        ),
        (
            "models.lif.layers.2.lif.hidden=1",
            "--set models.lif.layers.2.lif.hidden=1: `models.lif.layers` is a list of 2: `2` should be 0 to 1",
        ),
        (
            "train.lr.peak=1",
            "--set train.lr.peak=1: `train.lr` is `0.003`: it has no key `peak`",
        ),
        (
            "train=[1",
            "--set train=[1: not valid YAML: unclosed bracket '['",
        ),
        (
            "train.lr=-1",
            "--set train.lr=-1: train.lr: `-1` is out of range: it must be above 0",
        ),
    ] {
        assert_eq!(wrong(DESIGN, &[set]), message);
    }
}

#[test]
fn names_may_have_dots() {
    let text = "name: x\nmodels: {lr 0.1: {layers: rnn}, lr 0: {layers: rnn}}";
    let s = parse(
        text,
        &["models.lr 0.1.train.lr=0.1", "models.lr 0.train.lr=1"],
    );
    let s = s.unwrap_or_else(|e| panic!("{e}"));
    let lr = |name: &str| s.models.get(name).and_then(|m| m.train.lr);
    assert_eq!((lr("lr 0.1"), lr("lr 0")), (Some(0.1), Some(1.0)));
    assert_eq!(
        wrong(
            &text.replace("0.1: {layers: rnn}", "0.1: {layers: {rnn: {hidden: 0}}}"),
            &[]
        ),
        "s.yaml:2:42: models.lr 0.1.layers.0.rnn.hidden: `hidden` is 0: it must be at least 1"
    );
}

#[test]
fn a_name_with_dots_hides_no_other() {
    // `lif.layers` is a model, and also the path to the layers of `lif`.
    let text = "name: x\nmodels:\n  lif: {layers: [{lif: {threshold: -1}}]}\n  lif.layers: {layers: lif}\n";
    let message = "models.lif.layers.0.lif.threshold: `threshold` is -1: it must be greater than 0";
    assert_eq!(wrong(text, &[]), format!("s.yaml:3:36: {message}"));
    let set = "models.lif.layers.0.lif.threshold=2";
    let s = parse(text, &[set]).unwrap_or_else(|e| panic!("{e}"));
    let layers = |name: &str| s.models.get(name).map(|m| format!("{:?}", m.layers));
    assert!(layers("lif").is_some_and(|l| l.contains("threshold: 2.0")));
    assert!(layers("lif.layers").is_some_and(|l| l.contains("threshold: 1.0")));
    // Of names that resolve equally far, the longest is meant.
    let text = "name: x\nmodels: {a: {layers: rnn}, a.b: {layers: [{rnn: {hidden: 0}}]}}";
    assert!(wrong(text, &[]).starts_with("s.yaml:2:58: models.a.b.layers.0.rnn.hidden"));
}
