//! A live stream: one step at a time, the state saved and restored.
use saturn::prelude::*;

fn main() -> Result<(), Error> {
    let net = Network::<f32>::builder(8)
        .layer(LifConfig {
            hidden: 32,
            recurrent: true,
            input_gain: 6.0,
            ..default()
        })
        .class_names(["left", "right"])
        .build()?;
    // An event now and then, forever.
    let events = |t: u64| (t % 3 == 0).then_some(((t / 3 % 8) as u32, 1.0));

    let mut stream = net.stream();
    for t in 0..1_000 {
        stream.step(events(t))?;
    }
    // What a checkpoint has to keep: any serde format will do.
    let saved = stream.state();

    let mut resumed = net.stream();
    resumed.restore(&saved)?;
    for t in 1_000..2_000 {
        let ahead = stream.step(events(t))?.to_vec();
        assert_eq!(ahead, resumed.step(events(t))?, "the same bits");
    }
    println!(
        "{} steps, {}",
        resumed.steps(),
        net.class_names().join(" or ")
    );
    Ok(())
}
