//! A running stream: messages in, steps, lines out.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use saturn_cell::{EventBatch, Real};

use super::LiveError;
use super::assemble::{AssembleConfig, Assembler, Placed};
use super::clock::{Clock, Due};
use super::counts::Counts;
use super::decide::Said;
use super::engine::{Acted, Engine};
use super::journal::{Journal, Line};
use super::latency::Latency;
use super::model::Identity;
use super::options::{Options, Pace, Stamp};
use super::protocol::{Fault, Item};
use super::queue::{Excerpt, Message, Queue};
use super::raster::Raster;
use super::source::Resume;
use super::state::{self, Saved};
use super::status::Board;

/// Messages or steps between two looks at the clock.
const BATCH: u64 = 256;
/// The longest wait for a message.
const PATIENCE: Duration = Duration::from_millis(50);

/// A stream that is running.
pub struct Stream<'a, R: Real> {
    pub options: &'a Options,
    pub config: AssembleConfig,
    pub clock: Clock,
    pub engine: Engine<R>,
    pub assembler: Assembler,
    pub column: EventBatch,
    pub counts: Counts,
    pub journal: Journal,
    /// Items that came when the stream was about to stop.
    pub held: Vec<Item>,
    pub kept: Keeping,
    pub decision: Option<usize>,
    pub decisions: u64,
    /// `None` where nobody can look on.
    pub watching: Option<Watching>,
    /// When the newest event of each open step was read, ns; 0 for none.
    pub arrivals: Vec<u64>,
    pub step_latency: Latency,
    pub event_latency: Latency,
    pub tending: Tending,
    pub stop: Arc<AtomicBool>,
    /// Why reading failed.
    pub failed: Option<String>,
}

/// What is kept beside the net's memory.
pub struct Keeping {
    pub identity: Identity,
    pub other: Option<Identity>,
    /// Where.
    pub path: Option<PathBuf>,
    /// Bytes of the input file that have been heard.
    pub position: u64,
    /// The input file.
    pub file: Option<PathBuf>,
}

/// For whoever looks on.
pub struct Watching {
    pub board: Board,
    pub input: Raster,
    pub layer: Raster,
}

/// What is done now and then.
pub struct Tending {
    shown: Instant,
    shown_step: u64,
    told: Instant,
    told_counts: Counts,
    saved: Instant,
    example: Option<(Fault, Excerpt)>,
    /// Whether nothing was heard since the last position in the input file was told.
    clean: bool,
}

impl Tending {
    /// Nothing done yet.
    pub fn new(now: Instant) -> Self {
        Self {
            shown: now,
            shown_step: 0,
            told: now,
            told_counts: Counts::default(),
            saved: now,
            example: None,
            clean: true,
        }
    }
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The input has ended.
    Input,
    /// The user asked for it.
    Interrupt,
    /// Nobody reads the output.
    Output,
    /// Something failed.
    Failed,
}

