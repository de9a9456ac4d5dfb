//! Few checkpoints and a second forward pass, and drives that are not kept, give the bits of a tape that holds all steps.

use nalgebra::DMatrix;
use saturn_cell::gradcheck::{random, random_events};
use saturn_cell::{Input, Real};
use saturn_network::{Network, Tapes};

/// Compares the four ways, of a network of this name.
pub fn check<R: Real>(net: &Network<R>, layers: &str) {
    let (steps, lanes) = (700, 4);
    let columns = steps * lanes;
    let x = random_events(net.cells()[0].widths().input, columns, 0.3, 7);
    let d_logits = random(net.outputs(), columns, 1.0, 8).map(R::of);
    let mut runs = Vec::new();
    for (recompute, drop) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut tapes = Tapes::new(net);
        tapes.recompute(recompute);
        if drop {
            tapes.drop_drives();
        }
        tapes.start(net, steps, lanes);
        let mut seen = vec![0; net.cells().len()];
        let mut segments = 0;
        tapes.forward_observed(net, Input::Events(x.view()), None, &mut |i, start, y| {
            assert_eq!(start, seen[i], "segments in order");
            seen[i] += y.ncols();
            segments += usize::from(i == 0);
        });
        assert!(seen.iter().all(|&seen| seen == columns));
        let mut logits = DMatrix::zeros(net.outputs(), columns);
        let mut grad = net.zero_gradient();
        tapes.backward(
            net,
            Input::Events(x.view()),
            &mut |start, seen, mut d| {
                logits.columns_mut(start, seen.ncols()).copy_from(&seen);
                d.copy_from(&d_logits.columns(start, seen.ncols()));
            },
            &mut grad,
            &mut |_, start, y, mut dy| {
                // A penalty that differs from column to column.
                for j in 0..y.ncols() {
                    dy[(0, j)] += R::of((start + j) as f64 / columns as f64) * y[(0, j)];
                }
            },
        );
        assert_eq!(segments > 1, recompute, "{layers}: segments");
        let spikes: Vec<_> = (0..net.cells().len()).map(|i| tapes.spikes(i)).collect();
        runs.push((logits, grad, spikes));
    }
    for run in &runs[1..] {
        assert!(runs[0] == *run, "{layers}: the bits differ");
    }
}
