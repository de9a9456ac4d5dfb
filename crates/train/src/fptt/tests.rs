use saturn_cell::gradcheck::{TOLERANCE, differences, error, random};

use super::*;
use crate::tests::net;

fn fill(net: &mut Network<f64>, value: f64) {
    for cell in net.cells_mut() {
        cell.update(&mut |params| {
            for tensor in params.tensors_mut() {
                tensor.value.fill(value);
            }
        });
    }
}

/// The regulariser's contribution to a gradient of zeros, if all weights are equal.
fn pull(fptt: &Fptt<f64>, net: &Network<f64>) -> f64 {
    let mut grad = net.zero_gradient();
    fptt.regularise(net, &mut grad);
    let first = grad[0][0][(0, 0)];
    let all = grad.iter().flat_map(saturn_cell::Params::tensors);
    assert!(
        all.flat_map(|t| t.value.iter())
            .all(|d| (d - first).abs() < 1e-15)
    );
    first
}

/// Equations (2), (4) and (5) with α = 1/2, weights 1, then 1.4, then 1.5.
#[test]
fn two_parts_by_hand() {
    let mut net = net();
    fill(&mut net, 1.0);
    let config = FpttConfig {
        every: 5,
        alpha: 0.5,
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-15, "{a} is not {b}");
    let mut fptt = Fptt::new(&config, &net);
    close(pull(&fptt, &net), 0.0);
    fill(&mut net, 1.4);
    close(pull(&fptt, &net), 0.5 * 0.4);
    fptt.settle(&net);
    // g = -0.5 * 0.4 = -0.2, mean = (1 + 1.4) / 2 + 0.2 = 1.4.
    close(fptt.slope[0][0][(0, 0)], -0.2);
    close(fptt.mean[0][0][(0, 0)], 1.4);
    close(pull(&fptt, &net), 0.1);
    fill(&mut net, 1.5);
    close(pull(&fptt, &net), 0.5 * 0.1 + 0.1);
    fptt.settle(&net);
    // g = -0.1 - 0.5 * 0.1 = -0.15, mean = (1.4 + 1.5) / 2 + 0.15 = 1.6.
    close(fptt.slope[1][0][(0, 0)], -0.15);
    close(fptt.mean[1][0][(0, 0)], 1.6);
}

#[test]
fn the_pull_is_the_gradient_of_the_regulariser() {
    let mut net = net();
    let config = FpttConfig {
        every: 5,
        alpha: 0.3,
    };
    let mut fptt = Fptt::new(&config, &net);
    let shape = net.cells()[0].params()[0].shape();
    let weights = random(shape.0, shape.1, 1.0, 5);
    net.cells_mut()[0].update(&mut |params| params[0].copy_from(&weights));
    fptt.settle(&net);
    let moved = random(shape.0, shape.1, 1.0, 6);
    net.cells_mut()[0].update(&mut |params| params[0].copy_from(&moved));
    let mut grad = net.zero_gradient();
    fptt.regularise(&net, &mut grad);
    let numeric = differences(&moved, 1e-5, |w| {
        let apart = w - &fptt.mean[0][0] - &fptt.slope[0][0] / (2.0 * config.alpha);
        0.5 * config.alpha * apart.norm_squared() // (1)
    });
    assert!(error(&grad[0][0], &numeric) <= TOLERANCE);
    assert!(grad[0][0].norm() > 0.1);
}
