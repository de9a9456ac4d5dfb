//! The terminal while it is ours: raw, on its other screen, and given back whatever happens.

use std::io::IsTerminal;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::Rect;

use crate::live::LiveError;

/// How long a look at the keyboard takes at most, so that an interrupt is heard.
const PATIENCE: Duration = Duration::from_millis(50);

/// The terminal. Dropping it gives it back; so does the hook for panics that `ratatui` sets.
pub struct Screen {
    terminal: DefaultTerminal,
}

fn failed(source: std::io::Error) -> LiveError {
    LiveError::Io {
        place: "the terminal".to_owned(),
        what: "draw on",
        source,
        hint: "run it in a terminal, or print one picture with --once",
    }
}

impl Screen {
    /// Takes the terminal.
    pub fn open() -> Result<Self, LiveError> {
        if !std::io::stdout().is_terminal() {
            return Err(failed(std::io::Error::other("it is no terminal")));
        }
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self { terminal }),
            Err(e) => {
                ratatui::restore();
                Err(failed(e))
            }
        }
    }

    /// Draws a picture in place of the last one.
    pub fn draw(&mut self, picture: impl FnOnce(Rect, &mut Buffer)) -> Result<(), LiveError> {
        let drawn = self
            .terminal
            .draw(|frame| picture(frame.area(), frame.buffer_mut()));
        drawn.map(drop).map_err(failed)
    }

    /// Waits for a key, but not for long; whether it was one that ends: q, Esc or Ctrl-C.
    pub fn is_enough(wait: Duration) -> Result<bool, LiveError> {
        if !event::poll(wait.min(PATIENCE)).map_err(failed)? {
            return Ok(false);
        }
        let Event::Key(key) = event::read().map_err(failed)? else {
            return Ok(false);
        };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let ends = match key.code {
            KeyCode::Char('c') => control,
            KeyCode::Char('q') | KeyCode::Esc => true,
            _ => false,
        };
        Ok(ends && key.kind != KeyEventKind::Release)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where the cursor cannot be shown, the terminal is gone.
        let _ = self.terminal.show_cursor();
        ratatui::restore();
    }
}
