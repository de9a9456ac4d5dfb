//! The command line. Exit codes are those of [`saturn_sim::fault::Exit`].

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

use crate::command;
use crate::command::fault::fault;
use saturn_cell::kernel::{Isa, IsaError};
use saturn_sim::fault::{Exit, Fault};
use saturn_sim::run::reason;
use saturn_store::Detail;
use saturn_store::Progress;
use saturn_store::stderr::{say, say_at_once};

mod analyse;
mod bench;
mod convert;
mod data;
mod evaluate;
mod examples;
mod export;
mod global;
mod import;
mod matrix;
mod numbers;
mod shell;
mod stream;
mod submit;
#[cfg(test)]
mod tests;
mod times;
mod view;

/// Train recurrent, spiking and state-space networks and measure them on streams without state resets.
#[derive(Parser)]
#[command(name = "saturn", version, propagate_version = true, max_term_width = 100, after_help = at_the_end())]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: global::GlobalArgs,
}

/// The long help of `saturn pack`.
const PACK: &str = "Pack the finished trials of run folders into one compressed file, a line of JSON each, which \
`saturn compare --trials FILE` and `--collect FILE` read. The file has the trials on the events that most were made on; \
others go into files next to it, SCENARIO.events-1a2b3c4d.jsonl.gz or SCENARIO.old-binning-1a2b3c4d.jsonl.gz, which are \
read with it. The same trials give the same bytes. `zcat FILE` prints them.";

#[derive(Subcommand)]
enum Command {
    /// Train and evaluate all trials of a scenario with one seed; write figures and a report
    #[command(after_help = examples::RUN)]
    Run(matrix::RunArgs),
    /// Do the same with every seed of the scenario; report intervals over seeds
    #[command(after_help = examples::COMPARE)]
    Compare(matrix::CompareArgs),
    /// Pack the finished trials of run folders into one compressed file, a line of JSON each
    #[command(long_about = PACK, after_help = examples::PACK)]
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
    /// Search for settings on the validation split by successive halving; write the best scenario
    #[command(after_help = examples::TUNE)]
    Tune(matrix::TuneArgs),
    /// Write scripts that compare or tune on many machines: Slurm, GNU parallel, Snakemake
    #[command(after_help = examples::SUBMIT)]
    Submit(Box<submit::SubmitArgs>),
    /// Redraw the figures and the report of a finished run
    #[command(after_help = examples::PLOT)]
    Plot {
        /// The run's folder
        run: PathBuf,
    },
    /// Rewrite the report of a finished run, or print its checklist
    #[command(after_help = examples::REPORT)]
    Report {
        /// The run's folder
        run: PathBuf,
        /// Print what must hold of networks that are never reset: shown, not shown or shown otherwise, each by a
        /// one-sided 95 % bound; exit with 3 if a line is not shown
        #[arg(long)]
        checklist: bool,
        /// The arm that the checklist is about [default: the arm with the adaptive loss, or else the last one that is
        /// not the reference's]
        #[arg(long, value_name = "ARM", requires = "checklist")]
        arm: Option<String>,
    },
    /// Import a network that was made elsewhere: NIR, PyTorch or snnTorch; print a verdict on every part
    #[command(after_help = examples::IMPORT)]
    Import(import::ImportArgs),
    /// Export a finished network for other programs: NIR, PyTorch or weights that describe themselves
    #[command(after_help = examples::EXPORT)]
    Export(export::ExportArgs),
    /// Evaluate a finished network on other data, without training
    #[command(after_help = examples::EVALUATE)]
    Evaluate(Box<evaluate::EvaluateArgs>),
    /// Analyse a trained network: does it forget, can it saturate or diverge
    #[command(after_help = examples::ANALYSE)]
    Analyse(analyse::AnalyseArgs),
    /// Validate a scenario; estimate parameters, memory and time
    #[command(after_help = examples::CHECK)]
    Check {
        /// The scenario, YAML
        scenario: PathBuf,
        /// Override one key: `train.epochs=2`; may be repeated
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
    /// Print the JSON Schema of scenarios, for editors
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// Print a table of every key, its unit, range and default as Markdown
        #[arg(long)]
        markdown: bool,
    },
    /// Measure training, streaming and inference on this machine against its limits
    #[command(after_help = examples::BENCH)]
    Bench(bench::BenchArgs),
    /// Make, download, inspect or convert data
    #[command(after_help = examples::DATA)]
    Data {
        #[command(subcommand)]
        command: data::DataCommand,
    },
    /// Run a trained network on live events and print its decisions
    #[command(after_help = examples::STREAM)]
    Stream(Box<stream::StreamArgs>),
    /// Send an event file, or noise, to a live run
    #[command(after_help = examples::SEND)]
    Send(stream::SendArgs),
    /// Watch a run or a live run in the terminal
    #[command(after_help = examples::VIEW)]
    View(view::ViewArgs),
    /// Print shell completions
    #[command(after_help = examples::COMPLETIONS)]
    Completions(shell::CompletionsArgs),
    /// Print the manual page, or write a page for every command
    #[command(after_help = examples::MAN)]
    Man(shell::ManArgs),
}

/// Examples and exit codes.
fn at_the_end() -> String {
    let mut text = "\
Examples:
  saturn run scenarios/quickstart.yaml       train, evaluate, draw, report
  saturn check scenarios/quickstart.yaml     validate it, estimate memory, time
  saturn view runs/quickstart                watch the run from another terminal
  saturn help compare                        help of one command

Exit codes:
"
    .to_owned();
    for exit in Exit::ALL {
        let meaning = exit.meaning().replace(['`', '*'], "");
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:>2}  {meaning}", exit.code());
    }
    text.push_str(
        "\nSIGINT, SIGTERM and SIGHUP stop after the current step, a second immediately.",
    );
    text
}

