//! From YAML text to a tree.
//!
//! Not read: tags, merge keys (`<<`), keys that are not scalars, more than one document. Read, with a bound
//! on their total size: anchors and aliases.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Options, Parser, Span, StrInput};

use super::node::{Entry, Node, Value};
use super::problem::{Place, short};
use super::scalar::resolve;

/// The most values that a document may have, aliases counted as often as they are used.
const MOST_NODES: usize = 100_000;
/// The deepest nesting.
const DEEPEST: usize = 64;

/// Why a document cannot be read.
pub(super) struct ReadError {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
}

impl ReadError {
    fn new(at: &Marker, message: impl Into<String>) -> Self {
        Self {
            line: at.line(),
            column: at.col() + 1,
            message: message.into(),
        }
    }

    /// With the likely mistake, if the line shows it.
    fn explained(mut self, text: &str) -> Self {
        let indentation = |line: &str| -> String {
            let end = line.len() - line.trim_start().len();
            line[..end].to_owned()
        };
        let line = text.lines().nth(self.line.saturating_sub(1)).unwrap_or("");
        let before = text.lines().take(self.line.saturating_sub(1));
        let above = before.filter(|l| !l.trim().is_empty()).last().unwrap_or("");
        if let Some((at, _)) = (text.lines().enumerate())
            .take(self.line)
            .find(|(_, line)| indentation(line).contains('\t'))
        {
            self.message = format!(
                "{} (line {} is indented by a tab: YAML requires spaces)",
                self.message,
                at + 1
            );
        } else if self.message.starts_with("not valid YAML")
            && line.contains(':')
            && indentation(line) != indentation(above)
        {
            self.message = format!(
                "{} (this line is indented by {}, and the one above it by {}: keys of one mapping begin in one column)",
                self.message,
                spaces(&indentation(line)),
                spaces(&indentation(above))
            );
        }
        self
    }
}

fn spaces(indentation: &str) -> String {
    match indentation.len() {
        1 => "1 space".to_owned(),
        n => format!("{n} spaces"),
    }
}

/// Reads the one document of `text`. `everywhere` is the position of all its values, if they are not
/// distinguished by line and column.
pub(super) fn read(text: &str, everywhere: Option<Place>) -> Result<Node, ReadError> {
    parse(text, everywhere).map_err(|e| e.explained(text))
}

fn parse(text: &str, everywhere: Option<Place>) -> Result<Node, ReadError> {
    let mut options = Options::default();
    options.flow_nesting_limit = DEEPEST;
    options.block_nesting_limit = DEEPEST;
    options.set_emit_comments(false);
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, options),
        everywhere,
        anchors: HashMap::new(),
        nodes: 0,
    };
    reader.document()
}

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    everywhere: Option<Place>,
    anchors: HashMap<usize, Node>,
    /// Number of nodes so far.
    nodes: usize,
}

