//! Which parts of a result depend on the clock and the machine. Everything else is the same for two runs of
//! one scenario.

use serde_json::Value;

/// The keys, in `summary.json`, `metrics.jsonl` and the files of `cells/`.
pub const CLOCK: [&str; 5] = [
    "seconds",
    "steps_per_second",
    "resident_mib",
    "memory_by_step",
    "speed_by_step",
];

/// Removes them from `value` at any depth: as keys, or as columns of a table stored as `columns` and `rows`.
pub fn forget_clock(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(columns)) = map.get("columns") {
                let of_clock = |name: &Value| name.as_str().is_some_and(|n| CLOCK.contains(&n));
                let keep: Vec<bool> = columns.iter().map(|name| !of_clock(name)).collect();
                if let Some(columns) = map.get_mut("columns") {
                    thin(columns, &keep);
                }
                if let Some(Value::Array(rows)) = map.get_mut("rows") {
                    for row in rows {
                        thin(row, &keep);
                    }
                }
            }
            map.retain(|key, _| !CLOCK.contains(&key.as_str()));
            map.values_mut().for_each(forget_clock);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_clock),
        _ => {}
    }
}

/// Keeps the list entries for which `keep` is true at the same index.
fn thin(list: &mut Value, keep: &[bool]) {
    if let Value::Array(items) = list {
        let mut kept = keep.iter();
        items.retain(|_| kept.next().is_none_or(|&keep| keep));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_and_columns_go() {
        let mut value = json!({
            "seconds": 3, "steps": 4,
            "table": {"columns": ["arm", "steps_per_second", "last"], "rows": [["a", 1.5, 2], ["b", 2.5, 3]]},
            "cells": [{"resident_mib": [1, 2], "seed": 1}],
        });
        forget_clock(&mut value);
        let left = json!({
            "steps": 4,
            "table": {"columns": ["arm", "last"], "rows": [["a", 2], ["b", 3]]},
            "cells": [{"seed": 1}],
        });
        assert_eq!(value, left);
    }
}
