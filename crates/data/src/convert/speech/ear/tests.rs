//! The ear's loop compared with its equations, one channel after the other.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Ear, EarOptions};

/// Equations (1) to (5) of one channel, sample by sample.
fn one_channel(ear: &Ear, c: usize, sound: &[f32]) -> Vec<usize> {
    let decay = |tau_ms: f64| (-1e3 / (tau_ms * ear.rate_hz)).exp() as f32;
    let (a, b) = (
        decay(ear.options.tau_mem_ms),
        decay(ear.options.tau_adapt_ms),
    );
    let (theta, beta) = (ear.options.threshold as f32, ear.options.adaptation as f32);
    let (re, im, gain) = (ear.pole_re[c], ear.pole_im[c], ear.gain[c]);
    let mut y = [[0.0_f32; 2]; 4];
    let (mut v, mut w) = (0.0_f32, 0.0_f32);
    let mut events = Vec::new();
    for (t, x) in sound.iter().enumerate() {
        let mut input = [*x, 0.0];
        for y in &mut y {
            *y = [
                gain * input[0] + re * y[0] - im * y[1],
                gain * input[1] + re * y[1] + im * y[0],
            ];
            input = *y;
        }
        let d = (2.0 * input[0].max(0.0)).sqrt().sqrt();
        v = a * v + (1.0 - a) * d;
        w *= b;
        if v >= theta + w {
            v = 0.0;
            w += beta;
            events.push(t);
        }
    }
    events
}

#[test]
fn channels_side_by_side_have_the_events_of_each_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    // Longer than a stretch, with silence between.
    let noise: Vec<f32> = (0..9_001).map(|_| rng.random_range(-1.0..1.0)).collect();
    let gated = noise
        .iter()
        .enumerate()
        .map(|(t, x)| if t % 3_000 < 2_000 { *x } else { 0.0 });
    let sound: Vec<f32> = gated.collect();
    for channels in [1, 63, 64, 65, 130, 700] {
        let options = EarOptions {
            channels,
            ..EarOptions::default()
        };
        let ear = Ear::new(&options, 8_000.0).unwrap();
        let (times_s, units) = ear.hear(&sound);
        let mut right: Vec<(usize, u32)> = (0..channels)
            .flat_map(|c| {
                one_channel(&ear, c, &sound)
                    .into_iter()
                    .map(move |t| (t, c as u32))
            })
            .collect();
        right.sort_unstable();
        assert!(right.len() > 10 * channels, "{} events", right.len());
        let expected: Vec<f64> = right.iter().map(|(t, _)| *t as f64 / 8_000.0).collect();
        assert!(times_s == expected, "times of {channels} channels");
        assert!(
            units.iter().eq(right.iter().map(|(_, c)| c)),
            "units of {channels} channels"
        );
    }
}
