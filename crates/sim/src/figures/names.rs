//! Names of models and arms in figures and reports. Streams and reset policies are named by their settings:
//! see `run::summary::Roles`.

/// Words in names of networks that are written in capitals.
const ACRONYMS: [&str; 9] = [
    "lif", "alif", "ssm", "rnn", "gru", "lstm", "s4d", "s5", "lru",
];

/// A model: `cuba_lif` is `CuBa LIF`; words that are not acronyms stay as written.
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

/// An arm.
pub fn arm(name: &str) -> String {
    name.replace('_', " ")
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
        assert_eq!(count(2), "two");
    }
}
