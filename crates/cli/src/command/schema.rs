//! `saturn schema`: the JSON Schema of scenarios, and the same as a table to read.

use anyhow::Result;

use super::print::print;
use saturn_sim::scenario::{reference, schema as scenario_schema};

/// Prints the schema on standard output, or the table of keys.
pub fn schema(markdown: bool) -> Result<()> {
    if markdown {
        return print(reference().trim_end());
    }
    print(&serde_json::to_string_pretty(&scenario_schema())?)
}
