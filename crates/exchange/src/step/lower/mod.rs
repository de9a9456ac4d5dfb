//! From the cells of a network to the instructions of one step, one file for each family of cells.
//!
//! The terms of every sum are in the order in which the cell adds them, so that in `f32` a program has the bits of the
//! cell running live, but where a file says otherwise.

mod diagonal;
mod graph;
mod recurrent;
mod scope;
mod selective;
mod spiking;

use saturn_cell::rng::generator;
use saturn_cell::{Built, Cell, CellConfig, Field, Name, Real};
use saturn_network::{Layer, NetSize, Network, NetworkConfig, Outputs};

use super::build::{Builder, Var};
use super::program::Program;
use crate::step::StepError;
use scope::Scope;

/// One step of `net`, which was built from `config` for steps of `dt_ms`.
///
/// # Errors
/// If a layer cannot be written as a step of fixed size, if `config` is not the network's, or if a weight is not finite.
pub fn lower<R: Real>(
    config: &NetworkConfig,
    net: &Network<R>,
    dt_ms: f64,
) -> Result<Program<R>, StepError> {
    let inputs = net.cells().first().map_or(0, |cell| cell.widths().input);
    let outputs = Outputs {
        classes: net.classes(),
        extra: net.outputs() - net.classes(),
    };
    let parts = NetSize::of("exported", config, inputs, outputs).parts;
    let parts: Vec<&Layer> = parts.iter().map(|part| &part.config).collect();
    check(&parts, net, dt_ms)?;
    let builder = Builder::new(inputs, dt_ms, net.classes());
    let mut x = builder.input();
    for (index, (config, cell)) in parts.into_iter().zip(net.cells()).enumerate() {
        builder.begin_layer(cell.name());
        let scope = Scope::new(&builder, cell.as_ref(), index);
        x = layer(&scope, config, x).map_err(|why| StepError::Layer {
            layer: index,
            kind: cell.name().to_owned(),
            why,
        })?;
    }
    let logits = x.value();
    let program = builder.finish(logits);
    match program.not_finite() {
        Some(name) => Err(StepError::NotFinite {
            name: name.to_owned(),
        }),
        None => Ok(program),
    }
}

/// An error unless the network has these layers, with parameters and states of these names and shapes.
fn check<R: Real>(layers: &[&Layer], net: &Network<R>, dt_ms: f64) -> Result<(), StepError> {
    let kinds: Vec<&str> = layers.iter().map(|layer| layer.kind()).collect();
    let found: Vec<&str> = net.cells().iter().map(|cell| cell.name()).collect();
    let differs = |what: String| Err(StepError::Description { what });
    if kinds != found || found.is_empty() {
        return differs(format!(
            "it describes the layers {kinds:?}, and the network has {found:?}"
        ));
    }
    for (i, (layer, cell)) in layers.iter().zip(net.cells()).enumerate() {
        let mut rng = generator(0, "init", 0);
        let own: Built<R> = layer.build(cell.widths().input, dt_ms, &mut rng);
        match own {
            Err(error) => return differs(format!("layer {i} ({}): {error}", layer.kind())),
            Ok(own) if shapes(own.as_ref()) != shapes(cell.as_ref()) => {
                return differs(format!(
                    "layer {i} ({}) has other parameters or states",
                    layer.kind()
                ));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Names and shapes of parameters, and fields of states.
type Shapes = (Vec<(Name, (usize, usize))>, Vec<Field>);

fn shapes<R: Real>(cell: &dyn Cell<R>) -> Shapes {
    let tensors = cell.params().tensors().iter();
    let shapes = tensors.map(|tensor| (tensor.name.clone(), tensor.value.shape()));
    (shapes.collect(), cell.fields())
}

/// The output of a layer with the input `x`, or why it has none.
#[expect(
    clippy::match_wildcard_for_single_variants,
    reason = "a new kind of layer needs no step to be trained"
)]
fn layer<'b, R: Real>(
    l: &Scope<'b, R>,
    config: &Layer,
    x: Var<'b, R>,
) -> Result<Var<'b, R>, String> {
    Ok(match config {
        Layer::Lif(c) => spiking::lif(l, c, x),
        Layer::Alif(c) => spiking::alif(l, c, x),
        Layer::CubaLif(c) => spiking::cuba_lif(l, c, x),
        Layer::AdLif(c) => spiking::adlif(l, c, x),
        Layer::ResonateAndFire(c) => spiking::resonate_and_fire(l, c, x),
        Layer::Li(_) => spiking::li(l, x),
        Layer::Linear(_) => recurrent::linear(l, x),
        Layer::Rnn(_) => recurrent::rnn(l, x),
        Layer::Gru(_) => recurrent::gru(l, x),
        Layer::Lstm(_) => recurrent::lstm(l, x),
        Layer::InputGatedRnn(_) => recurrent::input_gated_rnn(l, x),
        Layer::SurprisalRnn(_) => recurrent::surprisal_rnn(l, x),
        Layer::Ssm(c) => diagonal::ssm(l, c.skip, x),
        Layer::Lru(c) => diagonal::ssm(l, c.skip, x),
        Layer::SpikingSsm(c) => diagonal::spiking_ssm(l, c, x),
        Layer::SsmBlock(c) => diagonal::ssm_block(l, c, x),
        Layer::SelectiveSsm(c) => selective::selective_ssm(l, c, x),
        Layer::Graph(c) => graph::graph(l, c, x),
        // `windowed_attention`, whose state is a window of steps, and cells without a file here.
        _ => return Err("no step is written for this kind of layer".to_owned()),
    })
}
