use std::convert::Infallible;

use saturn_cell::gradcheck::random;
use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig};

use super::*;
use crate::jacobian::Step;
use saturn_network::Layer;

fn cell(yaml: &str, inputs: usize) -> Box<dyn Cell<f64>> {
    let layer: Layer = serde_saphyr::from_str(yaml).unwrap();
    layer
        .build(inputs, 10.0, &mut generator(2, "init", 0))
        .unwrap()
}

/// A net on `steps` random frames of `inputs` values, times `scale`.
fn path(net: &Network<f64>, inputs: usize, steps: usize, scale: f64) -> Trajectory {
    let x = random(inputs, steps, scale, 9);
    let mut t = 0;
    let mut next = |columns: &mut Columns<f64>| -> Result<(), Infallible> {
        columns.push_frame(x.column(t).iter().map(|x| *x as f32));
        t += 1;
        Ok(())
    };
    let mut seen = vec![Seen::default(); net.cells().len()];
    let form = (Form::Frames, inputs);
    Trajectory::record(net, None, steps, form, &mut next, &mut seen)
        .unwrap()
        .0
}

/// λ of a diagonal linear cell are ln |L|, each twice, for any input.
#[test]
fn a_diagonal_cell_has_the_logarithms_of_its_moduli() {
    let net = Network::new(vec![cell("lru: {width: 3, states: 4}", 5)]);
    let mut moduli = net.cells()[0].moduli().unwrap();
    moduli.sort_by(|a, b| b.total_cmp(a));
    let spectra = path(&net, 5, 3_000, 1.0).spectra(&net, &net, 8);
    let spectrum = &spectra[0].as_ref().unwrap().exact;
    assert_eq!(spectrum.exponents.len(), 8);
    for (k, exponent) in spectrum.exponents.iter().enumerate() {
        let expected = moduli[k / 2].ln();
        let rate = exponent.per_step.unwrap();
        assert!(
            (rate - expected).abs() < 2e-3 * (1.0 + expected.abs()),
            "{k}: {rate} is not {expected}"
        );
    }
    assert_eq!(spectrum.kaplan_yorke, Some(0.0));
}

/// Leaky neurons without a reset of the membrane: λ = ln a, independent of their spikes.
#[test]
fn a_spiking_layer_forgets_as_its_membranes_leak() {
    let yaml = "lif: {hidden: 3, recurrent: true, tau_mem_ms: 50, learn_tau: false}";
    let net = Network::new(vec![cell(yaml, 4)]);
    let spectra = path(&net, 4, 2_000, 3.0).spectra(&net, &net, 6);
    let spectra = spectra[0].as_ref().unwrap();
    let rates: Vec<Option<f64>> = (spectra.exact.exponents.iter())
        .map(|e| e.per_step)
        .collect();
    for rate in &rates[..3] {
        assert!((rate.unwrap() - -0.2).abs() < 1e-9, "{rates:?}");
    }
    // Spikes themselves are erased by the next step.
    assert_eq!(rates[3..], [None, None, None]);
    assert!(spectra.surrogate.is_some());
}

/// Back by the transpose is forward by the derivative itself.
#[test]
fn backwards_equals_forwards() {
    let net = Network::new(vec![
        cell("gru: {hidden: 6}", 4),
        cell("rnn: {hidden: 5}", 6),
    ]);
    let steps = 4_000;
    let path = path(&net, 4, steps, 2.0);
    let back = path.spectra(&net, &net, 11);
    let x = random(4, steps, 2.0, 9);
    let plan = Plan::of(11, steps);
    let mut forward: Vec<Benettin> = [6, 5].map(|s| Benettin::new(s, plan)).into();
    let mut states = [vec![0.0; 6], vec![0.0; 5]];
    let mut all = [
        Step::new(net.cells()[0].as_ref()),
        Step::new(net.cells()[1].as_ref()),
    ];
    for t in 0..steps {
        // As the frames were rounded.
        let narrow = x.columns(t, 1).map(|x| f64::from(x as f32));
        let mut input = narrow;
        for i in 0..2 {
            let cell = net.cells()[i].as_ref();
            all[i].run(cell, Input::Dense(input.as_view()), &states[i]);
            let j = jacobian(cell, all[i].at(&states[i]), Slope::True);
            forward[i].step(|q| *q = j * &*q);
            states[i].copy_from_slice(&all[i].next);
            // Both cells show their state.
            input = DMatrix::from_column_slice(states[i].len(), 1, &states[i]);
        }
    }
    for (back, forward) in back.into_iter().zip(forward) {
        let (back, forward) = (back.unwrap().exact, forward.finish());
        for (a, b) in back.exponents.iter().zip(&forward.exponents) {
            let (a, b) = (a.per_step.unwrap(), b.per_step.unwrap());
            assert!(
                (a - b).abs() < 0.02 * (0.5 + b.abs()),
                "{a} backwards, {b} forwards"
            );
        }
        let sum = |s: &Spectrum| s.exponents.iter().map(|e| e.per_step.unwrap()).sum::<f64>();
        assert!((sum(&back) - sum(&forward)).abs() < 0.02 * sum(&forward).abs());
    }
}

/// With weak weights tanh is the identity: λ = ln |eigenvalues of U|.
#[test]
fn a_weak_recurrent_net_is_linear() {
    let mut rnn = cell("rnn: {hidden: 4, bias: false}", 2);
    let u = random(4, 4, 0.3, 6);
    rnn.update(&mut |p| p[1].copy_from(&u));
    let net = Network::new(vec![rnn]);
    let mut moduli: Vec<f64> = (u.complex_eigenvalues().iter()).map(|e| e.norm()).collect();
    moduli.sort_by(|a, b| b.total_cmp(a));
    let spectra = path(&net, 2, 4_000, 1e-4).spectra(&net, &net, 4);
    let spectrum = &spectra[0].as_ref().unwrap().exact;
    for (exponent, modulus) in spectrum.exponents.iter().zip(moduli) {
        let rate = exponent.per_step.unwrap();
        assert!(
            (rate - modulus.ln()).abs() < 5e-3,
            "{rate} is not {}",
            modulus.ln()
        );
    }
}
