//! The arguments that declare what the times of an event file mean.

use clap::Args;
use saturn_data::{Grid, TimeUnit, Times};

#[derive(Args)]
pub(super) struct TimeArgs {
    /// Unit of the times: s, ms or us [default: s, if samples then have a plausible length]
    #[arg(long, value_name = "UNIT", value_parser = unit)]
    times: Option<TimeUnit>,
    /// Round times to the ticks of a clock of this rate, Hz
    #[arg(long, value_name = "HZ", value_parser = grid)]
    grid_hz: Option<Grid>,
}

impl TimeArgs {
    pub(super) fn times(&self) -> Times {
        Times {
            unit: self.times,
            grid: self.grid_hz,
        }
    }
}

/// A unit of time.
pub(super) fn unit(text: &str) -> Result<TimeUnit, String> {
    let all = [
        TimeUnit::Seconds,
        TimeUnit::Milliseconds,
        TimeUnit::Microseconds,
    ];
    let found = all.into_iter().find(|unit| unit.name() == text);
    found.ok_or_else(|| "expected s, ms or us".to_owned())
}

fn grid(text: &str) -> Result<Grid, String> {
    let hz: Option<f64> = text.parse().ok();
    hz.and_then(Grid::new)
        .ok_or_else(|| "expected a rate from 0.001 to 1e9 Hz".to_owned())
}
