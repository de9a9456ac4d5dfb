//! `saturn view`: a dashboard in the terminal, of a run as it grows or of a stream as it goes.
//!
//! A run is watched through its folder, a stream through its metrics endpoint; neither notices. Everything is drawn
//! in place, some times a second, and the terminal is left as it was however the program ends: a key, an
//! interrupt or a panic.

mod dots;
mod draw_run;
mod draw_stream;
mod numbers;
mod panel;
mod run_folder;
mod screen;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use run_folder::{Health, Net, RunFolder, RunScene};

use crate::command::print_line;
use saturn_live::LiveError;
use saturn_live::source::address_of;
use saturn_live::status::Status;
use saturn_store::operation::Operation;

/// What is to be seen.
#[derive(Clone, Debug)]
pub struct ViewOptions {
    /// A run's folder, or a stream's address.
    pub what: String,
    /// Print one picture as text, and end.
    pub once: bool,
    /// Columns and rows of that picture.
    pub size: (u16, u16),
    /// How often to look.
    pub every: Duration,
}

/// What is seen at one moment.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // There is one.
pub enum Scene {
    /// A stream.
    Stream(Status),
    /// A run.
    Run(RunScene),
    /// Nothing, and why.
    Nothing(String),
}

/// Draws `scene` on `area`; `moment` counts pictures.
pub fn draw(scene: &Scene, moment: u64, area: Rect, buffer: &mut Buffer) {
    match scene {
        Scene::Stream(status) => draw_stream::draw(status, area, buffer),
        Scene::Run(run) => draw_run::draw(run, moment, area, buffer),
        Scene::Nothing(why) => panel::message(why, area, buffer),
    }
}

/// The picture of `scene` as lines of text.
pub fn text(scene: &Scene, moment: u64, (columns, rows): (u16, u16)) -> Result<Vec<String>> {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows))?;
    terminal.draw(|frame| draw(scene, moment, frame.area(), frame.buffer_mut()))?;
    let buffer = terminal.backend().buffer();
    let line = |y: u16| -> String {
        let cells = (0..columns).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_owned()
    };
    Ok((0..rows).map(line).collect())
}

/// Where scenes come from.
enum Watched {
    Stream { url: String, agent: ureq::Agent },
    Run(Box<RunFolder>),
}

impl Watched {
    fn open(what: &str) -> Result<Self> {
        let folder = PathBuf::from(what);
        if folder.is_dir() {
            return Ok(Self::Run(Box::new(RunFolder::open(&folder)?)));
        }
        let place = what.strip_prefix("http://").unwrap_or(what);
        let place = place.trim_end_matches('/').trim_end_matches("/metrics");
        let Ok(address) = address_of(place) else {
            return Err(LiveError::Model {
                path: folder,
                what: "is neither a run's folder nor the address of a stream".to_owned(),
                hint: "name a folder such as runs/quickstart, or the port of `saturn stream --metrics PORT`"
                    .to_owned(),
            }
            .into());
        };
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(2)))
            .build()
            .into();
        Ok(Self::Stream {
            url: format!("http://{address}/status"),
            agent,
        })
    }

    fn look(&mut self) -> Result<Scene> {
        match self {
            Self::Run(folder) => Ok(Scene::Run(folder.look()?)),
            Self::Stream { url, agent } => {
                let asked = agent.get(url.as_str()).call();
                let text = asked.and_then(|mut answer| answer.body_mut().read_to_string());
                let text = text.map_err(|e| LiveError::Io {
                    place: url.clone(),
                    what: Operation::Read,
                    source: std::io::Error::other(e),
                    hint: "start `saturn stream` with --metrics PORT, and give that port",
                })?;
                Ok(Scene::Stream(serde_json::from_str(&text)?))
            }
        }
    }
}

/// Shows what there is to be seen until the user has seen enough.
pub fn view(options: &ViewOptions, stop: &AtomicBool) -> Result<()> {
    let mut watched = Watched::open(&options.what)?;
    if options.once {
        let scene = watched.look()?;
        for line in text(&scene, 0, options.size)? {
            print_line(&line)?;
        }
        return Ok(());
    }
    let mut scene = watched.look()?;
    let mut screen = screen::Screen::open()?;
    let (mut moment, mut looked) = (0, Instant::now());
    loop {
        screen.draw(|area, buffer| draw(&scene, moment, area, buffer))?;
        let left = options.every.saturating_sub(looked.elapsed());
        if screen::Screen::is_enough(left)? || stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        if looked.elapsed() >= options.every {
            looked = Instant::now();
            moment += 1;
            scene = match (watched.look(), scene) {
                (Ok(scene), _) => scene,
                (Err(_), Scene::Stream(mut status)) => {
                    gone(&mut status);
                    Scene::Stream(status)
                }
                (Err(e), _) => Scene::Nothing(saturn_sim::run::reason(&e)),
            };
        }
    }
}

/// What the log says of a stream that no longer answers.
const GONE: &str = "the stream no longer answers; this is the last that was seen (q leaves)";

fn gone(status: &mut Status) {
    if status.log.last().is_none_or(|line| line != GONE) {
        status.log.push(GONE.to_owned());
    }
}
