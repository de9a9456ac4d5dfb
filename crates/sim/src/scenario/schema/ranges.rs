//! The ranges that descriptions name, as numbers of the schema.
//!
//! Each key's description states its range in one of a few phrases, as a separate clause; here they become
//! keywords that an editor checks:
//!
//! | clause | in the schema |
//! |---|---|
//! | `at least 1`, `1 or more` | `minimum` |
//! | `above 0`, `greater than 0` | `exclusiveMinimum` |
//! | `0 to 1`, `range 0 to 1`, "1 to `lanes` and 65,536" | `minimum`, `maximum` |
//! | `0 to below 1` | `minimum`, `exclusiveMaximum` |
//! | `above 0 and up to 1`, `above 0 and below 1` | `exclusiveMinimum` and one of the maxima |
//! | `at least 0 and below 1`, `above 0 and at most 1`, `slope k > 0` | literally |
//! | `at least one`, `no duplicates`, of a list | `minItems`, `uniqueItems` |
//!
//! A test compares them with the values that the program rejects.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Adds the range that the description of a key names to each number that the key may be.
pub(super) fn ranges(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let own = object.get("description").and_then(Value::as_str);
    let own = own.map(str::to_owned);
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    // A choice is described as a whole.
    let choice = properties.len() == 1;
    for property in properties.values_mut() {
        let description = property.get("description").and_then(Value::as_str);
        let description = description.map(str::to_owned);
        let Some(description) = description.or_else(|| own.clone().filter(|_| choice)) else {
            continue;
        };
        if let Some(range) = range_in(&description) {
            bound(property, "number", &range);
            with_reference(property, &range);
        }
        bound(property, "array", &list_in(&description));
    }
}

/// Adds `range` to `schema` and to its alternatives, where these are of `kind` and without a range.
fn bound(schema: &mut Value, kind: &str, range: &Map<String, Value>) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let of_kind = |value: &Value| {
        let text = |value: &Value| match value.as_str() {
            Some("integer") => kind == "number",
            other => other == Some(kind),
        };
        text(value) || value.as_array().is_some_and(|types| types.iter().any(text))
    };
    if object.get("type").is_some_and(of_kind) {
        for (key, value) in range {
            // An integer has a minimum of 0 from its type.
            let weak = key == "minimum" && object.get("minimum") == Some(&json!(0));
            if weak || !object.contains_key(key) {
                object.insert(key.clone(), value.clone());
            }
        }
    }
    for key in ["anyOf", "oneOf", "prefixItems"] {
        let choices = object.get_mut(key).and_then(Value::as_array_mut);
        for choice in choices.into_iter().flatten() {
            bound(choice, kind, range);
        }
    }
    if let (Some(items), "number") = (object.get_mut("items"), kind) {
        bound(items, kind, range);
    }
}

/// Adds `range` to a reference: it applies to a number, and to the numbers of a list, and to nothing else.
fn with_reference(property: &mut Value, range: &Map<String, Value>) {
    let Some(object) = property.as_object_mut() else {
        return;
    };
    if object.contains_key("$ref") {
        object.extend(range.clone());
        object.insert("items".to_owned(), range.clone().into());
    }
}

/// The description's statements about a list, as keywords of a schema.
fn list_in(description: &str) -> Map<String, Value> {
    let text = description.replace('\n', " ").to_lowercase();
    let clauses: Vec<&str> = text
        .split([';', ',', '.', ':', '(', ')'])
        .map(str::trim)
        .collect();
    let mut found = Map::new();
    if clauses.contains(&"at least one") {
        found.insert("minItems".to_owned(), json!(1));
    }
    if clauses.contains(&"no duplicates") {
        found.insert("uniqueItems".to_owned(), json!(true));
    }
    found
}

/// The range in a description, as keys of a schema.
fn range_in(description: &str) -> Option<Map<String, Value>> {
    let text = without_separators(&description.replace('\n', " "));
    let clauses = text
        .split([';', '(', ')'])
        .flat_map(|part| part.split(". "));
    clauses.flat_map(|part| part.split(", ")).find_map(range_of)
}

