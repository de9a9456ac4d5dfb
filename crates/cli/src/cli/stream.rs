//! The options of `saturn stream` and `saturn send`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::times::TimeArgs;
use saturn_eval::health::{WINDOW, WatchConfig};
use saturn_live::assemble::Repeats;
use saturn_live::fallback::Fallback;
use saturn_live::options::{Options, Pace, Stamp};
use saturn_live::protocol::Format;
use saturn_live::send::{SendOptions, What, send};
use saturn_live::source::{Source, address_of};
use saturn_live::wrap::{FEWEST_BITS, MOST_BITS};
use saturn_sim::trained::TrainedModel;
use saturn_sim::trained::gaps::RunGaps;
use saturn_store::Progress;

#[derive(Args)]
pub struct StreamArgs {
    /// A net that a run has trained: `runs/quickstart/lif.adaptive.1`, or its weights
    model: PathBuf,
    /// Where events come from: `-` (standard input), FILE, `unix:PATH` or `udp:HOST:PORT`
    #[arg(long, value_name = "SOURCE", default_value = "-")]
    from: Source,
    /// What events are written in: lines of text or binary frames; the first byte tells by default
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Read a file on as it grows
    #[arg(long)]
    follow: bool,
    /// End when the first client of a socket has gone
    #[arg(long)]
    once: bool,
    /// Where 16 clients of a socket are connected, another takes the place of one that has sent nothing for
    /// this long, seconds
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = not_negative)]
    client_idle_s: f64,
    /// A step as soon as the stamps of the events allow, or one every `dt_ms` of wall clock
    #[arg(long, value_enum, default_value_t)]
    pace: Pace,
    /// Whose clock says when an event was
    #[arg(long, value_enum, default_value_t)]
    stamp: Stamp,
    /// How late an event may come, ms; 0 by default, and one step with `--pace real`
    #[arg(long, value_name = "MS", value_parser = not_negative)]
    reorder_ms: Option<f64>,
    /// How far time may jump ahead, seconds; events beyond are dropped, unless 16 in a row agree: then time
    /// goes on from them, without the steps between
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = positive)]
    max_jump_s: f64,
    /// What several events of one unit at one microsecond are: as many, as in training, or one
    #[arg(long, value_enum, default_value_t)]
    repeats: Repeats,
    /// The sender's counter of microseconds has N bits and wraps, such as 32
    #[arg(long, value_name = "N", value_parser = within::<{ FEWEST_BITS as u64 }, { MOST_BITS as u64 }>)]
    wrap_bits: Option<u64>,
    /// The most events of one step; more are dropped
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = within::<1, 1_048_576>)]
    max_events: u64,
    /// Take the sender's clock anew after so many events in a row that were late or too far ahead; 0 for
    /// never, which is the default but for `--pace real` (1000)
    #[arg(long, value_name = "N")]
    rebase_after: Option<u64>,
    /// The time at which the stream begins, microseconds on the sender's clock; that of the first event by
    /// default
    #[arg(long, value_name = "US", value_parser = within::<0, 9_007_199_254_740_991>)]
    origin_us: Option<u64>,
    /// Messages that may wait between reader and net
    #[arg(long, value_name = "N", default_value_t = 65_536, value_parser = within::<16, 16_777_216>)]
    queue: u64,
    /// Write a line every N steps, beside those at changes of the decision
    #[arg(long, value_name = "N", value_parser = within::<1, 1_000_000_000>)]
    every: Option<u64>,
    /// Add lines to this file rather than to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The detector's threshold, 0 to 1; by default the one chosen on the validation split
    #[arg(long, value_name = "P", value_parser = share)]
    threshold: Option<f64>,
    /// Steps of a window of health
    #[arg(long, value_name = "STEPS", default_value_t = WINDOW, value_parser = within::<1, 1_000_000>)]
    health_window: u64,
    /// Do not watch health
    #[arg(long, conflicts_with = "fallback")]
    no_health: bool,
    /// How far beyond its range a figure may go, in widths of the range
    #[arg(long, value_name = "X", default_value_t = 0.5, value_parser = not_negative)]
    tolerance: f64,
    /// Windows out of range before the alarm, and within before its end
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = within::<1, 1_000_000>)]
    patience: u64,
    /// What is done when health is out of range: none, reset, decay=FACTOR or model=MODEL
    #[arg(long, value_name = "WHAT", default_value = "none")]
    fallback: Fallback,
    /// Keep the stream's memory in this file, and go on from it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Seconds between two savings of it
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = positive)]
    save_every_s: f64,
    /// Serve metrics for Prometheus and `saturn view` at this address: a port of this machine, or HOST:PORT
    #[arg(long, value_name = "PORT", value_parser = address_of)]
    metrics: Option<String>,
    /// Answer requests for metrics under this host name, too; without it those for an address, localhost and
    /// the name in --metrics alone
    #[arg(long, value_name = "NAME", requires = "metrics")]
    metrics_host: Vec<String>,
}

