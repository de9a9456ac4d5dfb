//! A live stream: one step at a time, its state saved and restored.
use saturn::prelude::*;

/// Runs a stream and resumes it.
pub fn main() -> Result<(), Error> {
    let lif = LifConfig {
        hidden: 32,
        recurrent: true,
        input_gain: 6.0,
        ..default()
    };
    let builder = Network::<f32>::builder(8).layer(lif);
    let net = builder.class_names(["left", "right"]).build()?;
    // An event on one of the channels every third step, forever.
    let events = |t: u64| t.is_multiple_of(3).then_some(((t / 3 % 8) as u32, 1.0));

    let mut stream = net.stream();
    for t in 0..1_000 {
        stream.step(events(t))?;
    }
    // The state is plain numbers: any format of serde stores it.
    let saved = stream.state();

    let mut resumed = net.stream();
    resumed.restore(&saved)?;
    for t in 1_000..2_000 {
        let probabilities = stream.step(events(t))?;
        assert_eq!(probabilities, resumed.step(events(t))?, "same bits");
    }
    println!("{} steps", resumed.steps());
    Ok(())
}
