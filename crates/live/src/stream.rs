//! A running stream: messages in, steps, lines out.

mod advice;
mod end;
mod notes;
mod output;
mod periodic;

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
use super::engine::Engine;
use super::journal::Journal;
use super::latency::Latency;
use super::model::Identity;
use super::options::{Options, Pace, Stamp};
use super::protocol::{Fault, Item, Place};
use super::queue::{Excerpt, Message, Queue};
use super::raster::Raster;
use super::status::Board;
use advice::Advice;
use notes::Notes;

/// Messages or steps between two checks of the clock.
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
    /// `None` without viewers.
    pub watching: Option<Watching>,
    /// When the newest event of each open step was read, ns; 0 for none.
    pub arrivals: Vec<u64>,
    /// What was in the gaps of the stream that ranges of health were learnt on.
    pub learnt_in: String,
    pub step_latency: Latency,
    pub event_latency: Latency,
    pub tending: Tending,
    pub stop: Arc<AtomicBool>,
    /// Why reading failed.
    pub failed: Option<String>,
}

/// Saved data in addition to the network's state.
pub struct Keeping {
    pub identity: Identity,
    pub other: Option<Identity>,
    /// Where.
    pub path: Option<PathBuf>,
    /// Bytes of the input file that have been processed, and the lines or frames in them.
    pub position: u64,
    /// Lines or frames.
    pub lines: u64,
    /// The input file.
    pub file: Option<PathBuf>,
}

/// For viewers.
pub struct Watching {
    pub board: Board,
    pub input: Raster,
    pub layer: Raster,
}

/// State of the periodic work.
pub struct Tending {
    shown: Instant,
    shown_step: u64,
    told: Instant,
    told_counts: Counts,
    saved: Instant,
    example: Option<(Fault, Option<Place>, Excerpt)>,
    /// The last advice given, until an event is accepted.
    advised: Option<Advice>,
    notes: Notes,
    /// Whether nothing was received since the last position in the input file.
    clean: bool,
}

impl Tending {
    /// Before any periodic work.
    pub fn new(now: Instant) -> Self {
        Self {
            shown: now,
            shown_step: 0,
            told: now,
            told_counts: Counts::default(),
            saved: now,
            example: None,
            advised: None,
            notes: Notes::default(),
            clean: true,
        }
    }
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The input has ended.
    Input,
    /// On the user's request.
    Interrupt,
    /// The output is not being read.
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

    /// Processes the items that were pending when the run stopped.
    pub fn begin(&mut self, held: &mut Vec<Item>) -> Result<(), LiveError> {
        self.tending.shown_step = self.assembler.next();
        self.tending.told_counts = self.counts;
        let now = self.clock.now_ns();
        for item in held.drain(..) {
            self.item(item, now)?;
        }
        Ok(())
    }

    /// Processes all input, until the end.
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
                    // Items may have been queued on the way here.
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
            Message::Fault(fault, place, excerpt) => {
                self.fault(fault, Some(place), excerpt);
                Ok(())
            }
            Message::Position(position, lines) => {
                if self.held.is_empty() {
                    (self.kept.position, self.kept.lines) = (position, lines);
                    self.tending.clean = true;
                }
                Ok(())
            }
            Message::Note(text) => self.note(&text),
            Message::Failed(text) => {
                self.failed = Some(text);
                Ok(())
            }
        }
    }

    /// Writes a note, or counts it if there were too many in this second.
    fn note(&mut self, text: &str) -> Result<(), LiveError> {
        if self.tending.notes.take() {
            return self.journal.notice(self.assembler.next(), text);
        }
        self.counts.unsaid_notes += 1;
        Ok(())
    }

    fn fault(&mut self, fault: Fault, place: Option<Place>, excerpt: Excerpt) {
        self.counts.malformed[fault as usize] += 1;
        self.tending.example.get_or_insert((fault, place, excerpt));
    }

    fn item(&mut self, item: Item, arrived: u64) -> Result<(), LiveError> {
        self.tending.clean = false;
        if !self.held.is_empty() {
            self.held.push(item);
            return Ok(());
        }
        let item = self.stamped(item, arrived);
        let shown_us = item.time_us();
        if self
            .config
            .wrap_bits
            .is_some_and(|bits| shown_us >> bits > 0)
        {
            let excerpt = Excerpt::new(shown_us.to_string().as_bytes());
            self.fault(Fault::Wrap, None, excerpt);
            return Ok(());
        }
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

    /// Closes the steps that are due.
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
                    let text =
                        format!("{steps} steps are skipped: the machine was asleep or is too slow");
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
}
