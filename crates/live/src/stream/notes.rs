//! Rate limit for the notes of readers.
//!
//! A client that connects and is rejected, over and over, must not fill the log: a limited number of notes is
//! written per second, and the rest are counted.

/// Notes that may still be written in this second.
#[derive(Clone, Copy, Debug)]
pub struct Notes(u32);

/// Notes of a second.
const MOST: u32 = 5;

impl Default for Notes {
    fn default() -> Self {
        Self(MOST)
    }
}

impl Notes {
    /// Whether one more may be written.
    pub fn take(&mut self) -> bool {
        let may = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_and_no_more() {
        let mut notes = Notes::default();
        let said = (0..1_000).filter(|_| notes.take()).count();
        assert_eq!(said, MOST as usize);
    }
}
