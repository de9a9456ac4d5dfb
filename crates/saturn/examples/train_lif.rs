//! Trains a LIF network on recordings in memory.
use saturn::prelude::*;

fn main() -> Result<(), Error> {
    // A rising or a falling sweep over 12 channels: the classes differ in the order of events alone.
    let recording = |i: usize| Recording {
        times_s: (0..12)
            .map(|k| 0.01 * k as f64 + 0.001 * (i % 7) as f64)
            .collect(),
        units: (0..12)
            .map(|k| if i % 2 == 0 { k } else { 11 - k })
            .collect(),
        label: i % 2,
        speaker: None,
        index: i,
    };
    let train = (0..64).map(recording).collect();
    let valid = (64..96).map(recording).collect();
    let data = Dataset::from_recordings(train, valid, 12, 10.0)?;

    let mut net = Network::<f32>::builder(12)
        .layer(LifConfig {
            hidden: 24,
            recurrent: true,
            input_gain: 4.0,
            ..default()
        })
        .classes(2)
        .build()?;
    let history = Trainer::new(AdaptiveConfig::default())
        .epochs(12)
        .learning_rate(0.01)
        .fit(&mut net, &data)?;
    let report = Evaluation::new(&data)
        .state_reset(StateReset::NEVER)
        .steps(20_000)
        .run(&net)?;

    let accuracy = report.summed.map_or(0.0, |a| a.value);
    println!(
        "{} epochs, {:.0} % without a reset",
        history.epochs.len(),
        100.0 * accuracy
    );
    assert!(accuracy > 0.8);
    Ok(())
}
