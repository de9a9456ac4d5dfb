//! Integration tests: the real program on tiny data, from a scenario to a report, and on bad input.
#![allow(clippy::print_stderr)] // A skipped test prints a message.

mod analyse;
mod architecture;
mod bad_input;
#[cfg(unix)]
mod browser;
mod check;
mod command_line;
mod conflicts;
mod convert;
mod data_folder;
mod evaluate;
mod example_instrument_answers;
mod example_instrument_states;
mod example_policy;
mod export;
mod files_left;
mod full_disk;
mod gallery;
mod import;
mod input_formats;
mod isa;
mod live;
mod main_job;
mod many;
mod matrix;
mod other_folders;
mod outputs;
mod precision;
mod real_data;
mod resume;
mod retrofit;
mod saturn;
mod threads;
mod training_stops;
mod view;
mod weights;
mod words;
