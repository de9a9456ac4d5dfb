use super::super::{
    Scenario,
    tests::{DESIGN, POLICIES},
    to_yaml,
};
use super::*;

/// Whether `value` has the structure required by `schema` (with the definitions of `root`).
#[allow(clippy::too_many_lines)] // One branch a keyword.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    // Keywords next to a reference apply, too.
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(target.trim_start_matches('#'));
        if !target.is_some_and(|target| fits(value, target, root)) {
            return false;
        }
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
        Some("integer") => value
            .as_f64()
            .is_some_and(|x| value.is_u64() || (x.fract() == 0.0 && x.abs() < 9e15)),
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
    let range = value.as_f64().is_none_or(|x| {
        let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
        limit("minimum").is_none_or(|low| x >= low)
            && limit("maximum").is_none_or(|high| x <= high)
            && limit("exclusiveMinimum").is_none_or(|low| x > low)
            && limit("exclusiveMaximum").is_none_or(|high| x < high)
    });
    let count = |key: &str| schema.get(key).and_then(Value::as_u64);
    let long = value
        .as_array()
        .map(Vec::len)
        .or(value.as_object().map(serde_json::Map::len));
    let unique = schema.get("uniqueItems") != Some(&json!(true))
        || value
            .as_array()
            .is_none_or(|items| (1..items.len()).all(|i| !items[..i].contains(&items[i])));
    let filled = schema.get("pattern") != Some(&json!("\\S"))
        || value.as_str().is_none_or(|text| !text.trim().is_empty());
    let enough = long.is_none_or(|n| {
        let least = if value.is_array() {
            "minItems"
        } else {
            "minProperties"
        };
        count(least).is_none_or(|least| n as u64 >= least)
            && (!value.is_array() || count("maxItems").is_none_or(|most| n as u64 <= most))
    });
    typed
        && range
        && unique
        && filled
        && enough
        && listed
        && constant
        && items
        && members
        && required
        && any("anyOf", true)
        && any("oneOf", false)
}

fn parse_fails(text: &str) -> bool {
    Scenario::parse(text, "s.yaml", std::path::Path::new(""), &[] as &[&str]).is_err()
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
        let scenario = Scenario::parse(text, "s.yaml", std::path::Path::new(""), &[] as &[&str]);
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
        "name: ' '",
        "name: x\nseeds: 3",
        "name: x\nseeds: []",
        "name: x\nseeds: [1, 1]",
        "name: x\nmodels: {}",
        "name: x\nmodels: {m: {layers: []}}",
        "name: x\nevaluate: {state_reset: []}",
        "name: x\nevaluate: {state_reset: [none, none]}",
        "name: x\nstream: {gap: {fill: []}}",
        "name: x\nevaluate: {disturb: {kinds: []}}",
        "name: x\nplots: [accuracy, accuracy]",
        "name: x\ntrain: {lr: 0}",
        "name: x\ntrain: {clip_norm: -1}",
        "name: x\nmodels: {m: {layers: [{lif: {tau_mem_ms: [0, 3]}}]}}",
        "name: x\ntune: {search: {train.lr: {choice: []}}}",
    ] {
        assert!(parse_fails(text), "{text}");
        assert!(!fits(&as_json(text), &root, &root), "{text}");
    }
}

/// Every number in `value`, by its path.
fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(path.to_owned()),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                numbers(item, &format!("{path}/{i}"), found);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                numbers(item, &format!("{path}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// A scenario with every kind of layer, loss and setting, and every default written out.
fn everything() -> Value {
    let layers: Vec<String> = crate::scenario::Layer::KINDS
        .iter()
        .map(|kind| format!("  {kind}: {{layers: [{{{kind}: {{}}}}]}}"))
        .collect();
    let text = format!(
        "{}\nmodels:\n{}\narms: {{a: {{loss: adaptive, fptt: {{}}, initial_state: passed, spike_rate: {{upper: {{rate_hz: 9}}}}}}, \
         n: {{loss: nothing, initial_state: noise}}, e: {{loss: entropy, grad_detach: 5}}}}\n\
         evaluate: {{steps: 1000000, state_reset: [none, {{periodic: 100}}], traces: {{}}, twin: {{}}, disturb: {{}}, \
         spacing: {{logarithmic: {{first_steps: 10}}}}}}\ntune: {{}}\ntrain: {{early_stopping: {{patience: 3}}}}",
        "name: x\nseeds: [1, 2]",
        layers.join("\n")
    );
    let s = Scenario::parse(&text, "s.yaml", std::path::Path::new(""), &[] as &[&str]);
    let s = s.unwrap_or_else(|e| panic!("{e}"));
    as_json(&to_yaml(&s))
}

#[test]
fn a_number_that_the_program_refuses_is_refused_by_the_schema() {
    let root = schema();
    let whole = everything();
    assert!(fits(&whole, &root, &root));
    let mut paths = Vec::new();
    numbers(&whole, "", &mut paths);
    assert!(paths.len() > 150, "{}", paths.len());
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for path in &paths {
        for other in [
            json!(-1),
            json!(0),
            json!(0.5),
            json!(1),
            json!(1.5),
            json!(1e3),
            json!(1e300),
            json!(1e-300),
            json!(u64::MAX),
            json!(1u64 << 40),
            json!(-0.5),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(path).expect("a number") = other.clone();
            let text = changed.to_string();
            let read = Scenario::parse(&text, "s.yaml", std::path::Path::new(""), &[] as &[&str]);
            let key = path[1..].replace('/', ".");
            let own = match &read {
                // What settings ask of each other is beyond a schema.
                Err(crate::scenario::ScenarioError::Invalid { problems, .. }) => problems
                    .iter()
                    .any(|p| p.path == key && !crossing(&p.message)),
                _ => false,
            };
            let schema_refuses = !fits(&changed, &root, &root);
            refused += usize::from(own);
            if own != schema_refuses && !(read.is_err() && schema_refuses) {
                wrong.push(format!(
                    "{key}: {other}: the program {own}, the schema {schema_refuses}"
                ));
            }
        }
    }
    assert!(refused > 500, "{refused}");
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        refused,
        wrong.join("\n")
    );
}

/// Whether a message is about a relation between two values.
fn crossing(message: &str) -> bool {
    [
        "cannot share",
        "a multiple of",
        "it must be 201 or more",
        "the synthetic set has",
        "in the wrong order",
        "at most `",
        "lower end first",
        "duplicate entry",
        "has at most the",
        "a lane of",
        "as many as",
        "even, as",
        "is empty",
        "it must be below",
        "since words last",
    ]
    .iter()
    .any(|part| message.contains(part))
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
