//! `saturn schema`: the JSON Schema of scenarios.

use anyhow::Result;

use crate::scenario::schema as scenario_schema;

/// Prints the schema on standard output.
#[allow(clippy::print_stdout)] // The schema is the command's result.
pub fn schema() -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&scenario_schema())?);
    Ok(())
}
