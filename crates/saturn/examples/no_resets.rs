//! Which network needs resets? Two losses, evaluated without resets and with one at every boundary.
use saturn::prelude::*;

/// Trains both and compares.
pub fn main() -> Result<(), Error> {
    let data = Dataset::synthetic(&Synthetic {
        classes: 4,
        channels: 24,
        train: 160,
        valid: 48,
        ..default()
    })?;
    let trained = |trainer: Trainer| -> Result<Network, Error> {
        let gru = GruConfig::default();
        let mut net = Network::builder(24).layer(gru).classes(4).build()?;
        trainer.epochs(6).learning_rate(0.01).fit(&mut net, &data)?;
        Ok(net)
    };
    let single = Trainer::new(CrossEntropyConfig::default()).input(Streams::Single);
    let classic = trained(single)?;
    let adaptive = trained(Trainer::new(AdaptiveConfig::default()))?;

    let oracle = Evaluation::new(&data).steps(30_000).lanes(4);
    let oracle = oracle.windows(10).state_reset(StateReset::ORACLE);
    let never = oracle.clone().state_reset(StateReset::NEVER);
    let reports = [
        ("classic, never reset", &never.run(&classic)?),
        ("classic, oracle resets", &oracle.run(&classic)?),
        ("adaptive, never reset", &never.run(&adaptive)?),
    ];
    for (name, report) in reports {
        let accuracy = report.summed.map_or(f64::NAN, |a| a.value);
        println!("{name}: {:.1} %", 100.0 * accuracy);
    }
    let stem = std::env::temp_dir().join("saturn-no-resets");
    let files = saturn::plot_accuracy(&reports, &stem)?;
    println!("{}", files.png.display());
    Ok(())
}
