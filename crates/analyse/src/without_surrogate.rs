//! A network whose spikes have slope 0: the same steps, and the true derivative from the same reverse passes.
//!
//! It is rebuilt from the scenario's layers with a surrogate that is 0 everywhere except at the threshold
//! itself, with the weights of the network.

use saturn_cell::rng::generator;
use saturn_cell::{Cell, CellConfig};
use serde_json::{Value, json};

use saturn_network::Layer;
use saturn_network::Network;

/// The half-width of the surrogate, in units of the membrane.
const NOWHERE: f64 = 1e-300;

/// The twin of `net`, whose cells `layers` describes; a cell that is not described, or has no surrogate, is
/// copied.
pub fn still(net: &Network<f64>, layers: &[Option<&Layer>], dt_ms: f64) -> Network<f64> {
    let cells = net.cells().iter().zip(layers);
    let twins = cells.map(|(cell, layer)| {
        let twin = layer.and_then(|layer| still_cell(cell.as_ref(), layer, dt_ms));
        twin.unwrap_or_else(|| cell.boxed())
    });
    Network::new(twins.collect()).with_classes(net.classes())
}

/// The twin of one cell; `None` of a cell without a surrogate.
pub fn still_cell(cell: &dyn Cell<f64>, layer: &Layer, dt_ms: f64) -> Option<Box<dyn Cell<f64>>> {
    let mut described = serde_json::to_value(layer).ok()?;
    let config = described.get_mut(layer.kind())?.as_object_mut()?;
    let surrogate: &mut Value = config.get_mut("surrogate")?;
    *surrogate = json!({ "triangular": NOWHERE });
    let layer: Layer = serde_json::from_value(described).ok()?;
    let mut rng = generator(0, "init", 0);
    let mut twin = layer
        .build::<f64>(cell.widths().input, dt_ms, &mut rng)
        .ok()?;
    twin.update(&mut |params| params.clone_from(cell.params()));
    Some(twin)
}
