use clap::{CommandFactory, Parser};

use super::Cli;

/// `command` and all below it, with the words that call each.
fn all(command: &clap::Command, above: &str, found: &mut Vec<(String, clap::Command)>) {
    let name = format!("{above}{}", command.get_name());
    found.push((name.clone(), command.clone()));
    for below in command.get_subcommands() {
        all(below, &format!("{name} "), found);
    }
}

fn commands() -> Vec<(String, clap::Command)> {
    let mut found = Vec::new();
    all(&Cli::command(), "", &mut found);
    found
}

#[test]
fn the_arguments_are_consistent() {
    Cli::command().debug_assert();
}

/// The words of a line, without quotes, up to what is the shell's or a comment.
fn words(line: &str) -> Vec<String> {
    let code = line.split(['>', '<']).next().unwrap_or(line);
    let code = code.trim().split("   ").next().unwrap_or_default();
    let words = code.split_whitespace();
    words
        .map(|word| word.trim_matches('\'').to_owned())
        .collect()
}

#[test]
fn every_command_has_examples_and_they_parse() {
    let mut seen = 0;
    for (name, command) in commands() {
        let help = command.get_after_help().map(ToString::to_string);
        let help = help.unwrap_or_else(|| panic!("{name} has no examples"));
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        let lines = help.lines().filter(|line| line.starts_with("  saturn "));
        for line in lines {
            let words = words(line);
            if words[1] == "help" {
                continue;
            }
            assert!(words.join(" ").starts_with(&name), "{name}: {line}");
            let parsed = Cli::try_parse_from(&words);
            assert!(parsed.is_ok(), "{line}: {}", parsed.err().unwrap());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

/// Every option has a line of help that is no sentence with a full stop.
#[test]
fn every_option_is_described() {
    for (name, command) in commands() {
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string);
            let help = help.unwrap_or_else(|| panic!("{name}: {argument}"));
            assert!(!help.is_empty() && !help.ends_with('.'), "{name}: {help}");
        }
    }
}

#[test]
fn quiet_and_verbose_exclude_each_other_and_stand_anywhere() {
    for line in [
        "saturn -q check s.yaml",
        "saturn check s.yaml --quiet --threads 3",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
    for line in [
        "saturn check s.yaml -q -v",
        "saturn check s.yaml --threads 0",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}
