//! The command line. Exit codes are those of [`saturn_sim::fault`].

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use saturn_data::get::SETS;

use crate::bench::figure::Form;
use crate::bench::memory::Probe;
use crate::bench::sample::Effort;
use crate::bench::suite::{Choice, Task};
use crate::bench::work::Net;
use crate::command::fault::fault;
use crate::command::{self, InspectFigures};
use saturn_sim::run::reason;
use saturn_store::Progress;
use saturn_store::say::{say, say_at_once};

mod analyse;
mod convert;
mod matrix;
mod stream;
mod times;
mod view;

/// Find out what never resetting does to your net.
#[derive(Parser)]
#[command(name = "saturn", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The long help of `saturn pack`.
const PACK: &str = "Pack the finished trials of run folders into one compressed file, a line of JSON each, which \
`saturn compare --cells FILE` and `--collect FILE` read. The file has the trials on the events that most were made on; \
others go into files next to it, SCENARIO.events-1a2b3c4d.jsonl.gz or SCENARIO.old-binning-1a2b3c4d.jsonl.gz, which are \
read with it. The same trials give the same bytes. `zcat FILE` prints them.";

#[derive(Subcommand)]
enum Command {
    /// Train and evaluate all that a scenario names, with one seed; leave figures and a report
    Run(matrix::RunArgs),
    /// The same for every seed of the scenario, with intervals over seeds
    Compare(matrix::CompareArgs),
    /// Pack the finished trials of run folders into one compressed file, a line of JSON each
    #[command(long_about = PACK)]
    Pack {
        /// The file, SCENARIO.jsonl.gz; trials that are already in it are kept
        file: PathBuf,
        /// Run folders, folders of trials, or files of trials
        #[arg(required = true, value_name = "FROM")]
        from: Vec<PathBuf>,
        /// If a trial has two results, keep the one named last; without this, that is an error
        #[arg(long)]
        replace: bool,
    },
    /// Search for settings on the validation split by successive halving; write the scenario found
    Tune(matrix::TuneArgs),
    /// Draw the figures and the report of a finished run again
    Plot {
        /// The run's folder
        run: PathBuf,
    },
    /// Write the report of a finished run again, or print its checklist
    Report {
        /// The run's folder
        run: PathBuf,
        /// Print what must hold of nets that are never reset: shown, not shown or shown otherwise, each by a one-sided
        /// 95 % bound; exit with 3 where a line is not shown
        #[arg(long)]
        checklist: bool,
        /// The arm that the checklist is about [default: the arm with the adaptive loss, or else the last one that is not
        /// the reference's]
        #[arg(long, value_name = "ARM", requires = "checklist")]
        arm: Option<String>,
    },
    /// What theory and measurement say of a trained net: does it forget, can it saturate or diverge
    Analyse(analyse::AnalyseArgs),
    /// Validate a scenario; estimate parameters, memory and time
    Check {
        /// The scenario, YAML
        scenario: PathBuf,
        /// Override one key: `train.epochs=2`
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Print the JSON Schema of scenarios, for editors
    Schema,
    /// Time training, live streams and inference on this machine, beside its limits
    Bench(BenchArgs),
    /// Make, fetch, inspect or convert data
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },
    /// Run a trained net on events as they come, and write its decisions
    Stream(Box<stream::StreamArgs>),
    /// Send an event file, or noise, to a net that is streamed
    Send(stream::SendArgs),
    /// Watch a run or a stream in the terminal
    View(view::ViewArgs),
}

#[derive(Args)]
struct BenchArgs {
    /// Tasks: A trains, B streams, C infers, D trains wide nets, E goes from a file to a trained epoch
    #[arg(long, value_delimiter = ',', value_name = "TASKS", default_values_t = Task::ALL)]
    task: Vec<Task>,
    /// Nets; those of each task by default
    #[arg(long, value_delimiter = ',', value_name = "NETS")]
    model: Vec<Net>,
    /// Numbers of threads; one and all by default
    #[arg(long, value_delimiter = ',', value_name = "CORES", value_parser = cores)]
    cores: Vec<usize>,
    /// Shares of (step, channel) cells with an event, above 0 and up to 1; those of each task by default
    #[arg(long, value_delimiter = ',', value_name = "SHARES", value_parser = density)]
    density: Vec<f64>,
    /// Seconds of samples for each figure
    #[arg(long, value_name = "S", default_value_t = 5.0, value_parser = seconds)]
    seconds: f64,
    /// Lanes that one thread works on at once
    #[arg(long, value_name = "LANES", value_parser = cores)]
    shard_lanes: Option<usize>,
    /// Print one JSON object a figure
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print rows of a Markdown table
    #[arg(long)]
    markdown: bool,
    /// Vary T, lanes, hidden units, density and threads one at a time; draw a figure of each
    #[arg(long, requires = "out", conflicts_with_all = ["task", "cores", "density", "shard_lanes"])]
    scaling: bool,
    /// Print the peak memory of one training step; --scaling asks for it
    #[arg(long, hide = true)]
    memory_of: Option<Probe>,
    /// Where the figures of --scaling go
    #[arg(long, value_name = "DIR", requires = "scaling")]
    out: Option<PathBuf>,
}

/// A whole number from 1 to 1,024.
fn cores(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("a whole number from 1 to 1024 is wanted".to_owned()),
    }
}

/// A whole number of channels, as in a scenario.
fn channels(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=16_777_216) => Ok(n),
        _ => Err("expected a whole number from 1 to 16777216".to_owned()),
    }
}

/// A share above 0 and up to 1.
fn density(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a share above 0 and up to 1 is wanted, such as 0.015".to_owned()),
    }
}

