//! The adaptive loss in a training loop of one's own.
use saturn::nalgebra::DMatrix;
use saturn::prelude::*;

/// Trains with it.
pub fn main() -> Result<(), Error> {
    let gru = GruConfig::default();
    let mut net = Network::<f32>::builder(3).layer(gru).classes(2).build()?;
    let loss = Loss::new(&AdaptiveConfig::default().into())?;
    let mut passes = Passes::new(&net, Optimizer::default());

    // Eight lanes of 30 steps: a sample of either class from step 10 to 19, gaps before and after.
    let (lanes, columns) = (8, 30 * 8);
    let known = |column: usize| (10..20).contains(&(column / lanes));
    let labels: Vec<u32> = (0..columns).map(|j| (j % lanes % 2) as u32).collect();
    let mask: Vec<f32> = (0..columns).map(|j| f32::from(known(j))).collect();
    let x = DMatrix::from_fn(3, columns, |i, j| {
        f32::from(known(j) && i == labels[j] as usize)
    });
    let targets = Targets {
        labels: &labels,
        mask: &mask,
        weight: &vec![1.0; columns],
    };
    let totals = loss.totals(&targets);

    let (x, mut d, mut nats) = (Input::Dense(x.as_view()), DMatrix::zeros(2, columns), 0.0);
    for update in 0..200 {
        let logits = passes.forward(&net, x, lanes);
        let balance = loss.balance(f64::from(update) / 200.0, [0.0; 2]);
        let parts = loss.value_and_gradient(logits, &targets, &totals, balance, d.as_view_mut());
        passes.backward(&net, x, &d);
        passes.update(&mut net, 0.01, 1.0);
        nats = parts.total;
    }
    println!("loss {nats:.3} nats");
    assert!(nats < 0.3);
    Ok(())
}
