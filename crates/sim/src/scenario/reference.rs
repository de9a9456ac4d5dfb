//! The table of all keys of a scenario, as Markdown, from the schema: `docs/scenario.md`.
//!
//! Each mapping and each choice of the schema is a section under the path of the key that leads to it first; other keys
//! link to it. A row has what its key's description says in the first clause; editors show the rest.

mod columns;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::schema;
use columns::{default, in_a_line, unit, values};

const HEAD: &str = "\
# Scenario keys

<!-- `saturn schema --markdown > docs/scenario.md` writes this file from the schema. -->

Every key of a scenario: what it is, its unit, its values and its default. `NAME` stands for a name of your choice, `[]`
for each entry of a list; where a list is expected, one entry alone will do. A key that is not listed here is an error.
The full descriptions, with what a larger value does, are in the JSON Schema, which editors show:

```sh
saturn schema > saturn.schema.json
```

An editor with the YAML language server (VS Code, Neovim, Emacs, Helix) completes and checks a scenario whose first line
names the schema, by a path from the scenario's folder:

```yaml
# yaml-language-server: $schema=saturn.schema.json
name: spoken words, never reset
```

`--set KEY=VALUE` overrides a key on the command line: `--set train.epochs=5`,
`--set models.lif.layers.0.lif.hidden=64`.
";

/// The table of all keys, as Markdown.
pub fn reference() -> String {
    let root = schema();
    let mut sections = Sections {
        defs: root["$defs"].as_object().cloned().unwrap_or_default(),
        places: BTreeMap::new(),
        order: Vec::new(),
    };
    sections.find_all(&root);
    let mut text = HEAD.to_owned();
    if let Some(keys) = root["properties"].as_object() {
        text.push_str("\n## Top level\n\n");
        sections.keys(&mut text, keys, &root);
    }
    for name in sections.order.clone() {
        sections.section(&mut text, &name);
    }
    text
}

/// The definitions of the schema, each with where it is described.
struct Sections {
    defs: Map<String, Value>,
    /// The path of keys that leads first to each definition.
    places: BTreeMap<String, String>,
    /// In the order of their sections.
    order: Vec<String>,
}

impl Sections {
    /// Finds all definitions from `root` on. Those that a key of the top level names are described there, even where
    /// another key leads to them before.
    fn find_all(&mut self, root: &Value) {
        let properties = root["properties"].as_object();
        let keys: Vec<_> = properties.into_iter().flatten().collect();
        for (key, value) in &keys {
            if let Some(name) = referred(value) {
                self.places.insert(name.to_owned(), (*key).clone());
            }
        }
        for (key, value) in keys {
            match referred(value) {
                Some(name) => {
                    self.order.push(name.to_owned());
                    if let Some(definition) = self.defs.get(name).cloned() {
                        self.find(&definition, key);
                    }
                }
                None => self.find(value, key),
            }
        }
    }

    /// Finds the definitions that `schema`, at `path`, leads to.
    fn find(&mut self, schema: &Value, path: &str) {
        if let Some(name) = referred(schema) {
            if self.places.contains_key(name) {
                return;
            }
            let name = name.to_owned();
            let Some(definition) = self.defs.get(&name).cloned() else {
                return;
            };
            self.places.insert(name.clone(), path.to_owned());
            self.order.push(name);
            self.find(&definition, path);
            return;
        }
        let below = |key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        let properties = schema["properties"].as_object();
        for (key, value) in properties.into_iter().flatten() {
            self.find(value, &below(key));
        }
        for kind in ["anyOf", "oneOf"] {
            for choice in schema[kind].as_array().into_iter().flatten() {
                self.find(choice, path);
            }
        }
        if schema["additionalProperties"].is_object() {
            self.find(&schema["additionalProperties"], &below("NAME"));
        }
        if schema["items"].is_object() {
            let entry = format!("{path}[]");
            self.find(&schema["items"], &entry);
        }
    }

    /// The section of a definition, where there is more to it than its rows in other tables say.
    fn section(&self, text: &mut String, name: &str) {
        let definition = &self.defs[name];
        let keys = definition["properties"].as_object();
        if !has_section(definition) {
            return;
        }
        let place = &self.places[name];
        let level = if place.contains('.') { "###" } else { "##" };
        // Writing to a string does not fail.
        let _ = write!(text, "\n{level} `{place}`\n\n");
        if let Some(about) = definition["description"].as_str() {
            // A table may follow a sentence there.
            let about = about.split("\n\n").next().unwrap_or_default();
            let _ = write!(text, "{}\n\n", escaped(&about.replace('\n', " ")));
        }
        match keys {
            Some(keys) => self.keys(text, keys, definition),
            None => self.choices(text, definition),
        }
    }

