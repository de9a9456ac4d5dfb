//! Layers of all kinds stack in any order.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::random_events;
use saturn_cell::{Input, Kind, Tensor, View, ViewMut};
use saturn_loss::{AdaptiveConfig, Loss, LossConfig, Targets};
use serde_json::{Map, Value, json};

use super::*;
use crate::Tapes;
use crate::layer::Layer;

const INPUTS: usize = 20;
const CLASSES: usize = 3;
const STEPS: usize = 16;
const LANES: usize = 3;

/// A layer of this kind, narrow if its width has one of the usual names, in a scenario's form.
fn narrow(kind: &str) -> String {
    let with = |key: &str| {
        let keys: Map<String, Value> = [(key.to_owned(), json!(8))].into_iter().collect();
        let layer = json!({ kind: keys });
        serde_json::from_value::<Layer>(layer.clone()).map(|_| layer.to_string())
    };
    let usual = ["hidden", "width", "out", "outputs"];
    let narrow = usual.into_iter().find_map(|key| with(key).ok());
    narrow.unwrap_or_else(|| json!({ kind: {} }).to_string())
}

/// A network of each pair of kinds, by name.
fn pairs() -> Vec<(String, NetworkConfig)> {
    let kinds = || Layer::KINDS.iter().copied();
    let pairs = kinds().flat_map(|below| kinds().map(move |above| (below, above)));
    let layer = |kind| serde_json::from_str(&narrow(kind)).expect("a layer");
    pairs
        .map(|(below, above)| {
            let layers = vec![layer(below), layer(above)];
            (format!("{below}-{above}"), NetworkConfig::new(layers))
        })
        .collect()
}

