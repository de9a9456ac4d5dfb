use saturn_cell::CellConfig;

use super::*;
use crate::scenario::Layer;

fn net(layers: &[&str], inputs: usize) -> Network<f64> {
    let mut width = inputs;
    let mut rng = generator(3, "init", 0);
    let cells = (layers.iter()).map(|yaml| {
        let layer: Layer = serde_saphyr::from_str(yaml).unwrap();
        let cell = layer.build::<f64>(width, 10.0, &mut rng).unwrap();
        width = cell.widths().output;
        cell
    });
    Network::new(cells.collect())
}

fn alone(net: &Network<f64>) -> (Vec<LayerAnalysis>, settle::Settled, Vec<NetMeasured>) {
    let subject = Subject {
        net,
        layers: vec![None; net.cells().len()],
        source: None,
        form: Form::Events,
        channels: net.cells()[0].widths().input,
        dt_ms: 10.0,
    };
    let options = Options {
        exponents: 4,
        steps: 2_000,
        seed: 1,
    };
    analyse(&subject, &options, &|_| {}).unwrap()
}

/// In silence a net that comes to rest has the exponents ln |λ| of its fixed point: three ways to one number.
#[test]
fn at_rest_exponents_are_those_of_the_fixed_point() {
    let net = net(&["gru: {hidden: 7}", "rnn: {hidden: 5}"], 3);
    let (layers, settled, whole) = alone(&net);
    assert!(settled.one_point(), "{settled:?}");
    let mut slowest = f64::NEG_INFINITY;
    for layer in &layers {
        let [point] = &layer.fixed_points.as_ref().unwrap().points[..] else {
            panic!("{layer:?}");
        };
        let mut moduli: Vec<f64> = (point.eigenvalues.iter())
            .map(|(re, im)| re.hypot(*im))
            .collect();
        moduli.sort_by(|a, b| b.total_cmp(a));
        let spectrum = layer.under("silence", Slope::True).unwrap();
        let leading = spectrum.leading().unwrap().per_step.unwrap();
        assert!(
            (leading - point.radius.ln()).abs() < 5e-3,
            "{leading}, {}",
            point.radius
        );
        let sum: f64 = spectrum.exponents.iter().map(|e| e.per_step.unwrap()).sum();
        let expected: f64 = moduli[..4].iter().map(|m| m.ln()).sum();
        assert!(
            (sum - expected).abs() < 0.05 * expected.abs() + 0.02,
            "{sum} is not {expected}"
        );
        slowest = slowest.max(leading);
        assert_eq!(layer.clouds.len(), 1);
        assert!((layer.clouds[0].radius[1] - point.radius).abs() < 1e-3);
    }
    let [silence] = &whole[..] else {
        panic!("{whole:?}")
    };
    assert!((silence.spectrum.leading().unwrap().per_step.unwrap() - slowest).abs() < 1e-12);
    let said = verdict::verdict(&layers, &settled, &whole, 10.0);
    let has = |part: &str| said.iter().any(|line| line.text.contains(part));
    assert!(
        has("cannot diverge") && has("one and the same state"),
        "{said:#?}"
    );
    assert!(has("on silence: small differences fade"), "{said:#?}");
}

/// Strong random weights make chaos (Sompolinsky, Crisanti & Sommers 1988), and it is called so.
#[test]
fn a_strong_random_net_is_chaotic_and_is_called_so() {
    let mut net = net(&["rnn: {hidden: 60, bias: false}"], 2);
    let u = random(60, 60, 3.0 / 60f64.sqrt(), 5);
    net.cells_mut()[0].update(&mut |p| p[1].copy_from(&u));
    let (layers, settled, whole) = alone(&net);
    assert_eq!(settled.moving, settled.lanes);
    let leading = whole[0].spectrum.leading().unwrap();
    assert!(leading.per_step.unwrap() > 0.05, "{leading:?}");
    let said = verdict::verdict(&layers, &settled, &whole, 10.0);
    let has = |part: &str| said.iter().any(|line| line.text.contains(part));
    assert!(
        has("does not forget") && has("still move") && has("says nothing"),
        "{said:#?}"
    );
}

/// A linear state that grows is said to diverge.
#[test]
fn a_growing_state_is_called_so() {
    let mut net = net(&["lru: {width: 2, states: 2}"], 2);
    net.cells_mut()[0].update(&mut |p| {
        // |L| = exp(-exp(nu)): towards 1 from below for nu -> -inf, so it cannot be passed.
        let nu = p
            .tensors_mut()
            .iter_mut()
            .find(|t| t.name == "nu_log")
            .unwrap();
        nu.value.fill(-40.0);
    });
    let (layers, settled, whole) = alone(&net);
    let condition = &layers[0].theory.contraction[0];
    assert!(condition.exact && !condition.holds, "{condition:?}");
    let said = verdict::verdict(&layers, &settled, &whole, 10.0);
    assert!(said[0].text.starts_with("can diverge"), "{said:#?}");
}

#[test]
fn numbers_are_short() {
    let found: Vec<String> = [0.0, 1.0, -12.345, 0.012_34, 123_456.0, 1e-9, 99.96, 250.0]
        .map(verdict::short)
        .into();
    assert_eq!(
        found,
        [
            "0", "1", "-12.3", "0.0123", "1.23e5", "1.00e-9", "100", "250"
        ]
    );
}
