//! Text from files, fit for a terminal and a figure.
//!
//! A name in a file may contain an escape sequence, which a terminal executes: it moves the cursor, changes
//! the window's title or hides what follows. It may be a megabyte long. Every text from a file that is shown
//! to a person passes through here: control characters, and those that change the direction of writing,
//! become `\u{1b}` and the like.

use std::borrow::Cow;

/// Characters of a name that are shown.
const NAME: usize = 80;

/// A text of several lines with all other control characters escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_active(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().fold(String::new(), |mut all, c| {
        if is_active(c) && c != '\n' {
            all.extend(c.escape_unicode());
        } else {
            all.push(c);
        }
        all
    });
    Cow::Owned(escaped)
}

/// A name in one line of at most 80 characters, an ellipsis at the end of a longer one.
pub fn printable_name(name: &str) -> String {
    let mut shown = String::new();
    let mut characters = name.chars();
    let mut length = 0;
    while let Some(c) = characters.next() {
        let escaped: String = if is_active(c) {
            c.escape_unicode().collect()
        } else {
            c.to_string()
        };
        let last = characters.as_str().is_empty();
        let more = escaped.chars().count();
        if length + more > NAME - usize::from(!last) {
            shown.push('…');
            break;
        }
        length += more;
        shown.push_str(&escaped);
    }
    shown
}

/// Whether a terminal or a layout of text acts on it.
fn is_active(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_acts_on_the_terminal() {
        assert_eq!(printable_name("drei"), "drei");
        assert_eq!(printable_name("\u{1b}[2Jthree\n"), "\\u{1b}[2Jthree\\u{a}");
        assert_eq!(printable("a\nb\u{7}\r"), "a\nb\\u{7}\\u{d}");
        assert_eq!(printable("ünï\u{202e}code"), "ünï\\u{202e}code");
        assert!(matches!(printable("two\nlines"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_name_is_shortened() {
        let exact = "x".repeat(80);
        assert_eq!(printable_name(&exact), exact);
        let long = printable_name(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), 80);
        assert!(long.ends_with("x…"));
        assert!(printable_name(&"\u{1b}".repeat(10_000)).chars().count() <= 80);
    }
}