#[test]
fn any_two_kinds_of_layers_learn_together() {
    let columns = STEPS * LANES;
    let x = random_events(INPUTS, columns, 0.5, 3);
    let loss = Loss::new(&LossConfig::Adaptive(AdaptiveConfig::default())).unwrap();
    let labels: Vec<u32> = (0..columns as u32).map(|j| j % CLASSES as u32).collect();
    let mask: Vec<f64> = (0..columns).map(|j| f64::from(j % 3 != 0)).collect();
    let weight = vec![1.0; columns];
    let targets = Targets {
        labels: &labels,
        mask: &mask,
        weight: &weight,
    };
    let totals = loss.totals(&targets);
    let pairs = pairs();
    let mut wrong = Vec::new();
    for (name, model) in &pairs {
        let mut net: Network<f64> = build(name, model, INPUTS, CLASSES, 10.0, 1).expect(name);
        let mut tapes = Tapes::new(&net);
        let mut d = DMatrix::zeros(CLASSES, columns);
        let input = Input::Events(x.view());
        let mut value = |net: &Network<f64>, tapes: &mut Tapes<f64>| {
            tapes.start(net, STEPS, LANES);
            let logits = tapes.forward(net, input, None);
            loss.value_and_gradient(
                logits,
                &targets,
                &totals,
                loss.balance(0.0, [0.0; 2]),
                d.as_view_mut(),
            )
            .total
        };
        let before = value(&net, &mut tapes);
        let mut grad = net.zero_gradient();
        let mut into = |_, _: View<f64>, mut to: ViewMut<f64>| to.copy_from(&d);
        tapes.backward(&net, input, &mut into, &mut grad, &mut |_, _, _, _| {});
        for (cell, params) in net.cells().iter().zip(&grad) {
            let learnt = |t: &&Tensor<f64>| t.kind != Kind::Fixed;
            for tensor in params.tensors().iter().filter(learnt) {
                let norm = tensor.value.norm();
                if !norm.is_finite() || norm == 0.0 {
                    let what = (cell.name(), &*tensor.name);
                    wrong.push(format!("{name}: the gradient of {what:?} is {norm}"));
                }
            }
        }
        // A small gradient step: still a valid network.
        for (cell, params) in net.cells_mut().iter_mut().zip(&grad) {
            cell.update(&mut |p| {
                for (to, d) in p.tensors_mut().iter_mut().zip(params.tensors()) {
                    to.value -= 1e-3 * &d.value;
                }
            });
        }
        let after = {
            let mut d = DMatrix::zeros(CLASSES, columns);
            tapes.start(&net, STEPS, LANES);
            let logits = tapes.forward(&net, input, None);
            loss.value_and_gradient(
                logits,
                &targets,
                &totals,
                loss.balance(0.0, [0.0; 2]),
                d.as_view_mut(),
            )
            .total
        };
        if !(before.is_finite() && after.is_finite()) {
            wrong.push(format!("{name}: the loss is {before}, then {after}"));
        }
    }
    assert_eq!(pairs.len(), Layer::KINDS.len().pow(2));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A layer as written, with each of its switches turned and each of its whole numbers changed, one at a time.
fn variants(kind: &str) -> Vec<Layer> {
    let of =
        |keys: &Map<String, Value>| serde_json::from_value::<Layer>(json!({ kind: keys })).ok();
    let plain: Layer = serde_json::from_str(&narrow(kind)).expect("a layer");
    let written = serde_json::to_value(&plain).expect("JSON");
    let keys = written[kind].as_object().expect("keys").clone();
    let mut all = vec![plain];
    for (key, value) in &keys {
        let others = match value {
            Value::Bool(on) => vec![json!(!on)],
            Value::Number(n) if n.is_u64() => vec![json!(6), json!(1)],
            // The choices that change what is stored.
            Value::String(_) => ["none", "rms", "lru", "s5", "balanced", "euler", "decay"]
                .map(Value::from)
                .to_vec(),
            _ => Vec::new(),
        };
        for other in others {
            let mut changed = keys.clone();
            changed.insert(key.clone(), other);
            all.extend(of(&changed).filter(|layer| layer.check().is_ok()));
        }
    }
    all
}

#[test]
fn every_kind_of_cell_counts_what_it_builds() {
    let rng = &mut saturn_cell::rng::generator(1, "init", 0);
    let mut seen = 0;
    for kind in Layer::KINDS {
        for layer in variants(kind) {
            let inputs = layer.input_width().unwrap_or(9);
            let size = layer.size(inputs.into());
            let Ok(cell) = layer.build::<f32>(inputs, 10.0, rng) else {
                continue;
            };
            let w = cell.widths();
            let counted =
                [size.parameters, size.drive, size.state, size.output].map(saturn_cell::Count::get);
            let built = [cell.params().count(), w.drive, w.state, w.output].map(|n| n as u128);
            assert_eq!(counted, built, "{layer:?}");
            let unread = if cell.reads_drive() { 0 } else { w.drive };
            assert_eq!(size.unread.get(), unread as u128, "{layer:?}");
            seen += 1;
        }
    }
    assert!(seen > 3 * Layer::KINDS.len(), "{seen} layers");
}

#[test]
fn a_net_that_no_machine_holds_is_refused_before_anything_is_built() {
    for (layers, parameters) in [
        ("[{lif: {hidden: 18446744073709551615}}]", "e20"),
        ("[{lif: {hidden: 1099511627776, recurrent: true}}]", "e24"),
        ("[{rnn: {hidden: 10000000}}]", "100000240000003"),
        (
            "[{gru: {hidden: 18446744073709551615}}, {ssm_block: {width: 18446744073709551615}}]",
            "3",
        ),
        (
            "[{windowed_attention: {width: 18446744073709551615, heads: 1, window: 18446744073709551615}}]",
            "3",
        ),
    ] {
        let model = NetworkConfig::new(serde_saphyr::from_str(layers).expect(layers));
        let error = build::<f64>("big", &model, INPUTS, CLASSES, 10.0, 1)
            .err()
            .expect("too large");
        let said = error.to_string();
        assert!(said.starts_with("models.big: the network has "), "{said}");
        assert!(
            said.contains(parameters) && said.contains("hint: make it smaller"),
            "{said}"
        );
    }
}

#[test]
fn without_a_readout_the_last_layer_gives_the_scores() {
    let model = |outputs: usize| NetworkConfig {
        layers: vec![serde_json::from_value(json!({ "rnn": { "hidden": outputs } })).unwrap()],
        readout: Some(crate::config::Readout::None),
    };
    let net = build::<f32>("m", &model(CLASSES), INPUTS, CLASSES, 1.0, 1).unwrap();
    assert_eq!(net.cells().len(), 1);
    let refused = build::<f32>("m", &model(CLASSES + 1), INPUTS, CLASSES, 1.0, 1);
    let message = refused.err().unwrap().to_string();
    assert!(
        message.starts_with(
            "models.m.readout: the last layer has 4 outputs, and 3 scores are expected"
        ),
        "{message}"
    );
}
