use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::*;
use crate::command::CommandError;
use saturn_data::DataError;
use saturn_data::get::GetError;
use saturn_live::LiveError;
use saturn_sim::fault::Exit;
use saturn_store::folder::FolderError;
use saturn_store::operation::Operation;
use saturn_train::job::TrainError;
use saturn_train::weights::{WeightsError, WeightsFile};

/// Types of errors that never leave the module that makes them.
const INNER: [&str; 1] = ["DecodeError"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The names of the types in `text` that are errors, derived or by hand.
fn errors(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut derived = false;
    for line in text.lines().map(str::trim) {
        let by_hand = [
            "impl std::error::Error for ",
            "impl Error for ",
            "impl error::Error for ",
        ];
        if let Some(rest) = by_hand.iter().find_map(|start| line.strip_prefix(start)) {
            found.push(rest.trim_end_matches(['{', '}', ' ']).to_owned());
        }
        if line.starts_with("#[derive(") && line.contains("Error") {
            derived = true;
        }
        let named = line.strip_prefix("pub ").unwrap_or(line);
        let named = named
            .strip_prefix("enum ")
            .or_else(|| named.strip_prefix("struct "));
        if let (true, Some(rest)) = (derived, named) {
            let name: String = rest
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            found.push(name);
            derived = false;
        }
    }
    found
}

/// A type of errors that nobody placed would end the program with 1 for every error.
#[test]
fn every_error_type_of_the_program_is_known() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in [
        "cell", "neurons", "ssm", "network", "loss", "data", "store", "stream", "eval", "train",
        "analyse", "live", "sim", "cli",
    ] {
        sources(&root.join("crates").join(folder).join("src"), &mut paths);
    }
    sources(&root.join("plots/src"), &mut paths);
    let mut seen = 0;
    for path in paths {
        for name in errors(&fs::read_to_string(&path).expect("a source")) {
            let known = [
                KNOWN,
                saturn_sim::report::fault::KNOWN,
                saturn_sim::run::fault::KNOWN,
                saturn_sim::fault::KNOWN,
            ]
            .into_iter()
            .flatten()
            .any(|known| known.rsplit("::").next().map(str::trim) == Some(&name));
            assert!(
                known || INNER.contains(&name.as_str()),
                "{}: `{name}` does not say whose fault it is: implement `Blame` and add it to the `known_errors!` of its layer",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 25, "{seen}");
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

#[test]
fn wrong_input_ends_with_2_and_a_failed_run_with_1() {
    let path = || PathBuf::from("a");
    let folder = |what| FolderError::Io {
        path: path(),
        what,
        source: full(),
    };
    let damaged = || serde_json::from_str::<u8>("x").expect_err("no JSON");
    let data = || DataError::NotHdf5 { path: path() };
    let input: Vec<anyhow::Error> = vec![
        folder(Operation::Read).into(),
        folder(Operation::List).into(),
        FolderError::Damaged {
            path: path(),
            source: damaged(),
        }
        .into(),
        FolderError::Busy {
            path: path(),
            holder: None,
        }
        .into(),
        data().into(),
        // Within others, transparent or not, and under a context.
        TrainError::Data(data()).into(),
        TrainError::Checkpoint(FolderError::Damaged {
            path: path(),
            source: damaged(),
        })
        .into(),
        EstimateError::Train(TrainError::Data(data())).into(),
        saturn_eval::evaluate::EvalError::Data(data()).into(),
        saturn_train::mask::MaskError::Data(data()).into(),
        saturn_eval::trace::TraceError::Data(data()).into(),
        crate::bench::BenchError::Data(data()).into(),
        anyhow::Error::from(TrainError::Data(data())).context("training a.b.1"),
        WeightsFile::open(Path::new("/dev/null"))
            .expect_err("a device")
            .into(),
        WeightsError::from(folder(Operation::Read)).into(),
        WeightsError::InTheWay { path: path() }.into(),
        CommandError::NoSummary { run: path() }.into(),
        CommandError::NothingToSearch.into(),
        LiveError::file(&path(), Operation::Open, "")(full()).into(),
        saturn_loss::LossError::NoRate {
            lower_hz: 2.0,
            upper_hz: 1.0,
        }
        .into(),
        saturn_cell::ConfigError::Zero { key: "hidden" }.into(),
        saturn_eval::reset::PolicyError::NoPeriod.into(),
        saturn_eval::precision::PrecisionError::Full.into(),
        saturn_sim::scenario::Scenario::load(Path::new("/no/such"), &[""; 0])
            .expect_err("none")
            .into(),
    ];
    for e in input {
        assert_eq!(fault(&e), Fault::Input, "{e:?}");
    }
    let run: Vec<anyhow::Error> = vec![
        folder(Operation::Write).into(),
        folder(Operation::CreateFolder).into(),
        folder(Operation::Append).into(),
        TrainError::NoGradient { epoch: 1 }.into(),
        TrainError::Checkpoint(folder(Operation::Write)).into(),
        DataError::Write {
            path: path(),
            detail: String::new(),
        }
        .into(),
        GetError::NoAnswer {
            url: String::new(),
            detail: String::new(),
        }
        .into(),
        saturn_plots::PlotError::Write {
            path: path(),
            source: full(),
        }
        .into(),
        saturn_sim::report::ReportError::Folder(folder(Operation::Write)).into(),
        WeightsError::Unwritable {
            path: path(),
            what: String::new(),
            hint: "",
        }
        .into(),
        LiveError::file(&path(), Operation::Write, "")(full()).into(),
        CommandError::NothingFound.into(),
        anyhow::Error::new(full()).context("a system call"),
    ];
    for e in run {
        assert_eq!(fault(&e), Fault::Run, "{e:?}");
    }
}

#[test]
fn an_interrupt_ends_with_75() {
    let path = || PathBuf::from("a");
    let interrupted: [anyhow::Error; 6] = [
        TrainError::Interrupted.into(),
        anyhow::Error::from(TrainError::Interrupted).context("training a.b.1"),
        saturn_eval::evaluate::EvalError::Interrupted.into(),
        DataError::Stopped { path: path() }.into(),
        GetError::Stopped { path: path() }.into(),
        saturn_sim::run::Interrupted.into(),
    ];
    for e in interrupted {
        assert_eq!(fault(&e), Fault::Interrupted, "{e:?}");
    }
    let code = |fault: Fault| Exit::from(fault).code();
    let faults = [
        Fault::Run,
        Fault::Input,
        Fault::NotShown,
        Fault::Interrupted,
    ];
    assert_eq!(faults.map(code), [1, 2, 3, 75]);
}