type Pair<'a> = (Event<'a>, Span);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Pair<'a>, ReadError> {
        match self.events.next() {
            Some(Ok(pair)) => Ok(pair),
            Some(Err(e)) => Err(ReadError::new(
                e.marker(),
                format!("not valid YAML: {}", e.kind()),
            )),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<Node, ReadError> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                _ if root.is_some() => {
                    return Err(ReadError::new(
                        &span.start,
                        "a second document begins here: a scenario is one document",
                    ));
                }
                event => root = Some(self.node(event, &span)?),
            }
        }
        Ok(root.unwrap_or(Node {
            value: Value::Null,
            place: self
                .everywhere
                .clone()
                .unwrap_or(Place::At { line: 1, column: 1 }),
        }))
    }

    fn place(&self, span: &Span) -> Place {
        self.everywhere.clone().unwrap_or(Place::At {
            line: span.start.line(),
            column: span.start.col() + 1,
        })
    }

    fn count(&mut self, nodes: usize, at: &Marker) -> Result<(), ReadError> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            let message =
                format!("more than {MOST_NODES} values (aliases count as often as they are used)");
            return Err(ReadError::new(at, message));
        }
        Ok(())
    }

    /// The node that begins with `event`.
    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, ReadError> {
        self.count(1, &span.start)?;
        let place = self.place(span);
        let (value, anchor, tag) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = match resolve(&text, style) {
                    Some(scalar) => Value::Scalar(text.into_owned(), scalar),
                    None => Value::Null,
                };
                (value, anchor, tag)
            }
            Event::SequenceStart(_, anchor, tag) => (Value::List(self.items()?), anchor, tag),
            Event::MappingStart(_, anchor, tag) => (Value::Map(self.entries()?), anchor, tag),
            Event::Alias(id) => {
                let Some(node) = self.anchors.get(&id).cloned() else {
                    return Err(ReadError::new(
                        &span.start,
                        "this alias is inside the value that it names",
                    ));
                };
                self.count(size(&node), &span.start)?;
                return Ok(node);
            }
            other => {
                let message = format!("not valid YAML: {other:?} in place of a value");
                return Err(ReadError::new(&span.start, message));
            }
        };
        if tag.is_some() {
            return Err(ReadError::new(
                &span.start,
                "tags (`!name`) are not read: leave it out",
            ));
        }
        let node = Node { value, place };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(&mut self) -> Result<Vec<Node>, ReadError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    fn entries(&mut self) -> Result<Vec<Entry>, ReadError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut known: HashMap<String, Place> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let Value::Scalar(key, _) = self.node(event, &span)?.value else {
                return Err(ReadError::new(&span.start, "a key must be a name"));
            };
            if key == "<<" {
                return Err(ReadError::new(
                    &span.start,
                    "merge keys (`<<`) are not read: write the keys out",
                ));
            }
            let place = self.place(&span);
            if let Some(first) = known.insert(key.clone(), place.clone()) {
                let before = match first {
                    Place::At { line, .. } => format!(" (first on line {line})"),
                    _ => String::new(),
                };
                let key = short(&key);
                let message = format!("duplicate key `{key}`{before}");
                return Err(ReadError::new(&span.start, message));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            entries.push(Entry { key, place, value });
        }
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|e| size(&e.value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_stand_for_their_values_and_cannot_explode() {
        let Ok(root) = read("a: &x [1, 2]\nb: *x", None) else {
            panic!("not read");
        };
        assert_eq!(root.child("b").map(Node::seen), Some("a list of 2".into()));

        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..9 {
            let of = i - 1;
            bomb.extend([format!(
                "a{i}: &a{i} [*a{of}, *a{of}, *a{of}, *a{of}, *a{of}, *a{of}, *a{of}, *a{of}]\n"
            )]);
        }
        let error = read(&bomb, None).err().map(|e| e.message);
        assert!(error.is_some_and(|m| m.starts_with("more than 100000 values")));
    }

    #[test]
    fn what_is_not_read_is_refused_with_its_place() {
        for (text, line, column, message) in [
            ("a: 1\na: 2", 2, 1, "duplicate key `a` (first on line 1)"),
            ("a: !x 1", 1, 7, "tags (`!name`) are not read: leave it out"),
            (
                "a: &x {b: 1}\nc:\n  <<: *x",
                3,
                3,
                "merge keys (`<<`) are not read: write the keys out",
            ),
            (
                "a: 1\n---\nb: 1",
                3,
                1,
                "a second document begins here: a scenario is one document",
            ),
            ("[a]: 1", 1, 1, "a key must be a name"),
        ] {
            let Err(error) = read(text, None) else {
                panic!("{text} was read");
            };
            assert_eq!(
                (error.line, error.column, error.message.as_str()),
                (line, column, message)
            );
        }
        let deep = "[".repeat(10_000);
        assert!(read(&deep, None).is_err());
    }
}
