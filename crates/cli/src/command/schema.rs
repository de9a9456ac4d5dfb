//! `saturn schema`: the JSON Schema of scenarios.

use anyhow::Result;

use super::print::print;
use saturn_sim::scenario::schema as scenario_schema;

/// Prints the schema on standard output.
pub fn schema() -> Result<()> {
    print(&serde_json::to_string_pretty(&scenario_schema())?)
}