/// Runs one command for another program, on `arguments` without the program's name: what it prints, and how it ended.
/// `--threads` has no effect, since threads are the other program's.
///
/// # Errors
/// Those of the command; also if the arguments are not those of a command.
pub fn call(arguments: &[OsString], progress: &Progress) -> (Result<()>, String) {
    let name = std::iter::once(OsString::from("saturn")).chain(arguments.iter().cloned());
    match Cli::try_parse_from(name) {
        Ok(cli) => {
            if let Err(e) = cli.choose_isa() {
                return (Err(e.into()), String::new());
            }
            let detail = cli.global.detail();
            command::collecting(|| run(cli.command, progress, (detail, cli.global.isa)))
        }
        Err(e) if e.use_stderr() => (Err(e.into()), String::new()),
        Err(e) => (Ok(()), e.to_string()),
    }
}

/// The text of an error of the arguments of [`call`], without the word that it begins with.
pub fn refusal(e: &anyhow::Error) -> Option<String> {
    let text = e.downcast_ref::<clap::Error>()?.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    Some(text.trim_end().to_owned())
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    main_of(std::env::args_os()).code().into()
}

/// Runs the program on `arguments`, the first of which is its name.
pub fn main_of(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(e) => return help_or_refusal(&e),
    };
    // Where signals cannot be blocked, they end the program as before. Threads that are started later block them, too.
    let _ = crate::signals::block();
    if let Err(why) = crate::threads::start(cli.global.threads) {
        say(&format!("error: {why}"));
        return Exit::WrongInput;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::clone(&stop);
    // A second interrupt ends the program at once. Without a handler the first one does.
    let _ = ctrlc::set_handler(move || {
        if interrupted.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.code().into());
        }
        say_at_once("stopping after this step; interrupt again to stop immediately");
    });
    if let Err(why) = cli.choose_isa() {
        say(&format!("error: --isa: {why}"));
        return Exit::WrongInput;
    }
    let detail = cli.global.detail();
    let progress = Progress::with_detail(stop, detail);
    let started = Instant::now();
    if detail == Detail::Verbose {
        progress.line(&about());
    }
    let done = run(cli.command, &progress, (detail, cli.global.isa));
    progress.finish();
    if detail == Detail::Verbose {
        say(&format!("took {:.1} s", started.elapsed().as_secs_f64()));
    }
    match done {
        Ok(()) => Exit::Done,
        Err(e) => {
            let fault = fault(&e);
            if fault == Fault::Interrupted && progress.stopped() {
                say(
                    "interrupted: finished results are kept\nhint: run the same command again to resume",
                );
            } else if fault == Fault::Interrupted {
                say(&reason(&e));
            } else {
                say(&format!("error: {}", reason(&e)));
            }
            if detail == Detail::Verbose {
                for cause in e.chain().skip(1) {
                    say(&format!("caused by: {cause}"));
                }
            }
            Exit::from(fault)
        }
    }
}

impl Cli {
    /// Computes with the instruction set that was chosen, if one was. That of `submit` is for the machines that run its
    /// scripts.
    fn choose_isa(&self) -> Result<(), IsaError> {
        match self.command {
            Command::Submit(_) => Ok(()),
            _ => self.global.choose_isa(),
        }
    }
}

fn run(command: Command, progress: &Progress, (detail, isa): (Detail, Option<Isa>)) -> Result<()> {
    match command {
        Command::Run(args) => args.run(progress),
        Command::Compare(args) => args.run(progress),
        Command::Tune(args) => args.run(progress),
        Command::Submit(args) => args.run(isa, progress),
        Command::Pack {
            file,
            from,
            replace,
        } => command::pack(&file, &from, replace),
        Command::Plot { run } => command::plot(&run, progress),
        Command::Report {
            run,
            checklist,
            arm,
        } => command::report(&run, checklist, arm.as_deref(), progress),
        Command::Import(args) => args.run(),
        Command::Export(args) => args.run(),
        Command::Evaluate(args) => args.run(progress),
        Command::Analyse(args) => args.run(progress),
        Command::Check { scenario, set } => command::check(&scenario, &set),
        Command::Schema { markdown } => command::schema(markdown),
        Command::Bench(args) => args.run(progress),
        Command::Stream(args) => args.run(progress, detail),
        Command::Send(args) => args.run(progress),
        Command::View(args) => args.run(progress),
        Command::Data { command } => command.run(progress),
        Command::Completions(args) => args.run(Cli::command()),
        Command::Man(args) => args.run(Cli::command()),
    }
}

/// What runs, and on how much.
fn about() -> String {
    format!(
        "saturn {}, {} threads, {} {}, {}",
        env!("CARGO_PKG_VERSION"),
        rayon::current_num_threads(),
        std::env::consts::OS,
        std::env::consts::ARCH,
        Isa::current()
    )
}

/// Prints help, the version, or what is wrong with the arguments. A reader who has gone is no failure, and a
/// disk that is full is one.
fn help_or_refusal(e: &clap::Error) -> Exit {
    let printed = e.print();
    let failed = printed.is_err_and(|e| e.kind() != std::io::ErrorKind::BrokenPipe);
    match (e.use_stderr(), failed) {
        (true, _) => Exit::WrongInput,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    }
}