impl<R: Real> Stream<'_, R> {
    fn real(&self) -> bool {
        self.options.pace == Pace::Real
    }

    fn stopping(&self) -> bool {
        self.journal.closed || self.stop.load(Ordering::Relaxed)
    }

    /// Hears what was held when the stream stopped.
    pub fn begin(&mut self, held: &mut Vec<Item>) -> Result<(), LiveError> {
        self.tending.shown_step = self.assembler.next();
        self.tending.told_counts = self.counts;
        let now = self.clock.now_ns();
        for item in held.drain(..) {
            self.item(item, now)?;
        }
        Ok(())
    }

    /// Hears all that comes, until the end.
    pub fn hear_all(&mut self, queue: &Queue) -> Result<Why, LiveError> {
        loop {
            if self.journal.closed {
                return Ok(Why::Output);
            }
            if self.stopping() {
                return Ok(Why::Interrupt);
            }
            let wait = match self.clock.due(self.assembler.next()) {
                Due::Wait(wait) if self.real() => wait.min(PATIENCE),
                _ if self.real() => Duration::ZERO,
                _ => PATIENCE,
            };
            match queue.receiver().recv_timeout(wait) {
                Ok(message) => {
                    queue.taken();
                    self.hear(message)?;
                    for _ in 0..BATCH {
                        match queue.receiver().try_recv() {
                            Ok(message) => {
                                queue.taken();
                                self.hear(message)?;
                            }
                            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    // Something may have been held on the way here.
                    let why = if self.held.is_empty() {
                        Why::Input
                    } else {
                        Why::Interrupt
                    };
                    return Ok(why);
                }
            }
            if self.real() {
                self.by_the_clock()?;
            }
            self.counts.flooded += queue.take_flooded();
            self.tend(Some(queue))?;
        }
    }

    fn hear(&mut self, message: Message) -> Result<(), LiveError> {
        match message {
            Message::Item(item, arrived) => self.item(item, arrived),
            Message::Fault(fault, excerpt) => {
                self.fault(fault, excerpt);
                Ok(())
            }
            Message::Position(position) => {
                if self.held.is_empty() {
                    self.kept.position = position;
                    self.tending.clean = true;
                }
                Ok(())
            }
            Message::Note(text) => self.journal.notice(self.assembler.next(), &text),
            Message::Failed(text) => {
                self.failed = Some(text);
                Ok(())
            }
        }
    }

    fn fault(&mut self, fault: Fault, excerpt: Excerpt) {
        self.counts.malformed[fault as usize] += 1;
        self.tending.example.get_or_insert((fault, excerpt));
    }

    fn item(&mut self, item: Item, arrived: u64) -> Result<(), LiveError> {
        self.tending.clean = false;
        if !self.held.is_empty() {
            self.held.push(item);
            return Ok(());
        }
        let item = self.stamped(item, arrived);
        if self.real() {
            if !self.assembler.anchored() {
                self.clock.align(item.time_us(), arrived);
            }
            self.assembler.tick(self.clock.step_at(arrived));
        }
        loop {
            let by_clock = self.real();
            match self
                .assembler
                .place(&self.config, item, by_clock, &mut self.counts)
            {
                Placed::In(step) => {
                    let slot = step % self.arrivals.len() as u64;
                    self.arrivals[slot as usize] = arrived;
                    return Ok(());
                }
                Placed::Dropped => return Ok(()),
                Placed::After(steps) => {
                    for done in 1..=steps {
                        self.step()?;
                        if done.is_multiple_of(BATCH) {
                            self.tend(None)?;
                            if self.stopping() {
                                self.held.push(item);
                                return Ok(());
                            }
                        }
                    }
                }
            }
        }
    }

    /// The item with the time that counts.
    fn stamped(&self, item: Item, arrived: u64) -> Item {
        let now = arrived / 1_000;
        match (self.options.stamp, item) {
            (Stamp::Sender, item) => item,
            (Stamp::Arrival, Item::Mark { .. }) => Item::Mark { time_us: now },
            (Stamp::Arrival, Item::Event { unit, count, .. }) => Item::Event {
                time_us: now,
                unit,
                count,
            },
        }
    }

    /// Closes what is due.
    fn by_the_clock(&mut self) -> Result<(), LiveError> {
        for _ in 0..BATCH {
            match self.clock.due(self.assembler.next()) {
                Due::Wait(_) => return Ok(()),
                Due::Step(late) => {
                    self.counts.overruns += u64::from(late);
                    self.step()?;
                }
                Due::Skip(steps) => {
                    self.clock.skip(steps);
                    self.counts.skipped += steps;
                    self.assembler.unanchor();
                    let text = format!(
                        "{steps} steps are given up: the machine was asleep or is too slow"
                    );
                    self.journal.notice(self.assembler.next(), &text)?;
                }
            }
        }
        Ok(())
    }

    /// Closes the next step and runs the net on it.
    fn step(&mut self) -> Result<(), LiveError> {
        let began = self.clock.now_ns();
        let step = self.assembler.next();
        self.assembler
            .close(&self.config, &mut self.column, &mut self.counts);
        let said = self.engine.step(&self.column);
        self.say(step, said)?;
        self.show_step();
        let now = self.clock.now_ns();
        self.step_latency.record(now.saturating_sub(began));
        let slots = self.arrivals.len() as u64;
        let arrived = &mut self.arrivals[(step % slots) as usize];
        if *arrived > 0 {
            self.event_latency.record(now.saturating_sub(*arrived));
            *arrived = 0;
        }
        Ok(())
    }

    /// Writes what a step has to say.
    fn say(&mut self, step: u64, said: Said) -> Result<(), LiveError> {
        let (journal, engine, classes) =
            (&mut self.journal, &self.engine, &self.kept.identity.classes);
        let name = |class: usize| classes.get(class).map(String::as_str);
        let changed = said.decision() != self.decision;
        let asked = self.options.every.is_some_and(|n| step.is_multiple_of(n));
        if changed || asked {
            self.decision = said.decision();
            self.decisions += u64::from(changed);
            journal.write(&Line::Decision {
                step,
                time_us: self.assembler.time_us(&self.config, step),
                class: self.decision.and_then(name),
                likeliest: self.options.every.and(name(said.class)),
                probability: said.score,
            })?;
        }
        for change in engine.changes() {
            let (figure, limits) = (
                &engine.names()[change.figure],
                engine.watch().limits(change.figure),
            );
            journal.write(&Line::Health {
                step,
                figure,
                value: change.value,
                limits,
                out: change.out,
            })?;
            let [low, high] = limits.unwrap_or([f64::NAN; 2]);
            let text = if change.out {
                "warning: out of its range: "
            } else {
                "in its range again: "
            };
            journal.say(&format!(
                "{text}{figure} is {:.4}, and {low:.4} to {high:.4} is its range (step {step})",
                change.value
            ));
        }
        for acted in engine.acted() {
            let (what, words) = match acted {
                Acted::Began => ("begins", "falls back"),
                Acted::Reset => ("reset", "the state is put at rest"),
                Acted::Ended => ("ends", "the fallback is over"),
            };
            let fallback = &self.options.fallback.words();
            journal.write(&Line::Fallback {
                step,
                what,
                fallback,
            })?;
            journal.say(&format!("{words}: {fallback} (step {step})"));
        }
        Ok(())
    }

    /// Adds a step to the rasters.
    fn show_step(&mut self) {
        let Some(watching) = &mut self.watching else {
            return;
        };
        watching.input.begin();
        let (units, counts) = self.column.view().column(0);
        for (&unit, &count) in units.iter().zip(counts) {
            watching
                .input
                .raise(unit as usize, 0.4 + 0.2 * f64::from(count));
        }
        watching.layer.begin();
        for (unit, value) in self.engine.first_layer().iter().enumerate() {
            watching.layer.raise(unit, value.wide().abs());
        }
    }

    /// What is done now and then: lines handed on, the status shown, drops told, memory saved.
    fn tend(&mut self, queue: Option<&Queue>) -> Result<(), LiveError> {
        self.journal.flush()?;
        let now = Instant::now();
        let shown = now.duration_since(self.tending.shown);
        if self.watching.is_some() && shown >= Duration::from_millis(100) {
            self.show(shown, queue);
            self.tending.shown = now;
            self.tending.shown_step = self.assembler.next();
        }
        if now.duration_since(self.tending.told) >= Duration::from_secs(1) {
            self.tending.told = now;
            self.tell_drops()?;
        }
        let due = now.duration_since(self.tending.saved).as_secs_f64() >= self.options.save_every_s;
        let whole = self.held.is_empty() && queue.is_some();
        if due && whole && (self.kept.file.is_none() || self.tending.clean) {
            self.tending.saved = now;
            self.save()?;
        }
        Ok(())
    }

    /// Says what was dropped of late.
    fn tell_drops(&mut self) -> Result<(), LiveError> {
        let before = self.tending.told_counts;
        let (now, then) = (self.counts.dropped(), before.dropped());
        let mut news: Vec<String> = now
            .iter()
            .zip(then)
            .filter(|((_, now), (_, then))| now > then)
            .map(|((name, now), (_, then))| format!("{} {name}", now - then))
            .collect();
        if let Some((fault, excerpt)) = self.tending.example.take() {
            news.push(format!("`{}`: {}", excerpt.text(), fault.words()));
        }
        if self.counts.rebased > before.rebased {
            news.push("the sender's clock is taken anew".to_owned());
        }
        self.tending.told_counts = self.counts;
        if news.is_empty() {
            return Ok(());
        }
        let text = format!("dropped: {}", news.join(", "));
        self.journal.notice(self.assembler.next(), &text)
    }

    /// Puts the newest status on the board.
    fn show(&mut self, since: Duration, queue: Option<&Queue>) {
        let Some(watching) = &self.watching else {
            return;
        };
        let step = self.assembler.next();
        let rate = (step - self.tending.shown_step) as f64 / since.as_secs_f64().max(1e-9);
        let engine = &self.engine;
        watching.board.update(|status| {
            status.step = step;
            status.steps_per_second += 0.3 * (rate - status.steps_per_second);
            status.uptime_s = self.clock.now_ns() as f64 / 1e9;
            if let Some(queue) = queue {
                status.queue = [queue.waiting(), queue.room as u64];
            }
            status.decision = self.decision;
            status.decisions = self.decisions;
            status.probabilities.clear();
            status.probabilities.extend(engine.probabilities());
            status.counts = self.counts;
            status.step_latency = self.step_latency.quantiles();
            status.event_latency = self.event_latency.quantiles();
            let names = engine.names().len();
            status.health.resize_with(names, Default::default);
            for (i, health) in status.health.iter_mut().enumerate() {
                if health.name != engine.names()[i] {
                    health.name.clone_from(&engine.names()[i]);
                }
                let value = engine.values().get(i).copied();
                health.value = value.filter(|v| v.is_finite());
                health.limits = engine.watch().limits(i);
                health.out = engine.watch().is_out(i);
            }
            status.falls_back = engine.falls_back();
            status.input.clone_from(&watching.input);
            status.layer.clone_from(&watching.layer);
            status.log.clear();
            status.log.extend(self.journal.recent.iter().cloned());
        });
    }

    fn save(&mut self) -> Result<(), LiveError> {
        let Some(path) = &self.kept.path else {
            return Ok(());
        };
        let saved = Saved {
            identity: self.kept.identity.clone(),
            other: self.kept.other.clone(),
            engine: self.engine.state(),
            assembler: self.assembler.clone(),
            held: self.held.clone(),
            counts: self.counts,
            resume: self.kept.file.clone().map(|path| Resume {
                path,
                position: self.kept.position,
            }),
            decision: self.decision,
            decisions: self.decisions,
        };
        state::save(path, &saved)
    }

    /// Brings the stream to its end: what was read is heard or kept, what is open is closed or kept.
    pub fn end(&mut self, queue: &Queue, why: Why) -> Result<(), LiveError> {
        let keeps = self.kept.path.is_some();
        if why == Why::Input && !keeps {
            for _ in 0..self.assembler.unfinished() {
                self.step()?;
                if self.stopping() {
                    break;
                }
            }
        }
        if why != Why::Input {
            self.drain(queue);
        }
        self.counts.flooded += queue.take_flooded();
        self.save()?;
        if why == Why::Failed {
            return Ok(());
        }
        self.tell_drops()?;
        let words = match why {
            Why::Input => "the input has ended",
            Why::Interrupt => "interrupted",
            Why::Output => "nobody reads the output",
            Why::Failed => "failed",
        };
        let step = self.assembler.next();
        let (steps, events) = (
            self.step_latency.quantiles(),
            self.event_latency.quantiles(),
        );
        self.journal.write(&Line::End {
            step,
            why: words,
            counts: self.counts,
            step_latency: steps,
            event_latency: events,
        })?;
        self.journal.flush()?;
        let text = format!(
            "{words} at step {step}: {} events heard, {} dropped; a step took {:.0} us in the median, {:.0} us at 99 %; event to decision {:.1} ms in the median, {:.1} ms at 99 %",
            self.counts.taken,
            self.counts.dropped().iter().map(|(_, n)| n).sum::<u64>(),
            steps.p50_us,
            steps.p99_us,
            events.p50_us / 1e3,
            events.p99_us / 1e3,
        );
        self.journal.say(&text);
        if let (true, Some(path)) = (keeps, &self.kept.path) {
            let text = format!("its state is in {}", path.display());
            self.journal.say(&text);
        }
        Ok(())
    }

    /// Takes what the readers have read up to now, and waits for them to end.
    fn drain(&mut self, queue: &Queue) {
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until {
            match queue.receiver().recv_timeout(PATIENCE) {
                Ok(message) => {
                    queue.taken();
                    match message {
                        Message::Item(..) if self.real() => self.counts.late += 1,
                        Message::Item(item, arrived) => {
                            let item = self.stamped(item, arrived);
                            self.held.push(item);
                        }
                        Message::Fault(fault, excerpt) => self.fault(fault, excerpt),
                        Message::Position(position) => self.kept.position = position,
                        Message::Note(text) => self.journal.say(&text),
                        Message::Failed(text) => self.failed = Some(text),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
