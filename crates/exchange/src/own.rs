//! Saturn's own description of a network, in the metadata of a NIR file.
//!
//! NIR has no settings, no step, and float32; the description has all that an import needs to give the same network, bit for
//! bit. It is the group `saturn` of the graph's metadata:
//!
//! | key | contents |
//! |---|---|
//! | `format` | 1, the version of this description |
//! | `network` | layers and readout with every setting, JSON |
//! | `classes` | names of the outputs, JSON |
//! | `channels`, `outputs`, `dt_ms` | inputs, outputs, milliseconds a step |
//! | `tensor_names` | `CELL.TENSOR`, JSON |
//! | `tensors` | their numbers in float64, `0` the first of the names |
//! | `exact` | 1 if the graph has the same equations, 0 if parts of it are replaced by similar ones |
//! | `graph_sha256` | the [fingerprint](Graph::fingerprint) of the graph that was written with it |
//!
//! A graph with another fingerprint was changed by another program: then the graph counts, and not the description.

use saturn_cell::Count;
use saturn_network::{NetSize, NetworkConfig, build};

use crate::exported::Source;
use crate::imported::{Fidelity, Imported, Tensors, Verdict, fill};
use crate::nir::{Array, Graph, Metadata, Value};

/// The key of a graph's metadata.
pub(crate) const KEY: &str = "saturn";
const FORMAT: f64 = 1.0;

/// The description of `source` in the file of `graph`, which has its equations or similar ones; `None` if its settings and tensors do not determine the network,
/// which is so where time constants were drawn and are not learnt.
pub(crate) fn description(source: &Source, graph: &Graph, is_exact: bool) -> Option<Value> {
    if !is_determined(source) {
        return None;
    }
    let tensors = source.tensors();
    let (channels, outputs) = (source.channels(), source.network.outputs());
    let dt_ms = source.dt_ms;
    let text = |json: serde_json::Result<String>| json.ok().map(Value::Text);
    let names: Vec<&String> = tensors.keys().collect();
    let mut notes = Metadata::from([
        ("format".to_owned(), Value::Number(FORMAT)),
        (
            "exact".to_owned(),
            Value::Number(f64::from(u8::from(is_exact))),
        ),
        (
            "network".to_owned(),
            text(serde_json::to_string(source.config))?,
        ),
        (
            "classes".to_owned(),
            text(serde_json::to_string(source.classes))?,
        ),
        ("channels".to_owned(), Value::Number(channels as f64)),
        ("outputs".to_owned(), Value::Number(outputs as f64)),
        ("dt_ms".to_owned(), Value::Number(dt_ms)),
        (
            "tensor_names".to_owned(),
            text(serde_json::to_string(&names))?,
        ),
        ("graph_sha256".to_owned(), Value::Text(graph.fingerprint())),
    ]);
    let numbered = tensors.into_values().enumerate();
    let numbered = numbered
        .map(|(k, (shape, values))| (k.to_string(), Value::Numbers(Array { shape, values })));
    notes.insert("tensors".to_owned(), Value::Nested(numbered.collect()));
    Some(Value::Nested(notes))
}

/// Whether the settings and tensors of `source` determine its network.
pub(crate) fn is_determined(source: &Source) -> bool {
    let (channels, outputs) = (source.channels(), source.network.outputs());
    let again = build::<f64>(
        source.name,
        source.config,
        channels,
        outputs,
        source.dt_ms,
        0,
    );
    again.is_ok_and(|mut again| {
        fill(&mut again, &source.tensors());
        let mut pairs = again.cells().iter().zip(source.network.cells());
        pairs.all(|(a, b)| is_same(&a.time_constants_ms(), &b.time_constants_ms()))
    })
}

/// Whether time constants are equal, but for rounding: one that was just drawn is not yet the image of its parameter.
fn is_same(a: &[(&str, &[f64])], b: &[(&str, &[f64])]) -> bool {
    let mut pairs = a
        .iter()
        .flat_map(|(_, a)| a.iter())
        .zip(b.iter().flat_map(|(_, b)| b.iter()));
    pairs.all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs())
}

/// The network that the file of `graph` describes; `None` without a description, otherwise why it does not count.
pub(crate) fn restored(graph: &Graph) -> Option<Result<Imported, String>> {
    match graph.metadata.get(KEY)? {
        Value::Nested(notes) => Some(read(notes, graph)),
        _ => Some(Err("it is no group".to_owned())),
    }
}

