//! What can be wrong with a command that none of its parts knows.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// An error of a command as a whole.
#[derive(Debug, Error)]
pub enum CommandError {
    /// A search without anything to vary.
    #[error("nothing to search\nhint: name keys and ranges under `tune.search` in the scenario")]
    NothingToSearch,
    /// No candidate of a search could be trained.
    #[error("every candidate failed\nhint: the reasons are above; narrow `tune.search`")]
    NothingFound,
    /// A run that has not ended.
    #[error("{}: contains no summary.json\nhint: finish the run first", run.display())]
    NoSummary {
        /// The run's folder.
        run: PathBuf,
    },
    /// A checklist of an arm that the run does not have.
    #[error(
        "--arm {arm}: the run has no such arm\nhint: `saturn report {}` shows its arms",
        run.display()
    )]
    NoSuchArm {
        /// As it was given.
        arm: String,
        /// The run's folder.
        run: PathBuf,
    },
    /// A checklist of a run without results.
    #[error(
        "{}: no network of this run was evaluated\nhint: finish the run first",
        run.display()
    )]
    NothingEvaluated {
        /// The run's folder.
        run: PathBuf,
    },
    /// As many names of classes as outputs are needed.
    #[error(
        "--classes has {names} names, and the network has {outputs} outputs\nhint: give one name an output"
    )]
    Classes {
        /// Names that were given.
        names: usize,
        /// Outputs of the network.
        outputs: usize,
    },
    /// An analysis of a network without a run, of which no data are known.
    #[error(
        "{network}: no run has data for it\nhint: give recordings with --data, or --silence to do without"
    )]
    NoData {
        /// Its name.
        network: String,
    },
    /// A folder that has a network already.
    #[error("--out {}: contains a network or a run\nhint: give another folder", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file that would be replaced.
    #[error("--out {}: exists already\nhint: give another file, or --overwrite to replace it", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// A file for a program that does not read its format.
    #[error(
        "--for {reader}: it does not read what --to {format} writes\nhint: give --to {reads}, or leave --for out"
    )]
    ReaderOfOther {
        /// The program.
        reader: &'static str,
        /// The format.
        format: &'static str,
        /// The format that it reads.
        reads: &'static str,
    },
    /// An option that means nothing with the others.
    #[error("{option}: goes with {goes_with} alone\nhint: leave it out")]
    OptionOfOther {
        /// The option.
        option: &'static str,
        /// What it goes with.
        goes_with: &'static str,
    },
    /// An option of `import` that means nothing for the file.
    #[error("{option}: {}: {why}\nhint: leave it out", path.display())]
    OptionOfOtherFile {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it means nothing.
        why: &'static str,
    },
    /// A folder of scripts that has something in it.
    #[error(
        "--scripts {}: is not empty, and tasks of earlier scripts may still be waiting\nhint: give a new folder, or leave \
        --scripts out",
        path.display()
    )]
    ScriptsExist {
        /// The folder.
        path: PathBuf,
    },
    /// A path that a script cannot contain.
    #[error("{}: a script cannot contain this path\nhint: use one in UTF-8 without line breaks", path.display())]
    OddPath {
        /// The path.
        path: PathBuf,
    },
    /// An option of sbatch that is none.
    #[error(
        "--sbatch {option}: expected an option without its dashes, such as partition=long\nhint: options that submit \
        writes itself, such as array, cannot be given"
    )]
    BadSbatch {
        /// As it was given.
        option: String,
    },
    /// A file that cannot be opened.
    #[error("{}: cannot be opened: {source}\nhint: check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A file of no format that is imported.
    #[error(
        "{}: is neither a NIR file (HDF5) nor safetensors\nhint: in Python, `nir.write(path, graph)` or \
        `safetensors.torch.save_file(net.state_dict(), path)`; --from says which",
        path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// An option names a folder that is none.
    #[error("{option} {}: {found}\nhint: give a folder of trials, a run's folder, or a file of `saturn pack`", path.display())]
    NoFolder {
        /// The option.
        option: &'static str,
        /// What was given.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
}

impl CommandError {
    /// What `option` names, `path`, is no folder.
    pub fn no_folder(option: &'static str, path: &Path) -> Self {
        let found = if path.exists() {
            "is not a folder"
        } else {
            "no such folder was found"
        };
        Self::NoFolder {
            option,
            path: path.to_owned(),
            found,
        }
    }
}
