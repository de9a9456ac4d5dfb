//! `saturn stream`: from the options to a running stream, and to its end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use saturn_cell::Real;

use super::LiveError;
use super::assemble::{AssembleConfig, Assembler};
use super::clock::Clock;
use super::counts::Counts;
use super::decide::Decider;
use super::engine::{Engine, Parts};
use super::fallback::Fallback;
use super::journal::{Journal, Line};
use super::latency::Latency;
use super::model::{Identity, Model};
use super::options::{Options, Pace, Stamp};
use super::protocol::Item;
use super::queue::{Queue, queue};
use super::source::{Reading, Resume, Source};
use super::state::{self, Saved};
use super::status::{Board, Status};
use super::stream::{Keeping, Stream, Tending, Watching, Why};
use super::{raster::Raster, serve};
use saturn_eval::health::{Figures, Ranges, Watch};
use saturn_network::Network;
use saturn_store::operation::Operation;
use saturn_store::refuse_same_file;

/// Runs a stream to its end, or until `stop` is set.
pub fn run<M: Model>(options: &Options, stop: &Arc<AtomicBool>) -> Result<()> {
    let model = M::open(&options.model)?;
    match model.identity().precision.as_str() {
        "f64" => go::<f64, M>(options, &model, stop),
        _ => go::<f32, M>(options, &model, stop),
    }
}

fn go<R: Real, M: Model>(options: &Options, model: &M, stop: &Arc<AtomicBool>) -> Result<()> {
    let mut options = options.clone();
    if let Source::File(path) = &mut options.from
        && let Ok(whole) = path.canonicalize()
    {
        *path = whole;
    }
    let options = &options;
    let identity = model.identity();
    let config = options.assemble(identity.channels, identity.dt_ms)?;
    if let (Source::File(from), Some(out)) = (&options.from, &options.out) {
        refuse_same_file("--out", from, out)?;
    }
    let mut journal = Journal::open(options.out.as_deref(), Arc::clone(stop), options.quiet)?;
    let net = model.network::<R>()?;
    let other = other::<M>(options, identity)?;
    let notices = other.iter().flat_map(M::notices);
    for notice in model.notices().iter().chain(notices) {
        journal.say(notice);
    }
    let mut engine = engine::<R, M>(options, model, &net, other.as_ref(), &mut journal)?;
    let saved = match &options.state {
        Some(path) => state::load(path)?.map(|saved| (path, saved)),
        None => None,
    };
    let other = other.map(|model| model.identity().clone());
    let mut kept = Keeping {
        identity: identity.clone(),
        other,
        path: options.state.clone(),
        position: 0,
        lines: 0,
        file: match &options.from {
            Source::File(path) => Some(path.clone()),
            _ => None,
        },
    };
    let memory = match saved {
        Some((path, saved)) => recall(path, saved, &mut kept, &mut engine, &config, options)?,
        None => Memory {
            assembler: Assembler::new(&config, options.origin_us),
            ..Memory::default()
        },
    };
    let at = memory.assembler.next();
    let (listening, mut held) = (
        Listening::open(options, identity, memory.resume)?,
        memory.held,
    );
    journal.say_again(&memory.unsaid)?;
    listening.tell(identity, at, memory.resumed, &mut journal)?;
    let layer = engine.first_layer().nrows();
    let mut stream = Stream {
        options,
        config,
        clock: Clock::new(listening.clock, identity.dt_ms, at, config.window),
        engine,
        assembler: memory.assembler,
        column: saturn_cell::EventBatch::with_room(identity.channels, 1),
        counts: memory.counts,
        journal,
        held: Vec::new(),
        kept,
        decision: memory.decision,
        decisions: memory.decisions,
        watching: (listening.metrics.is_some())
            .then(|| Watching::new(listening.board, identity.channels, layer)),
        arrivals: vec![0; (config.window + config.early + 1) as usize],
        learnt_in: model.learnt_in(),
        step_latency: Latency::default(),
        event_latency: Latency::default(),
        tending: Tending::new(Instant::now()),
        stop: Arc::clone(stop),
        failed: None,
    };
    let queue = listening.queue;
    let done = stream
        .begin(&mut held)
        .and_then(|()| stream.hear_all(&queue));
    listening.ending.store(true, Ordering::Relaxed);
    let why = match &done {
        Ok(why) => *why,
        Err(_) => Why::Failed,
    };
    stream.end(&queue, why)?;
    done?;
    let unread = stream.counts.unread().filter(|_| why == Why::Input);
    outcome(listening.source, unread, stream.failed.take())
}

/// An error if the input at `place` could not be read, or only in part.
fn outcome(place: String, unread: Option<u64>, failed: Option<String>) -> Result<()> {
    if let Some(dropped) = unread {
        return Err(LiveError::Unread { place, dropped }.into());
    }
    match failed {
        Some(failed) => Err(LiveError::Io {
            place,
            what: Operation::ReadOn,
            source: std::io::Error::other(failed),
            hint: "with --state the same command resumes",
        }
        .into()),
        None => Ok(()),
    }
}

/// Saved data to resume from, in addition to the network's state.
#[derive(Default)]
struct Memory {
    assembler: Assembler,
    counts: Counts,
    decision: Option<usize>,
    decisions: u64,
    held: Vec<Item>,
    resume: Option<Resume>,
    unsaid: Vec<u8>,
    resumed: bool,
}

