//! The end of a stream.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use saturn_cell::Real;

use super::{PATIENCE, Stream, Why};
use crate::LiveError;
use crate::journal::Line;
use crate::queue::{Message, Queue};

impl<R: Real> Stream<'_, R> {
    /// Ends the run: pending input is processed or saved, open steps are closed or saved.
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
        // Immediately, even if the output is not read: a second interrupt ends the program.
        let unsaid = self.journal.unsaid().unwrap_or_default();
        let saved = self.save(unsaid.clone());
        if why == Why::Failed {
            return saved;
        }
        self.tell_drops()?;
        let words = match why {
            Why::Input => "the input has ended",
            Why::Interrupt => "interrupted",
            Why::Output => "the output is not being read",
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
        let left = self.journal.end()?;
        let text = format!(
            "{words} at step {step}: {} events received, {} dropped; a step took {:.0} us in the median, \
            {:.0} us at 99 %; event to decision {:.1} ms in the median, {:.1} ms at 99 %",
            self.counts.taken,
            self.counts.dropped().iter().map(|(_, n)| n).sum::<u64>(),
            steps.p50_us,
            steps.p99_us,
            events.p50_us / 1e3,
            events.p99_us / 1e3,
        );
        self.journal.say(&text);
        if self.journal.closed && why != Why::Output {
            self.journal.say("the output is no longer being read");
        }
        if !left.is_empty() {
            let text = format!(
                "the output is not being read: {} bytes of it {}",
                left.len(),
                if keeps {
                    "are in the state, and are written when it resumes"
                } else {
                    "are lost; --state would keep them"
                }
            );
            self.journal.say(&text);
        }
        let saved = if left == unsaid {
            saved
        } else {
            self.save(left)
        };
        if let (Some(path), Ok(())) = (&self.kept.path, &saved) {
            let text = format!("its state is in {}", path.display());
            self.journal.say(&text);
        }
        saved
    }

    /// Takes the data that the readers have read so far, and waits for them to end.
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
                        Message::Fault(fault, place, excerpt) => {
                            self.fault(fault, Some(place), excerpt);
                        }
                        Message::Position(position, lines) => {
                            (self.kept.position, self.kept.lines) = (position, lines);
                        }
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
