//! Figures as cards, grouped by topic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use crate::figures::Drawn;
use crate::scenario::Plot;

/// All figures, each with its title and the sentence on how to read it.
pub fn figures(drawn: &[(&Drawn, Vec<u8>)]) -> Markup {
    html! {
        @for group in drawn.chunk_by(|a, b| a.0.plot == b.0.plot) {
            h3 { (heading(group[0].0.plot)) }
            @for (figure, svg) in group {
                figure {
                    div.frame { div.card tabindex="0" {
                        img alt=(format!("{}. {}", figure.title, figure.caption))
                            src=(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)));
                    } }
                    figcaption { strong { (figure.title) "." } " " (figure.caption) }
                }
            }
        }
    }
}

fn heading(plot: Plot) -> &'static str {
    match plot {
        Plot::Stream => "The stream",
        Plot::Compare => "The comparison",
        Plot::Accuracy => "Accuracy over stream position",
        Plot::LongRun => "A very long stream",
        Plot::Boundary => "Resets at wrong boundaries",
        Plot::Gap => "Accuracy after short and long gaps",
        Plot::Mask => "Cost of a wrong mask",
        Plot::Updates => "Training on",
        Plot::Precision => "Finite precision",
        Plot::Recovery => "After disturbances",
        Plot::Calibration => "Calibration",
        Plot::FarPast => "The far past",
        Plot::GradientLag => "The gradient",
        Plot::Contraction => "Forgetting",
        Plot::Saturation => "Inside the nets",
        Plot::Operating => "The detector",
        Plot::Nets => "All nets",
        Plot::Raster => "The data",
        Plot::Traces => "State traces",
        Plot::Training => "Training",
    }
}