    /// A row for each key of a mapping.
    fn keys(&self, text: &mut String, keys: &Map<String, Value>, mapping: &Value) {
        text.push_str("| key | meaning | unit | values | default |\n|---|---|---|---|---|\n");
        let required = mapping["required"].as_array();
        for (key, schema) in keys {
            let needed = required.is_some_and(|names| names.iter().any(|n| n == key));
            let about = schema["description"].as_str().unwrap_or_default();
            let default = match (default(schema), needed) {
                (_, true) => "required".to_owned(),
                (default, false) => default,
            };
            let cells = [
                format!("`{key}`"),
                in_a_line(about),
                unit(key, about),
                values(schema, &|name| self.link(name)),
                default,
            ];
            row(text, &cells);
        }
    }

    /// A row for each alternative of a choice.
    fn choices(&self, text: &mut String, choice: &Value) {
        text.push_str("| value | meaning | settings |\n|---|---|---|\n");
        let rows = ["oneOf", "anyOf"].map(|kind| choice[kind].as_array());
        for alternative in rows.into_iter().flatten().flatten() {
            let about = alternative["description"].as_str().unwrap_or_default();
            let about = in_a_line(about);
            let keys = alternative["properties"].as_object();
            if let Some((key, settings)) = keys.and_then(|keys| keys.iter().next()) {
                let settings = values(settings, &|name| self.link(name));
                row(text, &[format!("`{key}`"), about, settings]);
            } else if alternative.get("enum").is_none() || choice.get("oneOf").is_none() {
                let value = values(alternative, &|name| self.link(name));
                row(text, &[value, about, String::new()]);
            } else if about.is_empty() {
                // The names alone of what is listed above, with their defaults.
            } else {
                for value in alternative["enum"].as_array().into_iter().flatten() {
                    let value = value.as_str().unwrap_or_default();
                    row(text, &[format!("`{value}`"), about.clone(), String::new()]);
                }
            }
        }
    }

    /// A link to the section of a definition, or its values where it has none.
    fn link(&self, name: &str) -> String {
        let definition = &self.defs[name];
        if !has_section(definition) {
            return values(definition, &|name| self.link(name));
        }
        let place = &self.places[name];
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
        let anchor: String = place.chars().filter(kept).collect();
        let link = format!("[`{place}`](#{})", anchor.to_lowercase());
        match names(definition) {
            Some(names) => format!("{names}: see {link}"),
            None => format!("see {link}"),
        }
    }
}

/// The names of a choice, if all alternatives have one.
fn names(choice: &Value) -> Option<String> {
    let mut names = Vec::new();
    for alternative in choice["oneOf"].as_array()? {
        let keys = alternative["properties"].as_object();
        if let Some(name) = alternative["const"].as_str() {
            names.push(format!("`{name}`"));
        } else if let Some((key, _)) = keys.and_then(|keys| keys.iter().next()) {
            names.push(format!("`{key}`"));
        } else if let Some(values) = alternative["enum"].as_array() {
            names.extend(
                values
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|v| format!("`{v}`")),
            );
        }
    }
    names.dedup();
    let mut seen = Vec::new();
    names.retain(|name| {
        let new = !seen.contains(name);
        seen.push(name.clone());
        new
    });
    (names.len() <= 8).then(|| names.join(", "))
}

/// Whether a definition has keys or alternatives to be listed.
fn has_section(definition: &Value) -> bool {
    let keys = definition["properties"].as_object();
    keys.is_some_and(|keys| !keys.is_empty()) || definition["oneOf"].is_array()
}

/// The definition that `schema` is.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/$defs/")
}

fn row(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// `text` in a table's cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_schema_has_its_row() {
        let text = reference();
        let root = schema();
        let mut keys = 0;
        let defs = root["$defs"].as_object().unwrap();
        for mapping in defs.values().chain([&root]) {
            for key in mapping["properties"].as_object().into_iter().flatten() {
                assert!(text.contains(&format!("| `{}` | ", key.0)), "{}", key.0);
                keys += 1;
            }
        }
        assert!(keys > 200, "{keys}");
    }

    #[test]
    fn links_lead_to_sections() {
        let text = reference();
        let anchors: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| {
                let kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
                let anchor: String = line.chars().filter(kept).collect();
                anchor.to_lowercase()
            })
            .collect();
        for link in text.split("](#").skip(1) {
            let anchor = link.split(')').next().unwrap();
            let found = anchors.iter().filter(|a| *a == anchor).count();
            assert_eq!(found, 1, "{anchor}");
        }
    }
}
