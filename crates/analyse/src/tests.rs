use saturn_cell::CellConfig;
use saturn_cell::gradcheck::random;
use saturn_cell::rng::generator;

use super::claim::Basis;
use super::*;
use saturn_network::Layer;

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

fn alone(net: &Network<f64>) -> (Vec<LayerAnalysis>, convergence::Settled, Vec<NetMeasured>) {
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
        starts: 8,
        seed: 1,
    };
    analyse(&subject, &options, &|_| {}).unwrap()
}

/// In silence a network that settles has the exponents ln |λ| of its fixed point: three ways to one number.
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
        has("cannot diverge") && has("settles in the same state"),
        "{said:#?}"
    );
    assert!(has("on silence: small differences fade"), "{said:#?}");
}

/// Strong random weights make chaos (Sompolinsky, Crisanti & Sommers 1988), and the verdict reports it.
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
        has("does not forget") && has("still move") && has("is inconclusive"),
        "{said:#?}"
    );
}

/// A linear state that may grow is reported as unbounded.
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
    // With other input weights the state would stay at 0: divergence is not proven.
    assert_eq!(said[0].basis, Basis::NotExcluded);
    assert!(
        said[0]
            .text
            .starts_with("the bound does not exclude divergence"),
        "{said:#?}"
    );
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

/// The verdict on a network of one layer whose weights are 0 except those called `name`, which are `value`.
fn verdict_of(yaml: &str, name: &str, value: f64) -> Vec<report::Line> {
    let layer: Layer = serde_saphyr::from_str(yaml).unwrap();
    let mut net = net(&[yaml], 1);
    net.cells_mut()[0].update(&mut |p| {
        let decays = ["tau", "alpha", "beta", "decay"];
        for tensor in p.tensors_mut() {
            if tensor.name == name {
                tensor.value.fill(value);
            } else if !decays.iter().any(|name| tensor.name.contains(name)) {
                tensor.value.fill(0.0);
            }
        }
    });
    let subject = Subject {
        net: &net,
        layers: vec![Some(&layer)],
        source: None,
        form: Form::Events,
        channels: 1,
        dt_ms: 10.0,
    };
    let options = Options {
        exponents: 4,
        steps: 800,
        starts: 2,
        seed: 1,
    };
    let (layers, settled, whole) = analyse(&subject, &options, &|_| {}).unwrap();
    verdict::verdict(&layers, &settled, &whole, 10.0)
}

/// h' = tanh(1.9 h) stays at 0 for ever, and a neuron without drive never fires: an unreached bound does not
/// prove that it can be reached.
#[test]
fn what_a_bound_leaves_open_is_not_called_proven() {
    let rnn = verdict_of("rnn: {hidden: 1, bias: false}", "weight_hh_l0", 1.9);
    let lif = verdict_of(
        "lif: {hidden: 1, recurrent: true, tau_mem_ms: 50, learn_tau: false}",
        "recurrent",
        3.0,
    );
    for (said, what) in [(rnn, "reach ±0.95"), (lif, "fire at every step")] {
        let lines: Vec<_> = said.iter().filter(|l| l.text.contains(what)).collect();
        assert!(!lines.is_empty(), "{said:#?}");
        for line in lines {
            assert_eq!(line.basis, Basis::NotExcluded, "{line:?}");
            assert!(
                line.text
                    .contains("the bound does not exclude that 1 of 1 units"),
                "{line:?}"
            );
        }
        for line in said.iter().filter(|l| l.basis == Basis::Proven) {
            assert!(!line.text.contains(" can "), "{line:?}");
        }
    }
}

/// A layer that certainly forgets above one that does not, and one whose bound is slow: in no case is a layer
/// reported both to forget for certain and not to forget.
#[test]
fn no_layer_forgets_for_certain_and_does_not_forget() {
    for (below, above) in [(2.0, 0.5), (0.5, 0.5), (0.5, 2.0), (2.0, 2.0)] {
        let mut net = net(
            &[
                "rnn: {hidden: 2, bias: false}",
                "rnn: {hidden: 2, bias: false}",
            ],
            1,
        );
        for (cell, scale) in net.cells_mut().iter_mut().zip([below, above]) {
            cell.update(&mut |p| p[1].copy_from(&(nalgebra::DMatrix::identity(2, 2) * scale)));
        }
        let (mut layers, settled, whole) = alone(&net);
        for layer in &mut layers {
            layer.forgetting = Some(Forgetting {
                field: "h".to_owned(),
                lags: vec![0, 400],
                left: vec![1.0, 0.98],
                measured: Some(-1e-4),
                foretold: Some(-0.5),
            });
        }
        let said = verdict::verdict(&layers, &settled, &whole, 10.0);
        for name in ["layer 0 (rnn)", "layer 1 (rnn)"] {
            let of = |part: &str| {
                said.iter()
                    .any(|l| l.text.starts_with(name) && l.text.contains(part))
            };
            let certain = of("forgets for certain");
            let weight = if name.contains('0') { below } else { above };
            assert_eq!(certain, weight < 1.0);
            assert!(!(certain && of("did not forget")), "{said:#?}");
            assert!(certain || of("did not forget"), "{said:#?}");
        }
        if (below, above) == (2.0, 0.5) {
            let found = said
                .iter()
                .find(|l| l.text.contains("the difference comes from below"));
            assert!(
                found
                    .unwrap()
                    .text
                    .contains("where layer 0 (rnn) is not proven to forget")
            );
        }
    }
}

