//! Trains a LIF network on recordings in memory and evaluates it without resets.
use saturn::prelude::*;

/// Twelve channels fire one after the other, upwards or downwards: only the order differs.
fn sweep(index: usize) -> Recording {
    let up = index.is_multiple_of(2);
    Recording {
        times_s: (0..12).map(|k| 0.01 * f64::from(k)).collect(),
        units: (0..12).map(|k| if up { k } else { 11 - k }).collect(),
        label: usize::from(up),
        speaker: None,
        index,
    }
}

/// Trains and evaluates.
pub fn main() -> Result<(), Error> {
    let (train, valid) = ((0..64).map(sweep), (64..96).map(sweep));
    let data = Dataset::from_recordings(train.collect(), valid.collect(), 12, 10.0)?;

    let lif = LifConfig {
        hidden: 24,
        recurrent: true,
        input_gain: 4.0,
        ..default()
    };
    let mut net = Network::<f32>::builder(12).layer(lif).classes(2).build()?;
    let trainer = Trainer::new(AdaptiveConfig::default()).epochs(12);
    trainer.learning_rate(0.01).fit(&mut net, &data)?;

    let evaluation = Evaluation::new(&data).state_reset(StateReset::NEVER);
    let report = evaluation.steps(20_000).run(&net)?;
    let accuracy = report.summed.map_or(0.0, |a| a.value);
    println!("{:.0} % without a reset", 100.0 * accuracy);
    assert!(accuracy > 0.8);
    Ok(())
}
