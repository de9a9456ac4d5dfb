//! Output of a step: lines of the journal, columns of the rasters.

use saturn_cell::Real;

use super::Stream;
use crate::LiveError;
use crate::decide::Said;
use crate::engine::Acted;
use crate::journal::Line;
use saturn_eval::health::{Common, Scene, cause};

impl<R: Real> Stream<'_, R> {
    /// Writes the output of a step.
    pub(super) fn say(&mut self, step: u64, said: Said) -> Result<(), LiveError> {
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
            let why = cause(&Scene {
                figure,
                value: change.value,
                limits,
                rate_hz: Common::InputRate.of(engine.values()).unwrap_or(f64::NAN),
                rate_limits: engine.watch().limits(Common::InputRate as usize),
                learnt_in: &self.learnt_in,
            });
            journal.write(&Line::Health {
                step,
                figure,
                value: change.value,
                limits,
                out: change.out,
                cause: change.out.then_some(&why),
            })?;
            let (value, [low, high]) = (change.value, limits.unwrap_or([f64::NAN; 2]));
            let text = if change.out {
                format!(
                    "warning: {figure} is {value:.3}, out of its range {low:.3} to {high:.3} (step {step})\nlikely: {why}"
                )
            } else {
                format!("{figure} is {value:.3}, in its range again (step {step})")
            };
            journal.say(&text);
        }
        for acted in engine.acted() {
            let (what, words) = match acted {
                Acted::Began => ("begins", "falls back"),
                Acted::Reset => ("reset", "the state is reset"),
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
    pub(super) fn show_step(&mut self) {
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
}