/// Loads the state saved at `path`.
fn recall<R: Real>(
    path: &Path,
    saved: Saved,
    kept: &mut Keeping,
    engine: &mut Engine<R>,
    config: &AssembleConfig,
    options: &Options,
) -> Result<Memory, LiveError> {
    refuse_another(path, &saved, kept)?;
    engine
        .restore(saved.engine)
        .map_err(|what| state::wrong(path, what))?;
    let mut assembler = saved.assembler;
    if !assembler.restore(config) {
        let what = "its open steps were saved with another --pace, --reorder-ms or --max-events";
        return Err(state::wrong(path, what));
    }
    // The clock of another time.
    if options.pace == Pace::Real || options.stamp == Stamp::Arrival {
        assembler.unanchor();
    }
    (kept.position, kept.lines) = (saved.resume.as_ref()).map_or((0, 0), |r| (r.position, r.lines));
    let classes = kept.identity.classes.len();
    Ok(Memory {
        assembler,
        counts: saved.counts,
        decision: saved.decision.filter(|&class| class < classes),
        decisions: saved.decisions,
        held: saved.held,
        resume: saved.resume,
        unsaid: saved.unsaid,
        resumed: true,
    })
}

/// The external ends of a live run: senders and viewers.
struct Listening {
    clock: Instant,
    ending: Arc<AtomicBool>,
    board: Board,
    metrics: Option<String>,
    queue: Queue,
    source: String,
}

impl Listening {
    fn open(
        options: &Options,
        identity: &Identity,
        resume: Option<Resume>,
    ) -> Result<Self, LiveError> {
        let clock = Instant::now();
        let ending = Arc::<AtomicBool>::default();
        let reading = Reading {
            source: options.from.clone(),
            format: options.format,
            channels: identity.channels,
            follow: options.follow,
            once: options.once,
            idle_s: options.idle_s,
            resume,
        };
        let board = Board::default();
        let metrics = match &options.metrics {
            Some(address) => Some(serve::start(
                address,
                &options.metrics_hosts,
                board.clone(),
                Arc::clone(&ending),
            )?),
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
        Ok(Self {
            clock,
            ending,
            board,
            metrics: metrics.map(|address| address.to_string()),
            queue,
            source,
        })
    }

    /// Reports the source, and the address for viewers.
    fn tell(
        &self,
        identity: &Identity,
        step: u64,
        resumed: bool,
        journal: &mut Journal,
    ) -> Result<(), LiveError> {
        let (net, source) = (&identity.place, &self.source);
        let from = if resumed {
            format!(", on from step {step}")
        } else {
            String::new()
        };
        journal.say(&format!("{net} receives events from {source}{from}"));
        if let Some(address) = &self.metrics {
            journal.say(&format!(
                "metrics are at http://{address}/metrics; watch with `saturn view {address}`"
            ));
        }
        journal.write(&Line::Start {
            net,
            source,
            step,
            resumed,
            metrics: self.metrics.clone(),
        })
    }
}

/// The fallback network.
fn other<M: Model>(options: &Options, identity: &Identity) -> Result<Option<M>> {
    let Fallback::Model(path) = &options.fallback else {
        return Ok(None);
    };
    let other = M::open(path)?;
    let theirs = other.identity();
    let differs = [
        ("channels", theirs.channels == identity.channels),
        ("steps", theirs.dt_ms.to_bits() == identity.dt_ms.to_bits()),
        ("classes", theirs.classes == identity.classes),
        ("precision", theirs.precision == identity.precision),
    ];
    match differs.into_iter().find(|(_, same)| !same) {
        None => Ok(Some(other)),
        Some((what, _)) => Err(LiveError::Model {
            path: path.clone(),
            what: format!("has other {what} than {}", identity.place),
            hint: "a fallback network must have the same inputs and outputs".to_owned(),
        }
        .into()),
    }
}

fn engine<R: Real, M: Model>(
    options: &Options,
    model: &M,
    net: &Network<R>,
    other: Option<&M>,
    journal: &mut Journal,
) -> Result<Engine<R>> {
    let identity = model.identity();
    let classes = identity.classes.len();
    let threshold = options.threshold.or(model.threshold());
    let figures = Figures::new(net, identity.channels, identity.dt_ms);
    let ranges: Option<Ranges> = match options.health_window {
        Some(window) => model.ranges(net, window, &mut |text| journal.say(text))?,
        None => None,
    };
    if ranges.is_none() {
        if options.fallback != Fallback::None {
            return Err(LiveError::Option {
                option: "--fallback",
                what: "the healthy ranges are unknown, since no data of the net's training were found".to_owned(),
                hint: "run `saturn stream` with this net once where the data of its run are: the ranges are stored in \
                    the run's folder",
            }
            .into());
        }
        if options.health_window.is_some() {
            journal.say(
                "the healthy ranges are unknown, since no data of the net's training were found: only \
                values that are not finite raise the alarm",
            );
        }
    }
    Ok(Engine::new(Parts {
        watch: Watch::new(figures.names(), ranges.as_ref(), &options.watch),
        net: net.clone(),
        other: other.map(M::network::<R>).transpose()?,
        decider: Decider::new(model.detector(), classes, threshold.unwrap_or(0.5)),
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
        let what = "is of a live run with another fallback network";
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
