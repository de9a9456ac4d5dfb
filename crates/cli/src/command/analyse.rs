//! `saturn analyse`: what theory and measurement say of one trained net.
//!
//! It writes `RUN/analysis/PLACE.json` with all that was found and `PLACE.svg` and `.png` with the figure, and
//! prints the verdict.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use saturn_plots::{Figure, Look, Role};

use super::error::CommandError;
use super::print::print;
use saturn_analyse::described::described;
use saturn_analyse::verdict::short;
use saturn_analyse::{About, Analysis, Options, Subject, report as measure};
use saturn_data::Times;
use saturn_live::model::Model as _;
use saturn_network::Network;
use saturn_sim::evaluate::Given;
use saturn_sim::figures;
use saturn_sim::figures::looks::looks;
use saturn_sim::model::{FinishedModel, plain_name};
use saturn_sim::run::dataset::Dataset;
use saturn_sim::run::paths::paths_of;
use saturn_sim::run::summary::Roles;
use saturn_sim::scenario::DataSource;
use saturn_sim::trained::TrainedModel;
use saturn_store::Progress;
use saturn_store::folder::write_beside;
use saturn_stream::{Form, Source};

/// What `analyse` was asked for.
pub struct AnalyseOptions<'a> {
    /// A finished network.
    pub model: &'a Path,
    /// Lyapunov exponents of each layer.
    pub exponents: usize,
    /// Steps of each input.
    pub steps: usize,
    /// States that each input is run from.
    pub starts: usize,
    /// Of the streams.
    pub seed: Option<u64>,
    /// Recordings in place of those of its run.
    pub data: Option<&'a Path>,
    /// Use no data.
    pub silence: bool,
    /// Where the results go, without their endings.
    pub out: Option<&'a Path>,
}

/// Analyses a trained net.
pub fn analyse(options: &AnalyseOptions, progress: &Progress) -> Result<()> {
    let model = FinishedModel::find(options.model)?;
    let net: Network<f64> = model.network()?;
    for notice in &model.notices {
        progress.line(notice);
    }
    let seed = options.seed.or(model.run().map(TrainedModel::seed));
    let seed = seed.unwrap_or(1);
    let input = Input::of(options, &model, progress)?;
    let net = match &input {
        Input::Silence(_) => net,
        Input::Run(_, data) => net.for_density(data.density),
        Input::Given(given) => net.for_density(given.density),
    };
    let (channels, dt_ms) = (model.channels, model.dt_ms);
    let subject = Subject {
        net: &net,
        layers: described(&net, &model.config, channels),
        source: input.source(),
        form: input.form(),
        channels,
        dt_ms,
    };
    let what = Options {
        exponents: options.exponents,
        steps: options.steps,
        starts: options.starts,
        seed,
    };
    let about = About {
        net: &model.name,
        weights: &model.identity().weights,
        precision: &model.identity().precision,
    };
    let analysis = measure(&subject, &what, about, &|doing| progress.doing(doing))?;
    let stem = match (options.out, model.run()) {
        (Some(stem), _) => stem.to_owned(),
        (None, Some(run)) => run.file("analysis", "json").with_extension(""),
        (None, None) => Path::new("analysis").join(plain_name(&model.name)),
    };
    let look = model.run().map_or(Look::of(Role::Other(0)), look);
    let json = write(&analysis, &stem, look)?;
    print(&text(&analysis))?;
    print(&format!("{}, .svg and .png are written", json.display()))
}

/// What a network is analysed on.
enum Input<'a> {
    /// Nothing, in the form that its run's data have.
    Silence(Form),
    /// The validation split of its run.
    Run(&'a TrainedModel, Box<Dataset>),
    /// Other recordings.
    Given(Box<Given>),
}

