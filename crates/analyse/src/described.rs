//! Which layer of a scenario a cell was built from.

use saturn_cell::CellConfig;

use saturn_network::Network;
use saturn_network::{Layer, NetworkConfig};

/// For each cell of `net`, built from `model` for `inputs` channels, its layer; `None` for an encoder and the
/// readout.
pub fn described<'a>(
    net: &Network<f64>,
    model: &'a NetworkConfig,
    inputs: usize,
) -> Vec<Option<&'a Layer>> {
    let mut of_cells = Vec::with_capacity(net.cells().len());
    let mut width = inputs;
    for layer in &model.layers {
        if layer.input_width().is_some_and(|rows| rows != width) {
            of_cells.push(None);
        }
        of_cells.push(Some(layer));
        let cell = &net.cells()[of_cells.len() - 1];
        width = cell.widths().output;
    }
    of_cells.resize(net.cells().len(), None);
    of_cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use saturn_network::build;

    #[test]
    fn an_encoder_and_a_readout_are_no_layers() {
        let yaml = "layers: [{lif: {hidden: 5}}, {ssm_block: {width: 4, states: 2}}, {gru: {}}]";
        let model: NetworkConfig = serde_saphyr::from_str(yaml).unwrap();
        let net = build::<f64>("net", &model, 7, 3, 10.0, 1).unwrap();
        let kinds: Vec<Option<&str>> = (described(&net, &model, 7).iter())
            .map(|layer| layer.map(Layer::kind))
            .collect();
        assert_eq!(
            kinds,
            [Some("lif"), None, Some("ssm_block"), Some("gru"), None]
        );
        for (cell, kind) in net.cells().iter().zip(kinds) {
            assert_eq!(cell.name(), kind.unwrap_or("linear"));
        }
    }
}
