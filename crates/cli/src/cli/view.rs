//! The options of `saturn view`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use crate::view::{ViewOptions, view};
use saturn_store::Progress;

#[derive(Args)]
pub struct ViewArgs {
    /// A run's folder, or the port or HOST:PORT of `saturn stream --metrics`
    what: String,
    /// Print one screen as text and exit
    #[arg(long)]
    once: bool,
    /// Size of that screen, columns x rows
    #[arg(long, value_name = "WxH", default_value = "80x24", value_parser = size, requires = "once")]
    size: (u16, u16),
    /// Refresh interval, ms
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(20..=60_000))]
    every_ms: u64,
}

impl ViewArgs {
    pub fn run(self, progress: &Progress) -> Result<()> {
        let options = ViewOptions {
            what: self.what,
            once: self.once,
            size: self.size,
            every: Duration::from_millis(self.every_ms),
        };
        view(&options, &progress.stop())
    }
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let numbers = text.split_once('x').map(|(w, h)| (w.parse(), h.parse()));
    match numbers {
        Some((Ok(w @ 40..=500), Ok(h @ 12..=200))) => Ok((w, h)),
        _ => Err("expected columns x rows from 40x12 to 500x200, such as 140x45".to_owned()),
    }
}
