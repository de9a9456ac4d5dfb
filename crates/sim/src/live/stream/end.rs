//! The end of a stream.

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use saturn_cell::Real;

use super::{PATIENCE, Stream, Why};
use crate::live::LiveError;
use crate::live::journal::Line;
use crate::live::queue::{Message, Queue};

impl<R: Real> Stream<'_, R> {
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
