//! `saturn export`: a finished network in a file for other programs.
//!
//! A further format is a variant of [`Format`], a line in `Format::name`, `Format::is_read_by` and [`export`], and a function that
//! writes the file and returns a `Written`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use saturn_exchange::step::{Precision as Stored, Program, lower};
use saturn_exchange::to_c;
use saturn_exchange::to_nir::{self, Target};
use saturn_exchange::to_onnx;
use saturn_exchange::to_safetensors::{self, Numbers, Program as Reads, StateDictOptions};
use saturn_exchange::{Source, Verdict};
use saturn_live::model::Model as _;
use saturn_network::Network;
use saturn_sim::model::{FinishedModel, Origin};
use saturn_sim::scenario::Precision;
use saturn_store::folder::write_beside;
use saturn_train::weights::{StateDictModule, WeightsFile};

use super::error::CommandError;
use super::print::print;
use super::verdicts::{exact, listed};

/// What `export` was asked for.
pub struct ExportOptions<'a> {
    /// A finished network.
    pub model: &'a Path,
    /// The format.
    pub format: Format,
    /// The file to write.
    pub out: &'a Path,
    /// Whether a file that exists is replaced.
    pub overwrite: bool,
    /// The program that is to read it.
    pub reader: Option<Reader>,
    /// Whether parts that the format lacks are replaced by similar ones.
    pub approximate: bool,
    /// What weight matrices are stored in, for ONNX and C.
    pub weights: Option<Stored>,
    /// Names of modules, for a state dict.
    pub layers: Option<&'a [String]>,
}

/// A format that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Neuromorphic Intermediate Representation.
    Nir,
    /// Tensors: Saturn's own with a description, or a state dict.
    Safetensors,
    /// One step as ONNX.
    Onnx,
    /// One step as C99.
    C,
}

/// A program that reads files of others in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// snnTorch.
    SnnTorch,
    /// Norse.
    Norse,
    /// SpikingJelly.
    SpikingJelly,
    /// PyTorch.
    PyTorch,
}

impl Reader {
    /// Its name on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::SnnTorch => "snntorch",
            Self::Norse => "norse",
            Self::SpikingJelly => "spikingjelly",
            Self::PyTorch => "pytorch",
        }
    }
}

impl Format {
    /// Its name on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Nir => "nir",
            Self::Safetensors => "safetensors",
            Self::Onnx => "onnx",
            Self::C => "c",
        }
    }

    /// Whether `reader` reads it.
    fn is_read_by(self, reader: Reader) -> bool {
        match reader {
            Reader::SnnTorch => matches!(self, Self::Nir | Self::Safetensors),
            Reader::Norse | Reader::SpikingJelly => self == Self::Nir,
            Reader::PyTorch => self == Self::Safetensors,
        }
    }
}

/// What was written.
struct Written {
    verdicts: Vec<Verdict>,
    notices: Vec<String>,
    /// What the file has, in a few words.
    what: String,
}

impl Written {
    /// What a format expresses in full.
    fn exact(what: String) -> Self {
        Self {
            verdicts: Vec::new(),
            notices: Vec::new(),
            what,
        }
    }
}

/// A network found and built.
struct Found<'a> {
    model: &'a FinishedModel,
    network: Network<f64>,
    /// How it was named, for messages.
    name: String,
    /// The modules of the state dict that it was imported from.
    modules: Vec<StateDictModule>,
}

impl Found<'_> {
    fn source<'a>(&'a self, name: &'a str) -> Source<'a> {
        Source {
            name,
            config: &self.model.config,
            classes: &self.model.classes,
            dt_ms: self.model.dt_ms,
            network: &self.network,
            modules: &self.modules,
        }
    }
}

/// Exports a network and prints what was written.
pub fn export(options: &ExportOptions) -> Result<()> {
    check(options)?;
    let model = FinishedModel::find(options.model)?;
    let found = Found {
        network: model.network()?,
        model: &model,
        name: options.model.display().to_string(),
        modules: model.modules()?,
    };
    let folder = options.out.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let written = match options.format {
        Format::Nir => nir(&found, options)?,
        Format::Safetensors => safetensors(&found, options)?,
        Format::Onnx => onnx(&found, options)?,
        Format::C => c(&found, options)?,
    };
    let mut text = listed(&written.verdicts);
    for notice in model.notices.iter().chain(&written.notices) {
        let _ = writeln!(text, "note: {notice}");
    }
    let _ = write!(text, "{}: {}", options.out.display(), written.what);
    print(&text)
}

/// Options that do not fit each other, and a file that exists.
fn check(options: &ExportOptions) -> Result<(), CommandError> {
    let format = options.format;
    if let Some(reader) = options.reader
        && !format.is_read_by(reader)
    {
        return Err(CommandError::ReaderOfOther {
            reader: reader.name(),
            format: format.name(),
            reads: match reader {
                Reader::SnnTorch => "nir or --to safetensors",
                Reader::Norse | Reader::SpikingJelly => "nir",
                Reader::PyTorch => "safetensors",
            },
        });
    }
    let other = |option, goes_with| Err(CommandError::OptionOfOther { option, goes_with });
    if options.approximate && format != Format::Nir {
        return other("--approximate", "--to nir");
    }
    let is_state_dict = format == Format::Safetensors && options.reader.is_some();
    if options.layers.is_some() && !is_state_dict {
        return other("--layers", "--to safetensors --for pytorch or snntorch");
    }
    if options.weights.is_some() && !matches!(format, Format::Onnx | Format::C) {
        return other("--weights", "--to onnx or --to c");
    }
    let header = (format == Format::C).then(|| options.out.with_extension("h"));
    for path in [Some(options.out), header.as_deref()].into_iter().flatten() {
        if !options.overwrite && path.symlink_metadata().is_ok() {
            return Err(CommandError::FileExists {
                path: path.to_owned(),
            });
        }
    }
    Ok(())
}