/// The range that a clause is, if it is one.
fn range_of(clause: &str) -> Option<Map<String, Value>> {
    let lower = clause.trim().trim_end_matches('.').to_lowercase();
    let clause = lower.strip_suffix(" or `none`").unwrap_or(&lower);
    let clause = clause.strip_prefix("range ").unwrap_or(clause);
    let words: Vec<&str> = clause.split_whitespace().collect();
    let pairs: Vec<(&str, &str)> = match words[..] {
        // The last: a multiple of another key, or no less than it.
        ["at", "least", low]
        | [low, "or", "more"]
        | [low, "or" | "and", "above"]
        | ["at", "least", low, "and", "a", ..] => vec![("minimum", low)],
        ["above", low] | ["greater", "than", low] => {
            vec![("exclusiveMinimum", low)]
        }
        ["at", "least", low, "and", "below", high] => {
            vec![("minimum", low), ("exclusiveMaximum", high)]
        }
        ["above", low, "and", "at", "least", name] if name.starts_with('`') => {
            vec![("exclusiveMinimum", low)]
        }
        // `at least` another key between.
        ["above", low, "and", "at", "most", high] | ["above", low, "and", "up", "to", high] => {
            vec![("exclusiveMinimum", low), ("maximum", high)]
        }
        // A slope k > 0.
        [.., ">", low] => vec![("exclusiveMinimum", low)],
        [low, "to", high] => vec![("minimum", low), ("maximum", high)],
        [low, "to", name, "and", high] if name.starts_with('`') => {
            Vec::from([("minimum", low), ("maximum", high)])
        }
        [low, "to", "below", high] => vec![("minimum", low), ("exclusiveMaximum", high)],
        ["above", low, "and", "below", high] => {
            vec![("exclusiveMinimum", low), ("exclusiveMaximum", high)]
        }
        _ => return None,
    };
    pairs
        .into_iter()
        .map(|(key, number)| Some((key.to_owned(), number_of(number)?)))
        .collect()
}

fn number_of(text: &str) -> Option<Value> {
    if text == "2π" {
        return Some(json!(std::f64::consts::TAU));
    }
    let number: f64 = text.parse().ok()?;
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(json!(number as i64));
    }
    serde_json::Number::from_f64(number).map(Value::from)
}

/// `text` without the commas between digits.
fn without_separators(text: &str) -> String {
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let chars: Vec<char> = text.chars().collect();
    let inside = |i: usize| i > 0 && digit(chars.get(i - 1)) && digit(chars.get(i + 1));
    (chars.iter().enumerate())
        .filter(|(i, c)| !(**c == ',' && inside(*i)))
        .map(|(_, c)| *c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_a_range_in_one_of_few_phrases() {
        for (text, range) in [
            (
                "Neurons H; at least 1, default 128. More: better.",
                json!({"minimum": 1}),
            ),
            (
                "Time in ms; greater than 0; default 20.",
                json!({"exclusiveMinimum": 0}),
            ),
            (
                "The longest; above 0 or `none`, default 1.",
                json!({"exclusiveMinimum": 0}),
            ),
            (
                "Steps; 1 to 1,000,000, default 5.",
                json!({"minimum": 1, "maximum": 1_000_000}),
            ),
            (
                "Lanes; 1 to `steps` and 65,536, default 8",
                json!({"minimum": 1, "maximum": 65_536}),
            ),
            (
                "Memory; 0 to below 1, default 0.9.",
                json!({"minimum": 0, "exclusiveMaximum": 1}),
            ),
            (
                "A share; above 0 and up to 1, at least one channel",
                json!({"exclusiveMinimum": 0, "maximum": 1}),
            ),
        ] {
            assert_eq!(range_in(text).map(Value::Object), Some(range), "{text}");
        }
        for text in [
            "The ring reaches from 0.8 to 0.999 by default.",
            "Seeds of `compare`",
            "",
        ] {
            assert_eq!(range_in(text), None, "{text}");
        }
    }
}