/// Seconds from 0 to a day.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(s) if (0.0..=86_400.0).contains(&s) => Ok(s),
        _ => Err("seconds from 0 to 86400 are wanted".to_owned()),
    }
}

#[derive(Subcommand)]
enum DataCommand {
    /// Make the synthetic set that a scenario describes
    Make {
        /// The scenario, YAML; without one, the default set
        scenario: Option<PathBuf>,
        /// Where train.h5, valid.h5 and test.h5 go
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Override one key: `data.synthetic.difficulty=0.8`
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Print what is in an event file; draw it where asked
    Inspect {
        /// The file, HDF5
        file: PathBuf,
        /// Number of channels [default: one more than the largest unit in the file]
        #[arg(long, value_name = "N", value_parser = channels)]
        channels: Option<usize>,
        #[command(flatten)]
        times: times::TimeArgs,
        /// Folder for a figure of the data [default: no figure]
        #[arg(long, value_name = "FOLDER")]
        figures: Option<PathBuf>,
        /// Path of the figure without its ending; --figures FOLDER is the newer way
        #[arg(long, value_name = "STEM", hide = true, conflicts_with = "figures")]
        figure: Option<PathBuf>,
    },
    /// Fetch a data set from its publisher
    Get {
        /// Which one
        #[arg(value_parser = PossibleValuesParser::new(SETS.iter().map(|set| set.name)))]
        name: String,
        /// The folder for its files; `data/` and its name by default
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Convert recordings, images and event files to HDF5
    Convert {
        #[command(subcommand)]
        from: convert::From,
    },
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return help_or_refusal(&e),
    };
    if let Err(why) = crate::threads::start() {
        say(&format!("error: {why}"));
        return ExitCode::from(2);
    }
    // Where the signal cannot be blocked, it ends the program as before.
    let _ = survive_file_size_limits();
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    // A second interrupt ends the program at once. Without a handler the first one does.
    let _ = ctrlc::set_handler(move || {
        if heard.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
        say_at_once("stopping after this step; interrupt again to end at once");
    });
    let progress = Progress::new(Arc::clone(&stop));
    let done = match cli.command {
        Command::Run(args) => args.run(&progress),
        Command::Compare(args) => args.run(&progress),
        Command::Tune(args) => args.run(&progress),
        Command::Pack {
            file,
            from,
            replace,
        } => command::pack(&file, &from, replace),
        Command::Plot { run } => command::plot(&run, &progress),
        Command::Report {
            run,
            checklist,
            arm,
        } => command::report(&run, checklist, arm.as_deref(), &progress),
        Command::Analyse(args) => args.run(&progress),
        Command::Check { scenario, set } => command::check(&scenario, &set),
        Command::Schema => command::schema(),
        Command::Bench(args) => bench(args, &progress),
        Command::Stream(args) => args.run(&progress),
        Command::Send(args) => args.run(&progress),
        Command::View(args) => args.run(&progress),
        Command::Data { command } => match command {
            DataCommand::Make { scenario, out, set } => {
                command::make(scenario.as_deref(), out.as_deref(), &set, &progress)
            }
            DataCommand::Inspect {
                file,
                channels,
                times,
                figures,
                figure,
            } => {
                if figure.is_some() {
                    progress
                        .line("note: --figure STEM still works; --figures FOLDER is the newer way");
                }
                let (folder, stem) = (figures.as_deref(), figure.as_deref());
                command::inspect(
                    &file,
                    channels,
                    times.times(),
                    InspectFigures { folder, stem },
                )
            }
            DataCommand::Get { name, out } => command::get(&name, out.as_deref(), &progress),
            DataCommand::Convert { from } => from.run(&progress),
        },
    };
    progress.finish();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if stop.load(Ordering::Relaxed) => {
            say(
                "interrupted: finished results are kept\nhint: run the same command again to go on",
            );
            ExitCode::from(1)
        }
        Err(e) => {
            say(&format!("error: {}", reason(&e)));
            ExitCode::from(fault(&e).exit_code())
        }
    }
}

/// Prints help, the version, or what is wrong with the arguments. A reader who has gone is no failure, and a
/// disk that is full is one.
fn help_or_refusal(e: &clap::Error) -> ExitCode {
    let printed = e.print();
    let failed = printed.is_err_and(|e| e.kind() != std::io::ErrorKind::BrokenPipe);
    match (e.use_stderr(), failed) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    }
}

/// A write past a limit on the size of files (`ulimit -f`) fails as one on a full disk does, rather than
/// ending the program by a signal: this thread, and all that it starts from now on, block SIGXFSZ.
#[cfg(unix)]
fn survive_file_size_limits() -> nix::Result<()> {
    use nix::sys::signal::{SigSet, Signal};
    SigSet::from(Signal::SIGXFSZ).thread_block()
}

/// There is no such signal.
#[cfg(not(unix))]
fn survive_file_size_limits() -> std::io::Result<()> {
    Ok(())
}

fn bench(args: BenchArgs, progress: &Progress) -> Result<()> {
    let form = match (args.json, args.markdown) {
        (true, _) => Form::Json,
        (_, true) => Form::Markdown,
        _ => Form::Plain,
    };
    let choice = Choice {
        tasks: args.task,
        nets: args.model,
        cores: if args.cores.is_empty() {
            one_and_all()
        } else {
            args.cores
        },
        densities: args.density,
        effort: Effort {
            seconds: args.seconds,
        },
        shard_lanes: args.shard_lanes,
    };
    if let Some(probe) = args.memory_of {
        return command::bench_memory(probe);
    }
    match args.out {
        Some(out) => command::bench_scaling(&choice, form, &out, progress),
        None => command::bench(&choice, form, progress),
    }
}

/// One core, and as many as the machine has.
fn one_and_all() -> Vec<usize> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    if all > 1 { vec![1, all] } else { vec![1] }
}
