//! The JSON Schema of scenarios, by which editors complete and check them.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Value, json};

use super::keys::ScenarioKeys;

/// The JSON Schema (draft 2020-12) of what a scenario may be, with ranges, defaults and what each key means.
///
/// It allows what the program reads beyond plain JSON: one value for a list of one, and a name alone for a
/// choice with settings. It checks structure; the program checks more.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<ScenarioKeys>();
    Shorthands.transform(&mut schema);
    schema.insert("examples".into(), json!([example()]));
    schema.to_value()
}

/// A small scenario that says a little of everything.
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
    }
}

/// Where a choice has settings with defaults, its name alone will do.
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

#[cfg(test)]
mod tests {
    use super::super::{
        Scenario,
        tests::{DESIGN, POLICIES},
        to_yaml,
    };
    use super::*;

    /// Whether `value` has the structure that `schema` (with `root`'s definitions) asks for.
    fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = root.pointer(target.trim_start_matches('#'));
            return target.is_some_and(|target| fits(value, target, root));
        }
        let any = |key: &str, at_least_one: bool| {
            schema
                .get(key)
                .and_then(Value::as_array)
                .is_none_or(|choices| {
                    let fitting = choices
                        .iter()
                        .filter(|choice| fits(value, choice, root))
                        .count();
                    if at_least_one {
                        fitting >= 1
                    } else {
                        fitting == 1
                    }
                })
        };
        let typed = match schema.get("type").and_then(Value::as_str) {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("boolean") => value.is_boolean(),
            Some("integer") => value.is_u64() || value.is_i64(),
            Some("number") => value.is_number(),
            Some(other) => panic!("a type `{other}`"),
            None => true,
        };
        let listed = schema
            .get("enum")
            .and_then(Value::as_array)
            .is_none_or(|allowed| allowed.contains(value));
        let constant = schema.get("const").is_none_or(|constant| constant == value);
        let items = schema.get("items").is_none_or(|items| {
            value
                .as_array()
                .is_none_or(|list| list.iter().all(|v| fits(v, items, root)))
        });
        let members = value.as_object().is_none_or(|object| {
            object.iter().all(|(key, value)| {
                match (
                    schema.pointer(&format!("/properties/{key}")),
                    schema.get("additionalProperties"),
                ) {
                    (Some(property), _) => fits(value, property, root),
                    (None, Some(Value::Bool(allowed))) => *allowed,
                    (None, Some(rest)) => fits(value, rest, root),
                    (None, None) => true,
                }
            })
        });
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .is_none_or(|keys| {
                let has = |key: &Value| key.as_str().is_some_and(|key| value.get(key).is_some());
                !value.is_object() || keys.iter().all(has)
            });
        typed
            && listed
            && constant
            && items
            && members
            && required
            && any("anyOf", true)
            && any("oneOf", false)
    }

    fn as_json(yaml: &str) -> Value {
        serde_saphyr::from_str(yaml).expect("YAML that is JSON too")
    }

    #[test]
    fn the_schema_accepts_what_the_program_reads() {
        let root = schema();
        assert!(fits(&example(), &root, &root));
        let read = Scenario::parse(
            &example().to_string(),
            "example",
            std::path::Path::new(""),
            &[] as &[&str],
        );
        assert!(read.is_ok_and(|s| s.warnings.is_empty()));
        // As written, the steps have underscores, which JSON has not.
        let design = as_json(&DESIGN.replace("1_000_000", "1000000"));
        assert!(fits(&design, &root, &root));
        for text in [
            DESIGN,
            POLICIES,
            "name: x",
            "name: x\nstream: {gap: none}\narms: {a: {loss: adaptive}}\nevaluate: {state_reset: {periodic: {every: 9, offset: 2}}}",
        ] {
            let scenario =
                Scenario::parse(text, "s.yaml", std::path::Path::new(""), &[] as &[&str]);
            let yaml = to_yaml(&scenario.unwrap_or_else(|e| panic!("{e}")));
            assert!(fits(&as_json(&yaml), &root, &root), "{yaml}");
        }
        for text in [
            "name: x\nstream: {gap: {fill: noise}}",
            "name: x\nmodels: {m: {layers: lif, readout: leaky}}",
            "name: x\ntrain: {optimizer: adam, clip_norm: none, early_stopping: {patience: 2}}",
            "name: x\nplots: accuracy",
            "name: x\nevaluate: {state_reset: [none, {periodic: 100}]}",
            POLICIES,
        ] {
            assert!(fits(&as_json(text), &root, &root), "{text}");
        }
    }

    #[test]
    fn the_schema_refuses_what_the_program_refuses() {
        let root = schema();
        for text in [
            "about: x",
            "name: x\nstreem: {}",
            "name: x\nmodels: {a: {layers: [{liff: {}}]}}",
            "name: x\nmodels: {a: {layers: [{lif: {hiden: 3}}]}}",
            "name: x\ntrain: {lr: fast}",
            "name: x\ntrain: {epochs: 2.5}",
            "name: x\nevaluate: {state_reset: [sometimes]}",
            "name: x\nstream: {gap: nothing}",
            "name: x\nmodels: {a: {layers: [{lif: {surrogate: atan}}]}}",
            "name: x\nevaluate: {state_reset: periodic}",
            "name: x\nevaluate: {state_reset: clip}",
            "name: x\nevaluate: {state_reset: output}",
            "name: x\nevaluate: {state_reset: {decay: much}}",
        ] {
            assert!(!fits(&as_json(text), &root, &root), "{text}");
        }
    }

    #[test]
    fn every_key_is_described() {
        fn walk(value: &Value, path: &str, bare: &mut Vec<String>) {
            if let Some(properties) = value.get("properties").and_then(Value::as_object) {
                // A choice is described as a whole.
                let choice = properties.len() == 1 && value.get("required").is_some();
                for (key, property) in properties {
                    if property.get("description").is_none() && !choice {
                        bare.push(format!("{path}.{key}"));
                    }
                }
            }
            match value {
                Value::Object(map) => map
                    .iter()
                    .for_each(|(k, v)| walk(v, &format!("{path}.{k}"), bare)),
                Value::Array(items) => items.iter().for_each(|v| walk(v, path, bare)),
                _ => {}
            }
        }
        let mut bare = Vec::new();
        walk(&schema(), "", &mut bare);
        assert!(bare.is_empty(), "without a description: {bare:#?}");
    }
}
