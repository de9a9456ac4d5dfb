//! Periodic work of a live run.

use std::time::{Duration, Instant};

use saturn_cell::Real;

use super::Stream;
use super::advice::Advice;
use super::notes::Notes;
use crate::LiveError;
use crate::queue::Queue;
use crate::source::Resume;
use crate::state::{self, Saved};

impl<R: Real> Stream<'_, R> {
    /// Periodic work: passing on lines, updating the status, reporting drops, saving the state.
    pub(super) fn tend(&mut self, queue: Option<&Queue>) -> Result<(), LiveError> {
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
            self.tending.notes = Notes::default();
            self.tell_drops()?;
        }
        let due = now.duration_since(self.tending.saved).as_secs_f64() >= self.options.save_every_s;
        let whole = self.held.is_empty() && queue.is_some();
        if due && whole && (self.kept.file.is_none() || self.tending.clean) {
            self.tending.saved = now;
            self.save_or_warn()?;
        }
        Ok(())
    }

    /// Reports recently dropped events.
    pub(super) fn tell_drops(&mut self) -> Result<(), LiveError> {
        let before = self.tending.told_counts;
        let (now, then) = (self.counts.dropped(), before.dropped());
        let mut news: Vec<String> = now
            .iter()
            .zip(then)
            .filter(|((_, now), (_, then))| now > then)
            .map(|((name, now), (_, then))| format!("{} {name}", now - then))
            .collect();
        if let Some((fault, place, excerpt)) = self.tending.example.take() {
            let place = place.map_or(String::new(), |place| format!("{place}, "));
            news.push(format!("{place}`{}`: {}", excerpt.text(), fault.words()));
        }
        let notes = self.counts.unsaid_notes - before.unsaid_notes;
        if notes > 0 {
            news.push(format!("{notes} more notes were omitted"));
        }
        if self.counts.rebased > before.rebased {
            let off_s = self.assembler.refused().1 as f64 / 1e6;
            let jumped = self.counts.ahead > before.ahead && off_s > 0.0;
            news.push(if jumped {
                format!(
                    "resynchronised to the sender's clock after a jump of {off_s:.0} s, skipping the steps \
                    between: --max-jump-s {} runs the network through them",
                    off_s.ceil()
                )
            } else {
                "resynchronised to the sender's clock".to_owned()
            });
        }
        self.tending.told_counts = self.counts;
        if news.is_empty() {
            return Ok(());
        }
        let mut text = format!("dropped: {}", news.join(", "));
        let (refused, off_us) = self.assembler.refused();
        let taken = self.counts.taken - before.taken;
        let advice = Advice::of(taken, refused, off_us, &self.config);
        if refused == 0 {
            self.tending.advised = None;
        } else if advice.is_some() && self.tending.advised != advice {
            self.tending.advised = advice;
            let words = advice.map(|advice| advice.words(off_us));
            text = format!("{text}\n{}", words.unwrap_or_default());
        }
        self.journal.notice(self.assembler.next(), &text)
    }

    /// Publishes the newest status.
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

    /// Saves during the run. A full disk does not end it: the next save tries again.
    fn save_or_warn(&mut self) -> Result<(), LiveError> {
        let unsaid = self.journal.settle()?;
        if let Err(e) = self.save(unsaid) {
            let again = self.options.save_every_s;
            let text = format!("warning: the state was not saved, next attempt in {again} s: {e}");
            self.note(&text)?;
        }
        Ok(())
    }

    /// Saves, including unread output.
    pub(super) fn save(&mut self, unsaid: Vec<u8>) -> Result<(), LiveError> {
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
                lines: self.kept.lines,
            }),
            unsaid,
            decision: self.decision,
            decisions: self.decisions,
        };
        let done = state::save(path, &saved);
        self.counts.failed_saves += u64::from(done.is_err());
        done
    }
}
