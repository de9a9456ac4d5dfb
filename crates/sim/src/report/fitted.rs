//! Tables for a terminal of a given width: names to the left, numbers to the right.
//!
//! If a row is too wide, the model gets its own line above its rows, and arm and policy share a column. That
//! column is truncated, with `…`, before any number is.

/// A row: model, arm and policy of resets, then its numbers.
pub struct Fitted {
    /// Model, arm, policy.
    pub names: [String; 3],
    /// One a column.
    pub numbers: Vec<String>,
}

/// Heads of the names.
const NAMES: [&str; 3] = ["model", "arm", "state_reset"];
/// Between columns.
const AIR: usize = 2;
/// Columns of a name that is cut short, at least.
const SHORTEST: usize = 12;

/// The lines of a table, no wider than `width` unless its numbers alone are wider.
pub fn fitted(head: &[&str], rows: &[Fitted], width: usize) -> Vec<String> {
    let length = |text: &str| text.chars().count();
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let numbers: Vec<usize> = (0..head.len())
        .map(|c| {
            widest(
                &mut rows
                    .iter()
                    .map(|row| length(&row.numbers[c]))
                    .chain([length(head[c])]),
            )
        })
        .collect();
    let taken: usize = numbers.iter().map(|w| w + AIR).sum();
    let own: Vec<usize> = (0..3)
        .map(|c| {
            widest(
                &mut rows
                    .iter()
                    .map(|row| length(&row.names[c]))
                    .chain([NAMES[c].len()]),
            )
        })
        .collect();
    let line = |name: &str, room: usize, cells: &[&str]| {
        let cells = cells
            .iter()
            .zip(&numbers)
            .map(|(cell, w)| format!("  {cell:>w$}"));
        let line = format!("{:<room$}{}", cut(name, room), cells.collect::<String>());
        line.trim_end().to_owned()
    };
    let mut lines = Vec::new();
    let room = own.iter().sum::<usize>() + 2 * AIR;
    if room + taken <= width {
        let name = |names: [&str; 3]| {
            format!(
                "{:<a$}  {:<b$}  {}",
                names[0],
                names[1],
                names[2],
                a = own[0],
                b = own[1]
            )
        };
        lines.push(line(&name(NAMES), room, head));
        for row in rows {
            let cells: Vec<&str> = row.numbers.iter().map(String::as_str).collect();
            let names = [&*row.names[0], &*row.names[1], &*row.names[2]];
            lines.push(line(&name(names), room, &cells));
        }
        return lines;
    }
    let place = |row: &Fitted| format!("  {}, {}", row.names[1], row.names[2]);
    let whole = widest(&mut rows.iter().map(|row| length(&place(row))));
    let room = whole.min(width.saturating_sub(taken).max(SHORTEST));
    lines.push(line("  arm, state_reset", room, head));
    for (k, row) in rows.iter().enumerate() {
        if k == 0 || rows[k - 1].names[0] != row.names[0] {
            lines.push(cut(&row.names[0], width));
        }
        let cells: Vec<&str> = row.numbers.iter().map(String::as_str).collect();
        lines.push(line(&place(row), room, &cells));
    }
    lines
}

/// A text of at most `room` characters.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// A sentence in lines of at most `width` characters, broken between words.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Fitted> {
        let row = |model: &str, arm: &str, policy: &str| Fitted {
            names: [model, arm, policy].map(str::to_owned),
            numbers: ["94.5 91.7-97.3", "93.0 88.1-97.9", "-"]
                .map(str::to_owned)
                .to_vec(),
        };
        vec![
            row("lif", "classic", "oracle"),
            row("lif", "adaptive", "silence_of_10_steps_at_0.25"),
            row("windowed_attention", "adaptive", "none"),
        ]
    }

    #[test]
    fn a_table_fits_its_terminal() {
        for width in [80, 100, 120, 400] {
            let lines = fitted(&["summed", "last", "detector"], &rows(), width);
            let most = lines.iter().map(|line| line.chars().count()).max();
            assert!(most <= Some(width), "{width}: {lines:#?}");
            // No number is cut, and columns end where their heads end.
            let text = lines.join("\n");
            assert_eq!(text.matches("94.5 91.7-97.3").count(), 3, "{text}");
            let end = |line: &str, word: &str| {
                line.find(word)
                    .map(|at| line[..at + word.len()].chars().count())
            };
            let last = lines.last().unwrap();
            assert_eq!(end(&lines[0], "summed"), end(last, "91.7-97.3"), "{text}");
        }
        let wide = fitted(&["summed", "last", "detector"], &rows(), 120);
        assert!(
            wide[1].starts_with("lif                 classic   oracle"),
            "{wide:#?}"
        );
        let narrow = fitted(&["summed", "last", "detector"], &rows(), 60);
        assert!(narrow[3].contains('…') && narrow[1] == "lif", "{narrow:#?}");
    }

    #[test]
    fn sentences_are_broken_between_words() {
        assert_eq!(
            wrapped("a sentence of some words", 11),
            ["a sentence", "of some", "words"]
        );
    }
}
