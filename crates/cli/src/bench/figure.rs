//! One figure of a benchmark: a JSON line, a row of a table, a row of the documents.

use serde::Serialize;

use super::limit::Limits;

/// What one task took with one net.
///
/// `minimum` and `median` are those of the *times*, written in `unit`. Where the unit is a rate, the
/// `minimum` time is therefore the largest rate, and `floor` the rate that the floor would allow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// A, B, C, D, or E and the name of a data set.
    pub task: String,
    /// The net's name.
    pub model: &'static str,
    /// The share of (step, channel) cells with an event.
    pub density: f64,
    /// Threads.
    pub cores: usize,
    /// What the next three are in.
    pub unit: &'static str,
    /// The shortest sample.
    pub minimum: f64,
    /// The median sample.
    pub median: f64,
    /// What the count of [`super::floor`] would take.
    pub floor: f64,
    /// Spikes a hidden unit and step; null where nothing spikes.
    pub hidden_rate: Option<f64>,
    /// The share of the (step, hidden unit) pairs within the window of their surrogate; null where it has none.
    pub active_share: Option<f64>,
    /// How many parameters the net has.
    pub parameters: usize,
    /// Nats, after 20 Adam steps on the timed batch; null where nothing is trained on one batch.
    pub loss_after_20_steps: Option<f64>,
}

impl Figure {
    /// How far the shortest sample is from the floor: 1 is at it, 2 is twice its time.
    pub fn ratio(&self) -> f64 {
        if self.is_rate() {
            self.floor / self.minimum
        } else {
            self.minimum / self.floor
        }
    }

    fn is_rate(&self) -> bool {
        self.unit.ends_with("/s")
    }

    /// The figure as a JSON object in one line.
    pub fn json(&self) -> String {
        // Plain numbers and names always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn cells(&self) -> [String; 12] {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let dash = || "-".to_owned();
        [
            self.task.clone(),
            self.model.to_owned(),
            percent(self.density),
            self.cores.to_string(),
            short(self.minimum),
            short(self.median),
            short(self.floor),
            self.unit.to_owned(),
            format!("{:.2}", self.ratio()),
            self.hidden_rate.map_or_else(dash, percent),
            self.active_share.map_or_else(dash, percent),
            self.loss_after_20_steps
                .map_or_else(dash, |loss| format!("{loss:.4}")),
        ]
    }
}

/// Heads of the columns.
const HEADS: [&str; 12] = [
    "task", "model", "density", "cores", "minimum", "median", "floor", "unit", "x floor",
    "spiking", "active", "loss 20",
];
/// Widths of the columns on a terminal.
const WIDTHS: [usize; 12] = [11, 13, 7, 5, 8, 8, 8, 15, 7, 7, 7, 7];

/// Three digits that count.
fn short(x: f64) -> String {
    let places = match x.abs() {
        a if a >= 100.0 => 0,
        a if a >= 10.0 => 1,
        _ => 2,
    };
    format!("{x:.places$}")
}

/// A way to write figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON object a line, and nothing else.
    Json,
    /// Rows of a Markdown table.
    Markdown,
    /// Columns for a terminal.
    Plain,
}

impl Form {
    /// The limits, in words; nothing in JSON.
    pub fn limits(self, limits: &Limits) -> Option<String> {
        let cores = match limits.cores {
            1 => "one core".to_owned(),
            n => format!("{n} cores"),
        };
        let text = format!(
            "{cores}: products {:.0} GFLOP/s ({:.0} at 256 x 256 x 64), weights from L2 {:.0} GB/s, \
             elementwise {:.1} Gelem/s",
            limits.product / 1e9,
            limits.step_product / 1e9,
            limits.read / 1e9,
            limits.elements / 1e9,
        );
        match self {
            Self::Json => None,
            Self::Markdown => Some(format!("- {text}")),
            Self::Plain => Some(format!("limits of {text}")),
        }
    }

    /// The head of the table; nothing in JSON.
    pub fn head(self) -> Option<String> {
        match self {
            Self::Json => None,
            Self::Markdown => Some(format!(
                "\n| {} |\n|{}",
                HEADS.join(" | "),
                "---|".repeat(HEADS.len())
            )),
            Self::Plain => Some(columns(&HEADS.map(str::to_owned))),
        }
    }

    /// One figure.
    pub fn row(self, figure: &Figure) -> String {
        match self {
            Self::Json => figure.json(),
            Self::Markdown => format!("| {} |", figure.cells().join(" | ")),
            Self::Plain => columns(&figure.cells()),
        }
    }
}

fn columns(cells: &[String; 12]) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(WIDTHS)
        .enumerate()
        .map(|(i, (cell, width))| match i {
            0 | 1 | 7 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        })
        .collect();
    padded.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(unit: &'static str) -> Figure {
        Figure {
            task: "A".to_owned(),
            model: "rnn",
            density: 0.015,
            cores: 1,
            unit,
            minimum: 40.0,
            median: 50.0,
            floor: 20.0,
            hidden_rate: None,
            active_share: None,
            parameters: 7,
            loss_after_20_steps: Some(2.5),
        }
    }

    #[test]
    fn a_line_holds_exactly_these_keys() {
        assert_eq!(
            figure("ms").json(),
            r#"{"task":"A","model":"rnn","density":0.015,"cores":1,"unit":"ms","minimum":40.0,"median":50.0,"floor":20.0,"hidden_rate":null,"active_share":null,"parameters":7,"loss_after_20_steps":2.5}"#
        );
    }

    #[test]
    fn far_from_the_floor_is_more_than_one_for_times_and_for_rates() {
        assert!((figure("ms").ratio() - 2.0).abs() < 1e-12);
        assert!((figure("samples/s").ratio() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_row_has_as_many_cells_as_the_head() {
        let bars = |text: &str| text.matches('|').count();
        let head = Form::Markdown.head().unwrap_or_default();
        let head = head.lines().nth(1).unwrap_or_default();
        assert_eq!(bars(head), bars(&Form::Markdown.row(&figure("ms"))));
    }
}