impl<'a> Input<'a> {
    fn of(options: &AnalyseOptions, model: &'a FinishedModel, progress: &Progress) -> Result<Self> {
        if let Some(data) = options.data {
            let given = Given::open(data, model, Times::default())?;
            given.notices.iter().for_each(|line| progress.line(line));
            return Ok(Self::Given(Box::new(given)));
        }
        let Some(run) = model.run() else {
            if options.silence {
                return Ok(Self::Silence(Form::Events));
            }
            return Err(CommandError::NoData {
                network: model.name.clone(),
            }
            .into());
        };
        let scenario = &run.scenario;
        if options.silence {
            return Ok(Self::Silence(match scenario.data.source {
                DataSource::Frames { .. } => Form::Frames,
                _ => Form::Events,
            }));
        }
        let paths = paths_of(scenario, progress)
            .context("the net's data are not there; --silence does without them")?;
        let data = Dataset::open(scenario, &paths, false)?;
        Ok(Self::Run(run, Box::new(data)))
    }

    fn source(&self) -> Option<Source<'_>> {
        match self {
            Self::Silence(_) => None,
            Self::Run(run, data) => {
                Some(data.source(&data.valid, run.scenario.stream.gap.as_ref()))
            }
            Self::Given(given) => Some(Source {
                split: &given.split,
                noise: &given.noise,
                gap: None,
            }),
        }
    }

    fn form(&self) -> Form {
        match self {
            Self::Silence(form) => *form,
            Self::Run(_, data) => data.valid.form(),
            Self::Given(given) => given.split.form(),
        }
    }
}

/// The look of the arm that the net was trained in.
fn look(model: &TrainedModel) -> Look {
    let arms = Roles::of(&model.scenario).arms;
    let mut own = arms.iter().zip(looks(&arms));
    let own = own.find(|(arm, _)| arm.name == model.arm_name());
    own.map_or(Look::of(Role::Other(0)), |(_, look)| look)
}

/// Writes `stem.json`, `stem.svg` and `stem.png`; the first one's path.
fn write(analysis: &Analysis, stem: &Path, look: Look) -> Result<PathBuf> {
    if let Some(folder) = stem.parent() {
        std::fs::create_dir_all(folder).with_context(|| {
            format!(
                "{}: cannot make the folder\nhint: choose another place with --out",
                folder.display()
            )
        })?;
    }
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    let json = stem.with_file_name(name);
    write_beside(&json, &serde_json::to_vec_pretty(analysis)?)?;
    figures::analyse::figure(analysis, look).draw(stem)?;
    Ok(json)
}

/// What stands on the terminal.
fn text(analysis: &Analysis) -> String {
    let second = 1e3 / analysis.dt_ms;
    let mut lines = vec![format!("{} (steps of {} ms)", analysis.net, analysis.dt_ms)];
    let mut topic = "";
    for line in &analysis.verdict {
        if line.topic != topic {
            topic = &line.topic;
            lines.push(format!("\n{topic}"));
        }
        lines.push(format!("  [{}] {}", line.basis, line.text));
    }
    lines.push("\nleading Lyapunov exponents of the net, 1/s".to_owned());
    for net in &analysis.exponents {
        let rates: Vec<String> = (net.spectrum.exponents.iter())
            .map(|e| e.per_step.map_or("-∞".to_owned(), |r| short(r * second)))
            .collect();
        let slope = match net.slope {
            saturn_analyse::jacobian::Slope::True => "",
            saturn_analyse::jacobian::Slope::Surrogate => " (surrogate)",
        };
        let dimension = (net.spectrum.kaplan_yorke).map_or_else(String::new, |d| {
            format!("; Kaplan-Yorke dimension {}", short(d))
        });
        let input = net.label();
        let error = (net.spectrum.leading().and_then(|leading| leading.error))
            .map_or_else(String::new, |e| {
                format!(" (the first ± {})", short(e * second))
            });
        lines.push(format!(
            "  {input}{slope}: {}{error}{dimension}",
            rates.join(" ")
        ));
    }
    lines.join("\n")
}
