//! `saturn import`: a network that was made elsewhere, as a folder with weights that describe themselves.
//!
//! ```text
//! FOLDER/weights.safetensors   layers, classes, dt_ms and tensors, as `saturn` writes them
//! FOLDER/import.json           the source, the options, and the verdict on each part
//! ```

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use saturn_cell::Real;
use saturn_data::checksum::sha256;
use saturn_exchange::from_pytorch::{self, AlphaNeuron};
use saturn_exchange::nir::{Decay, Dialect, Reset};
use saturn_exchange::{Imported, Verdict, from_nir};
use saturn_sim::scenario::Precision;
use saturn_store::folder::write_beside;
use saturn_train::weights::{self, Belonging, WEIGHTS};
use serde::Serialize;

use super::error::CommandError;
use super::print::print;
use super::verdicts::{exact, listed};

/// What `import` was asked for.
pub struct ImportOptions<'a> {
    /// The file.
    pub source: &'a Path,
    /// The folder to write.
    pub out: &'a Path,
    /// Its format; by default that of the file.
    pub format: Option<Format>,
    /// Milliseconds a step.
    pub dt_ms: Option<f64>,
    /// Names of the outputs.
    pub classes: Option<&'a [String]>,
    /// Of the weights.
    pub precision: Precision,
    /// Of a NIR file; by default NIR's equations.
    pub dialect: Option<Dialect>,
    /// Of a NIR file.
    pub reset: Option<Reset>,
    /// Of a NIR file.
    pub decay: Option<Decay>,
    /// Of a state dict.
    pub layers: Option<&'a [String]>,
    /// Of a state dict.
    pub neuron: Option<AlphaNeuron>,
}

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The Neuromorphic Intermediate Representation.
    Nir,
    /// A state dict of PyTorch or snnTorch, in safetensors.
    PyTorch,
}

/// The contents of `import.json`.
#[derive(Serialize)]
struct Record<'a> {
    format: u32,
    saturn: &'static str,
    source: String,
    source_sha256: String,
    source_format: Format,
    dialect: Option<&'static str>,
    dt_ms: f64,
    channels: usize,
    classes: &'a [String],
    exact: bool,
    verdicts: &'a [Verdict],
    notices: &'a [String],
}

/// Imports a network and prints the verdicts.
pub fn import(options: &ImportOptions) -> Result<()> {
    let format = match options.format {
        Some(format) => format,
        None => format_of(options.source)?,
    };
    check(options, format)?;
    let dialect = options.dialect.unwrap_or_default();
    let imported = match format {
        Format::Nir => from_nir::import(
            options.source,
            &from_nir::Options {
                dialect,
                dt_s: options.dt_ms.map(|ms| ms / 1000.0),
                reset: options.reset,
                decay: options.decay,
            },
        )?,
        Format::PyTorch => from_pytorch::import(
            options.source,
            &from_pytorch::Options {
                layers: options.layers.map(<[String]>::to_vec),
                dt_ms: options.dt_ms,
                neuron: options.neuron,
            },
        )?,
    };
    let numbered = || (0..imported.outputs).map(|i| i.to_string()).collect();
    let named = || imported.classes.clone().unwrap_or_else(numbered);
    let classes = options.classes.map_or_else(named, <[String]>::to_vec);
    if classes.len() != imported.outputs {
        let (names, outputs) = (classes.len(), imported.outputs);
        return Err(CommandError::Classes { names, outputs }.into());
    }
    let record = Record {
        format: 1,
        saturn: env!("CARGO_PKG_VERSION"),
        source: options
            .source
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        source_sha256: sha256(options.source).context("reading the source again")?,
        source_format: format,
        dialect: (format == Format::Nir).then(|| dialect.name()),
        dt_ms: imported.dt_ms,
        channels: imported.channels,
        classes: &classes,
        exact: imported.is_exact(),
        verdicts: &imported.verdicts,
        notices: &imported.notices,
    };
    let folder = options.out;
    if folder.join("scenario.yaml").exists() || folder.join(WEIGHTS).exists() {
        return Err(CommandError::Occupied {
            path: folder.to_owned(),
        }
        .into());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    match options.precision {
        Precision::F32 => save::<f32>(&imported, &classes, folder)?,
        Precision::F64 => save::<f64>(&imported, &classes, folder)?,
    }
    write_beside(
        &folder.join("import.json"),
        &serde_json::to_vec_pretty(&record)?,
    )?;
    print(&table(&imported, folder))
}

/// An error for an option that means nothing for a file of `format`.
fn check(options: &ImportOptions, format: Format) -> Result<(), CommandError> {
    const RESETS: &str = "a state dict of snnTorch contains its resets, and one of PyTorch has none: the option is for NIR files";
    const DECAYS: &str = "a state dict contains its decays: the option is for NIR files";
    const DIALECTS: &str = "a state dict has no dialects: the option is for NIR files";
    const ORDER: &str = "a NIR file contains the order of its nodes: the option is for state dicts";
    const TYPES: &str =
        "a NIR file contains the types of its neurons: the option is for state dicts";
    let given = match format {
        Format::PyTorch => vec![
            (options.dialect.is_some(), "--dialect", DIALECTS),
            (options.reset.is_some(), "--reset", RESETS),
            (options.decay.is_some(), "--decay", DECAYS),
        ],
        Format::Nir => vec![
            (options.layers.is_some(), "--layers", ORDER),
            (options.neuron.is_some(), "--neuron", TYPES),
        ],
    };
    match given.into_iter().find(|(is_given, ..)| *is_given) {
        None => Ok(()),
        Some((_, option, why)) => Err(CommandError::OptionOfOtherFile {
            option,
            path: options.source.to_owned(),
            why,
        }),
    }
}

fn save<R: Real>(imported: &Imported, classes: &[String], folder: &Path) -> Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let belonging = Belonging {
        network: &name,
        model: &imported.config,
        channels: imported.channels,
        classes,
        dt_ms: imported.dt_ms,
        training: "",
        modules: &imported.modules,
    };
    weights::save(&imported.network::<R>()?, &folder.join(WEIGHTS), &belonging)?;
    Ok(())
}

/// The format of the file at `path`, by its first bytes.
fn format_of(path: &Path) -> Result<Format> {
    const HDF5: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
    let unreadable = |source| CommandError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let unknown = || CommandError::UnknownFormat {
        path: path.to_owned(),
    };
    // Checked before opening: a pipe without a writer would block.
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(unknown().into());
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(9).read_to_end(&mut head).map_err(unreadable)?;
    if head.starts_with(&HDF5) {
        return Ok(Format::Nir);
    }
    if head.get(8) == Some(&b'{') {
        return Ok(Format::PyTorch);
    }
    Err(unknown().into())
}

/// The verdicts as a table, then the notices.
fn table(imported: &Imported, folder: &Path) -> String {
    let mut text = listed(&imported.verdicts);
    for notice in &imported.notices {
        let _ = writeln!(text, "note: {notice}");
    }
    let _ = write!(
        text,
        "{}: {} inputs, {} outputs, steps of {} ms; {} of {} parts are exact",
        folder.display(),
        imported.channels,
        imported.outputs,
        imported.dt_ms,
        exact(&imported.verdicts),
        imported.verdicts.len()
    );
    text
}
