//! Does it need resets? Two ways to train, evaluated without resets and with one at every boundary, and plotted.
use saturn::prelude::*;

fn main() -> Result<(), Error> {
    let spec = Synthetic {
        classes: 4,
        channels: 24,
        train: 160,
        valid: 48,
        ..default()
    };
    let data = Dataset::synthetic(&spec)?;
    let build = || {
        Network::<f32>::builder(24)
            .layer(GruConfig {
                hidden: 32,
                ..default()
            })
            .classes(4)
            .build()
    };

    let mut classic = build()?;
    let trainer = Trainer::new(CrossEntropyConfig::default()).input(Streams::Single);
    trainer
        .epochs(6)
        .learning_rate(0.01)
        .fit(&mut classic, &data)?;
    let mut adaptive = build()?;
    let trainer = Trainer::new(AdaptiveConfig::default());
    trainer
        .epochs(6)
        .learning_rate(0.01)
        .fit(&mut adaptive, &data)?;

    let evaluation = Evaluation::new(&data).steps(30_000).lanes(4).windows(10);
    let never = evaluation.clone().state_reset(StateReset::NEVER);
    let reports = [
        ("classic, never reset", never.run(&classic)?),
        (
            "classic, oracle resets",
            evaluation.state_reset(StateReset::ORACLE).run(&classic)?,
        ),
        ("adaptive, never reset", never.run(&adaptive)?),
    ];
    for (name, report) in &reports {
        let percent = |reading: Option<f64>| 100.0 * reading.unwrap_or(f64::NAN);
        println!("{name}: {:.1} %", percent(report.summed.map(|a| a.value)));
    }
    let stem = std::env::temp_dir().join("saturn-no-resets");
    let lines: Vec<_> = reports
        .iter()
        .map(|(name, report)| (*name, report))
        .collect();
    let files = saturn::plot_accuracy(&lines, &stem)?;
    println!("{}", files.png.display());
    Ok(())
}
