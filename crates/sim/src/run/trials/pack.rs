//! JSON in fewer bytes, and back.
//!
//! A list of two objects or more is written as a table, its keys once: objects inside an object become
//! columns `outer/inner`, and `null` is what an object does not have.
//!
//! ```text
//! [{"a": 1, "b": {"c": 2}}, {"a": 3}]   ->   {"columns": ["a", "b/c"], "rows": [[1, 2], [3, null]]}
//! ```
//!
//! So a key with the value `null` and one that is left out are the same; of a type whose optional fields are
//! `Option`s that holds anyhow.

use serde_json::{Map, Value};

/// The keys of a table.
const COLUMNS: &str = "columns";
const ROWS: &str = "rows";

/// Lists of objects as tables, all the way down; nulls left out.
pub fn pack(value: Value) -> Value {
    match value {
        Value::Array(items) if items.len() > 1 && items.iter().all(Value::is_object) => {
            table(items)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(pack).collect()),
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(key, v)| (key, pack(v)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn table(items: Vec<Value>) -> Value {
    let mut columns: Vec<String> = Vec::new();
    let mut flat: Vec<Map<String, Value>> = Vec::new();
    for item in items {
        let mut row = Map::new();
        flatten("", item, &mut row);
        for key in row.keys() {
            if !columns.contains(key) {
                columns.push(key.clone());
            }
        }
        flat.push(row);
    }
    let rows: Vec<Value> = flat
        .into_iter()
        .map(|mut row| {
            let cell = |key| row.remove(key).unwrap_or(Value::Null);
            Value::Array(columns.iter().map(cell).collect())
        })
        .collect();
    Map::from_iter([
        (COLUMNS.to_owned(), columns.into()),
        (ROWS.to_owned(), rows.into()),
    ])
    .into()
}

/// The entries of `value` under `path`, objects taken apart; an empty object stays.
fn flatten(path: &str, value: Value, row: &mut Map<String, Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                let path = if path.is_empty() {
                    key
                } else {
                    format!("{path}/{key}")
                };
                flatten(&path, inner, row);
            }
        }
        Value::Null => {}
        other => {
            row.insert(path.to_owned(), pack(other));
        }
    }
}

/// What [`pack`] has packed.
pub fn unpack(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(unpack).collect()),
        Value::Object(map) => match as_table(&map) {
            Some((columns, rows)) => rows.iter().map(|row| object(&columns, row)).collect(),
            None => map
                .into_iter()
                .map(|(key, v)| (key, unpack(v)))
                .collect::<Map<_, _>>()
                .into(),
        },
        other => other,
    }
}

fn as_table(map: &Map<String, Value>) -> Option<(Vec<String>, Vec<Vec<Value>>)> {
    if map.len() != 2 {
        return None;
    }
    let columns = map.get(COLUMNS)?.as_array()?;
    let columns = columns.iter().map(|c| c.as_str().map(str::to_owned));
    let rows = map.get(ROWS)?.as_array()?;
    let rows = rows.iter().map(|row| row.as_array().cloned());
    Some((
        columns.collect::<Option<_>>()?,
        rows.collect::<Option<_>>()?,
    ))
}

fn object(columns: &[String], row: &[Value]) -> Value {
    let mut whole = Map::new();
    for (path, value) in columns.iter().zip(row).filter(|(_, v)| !v.is_null()) {
        let key = |key: &str| key.replace("~1", "/").replace("~0", "~");
        let keys: Vec<String> = path.split('/').map(key).collect();
        insert(&mut whole, &keys, unpack(value.clone()));
    }
    whole.into()
}

/// `value` at a path of keys. A path that goes on below a plain value is that of a damaged file: there the
/// later one stands.
fn insert(map: &mut Map<String, Value>, keys: &[String], value: Value) {
    let [key, below @ ..] = keys else { return };
    if below.is_empty() {
        map.insert(key.clone(), value);
        return;
    }
    let inner = map.entry(key.clone()).or_insert(Value::Null);
    match inner {
        Value::Object(inner) => insert(inner, below, value),
        other => {
            let mut new = Map::new();
            insert(&mut new, below, value);
            *other = new.into();
        }
    }
}

/// Every number that is not whole to `digits` significant digits.
pub fn round(value: &mut Value, digits: usize) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let x = number.as_f64().unwrap_or_default();
            let short: f64 = format!("{x:.*e}", digits.max(1) - 1).parse().unwrap_or(x);
            // 12.0 takes two bytes more than 12, and is read the same.
            *value = if short.fract() == 0.0 && short.abs() < 1e15 {
                Value::from(short as i64)
            } else {
                Value::from(short)
            };
        }
        Value::Array(items) => items.iter_mut().for_each(|v| round(v, digits)),
        Value::Object(map) => map.values_mut().for_each(|v| round(v, digits)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_objects_become_tables_and_come_back() {
        let value = json!({
            "a": [{"x": 1, "y": {"u": 2.5, "w": {}}}, {"x": 3, "z": [{"k": 1}, {"k": 2}]}],
            "b": [{"alone": 1}],
            "c": [1, 2, "three", []],
        });
        let packed = pack(value.clone());
        let columns = json!(["x", "y/u", "y/w", "z"]);
        assert_eq!(packed["a"]["columns"], columns);
        assert_eq!(packed["a"]["rows"][0], json!([1, 2.5, {}, null]));
        assert_eq!(packed["b"], value["b"]);
        assert_eq!(unpack(packed), value);
    }

    #[test]
    fn names_with_slashes_come_back() {
        let value = json!([{"a/b": {"c~d": 1}}, {"a/b": {"c~d": 2, "~1": 3}}]);
        assert_eq!(unpack(pack(value.clone())), value);
    }

    #[test]
    fn nothing_is_the_same_as_left_out() {
        let packed = pack(json!([{"a": null, "b": 1}, {"a": {"c": null}, "b": 2}]));
        assert_eq!(unpack(packed), json!([{"b": 1}, {"b": 2}]));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let mut value = json!([0.123_456_789, 12_345_678.9, -1.0e-9, 3, 7.0, "0.123456"]);
        round(&mut value, 4);
        assert_eq!(value, json!([0.1235, 12_350_000, -1e-9, 3, 7, "0.123456"]));
    }

    #[test]
    fn a_damaged_table_is_no_panic() {
        let value = json!({"columns": ["a", "a/b"], "rows": [[1, 2], [3]]});
        assert_eq!(unpack(value), json!([{"a": {"b": 2}}, {"a": 3}]));
    }
}
