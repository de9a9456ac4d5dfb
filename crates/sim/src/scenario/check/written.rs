//! A scenario as YAML.

use super::Scenario;
use crate::scenario::decode::decode;
use crate::scenario::keys::ScenarioKeys;

/// The scenario as YAML, with every default written out. Read again, it is the same scenario.
pub fn to_yaml(scenario: &Scenario) -> String {
    yaml(&scenario.keys())
}

/// The scenario as YAML with the keys as written, after overrides: paths as in the file, and only the keys
/// that the file has.
pub fn written_yaml(scenario: &Scenario) -> String {
    // It has been decoded before.
    yaml(&decode::<ScenarioKeys>(&scenario.root).unwrap_or_else(|_| scenario.keys()))
}

fn yaml(keys: &ScenarioKeys) -> String {
    // Text, finite numbers, lists and mappings with names as keys: JSON and YAML have all of them.
    let mut keys = serde_json::to_value(keys).expect("keys are JSON");
    leave_out_nulls(&mut keys);
    serde_saphyr::to_string(&keys).expect("keys are YAML")
}

/// A key without a value is an error in a scenario.
fn leave_out_nulls(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(leave_out_nulls);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}
