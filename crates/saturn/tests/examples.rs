//! The examples run, and each has at most forty lines.

#[path = "../examples/custom_loop.rs"]
mod custom_loop;
#[path = "../examples/live_stream.rs"]
mod live_stream;
#[path = "../examples/no_resets.rs"]
mod no_resets;
#[path = "../examples/pytorch_weights.rs"]
mod pytorch_weights;
#[path = "../examples/train_lif.rs"]
mod train_lif;

#[test]
fn custom_loop() {
    custom_loop::main().unwrap();
}

#[test]
fn live_stream() {
    live_stream::main().unwrap();
}

#[test]
fn no_resets() {
    no_resets::main().unwrap();
}

#[test]
fn pytorch_weights() {
    pytorch_weights::main().unwrap();
}

#[test]
fn train_lif() {
    train_lif::main().unwrap();
}

#[test]
fn each_has_at_most_forty_lines() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 40, "{}: {lines} lines", path.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}