impl StreamArgs {
    pub fn run(self, progress: &Progress) -> Result<()> {
        let options = Options {
            model: self.model,
            from: self.from,
            format: self.format,
            follow: self.follow,
            once: self.once,
            idle_s: self.client_idle_s,
            pace: self.pace,
            stamp: self.stamp,
            reorder_ms: self.reorder_ms,
            max_jump_s: self.max_jump_s,
            max_events: self.max_events as usize,
            repeats: self.repeats,
            wrap_bits: self.wrap_bits.map(|bits| bits as u32),
            rebase_after: self.rebase_after,
            origin_us: self.origin_us,
            queue: self.queue as usize,
            every: self.every,
            out: self.out,
            threshold: self.threshold,
            health_window: (!self.no_health).then_some(self.health_window),
            watch: WatchConfig {
                tolerance: self.tolerance,
                patience: self.patience as u32,
            },
            fallback: self.fallback,
            state: self.state,
            save_every_s: self.save_every_s,
            metrics: self.metrics,
            metrics_hosts: self.metrics_host,
        };
        saturn_live::run::<TrainedModel>(&options, &progress.stop())
    }
}

#[derive(Args)]
pub struct SendArgs {
    /// An event file (HDF5)
    #[arg(required_unless_present = "noise")]
    file: Option<PathBuf>,
    /// Where to: `-` (standard output), FILE, `unix:PATH` or `udp:HOST:PORT`
    #[arg(long, value_name = "WHERE")]
    to: Source,
    /// Number of channels; with --gaps-of that of the run, and otherwise 700 by default
    #[arg(long, value_name = "N", value_parser = within::<1, 16_777_214>)]
    channels: Option<u64>,
    #[command(flatten)]
    times: TimeArgs,
    /// Lines of text, or binary frames, which is the default
    #[arg(long, value_enum, default_value = "binary")]
    format: Format,
    /// Times real time; as fast as it is taken by default
    #[arg(long, value_name = "X", value_parser = positive)]
    speed: Option<f64>,
    /// Silence after each recording, ms
    #[arg(long, value_name = "MS", default_value_t = 500.0, value_parser = not_negative)]
    gap_ms: f64,
    /// Put the gaps of this run's own stream before each recording (a run's folder, or a net in it): its ranges
    /// of health were learnt with them
    #[arg(long, value_name = "RUN", conflicts_with_all = ["gap_ms", "noise"])]
    gaps_of: Option<PathBuf>,
    /// The most recordings
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Send noise of this rate in place of a file, Hz a channel
    #[arg(long, value_name = "HZ", conflicts_with_all = ["file", "limit"], value_parser = positive)]
    noise: Option<f64>,
    /// Seconds of noise
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = positive, requires = "noise")]
    seconds: f64,
    /// Seed of the noise, or of what gaps draw
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The time at which it begins, microseconds
    #[arg(long, value_name = "US", default_value_t = 0, value_parser = within::<0, 4_503_599_627_370_496>)]
    start_us: u64,
}

impl SendArgs {
    pub fn run(self, progress: &Progress) -> Result<()> {
        let what = match (self.file, self.noise) {
            (Some(path), None) => What::File {
                path,
                limit: self.limit,
                gaps_of: self.gaps_of.map(|run| (run, self.seed)),
            },
            (_, rate_hz) => What::Noise {
                rate_hz: rate_hz.unwrap_or(1.0),
                seconds: self.seconds,
                seed: self.seed,
            },
        };
        let options = SendOptions {
            what,
            channels: self.channels.map(|n| n as usize),
            times: self.times.times(),
            to: self.to,
            format: self.format,
            speed: self.speed,
            gap_ms: self.gap_ms,
            start_us: self.start_us,
        };
        let sent = send::<RunGaps>(&options, &progress.stop())?;
        progress.result(&format!("{sent} events sent"));
        Ok(())
    }
}

fn number(text: &str, fits: impl Fn(f64) -> bool, wanted: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(x) if fits(x) => Ok(x),
        _ => Err(format!("{wanted} is wanted")),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(
        text,
        |x| (0.0..=1e9).contains(&x),
        "a number from 0 to 10^9",
    )
}

fn positive(text: &str) -> Result<f64, String> {
    let wanted = "a number above 0 and up to 10^9";
    number(text, |x| x > 0.0 && x <= 1e9, wanted)
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |x| (0.0..=1.0).contains(&x), "a number from 0 to 1")
}

fn within<const LOW: u64, const HIGH: u64>(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(n) if (LOW..=HIGH).contains(&n) => Ok(n),
        _ => Err(format!("a whole number from {LOW} to {HIGH} is wanted")),
    }
}
