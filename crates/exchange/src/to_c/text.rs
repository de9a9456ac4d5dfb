//! Small pieces of C.

/// A number of C.
pub(super) fn number(x: f32) -> String {
    format!("{x:?}f")
}

/// `text` as a part of a C name.
pub(super) fn identifier(text: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    text.chars().map(letter).collect()
}

/// A loop that sets each of `len` elements.
pub(super) fn each(len: usize, to: &str, from: &str) -> String {
    format!("    for (i = 0; i < {len}; i++) {{\n        {to} = {from};\n    }}\n")
}

/// `index` as an operand.
pub(super) fn grouped(index: &str) -> String {
    if index.contains(' ') {
        format!("({index})")
    } else {
        index.to_owned()
    }
}

/// `index` plus `first`.
pub(super) fn shifted(index: &str, first: usize) -> String {
    if let Ok(number) = index.parse::<usize>() {
        return (number + first).to_string();
    }
    let known = index.split_once(" + ");
    let known = known.and_then(|(start, rest)| Some((start.parse::<usize>().ok()?, rest)));
    match known {
        Some((start, rest)) => format!("{} + {rest}", start + first),
        None if first == 0 => index.to_owned(),
        None => format!("{first} + {index}"),
    }
}
