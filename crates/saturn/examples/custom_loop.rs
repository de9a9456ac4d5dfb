//! The adaptive loss in a training loop of one's own.
use saturn::nalgebra::DMatrix;
use saturn::prelude::*;

fn main() -> Result<(), Error> {
    let (steps, lanes, channels) = (30, 8, 3);
    let mut net = Network::<f32>::builder(channels)
        .layer(GruConfig {
            hidden: 16,
            ..default()
        })
        .classes(2)
        .build()?;
    let loss = Loss::new(&AdaptiveConfig::default().into())?;
    let mut passes = Passes::new(&net, Optimizer::default());

    // Steps 10 to 19 of each lane are a sample: its class is the channel with input. The rest is a gap.
    let informative = |column: usize| (10..20).contains(&(column / lanes));
    let labels: Vec<u32> = (0..steps * lanes)
        .map(|column| (column % lanes % 2) as u32)
        .collect();
    let mask: Vec<f32> = (0..steps * lanes)
        .map(|column| f32::from(informative(column)))
        .collect();
    let weight = vec![1.0; steps * lanes];
    let x = DMatrix::from_fn(channels, steps * lanes, |i, column| {
        f32::from(informative(column) && i == labels[column] as usize)
    });
    let targets = Targets {
        labels: &labels,
        mask: &mask,
        weight: &weight,
    };

    let mut total = f64::NAN;
    for update in 0..200 {
        let input = Input::Dense(x.as_view());
        let logits = passes.forward(&net, input, lanes);
        let mut d_logits = DMatrix::zeros(2, steps * lanes);
        let balance = loss.balance(f64::from(update) / 200.0, [0.0; 2]);
        let parts = loss.value_and_gradient(
            logits,
            &targets,
            &loss.totals(&targets),
            balance,
            d_logits.as_view_mut(),
        );
        passes.backward(&net, input, &d_logits);
        passes.update(&mut net, 0.01, 1.0);
        total = parts.total;
    }
    println!("loss {total:.3} nats");
    assert!(total < 0.3);
    Ok(())
}
