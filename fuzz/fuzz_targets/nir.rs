//! A NIR file: read, flattened, every dialect undone, and run for three steps if it is small.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saturn_exchange::nir::{Dialect, Flat, Graph, NirError, Reference, Reset};
use saturn_fuzz::{judge, write};

fn run(flat: &Flat, dt_s: f64) -> Result<(), NirError> {
    let numbers: usize = flat.nodes.iter().map(|node| node.inputs() + node.outputs()).sum();
    if numbers > 10_000 {
        return Ok(());
    }
    let mut reference = Reference::new(flat, dt_s)?;
    let input = vec![1.0; reference.inputs()];
    for _ in 0..3 {
        reference.step(&input);
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let flat = Graph::read(write("network.nir", bytes)).and_then(|graph| Flat::new(&graph));
    if let Ok(flat) = &flat {
        for dialect in Dialect::ALL {
            let undone = dialect.undo(flat.clone(), Some(1e-3), Some(Reset::Subtract));
            judge(undone.and_then(|(flat, dt_s, _)| run(&flat, dt_s)));
        }
    }
    judge(flat);
});
