//! The columns of a key's row, from its description and its type.

use serde_json::Value;

use super::referred;

/// The first clause of a description: what the key is, without range and default.
pub(super) fn in_a_line(description: &str) -> String {
    let text = description.replace('\n', " ");
    let sentence = text.split(". ").next().unwrap_or_default();
    let clause = sentence.split("; ").next().unwrap_or_default();
    let clause = clause.split(", default ").next().unwrap_or_default();
    clause.trim_end_matches('.').to_owned()
}

/// The unit of a key, by the end of its name or by its description.
pub(super) fn unit(key: &str, description: &str) -> String {
    let by_name = [
        ("_ms", "ms"),
        ("_us", "µs"),
        ("_hz", "Hz"),
        ("_db", "dB"),
        ("_s", "s"),
        ("_mv", "mV"),
        ("steps", "steps"),
        ("epochs", "epochs"),
    ];
    if let Some((_, unit)) = by_name.iter().find(|(end, _)| key.ends_with(end)) {
        return (*unit).to_owned();
    }
    let text = description.replace('\n', " ");
    let first = text.split([';', '.']).next().unwrap_or_default();
    let by_words = [
        (" in ms", "ms"),
        (" in Hz", "Hz"),
        (" in steps", "steps"),
        (" in seconds", "s"),
        ("hare of ", "share"),
        ("Steps ", "steps"),
    ];
    let found = by_words.iter().find(|(words, _)| first.contains(words));
    found.map_or_else(String::new, |(_, unit)| (*unit).to_owned())
}

/// The default of a key: as the schema has it, or as the description says it.
pub(super) fn default(schema: &Value) -> String {
    // A mapping of several keys has a section, where each has its own.
    let several = |value: &&Value| value.as_object().is_some_and(|map| map.len() > 1);
    let known = schema.get("default").filter(|value| !several(value));
    let known = known.map(flow);
    let known = known.filter(|text| text.len() <= 32 && text != "{}");
    if let Some(text) = known {
        return format!("`{text}`");
    }
    let text = schema["description"].as_str().unwrap_or_default();
    let text = text.replace('\n', " ");
    // `cosine` (default)
    if let Some((before, _)) = text.split_once("` (default)") {
        let name = before.rsplit('`').next().unwrap_or_default();
        return format!("`{name}`");
    }
    let lower = text.to_lowercase();
    let Some(at) = lower.find("default ").or_else(|| lower.find("default: ")) else {
        return String::new();
    };
    let rest = text[at..].trim_start_matches(['d', 'D']);
    let rest = rest
        .trim_start_matches("efault")
        .trim_start_matches([':', ' ']);
    let ends = [". ", "; ", "), ", ").", ", where ", ", with "];
    let end = ends.iter().filter_map(|end| rest.find(end)).min();
    let phrase = &rest[..end.unwrap_or(rest.len())];
    let open = phrase.matches('(').count() > phrase.matches(')').count();
    let phrase = phrase.trim_end_matches('.');
    let whole = if open {
        format!("{phrase})")
    } else {
        phrase.to_owned()
    };
    let plain = whole.parse::<f64>().is_ok() || matches!(whole.as_str(), "true" | "false");
    if plain { format!("`{whole}`") } else { whole }
}

/// A value as YAML in a line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{k}: {}", flow(v)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::String(text) => text.clone(),
        Value::Number(n) => {
            let text = n.to_string();
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
        other => other.to_string(),
    }
}

/// What a key may be. `link` is what is said of a definition.
pub(super) fn values(schema: &Value, link: &dyn Fn(&str) -> String) -> String {
    if let Some(name) = referred(schema) {
        return link(name);
    }
    if let Some(value) = schema.get("const") {
        return format!("`{}`", flow(value));
    }
    if let Some(names) = schema["enum"].as_array() {
        let names: Vec<String> = names.iter().map(|n| format!("`{}`", flow(n))).collect();
        return names.join(", ");
    }
    for kind in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[kind].as_array() {
            return alternatives(choices, link);
        }
    }
    match schema["type"].as_str() {
        Some("integer") => format!("integer{}", range(schema)),
        Some("number") => format!("number{}", range(schema)),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("string") => "text".to_owned(),
        Some("array") => list(schema, link),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("by name: {}", values(&schema["additionalProperties"], link))
        }
        Some("object") => "mapping".to_owned(),
        _ => String::new(),
    }
}

/// One of several; one entry in place of a list is said once.
fn alternatives(choices: &[Value], link: &dyn Fn(&str) -> String) -> String {
    if let [list, one] = choices
        && list["items"] == *one
    {
        return values(list, link);
    }
    let mut found: Vec<String> = Vec::new();
    for choice in choices {
        let text = values(choice, link);
        if !text.is_empty() && !found.contains(&text) {
            found.push(text);
        }
    }
    found.join(" or ")
}

fn list(schema: &Value, link: &dyn Fn(&str) -> String) -> String {
    let count = match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(low), Some(high)) if low == high => format!("{low} of: "),
        _ => "list of: ".to_owned(),
    };
    if let Some(items) = schema["prefixItems"].as_array() {
        let items: Vec<String> = items.iter().map(|item| values(item, link)).collect();
        return format!("list: {}", items.join(", then "));
    }
    format!("{count}{}", values(&schema["items"], link))
}

/// The range of a number, after its type.
fn range(schema: &Value) -> String {
    let of = |key: &str| schema.get(key).map(|n| long_grouped(&flow(n)));
    let low = of("minimum").map(|n| (n, true));
    let low = low.or_else(|| of("exclusiveMinimum").map(|n| (n, false)));
    let high = of("maximum").map(|n| (n, true));
    let high = high.or_else(|| of("exclusiveMaximum").map(|n| (n, false)));
    match (low, high) {
        (None, None) => String::new(),
        (Some((low, true)), None) => format!(", at least {low}"),
        (Some((low, false)), None) => format!(", above {low}"),
        (None, Some((high, true))) => format!(", at most {high}"),
        (None, Some((high, false))) => format!(", below {high}"),
        (Some((low, true)), Some((high, true))) => format!(", {low} to {high}"),
        (Some((low, true)), Some((high, false))) => format!(", {low} to below {high}"),
        (Some((low, false)), Some((high, true))) => format!(", above {low}, at most {high}"),
        (Some((low, false)), Some((high, false))) => format!(", above {low}, below {high}"),
    }
}

/// Digits in groups of three.
fn long_grouped(number: &str) -> String {
    if number.len() < 5 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return number.to_owned();
    }
    saturn_store::grouped(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_description_becomes_a_row() {
        let key = json!({
            "type": "integer",
            "description": "Passes over the training set; 1 to 1,000,000, default 20. More: longer.",
            "minimum": 1,
            "maximum": 1_000_000,
        });
        let about = key["description"].as_str().unwrap();
        assert_eq!(in_a_line(about), "Passes over the training set");
        assert_eq!(default(&key), "`20`");
        assert_eq!(values(&key, &|_| String::new()), "integer, 1 to 1,000,000");
        assert_eq!(unit("tau_mem_ms", ""), "ms");
        assert_eq!(unit("warmup", "Share of all updates"), "share");
        let named =
            json!({ "description": "After the warm-up: `cosine` (default) or `constant`." });
        assert_eq!(default(&named), "`cosine`");
    }
}
