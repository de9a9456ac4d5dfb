//! How models, streams, arms and policies are called in figures and reports.

/// Names of nets that are written in capitals.
const ACRONYMS: [&str; 8] = ["lif", "alif", "ssm", "rnn", "gru", "lstm", "s4d", "lru"];

/// A model: `lif` is `LIF`, what is not an acronym stays as it is written.
pub fn model(name: &str) -> String {
    if ACRONYMS.contains(&name) {
        name.to_uppercase()
    } else {
        name.replace('_', " ")
    }
}

/// A stream, as the title of a panel or a table.
pub fn stream(name: &str) -> String {
    let plain = name.replace('_', " ");
    match plain.as_str() {
        "noise" | "silence" => format!("gaps of {plain}"),
        "shuffled" => "gaps of shuffled events".to_owned(),
        _ => plain,
    }
}

/// An arm.
pub fn arm(name: &str) -> String {
    name.replace('_', " ")
}

/// A policy of resets: `none` is `never reset`.
pub fn state_reset(name: &str) -> String {
    match name {
        "none" => "never reset".to_owned(),
        "oracle" => "oracle reset".to_owned(),
        _ => match name.strip_prefix("periodic_") {
            Some(rest) => match rest.split_once("_from_") {
                Some((every, offset)) => format!("reset every {every} steps from {offset} on"),
                None => format!("reset every {rest} steps"),
            },
            None => name.replace('_', " "),
        },
    }
}

/// The heading for one of a few things: `two`, but `14`.
pub fn count(n: usize) -> String {
    const WORDS: [&str; 7] = ["no", "one", "two", "three", "four", "five", "six"];
    WORDS
        .get(n)
        .map_or_else(|| n.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_well() {
        assert_eq!(model("gru"), "GRU");
        assert_eq!(model("my_net"), "my net");
        assert_eq!(stream("noise"), "gaps of noise");
        assert_eq!(stream("no_gaps"), "no gaps");
        assert_eq!(state_reset("none"), "never reset");
        assert_eq!(state_reset("periodic_100"), "reset every 100 steps");
        assert_eq!(
            state_reset("periodic_100_from_7"),
            "reset every 100 steps from 7 on"
        );
        assert_eq!(count(2), "two");
    }
}
