//! Loads the weights of a PyTorch module, `nn.GRU` and `nn.Linear`, and gives its probabilities.
use saturn::prelude::*;

/// Made by `pytorch/make.py`: four steps of input, and what PyTorch makes of them.
const STEPS: [([f32; 2], [f32; 3]); 4] = [
    ([1.0, 0.0], [0.382625, 0.333697, 0.283679]),
    ([0.5, -1.0], [0.416208, 0.300656, 0.283135]),
    ([0.0, 0.0], [0.408556, 0.297344, 0.294101]),
    ([-2.0, 1.5], [0.396244, 0.313290, 0.290467]),
];

/// Loads and compares.
pub fn main() -> Result<(), Error> {
    let gru = GruConfig { hidden: 8 };
    let mut net = Network::<f32>::builder(2).layer(gru).classes(3).build()?;
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/pytorch/gru.safetensors"
    );
    // Module `gru` is layer 0 and `fc` the readout, layer 1; tensors have PyTorch's names and shapes.
    net.load_weights(path, |name| match name.split_once('.')? {
        ("gru", tensor) => Some(format!("0.{tensor}")),
        ("fc", tensor) => Some(format!("1.{tensor}")),
        _ => None,
    })?;

    let mut stream = net.stream();
    for (x, expected) in STEPS {
        let probabilities = stream.step_dense(&x)?;
        println!("{probabilities:.3?}");
        for (p, e) in probabilities.iter().zip(expected) {
            assert!((p - e).abs() < 1e-5);
        }
    }
    Ok(())
}
