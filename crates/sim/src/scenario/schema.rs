//! The JSON Schema of scenarios, by which editors complete and check them.

mod ranges;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Value, json};

use super::keys::ScenarioKeys;
use ranges::ranges;

/// The JSON Schema (draft 2020-12) of a scenario, with ranges, defaults and the meaning of each key.
///
/// It also allows what the program reads beyond plain JSON: one value for a list of one, and only a name for
/// a choice with settings. It checks structure; the program checks more.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<ScenarioKeys>();
    Shorthands.transform(&mut schema);
    schema.insert("examples".into(), json!([example()]));
    schema.to_value()
}

/// Where `name` is a key, if it is one somewhere else than where it was written.
pub(super) fn home_of(name: &str) -> Option<&'static str> {
    static HOMES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    let homes = HOMES.get_or_init(|| {
        let root = schema();
        let target = |value: &Value| {
            let path = value.get("$ref").and_then(Value::as_str)?;
            root.pointer(path.trim_start_matches('#')).cloned()
        };
        let mut homes = Vec::new();
        let top = root["properties"].as_object();
        for (key, value) in top.into_iter().flatten() {
            let inside = target(value).map(|keys| (keys, key.clone()));
            let each = || {
                Some((
                    target(value.get("additionalProperties")?)?,
                    format!("{key}.NAME"),
                ))
            };
            let Some((keys, home)) = inside.or_else(each) else {
                continue;
            };
            let keys = keys["properties"].as_object().cloned().unwrap_or_default();
            homes.extend(keys.keys().map(|name| (name.clone(), home.clone())));
        }
        homes
    });
    let mut found = homes.iter().filter(|(key, _)| key == name);
    found.next().map(|(_, home)| home.as_str())
}

/// A small scenario that uses a little of everything.
fn example() -> Value {
    json!({
        "name": "digits, never reset",
        "data": { "synthetic": { "classes": 10, "channels": 96 } },
        "stream": { "samples": 4, "gap": { "steps": [10, 60], "fill": ["silence", "noise"] } },
        "models": {
            "lif": { "layers": [{ "lif": { "hidden": 128, "recurrent": true } }] },
            "rnn": { "layers": [{ "rnn": { "hidden": 128 } }], "train": { "lr": 0.001 } }
        },
        "arms": {
            "classic": { "streams": "single" },
            "adaptive": { "streams": "concatenated", "loss": { "adaptive": { "kl_weight": 1.0 } } }
        },
        "train": { "epochs": 20, "optimizer": "adam" },
        "evaluate": { "steps": 100_000, "state_reset": ["none", "oracle", { "periodic": 100 }] }
    })
}

/// Adds the shorthands that the program reads.
struct Shorthands;

impl Transform for Shorthands {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        bare_names(schema);
        single_values(schema);
        null_defaults(schema);
        ranges(schema);
    }
}

/// Where a choice has settings with defaults, its name is enough.
fn bare_names(schema: &mut Schema) {
    let Some(choices) = schema.get_mut("oneOf").and_then(Value::as_array_mut) else {
        return;
    };
    let names: Vec<Value> = choices
        .iter()
        .filter_map(|choice| {
            let name = choice.get("required")?.as_array()?.first()?;
            let settings = choice.get("properties")?.get(name.as_str()?)?;
            let mapping = settings.get("type") == Some(&json!("object"));
            let alone =
                mapping || settings.get("$ref").is_some() || settings.get("default").is_some();
            alone.then(|| name.clone())
        })
        .collect();
    if !names.is_empty() {
        choices.push(json!({ "enum": names }));
    }
}

/// Where a list is expected, one of its values will do.
fn single_values(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let fixed = object.contains_key("minItems") || object.contains_key("prefixItems");
    let (Some(items), false) = (object.get("items").cloned(), fixed) else {
        return;
    };
    // A number in place of a list of numbers may be one of them or their count: it is refused.
    if matches!(
        items.get("type").and_then(Value::as_str),
        Some("integer" | "number")
    ) {
        return;
    }
    let mut list = json!({ "type": "array", "items": items });
    if let Some(rest) = object.remove("uniqueItems") {
        list["uniqueItems"] = rest;
    }
    object.remove("type");
    object.remove("items");
    object.insert("anyOf".into(), json!([list, items]));
}

/// An optional key may be left out; it may not be null.
fn null_defaults(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(types) = object.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(choices) = object.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| choice.get("type") != Some(&json!("null")));
    }
}