fn read(notes: &Metadata, graph: &Graph) -> Result<Imported, String> {
    let number = |key: &str| match notes.get(key) {
        Some(Value::Number(number)) => Ok(*number),
        _ => Err(format!("it has no number `{key}`")),
    };
    let text = |key: &str| match notes.get(key) {
        Some(Value::Text(text)) => Ok(text),
        _ => Err(format!("it has no string `{key}`")),
    };
    let count = |key: &str| {
        let count = number(key)?;
        let is_count = count.fract() == 0.0 && (0.0..1e9).contains(&count);
        is_count
            .then_some(count as usize)
            .ok_or_else(|| format!("its `{key}` is {count}"))
    };
    let damaged = |key: &str, e: serde_json::Error| format!("its `{key}` is damaged: {e}");
    let format = number("format")?;
    if format.to_bits() != FORMAT.to_bits() {
        return Err(format!(
            "it is of version {format}, and this saturn reads {FORMAT}"
        ));
    }
    if *text("graph_sha256")? != graph.fingerprint() {
        return Err("the graph was changed after saturn wrote it".to_owned());
    }
    let config: NetworkConfig =
        serde_json::from_str(text("network")?).map_err(|e| damaged("network", e))?;
    let classes: Vec<String> =
        serde_json::from_str(text("classes")?).map_err(|e| damaged("classes", e))?;
    let names: Vec<String> =
        serde_json::from_str(text("tensor_names")?).map_err(|e| damaged("tensor_names", e))?;
    let (channels, outputs, dt_ms) = (count("channels")?, count("outputs")?, number("dt_ms")?);
    let tensors = tensors(notes, names)?;
    // Before it is built, which may take much memory and time.
    let numbers: usize = tensors.values().map(|(_, values)| values.len()).sum();
    let size = NetSize::of("imported", &config, channels, outputs);
    if size.parameters() != Count::from(numbers) {
        return Err(format!(
            "its network has not the {numbers} parameters of its tensors"
        ));
    }
    let net = build::<f64>("imported", &config, channels, outputs, dt_ms, 0)
        .map_err(|e| format!("its network cannot be built: {e}"))?;
    fits(&net, &tensors)?;
    let kinds = config.layers.iter().map(|layer| layer.kind().to_owned());
    let mut notices = Vec::new();
    if number("exact")? < 1.0 {
        notices.push(
            "the graph was written with approximations, and gives other spikes than this network: `--decay euler` reads the \
             graph"
                .to_owned(),
        );
    }
    let verdicts = kinds.enumerate().map(|(i, kind)| Verdict {
        part: format!("layer {i}"),
        kind,
        fidelity: Fidelity::Exact,
    });
    Ok(Imported {
        verdicts: verdicts.collect(),
        config,
        channels,
        outputs,
        dt_ms,
        tensors,
        classes: (classes.len() == outputs).then_some(classes),
        notices,
        modules: Vec::new(),
    })
}

fn tensors(notes: &Metadata, names: Vec<String>) -> Result<Tensors, String> {
    let Some(Value::Nested(numbers)) = notes.get("tensors") else {
        return Err("it has no tensors".to_owned());
    };
    let mut tensors = Tensors::new();
    for (k, name) in names.into_iter().enumerate() {
        let Some(Value::Numbers(array)) = numbers.get(&k.to_string()) else {
            return Err(format!("it has no tensor `{name}`"));
        };
        if array.values.iter().any(|x| !x.is_finite()) {
            return Err(format!(
                "its tensor `{name}` has a number that is not finite"
            ));
        }
        tensors.insert(name, (array.shape.clone(), array.values.clone()));
    }
    Ok(tensors)
}

/// Whether all parameters of `net` are in `tensors`, and no others.
fn fits(net: &saturn_network::Network<f64>, tensors: &Tensors) -> Result<(), String> {
    let mut count = 0;
    for (i, cell) in net.cells().iter().enumerate() {
        for tensor in cell.params().tensors() {
            let name = format!("{i}.{}", tensor.name);
            let (rows, columns) = tensor.value.shape();
            let numbers = tensors.get(&name).map(|(_, values)| values.len());
            if numbers != Some(rows * columns) {
                return Err(format!("its tensor `{name}` is not [{rows}, {columns}]"));
            }
            count += 1;
        }
    }
    if count == tensors.len() {
        Ok(())
    } else {
        Err(format!(
            "it has {} tensors, and its network {count}",
            tensors.len()
        ))
    }
}
