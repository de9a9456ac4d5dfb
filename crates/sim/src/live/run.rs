//! `saturn stream`: from the options to a running stream, and to its end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use saturn_cell::Real;

use super::LiveError;
use super::assemble::Assembler;
use super::clock::Clock;
use super::counts::Counts;
use super::decide::Decider;
use super::engine::{Engine, Parts};
use super::fallback::Fallback;
use super::health::{Figures, Ranges, Watch, learn};
use super::journal::{Journal, Line};
use super::model::{Identity, Model};
use super::options::{Options, Pace, Stamp};
use super::queue::queue;
use super::source::{Reading, Resume, Source};
use super::state::{self, Saved};
use super::status::{Board, Status};
use super::stream::{Keeping, Stream, Watching, Why};
use super::{raster::Raster, serve};
use crate::network::Network;

/// Runs a stream to its end, or until `stop` is set.
pub fn run(options: &Options, stop: &Arc<AtomicBool>) -> Result<()> {
    let model = Model::open(&options.model)?;
    match model.identity.precision.as_str() {
        "f64" => go::<f64>(options, &model, stop),
        _ => go::<f32>(options, &model, stop),
    }
}

fn go<R: Real>(options: &Options, model: &Model, stop: &Arc<AtomicBool>) -> Result<()> {
    let mut options = options.clone();
    if let Source::File(path) = &mut options.from
        && let Ok(whole) = path.canonicalize()
    {
        *path = whole;
    }
    let options = &options;
    let identity = &model.identity;
    let config = options.assemble(identity.channels, identity.dt_ms)?;
    let mut journal = Journal::open(options.out.as_deref())?;
    let net = model.network::<R>()?;
    let other = other(options, identity)?;
    let mut engine = engine::<R>(options, model, &net, other.as_ref(), &mut journal)?;
    let mut assembler = Assembler::new(&config, options.origin_us);
    let saved = match &options.state {
        Some(path) => state::load(path)?.map(|saved| (path, saved)),
        None => None,
    };
    let other = other.map(|model| model.identity);
    let mut kept = Keeping {
        identity: identity.clone(),
        other,
        path: options.state.clone(),
        position: 0,
        file: match &options.from {
            Source::File(path) => Some(path.clone()),
            _ => None,
        },
    };
    let (mut counts, mut decision, mut decisions) = (Counts::default(), None, 0);
    let (mut held, mut resume, resumed) = (Vec::new(), None, saved.is_some());
    if let Some((path, saved)) = saved {
        refuse_another(path, &saved, &kept)?;
        engine
            .restore(saved.engine)
            .map_err(|what| state::wrong(path, what))?;
        assembler = saved.assembler;
        if !assembler.restore(&config) {
            let what = "its open steps were kept with another --pace, --reorder-ms or --max-events";
            return Err(state::wrong(path, what).into());
        }
        // The clock of another time.
        if options.pace == Pace::Real || options.stamp == Stamp::Arrival {
            assembler.unanchor();
        }
        (counts, decision) = (saved.counts, saved.decision);
        (decisions, held, resume) = (saved.decisions, saved.held, saved.resume);
        kept.position = resume.as_ref().map_or(0, |r: &Resume| r.position);
        let classes = identity.classes.len();
        decision = decision.filter(|&class: &usize| class < classes);
    }
    let clock = Instant::now();
    let ending = Arc::<AtomicBool>::default();
    let reading = Reading {
        source: options.from.clone(),
        format: options.format,
        channels: identity.channels,
        follow: options.follow,
        once: options.once,
        resume,
    };
    let board = Board::default();
    let metrics = match &options.metrics {
        Some(address) => Some(serve::start(address, board.clone(), Arc::clone(&ending))?),
        None => None,
    };
    let (feeder, queue) = queue(options.queue, reading.drops(), Arc::clone(&ending), clock);
    let source = reading.start(feeder)?;
    board.update(|status| {
        *status = Status {
            place: identity.place.clone(),
            classes: identity.classes.clone(),
            source: source.clone(),
            pace: format!("{:?}", options.pace).to_lowercase(),
            dt_ms: identity.dt_ms,
            fallback: options.fallback.words(),
            ..Status::default()
        };
    });
    let at = assembler.next();
    let metrics = metrics.map(|address| address.to_string());
    let from = if resumed {
        format!(", on from step {at}")
    } else {
        String::new()
    };
    journal.say(&format!("{} hears {source}{from}", identity.place));
    if let Some(address) = &metrics {
        journal.say(&format!(
            "metrics are at http://{address}/metrics; look on with `saturn view {address}`"
        ));
    }
    journal.write(&Line::Start {
        net: &identity.place,
        source: &source,
        step: at,
        resumed,
        metrics: metrics.clone(),
    })?;
    let layer = engine.first_layer().nrows();
    let mut stream = Stream {
        options,
        config,
        clock: Clock::new(clock, identity.dt_ms, at, config.window),
        engine,
        assembler,
        column: saturn_cell::EventBatch::new(identity.channels),
        counts,
        journal,
        held: Vec::new(),
        kept,
        decision,
        decisions,
        watching: metrics.map(|_| Watching::new(board, identity.channels, layer)),
        arrivals: vec![0; (config.window + config.early + 1) as usize],
        step_latency: super::latency::Latency::default(),
        event_latency: super::latency::Latency::default(),
        tending: super::stream::Tending::new(Instant::now()),
        stop: Arc::clone(stop),
        failed: None,
    };
    let done = stream
        .begin(&mut held)
        .and_then(|()| stream.hear_all(&queue));
    ending.store(true, Ordering::Relaxed);
    let why = match &done {
        Ok(why) => *why,
        Err(_) => Why::Failed,
    };
    stream.end(&queue, why)?;
    done?;
    match stream.failed.take() {
        Some(failed) => Err(LiveError::Io {
            place: source,
            what: "read on",
            source: std::io::Error::other(failed),
            hint: "with --state the same command goes on where it was",
        }
        .into()),
        None => Ok(()),
    }
}

