//! How many notes of readers are written.
//!
//! A client that connects and is turned away, over and over, must not fill the log: so many notes are written in a
//! second, and the rest are counted.

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