/// h' = tanh(2 h + 0.1) has two stable points, each with an exponent of its own: ln of its slope.
#[test]
fn each_attractor_has_its_own_exponent() {
    let mut net = net(&["rnn: {hidden: 1}"], 1);
    net.cells_mut()[0].update(&mut |p| {
        p[1].fill(2.0);
        p[2].fill(0.1);
    });
    let (layers, settled, whole) = alone(&net);
    let mut found: Vec<(f64, f64)> = Vec::new();
    for net in &whole {
        let own = net.attractor.unwrap();
        assert_eq!((own.of, own.all), (2, 8));
        let leading = net.spectrum.leading().unwrap();
        found.push((leading.per_step.unwrap(), leading.error.unwrap()));
    }
    assert_eq!(
        whole
            .iter()
            .map(|net| net.attractor.unwrap().starts)
            .sum::<usize>(),
        8
    );
    assert_eq!(found.len(), 2);
    for start in [1.0, -1.0] {
        let point = (0..500).fold(start, |h: f64, _| (2.0 * h + 0.1).tanh());
        let truth = (2.0 * (1.0 - point * point)).ln();
        let held = |(rate, error): &&(f64, f64)| (rate - truth).abs() <= 2.0 * error + 1e-9;
        assert_eq!(found.iter().filter(held).count(), 1, "{truth}: {found:?}");
    }
    let said = verdict::verdict(&layers, &settled, &whole, 10.0);
    let has = |part: &str| said.iter().any(|line| line.text.contains(part));
    assert!(
        has("on silence: 8 starts lead to 2 attractors"),
        "{said:#?}"
    );
    assert!(has("on silence, attractor 2 of 2 ("), "{said:#?}");
}

/// The exponents of a state-space model and of leaky neurons are known; they are within two errors for all
/// weights.
#[test]
fn intervals_hold_the_exponents_that_are_known() {
    let mut held = 0;
    for seed in 0..6 {
        for (yaml, steps) in [
            ("ssm: {width: 3, states: 32}", 2_000),
            ("lif: {hidden: 32, tau_mem_ms: [20, 200]}", 2_000),
        ] {
            let layer: Layer = serde_saphyr::from_str(yaml).unwrap();
            let cell = layer
                .build::<f64>(2, 10.0, &mut generator(seed, "init", 0))
                .unwrap();
            let heard = theory::Heard {
                input: &[(0.0, 1.0); 2],
                state: &[],
            };
            let known = theory::theory(cell.as_ref(), Some(&layer), heard);
            // a of a membrane below its threshold, where there is no condition.
            let at = vec![0.0; cell.widths().state];
            let mut step = jacobian::Step::new(cell.as_ref());
            let x = nalgebra::DMatrix::zeros(2, 1);
            step.run(cell.as_ref(), saturn_cell::Input::Dense(x.as_view()), &at);
            let j = jacobian::jacobian(cell.as_ref(), step.at(&at), Slope::True);
            let leaks = (0..32).map(|i| j[(i, i)]).fold(0.0, f64::max);
            let slowest = known.contraction.first().map_or(leaks, |c| c.value);
            let net = Network::new(vec![cell]);
            let subject = Subject {
                net: &net,
                layers: vec![Some(&layer)],
                source: None,
                form: Form::Events,
                channels: 2,
                dt_ms: 10.0,
            };
            let options = Options {
                exponents: 8,
                steps,
                starts: 1,
                seed,
            };
            let (_, _, whole) = analyse(&subject, &options, &|_| {}).unwrap();
            let leading = whole[0].spectrum.leading().unwrap();
            let (rate, error) = (leading.per_step.unwrap(), leading.error.unwrap());
            assert!(error < 0.01, "{yaml}: {error}");
            held += usize::from((rate - slowest.ln()).abs() <= 2.0 * error);
        }
    }
    assert!(held >= 11, "{held} of 12");
}
