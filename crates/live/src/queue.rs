//! The bounded queue between the input readers and the network.
//!
//! Its slots are allocated once; a flood does not make it grow. The reader of a file or a pipe waits for
//! room, so the sender waits, too. The reader of datagrams, which have no flow control, drops and counts
//! items that do not fit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

use super::protocol::{Fault, Item, Place, Sink};

/// A reader's message.
#[derive(Debug)]
pub enum Message {
    /// An event or a mark, and when it was read, ns on the stream's clock.
    Item(Item, u64),
    /// Something malformed, where it is, and its first bytes.
    Fault(Fault, Place, Excerpt),
    /// Everything before this byte of the input file has been sent, and so many lines or frames of it.
    Position(u64, u64),
    /// A notice for the user.
    Note(String),
    /// Reading failed; this reader has ended.
    Failed(String),
}

/// The first bytes of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    bytes: [u8; Self::LONGEST],
    length: u8,
}

impl Excerpt {
    /// Bytes in the queue.
    pub const LONGEST: usize = 22;

    /// Of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        let length = bytes.len().min(Self::LONGEST);
        let mut kept = [0; Self::LONGEST];
        kept[..length].copy_from_slice(&bytes[..length]);
        Self {
            bytes: kept,
            length: length as u8,
        }
    }

    /// As text that is safe on a terminal.
    pub fn text(&self) -> String {
        self.bytes[..usize::from(self.length)]
            .escape_ascii()
            .to_string()
    }
}

/// State shared by all readers.
#[derive(Clone, Debug)]
pub struct Feeder {
    sender: SyncSender<Message>,
    flooded: Arc<AtomicU64>,
    waiting: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    /// Whether to drop what finds no room, rather than wait.
    drops: bool,
    clock: Instant,
    now_ns: u64,
    /// Whether the receiver has ended.
    closed: bool,
}

/// The end at which the net runs.
#[derive(Debug)]
pub struct Queue {
    receiver: Receiver<Message>,
    flooded: Arc<AtomicU64>,
    waiting: Arc<AtomicU64>,
    /// Slots.
    pub room: usize,
}

/// A queue of `room` slots. `stop` ends the readers.
pub fn queue(room: usize, drops: bool, stop: Arc<AtomicBool>, clock: Instant) -> (Feeder, Queue) {
    let (sender, receiver) = sync_channel(room);
    let (flooded, waiting) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
    let queue = Queue {
        receiver,
        flooded: Arc::clone(&flooded),
        waiting: Arc::clone(&waiting),
        room,
    };
    let feeder = Feeder {
        sender,
        flooded,
        waiting,
        stop,
        drops,
        clock,
        now_ns: 0,
        closed: false,
    };
    (feeder, queue)
}

impl Queue {
    /// The messages.
    pub fn receiver(&self) -> &Receiver<Message> {
        &self.receiver
    }

    /// One message has been taken out.
    pub fn taken(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// Messages in the queue, about.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Items dropped for want of room since the last call.
    pub fn take_flooded(&self) -> u64 {
        self.flooded.swap(0, Ordering::Relaxed)
    }
}

impl Feeder {
    /// Whether to end: on the user's request, or because the receiver has ended.
    pub fn ends(&self) -> bool {
        self.closed || self.stop.load(Ordering::Relaxed)
    }

    /// Whether the receiver has ended.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// New bytes have been read.
    pub fn arrived(&mut self) {
        self.now_ns = self.clock.elapsed().as_nanos() as u64;
    }

    /// Sends a message other than an item.
    pub fn say(&mut self, message: Message) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let failed = if self.drops {
            match self.sender.try_send(message) {
                Ok(()) => return,
                Err(TrySendError::Full(_)) => {
                    self.flooded.fetch_add(1, Ordering::Relaxed);
                    false
                }
                Err(TrySendError::Disconnected(_)) => true,
            }
        } else {
            match self.sender.send(message) {
                Ok(()) => return,
                Err(_) => true,
            }
        };
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.closed |= failed;
    }
}

impl Sink for Feeder {
    fn item(&mut self, item: Item) {
        self.say(Message::Item(item, self.now_ns));
    }

    fn fault(&mut self, fault: Fault, place: Place, bytes: &[u8]) {
        self.say(Message::Fault(fault, place, Excerpt::new(bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_dropped_and_counted() {
        let (mut feeder, queue) = queue(8, true, Arc::default(), Instant::now());
        for time_us in 0..1_000 {
            feeder.item(Item::Mark { time_us });
        }
        assert_eq!((queue.waiting(), queue.take_flooded()), (8, 992));
        assert_eq!(queue.receiver().try_iter().count(), 8);
        drop(queue);
        feeder.item(Item::Mark { time_us: 1 });
        assert!(feeder.ends());
    }

    #[test]
    fn an_excerpt_is_short_and_plain() {
        let excerpt = Excerpt::new(b"1 \x1b[31m\xff and more than that, much more");
        assert_eq!(excerpt.text(), "1 \\x1b[31m\\xff and more than");
        assert!(size_of::<Message>() <= 40, "{}", size_of::<Message>());
    }
}