/// The net that takes over when health is out of range.
fn other(options: &Options, identity: &Identity) -> Result<Option<Model>> {
    let Fallback::Model(path) = &options.fallback else {
        return Ok(None);
    };
    let other = Model::open(path)?;
    let theirs = &other.identity;
    let differs = [
        ("channels", theirs.channels == identity.channels),
        ("steps", theirs.dt_ms == identity.dt_ms),
        ("classes", theirs.classes == identity.classes),
        ("precision", theirs.precision == identity.precision),
    ];
    match differs.into_iter().find(|(_, same)| !same) {
        None => Ok(Some(other)),
        Some((what, _)) => Err(LiveError::Model {
            path: path.clone(),
            what: format!("has other {what} than {}", identity.place),
            hint: "a net that takes over hears and says the same".to_owned(),
        }
        .into()),
    }
}

fn engine<R: Real>(
    options: &Options,
    model: &Model,
    net: &Network<R>,
    other: Option<&Model>,
    journal: &mut Journal,
) -> Result<Engine<R>> {
    let identity = &model.identity;
    let classes = identity.classes.len();
    let threshold = options.threshold.or(model.threshold);
    let figures = Figures::new(net, identity.channels, identity.dt_ms);
    let ranges: Option<Ranges> = match options.health_window {
        Some(window) => learn(model, net, window, &mut |text| journal.say(text))?,
        None => None,
    };
    if ranges.is_none() {
        if options.fallback != Fallback::None {
            return Err(LiveError::Option {
                option: "--fallback",
                what: "the ranges of health are not known, and the scenario's data are not there to learn them from".to_owned(),
                hint: "stream this net once where its data are: the ranges stay in the run's folder",
            }
            .into());
        }
        if options.health_window.is_some() {
            journal.say("health is not watched: its ranges are not known, and the scenario's data are not there to learn them from");
        }
    }
    Ok(Engine::new(Parts {
        watch: Watch::new(figures.names(), ranges.as_ref(), &options.watch),
        net: net.clone(),
        other: other.map(Model::network::<R>).transpose()?,
        decider: Decider::new(
            &model.scenario.evaluate.detector,
            classes,
            threshold.unwrap_or(0.5),
        ),
        figures,
        window: options.health_window.unwrap_or(u64::MAX),
        patience: options.watch.patience,
        fallback: options.fallback.clone(),
    }))
}

/// A state is of one net, and of one to fall back to.
fn refuse_another(path: &Path, saved: &Saved, kept: &Keeping) -> Result<(), LiveError> {
    if saved.identity != kept.identity {
        let what = if saved.identity.place == kept.identity.place {
            format!("is of another {}, with other weights", saved.identity.place)
        } else {
            format!("is of another net, {}", saved.identity.place)
        };
        return Err(state::wrong(path, &what));
    }
    if saved.other != kept.other {
        let what = "is of a stream with another net to fall back to";
        return Err(state::wrong(path, what));
    }
    Ok(())
}

impl Watching {
    fn new(board: Board, channels: usize, layer: usize) -> Self {
        Self {
            board,
            input: Raster::new(channels),
            layer: Raster::new(layer),
        }
    }
}
