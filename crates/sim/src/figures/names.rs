//! How models, streams, arms and policies are called in figures and reports.

/// Words in names of nets that are written in capitals.
const ACRONYMS: [&str; 9] = [
    "lif", "alif", "ssm", "rnn", "gru", "lstm", "s4d", "s5", "lru",
];

/// A model: `cuba_lif` is `CuBa LIF`, what is not an acronym stays as it is written.
pub fn model(name: &str) -> String {
    let word = |word: &str| match word {
        "adlif" => "adLIF".to_owned(),
        "cuba" => "CuBa".to_owned(),
        _ if ACRONYMS.contains(&word) => word.to_uppercase(),
        _ => word.to_owned(),
    };
    let words: Vec<String> = name.split('_').map(word).collect();
    words.join(" ")
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
        _ => {
            if let Some(rest) = name.strip_prefix("periodic_") {
                return match rest.split_once("_from_") {
                    Some((every, offset)) => format!("reset every {every} steps from {offset} on"),
                    None => format!("reset every {rest} steps"),
                };
            }
            if let Some(steps) = name.strip_prefix("misaligned_by_") {
                return format!("oracle, off by {steps} steps");
            }
            if let Some(rest) = name.strip_prefix("silence_of_") {
                return format!("reset after silence of {}", rest.replace('_', " "));
            }
            name.replace('_', " ")
        }
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
        assert_eq!(model("cuba_lif"), "CuBa LIF");
        assert_eq!(model("adlif"), "adLIF");
        assert_eq!(model("my_net"), "my net");
        assert_eq!(stream("noise"), "gaps of noise");
        assert_eq!(stream("no_gaps"), "no gaps");
        assert_eq!(state_reset("none"), "never reset");
        assert_eq!(state_reset("periodic_100"), "reset every 100 steps");
        assert_eq!(
            state_reset("periodic_100_from_7"),
            "reset every 100 steps from 7 on"
        );
        assert_eq!(state_reset("misaligned_by_3"), "oracle, off by 3 steps");
        assert_eq!(
            state_reset("silence_of_10_steps"),
            "reset after silence of 10 steps"
        );
        assert_eq!(count(2), "two");
    }
}
