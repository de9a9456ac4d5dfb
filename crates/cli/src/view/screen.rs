//! The terminal while it is ours: raw, on its other screen, and given back in all cases.

use std::io::{self, IsTerminal};
use std::panic;
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::layout::Rect;
use ratatui::{DefaultTerminal, Terminal};

use saturn_live::LiveError;
use saturn_store::operation::Operation;

/// How long a look at the keyboard takes at most, so that an interrupt is noticed.
const PATIENCE: Duration = Duration::from_millis(50);

/// The terminal. Dropping it gives it back; so does a hook for panics.
///
/// It is taken and given back by hand: what `ratatui` does for it prints failures to standard error, and a
/// standard error that cannot be written would make that a panic.
pub struct Screen {
    /// `None` once it is given back.
    terminal: Option<DefaultTerminal>,
}

fn failed(source: std::io::Error) -> LiveError {
    LiveError::Io {
        place: "the terminal".to_owned(),
        what: Operation::Draw,
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
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        let taken = enable_raw_mode()
            .and_then(|()| execute!(io::stdout(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stdout())));
        match taken {
            Ok(terminal) => Ok(Self {
                terminal: Some(terminal),
            }),
            Err(e) => {
                give_back();
                Err(failed(e))
            }
        }
    }

    /// Draws a picture in place of the last one.
    pub fn draw(&mut self, picture: impl FnOnce(Rect, &mut Buffer)) -> Result<(), LiveError> {
        let Some(terminal) = &mut self.terminal else {
            return Ok(());
        };
        let drawn = terminal.draw(|frame| picture(frame.area(), frame.buffer_mut()));
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

/// Leaves raw mode and the other screen. Where that fails the terminal is gone.
fn give_back() {
    let _ = ratatui::try_restore();
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(mut terminal) = self.terminal.take()
            && terminal.show_cursor().is_err()
        {
            // The terminal is gone, and its own end would say so on standard error.
            std::mem::forget(terminal);
        }
        give_back();
    }
}
