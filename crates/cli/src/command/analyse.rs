//! `saturn analyse`: what theory and measurement say of one trained net.
//!
//! It writes `RUN/analysis/PLACE.json` with all that was found and `PLACE.svg` and `.png` with the figure, and
//! prints the verdict.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use saturn_plots::{Figure, Look, Role};

use super::print::print;
use saturn_analyse::described::described;
use saturn_analyse::verdict::{short, verdict};
use saturn_analyse::{Analysis, Options, Subject, analyse as measure};
use saturn_live::model::Model as _;
use saturn_network::Network;
use saturn_sim::figures;
use saturn_sim::figures::looks::looks;
use saturn_sim::run::dataset::Dataset;
use saturn_sim::run::paths::paths_of;
use saturn_sim::run::summary::Roles;
use saturn_sim::scenario::DataSource;
use saturn_sim::trained::TrainedModel;
use saturn_store::Progress;
use saturn_store::folder::write_beside;
use saturn_stream::Form;

/// What `analyse` was asked for.
pub struct AnalyseOptions<'a> {
    /// A run's folder and a net in it.
    pub model: &'a Path,
    /// Lyapunov exponents of each layer.
    pub exponents: usize,
    /// Steps of each input.
    pub steps: usize,
    /// States that each input is run from.
    pub starts: usize,
    /// Of the streams.
    pub seed: Option<u64>,
    /// Use no data.
    pub silence: bool,
    /// Where the results go, without their endings.
    pub out: Option<&'a Path>,
}

/// Analyses a trained net.
pub fn analyse(options: &AnalyseOptions, progress: &Progress) -> Result<()> {
    let model = TrainedModel::find(options.model)?;
    let net: Network<f64> = model.network()?;
    for notice in &model.notices {
        progress.line(notice);
    }
    let scenario = &model.scenario;
    let seed = options.seed.unwrap_or_else(|| model.seed());
    let bench = if options.silence {
        None
    } else {
        let paths = paths_of(scenario, progress)
            .context("the net's data are not there; --silence does without them")?;
        Some(Dataset::open(scenario, &paths, false)?)
    };
    let net = match &bench {
        Some(bench) => net.for_density(bench.density),
        None => net,
    };
    let form = if matches!(scenario.data.source, DataSource::Frames { .. }) {
        Form::Frames
    } else {
        Form::Events
    };
    let channels = model.identity.channels;
    let layers = model.described().network();
    let subject = Subject {
        net: &net,
        layers: described(&net, &layers, channels),
        source: (bench.as_ref()).map(|b| b.source(&b.valid, scenario.stream.gap.as_ref())),
        form: bench.as_ref().map_or(form, |b| b.valid.form()),
        channels,
        dt_ms: model.identity.dt_ms,
    };
    let what = Options {
        exponents: options.exponents,
        steps: options.steps,
        starts: options.starts,
        seed,
    };
    let (layers, settled, exponents) = measure(&subject, &what, &|doing| progress.doing(doing))?;
    let dt_ms = model.identity.dt_ms;
    let analysis = Analysis {
        saturn: env!("CARGO_PKG_VERSION").to_owned(),
        net: model.identity.place.clone(),
        weights: model.identity.weights.clone(),
        precision: model.identity.precision.clone(),
        dt_ms,
        seed,
        verdict: verdict(&layers, &settled, &exponents, dt_ms),
        exponents,
        settled,
        layers,
    };
    let stem = match options.out {
        Some(stem) => stem.to_owned(),
        None => model.file("analysis", "json").with_extension(""),
    };
    let json = write(&analysis, &stem, look(&model))?;
    print(&text(&analysis))?;
    print(&format!("{}, .svg and .png are written", json.display()))
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
