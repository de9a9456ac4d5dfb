//! An error as text.

/// The error and its causes; a cause that an error already quotes is not repeated.
pub fn reason(e: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in e.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let full = || std::io::Error::other("the disk is full");
        let plain = anyhow::Error::new(full()).context("writing a figure");
        assert_eq!(reason(&plain), "writing a figure: the disk is full");
        let quoted = saturn_store::folder::FolderError::Io {
            path: "out".into(),
            what: saturn_store::operation::Operation::Write,
            source: full(),
        };
        let text = reason(&quoted.into());
        assert_eq!(text.matches("the disk is full").count(), 1, "{text}");
    }
}