/// One step of the network as a program, in f32.
fn step(found: &Found) -> Result<Program<f32>> {
    let network: Network<f32> = found.model.network()?;
    let program = lower(&found.model.config, &network, found.model.dt_ms);
    program.with_context(|| format!("exporting {}", found.name))
}

fn onnx(found: &Found, options: &ExportOptions) -> Result<Written> {
    let program = step(found)?;
    let weights = options.weights.unwrap_or_default();
    let bytes = to_onnx::export(&program, &found.model.classes, weights);
    write_beside(options.out, &bytes)?;
    let what = format!(
        "ONNX, one step of {} ms with {} states, {} bytes",
        found.model.dt_ms,
        program.states.len(),
        bytes.len()
    );
    Ok(Written::exact(what))
}

fn c(found: &Found, options: &ExportOptions) -> Result<Written> {
    let program = step(found)?;
    // The source includes the header by this name.
    let name = options.out.file_stem().unwrap_or_default();
    let prefix = &*name.to_string_lossy();
    let weights = options.weights.unwrap_or_default();
    let made = to_c::export(&program, prefix, &found.model.classes, weights)?;
    let header = options.out.with_extension("h");
    write_beside(&header, made.header.as_bytes())?;
    write_beside(options.out, made.source.as_bytes())?;
    let what = format!(
        "C99, with {}: one step of {} ms, {} bytes of constants, {} bytes of state, at most {} products a step",
        header.display(),
        found.model.dt_ms,
        made.report.constant_bytes,
        made.report.state_bytes,
        made.report.products
    );
    Ok(Written::exact(what))
}

fn nir(found: &Found, options: &ExportOptions) -> Result<Written> {
    let target = match options.reader {
        Some(Reader::SnnTorch) => Target::SnnTorch,
        Some(Reader::Norse) => Target::Norse,
        Some(Reader::SpikingJelly) => Target::SpikingJelly,
        Some(Reader::PyTorch) | None => Target::Any,
    };
    let how = to_nir::Options {
        target,
        approximate: options.approximate,
    };
    let exported = to_nir::write(&found.source(&found.name), &how, options.out)?;
    let (verdicts, agreement) = (exported.verdicts, exported.agreement);
    let what = format!(
        "NIR, steps of {} ms; {} of {} parts are exact; {} of {} spikes differ in {} steps of a probe",
        1e3 * exported.step_s,
        exact(&verdicts),
        verdicts.len(),
        agreement.differing(),
        agreement.spikes,
        agreement.steps
    );
    Ok(Written {
        verdicts,
        notices: exported.notices,
        what,
    })
}

fn safetensors(found: &Found, options: &ExportOptions) -> Result<Written> {
    let (model, out) = (found.model, options.out);
    if let Some(reader) = options.reader {
        let numbers = match model.precision {
            Precision::F32 => Numbers::F32,
            Precision::F64 => Numbers::F64,
        };
        let source = found.source(&found.name);
        let how = StateDictOptions {
            program: match reader {
                Reader::SnnTorch => Reads::SnnTorch,
                Reader::PyTorch | Reader::Norse | Reader::SpikingJelly => Reads::PyTorch,
            },
            names: options.layers,
            numbers,
        };
        let made = to_safetensors::write_state_dict(&source, &how, out)?;
        let modules = made
            .modules
            .iter()
            .map(|(name, maker)| match name.as_str() {
                "" => maker.clone(),
                name => format!("`{name}` {maker}"),
            });
        let modules: Vec<String> = modules.collect();
        return Ok(Written {
            verdicts: Vec::new(),
            notices: made.notices,
            what: format!("a state dict of {}", modules.join(", ")),
        });
    }
    let training = training(model)?;
    let source = found.source(&model.name);
    match model.precision {
        Precision::F32 => {
            to_safetensors::write_own(&source, &model.network::<f32>()?, &training, out)?;
        }
        Precision::F64 => to_safetensors::write_own(&source, &found.network, &training, out)?,
    }
    Ok(Written {
        verdicts: Vec::new(),
        notices: Vec::new(),
        what: "saturn's weights with a description of the network".to_owned(),
    })
}

/// The checksum of the network's training, as its weights file has it.
fn training(model: &FinishedModel) -> Result<String> {
    let described = match model.origin() {
        Origin::File { description, .. } => return Ok(description.training.clone()),
        Origin::Run(run) => {
            WeightsFile::open(&run.file("weights", "safetensors"))?.description()?
        }
    };
    Ok(described.map_or_else(String::new, |description| description.training))
}
