//! Health: whether a live network behaves as it did in validation.
//!
//! Figures are taken over windows of some hundred steps (see `figures`), their ranges are learnt from the
//! validation stream of the net's own scenario, at the end of its run (see `ranges`), and a watch reports
//! which figures leave and re-enter their ranges (see `watch`).

mod cause;
mod figures;
mod ranges;
mod watch;

pub use cause::{Scene, cause};
pub use figures::{Common, Figures};
pub use ranges::{Ground, Range, Ranges, WINDOW, WINDOWS, observe};
pub use watch::{Change, Kept, Watch, WatchConfig};
