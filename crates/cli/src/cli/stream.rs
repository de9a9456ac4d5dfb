//! The options of `saturn stream` and `saturn send`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::numbers::{not_negative, positive, share, within};
use super::times::TimeArgs;
use saturn_eval::health::{WINDOW, WatchConfig};
use saturn_live::assemble::Repeats;
use saturn_live::fallback::Fallback;
use saturn_live::options::{Options, Pace, Stamp};
use saturn_live::protocol::Format;
use saturn_live::send::{SendOptions, What, send};
use saturn_live::source::{Source, address_of};
use saturn_live::wrap::{FEWEST_BITS, MOST_BITS};
use saturn_sim::model::FinishedModel;
use saturn_sim::trained::gaps::RunGaps;
use saturn_store::Detail;
use saturn_store::Progress;

#[derive(Args)]
pub struct StreamArgs {
    /// A finished network: `runs/quickstart/lif.adaptive.1`, its weights, or a folder that `saturn import` wrote
    model: PathBuf,
    /// Event source: `-` (standard input), FILE, `unix:PATH` or `udp:HOST:PORT`
    #[arg(long, value_name = "SOURCE", default_value = "-")]
    from: Source,
    /// Format of the events
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Follow the file as it grows, like tail -f
    #[arg(long)]
    follow: bool,
    /// Stop when the first client of a socket disconnects
    #[arg(long)]
    once: bool,
    /// With 16 clients connected to a socket, a new one replaces one that was silent for this long, seconds
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = not_negative)]
    client_idle_s: f64,
    /// When a step ends
    #[arg(long, value_enum, default_value_t)]
    pace: Pace,
    /// Timestamp source: sender or arrival time
    #[arg(long, value_enum, default_value_t)]
    stamp: Stamp,
    /// How late an event may arrive, ms [default: 0; one step with --pace real]
    #[arg(long, value_name = "MS", value_parser = not_negative)]
    reorder_ms: Option<f64>,
    /// Maximum jump ahead in time, seconds; later events are dropped, unless 16 in a row agree: then time continues
    /// from them, without the steps between
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = positive)]
    max_jump_s: f64,
    /// How several events of one unit in the same microsecond count
    #[arg(long, value_enum, default_value_t)]
    repeats: Repeats,
    /// Width of the sender's microsecond counter, if it wraps, in bits, such as 32
    #[arg(long, value_name = "N", value_parser = within::<{ FEWEST_BITS as u64 }, { MOST_BITS as u64 }>)]
    wrap_bits: Option<u64>,
    /// Maximum events per step; more are dropped
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = within::<1, 1_048_576>)]
    max_events: u64,
    /// Resynchronise to the sender's clock after N consecutive late or future events; 0 for never [default: 0; 1000
    /// with --pace real]
    #[arg(long, value_name = "N")]
    rebase_after: Option<u64>,
    /// Start time on the sender's clock, microseconds [default: that of the first event]
    #[arg(long, value_name = "US", value_parser = within::<0, 9_007_199_254_740_991>)]
    origin_us: Option<u64>,
    /// Input queue capacity, in messages
    #[arg(long, value_name = "N", default_value_t = 65_536, value_parser = within::<16, 16_777_216>)]
    queue: u64,
    /// Print a line every N steps, in addition to those at changes of the decision
    #[arg(long, value_name = "N", value_parser = within::<1, 1_000_000_000>)]
    every: Option<u64>,
    /// Append lines to this file instead of printing them
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The detector's threshold, 0 to 1 [default: as chosen on the validation split]
    #[arg(long, value_name = "P", value_parser = share)]
    threshold: Option<f64>,
    /// Length of a health window, steps
    #[arg(long, value_name = "STEPS", default_value_t = WINDOW, value_parser = within::<1, 1_000_000>)]
    health_window: u64,
    /// Turn health monitoring off
    #[arg(long, conflicts_with = "fallback")]
    no_health: bool,
    /// How far a health figure may leave its range, in widths of the range
    #[arg(long, value_name = "X", default_value_t = 0.5, value_parser = not_negative)]
    tolerance: f64,
    /// Consecutive windows out of range that raise the alarm, and in range that clear it
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = within::<1, 1_000_000>)]
    patience: u64,
    /// Action while health is out of range: none, reset, decay=FACTOR or model=MODEL
    #[arg(long, value_name = "WHAT", default_value = "none")]
    fallback: Fallback,
    /// Save the network's state and position to this file, and resume from it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Time between two saves of --state, seconds
    #[arg(long, value_name = "S", default_value_t = 60.0, value_parser = positive)]
    save_every_s: f64,
    /// Serve metrics to Prometheus and `saturn view` at this address: a local port, or HOST:PORT
    #[arg(long, value_name = "PORT", value_parser = address_of)]
    metrics: Option<String>,
    /// Accept metrics requests for this host name, in addition to addresses, localhost and the name in --metrics
    #[arg(long, value_name = "NAME", requires = "metrics")]
    metrics_host: Vec<String>,
}

impl StreamArgs {
    pub fn run(self, progress: &Progress, detail: Detail) -> Result<()> {
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
            quiet: detail <= Detail::Quiet,
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
        saturn_live::run::<FinishedModel>(&options, &progress.stop())
    }
}

#[derive(Args)]
pub struct SendArgs {
    /// The event file, HDF5
    #[arg(required_unless_present = "noise")]
    file: Option<PathBuf>,
    /// Destination: `-` (standard output), FILE, `unix:PATH` or `udp:HOST:PORT`
    #[arg(long, value_name = "WHERE")]
    to: Source,
    /// Number of channels [default: 700; the run's with --gaps-of]
    #[arg(long, value_name = "N", value_parser = within::<1, 16_777_214>)]
    channels: Option<u64>,
    #[command(flatten)]
    times: TimeArgs,
    /// Format of the events
    #[arg(long, value_enum, default_value = "binary")]
    format: Format,
    /// Playback speed as a multiple of real time [default: unthrottled]
    #[arg(long, value_name = "X", value_parser = positive)]
    speed: Option<f64>,
    /// Silence after each recording, ms
    #[arg(long, value_name = "MS", default_value_t = 500.0, value_parser = not_negative)]
    gap_ms: f64,
    /// Put the gaps of this run's stream before each recording; its health ranges were learnt with them. A run's
    /// folder, or a network in it
    #[arg(long, value_name = "RUN", conflicts_with_all = ["gap_ms", "noise"])]
    gaps_of: Option<PathBuf>,
    /// Maximum number of recordings
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Send noise instead of a file, at this rate in Hz per channel
    #[arg(long, value_name = "HZ", conflicts_with_all = ["file", "limit"], value_parser = positive)]
    noise: Option<f64>,
    /// Duration of the noise, seconds
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = positive, requires = "noise")]
    seconds: f64,
    /// Seed of the noise or of the gaps
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Time of the first step, microseconds
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
