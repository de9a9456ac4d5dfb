//! An analysis: eigenvalues of each layer, and the convergence of the states after two pasts.

use saturn_plots::{Dynamics, DynamicsRow, Look};

use super::names;
use saturn_analyse::jacobian::Slope;
use saturn_analyse::verdict::short;
use saturn_analyse::{Analysis, LayerAnalysis};

/// The figure of `analysis` in the style of the network's arm, one row per layer with a state.
pub fn figure(analysis: &Analysis, look: Look) -> Dynamics {
    let layers = analysis.layers.iter().filter(|layer| layer.state > 0);
    Dynamics {
        title: format!(
            "{}: eigenvalues of its layers, and remaining effect of the past",
            analysis.net
        ),
        look,
        rows: layers.map(|layer| row(layer, analysis.dt_ms)).collect(),
    }
}

fn row(layer: &LayerAnalysis, dt_ms: f64) -> DynamicsRow {
    let cloud = |slope| {
        let found = layer.clouds.iter().find(|cloud| cloud.slope == slope);
        found.map_or_else(Vec::new, |cloud| cloud.eigenvalues.clone())
    };
    let points = layer.fixed_points.iter().flat_map(|quiet| &quiet.points);
    let seconds = |lag: usize| lag as f64 * dt_ms / 1e3;
    let (mut measured, mut foretold) = (Vec::new(), Vec::new());
    if let Some(own) = &layer.forgetting {
        let all = own.lags.iter().zip(&own.left);
        measured = all.map(|(&lag, &left)| (seconds(lag), left)).collect();
        if let Some(rate) = own.foretold {
            let lags = own.lags.iter();
            foretold = lags
                .map(|&lag| (seconds(lag), (rate * lag as f64).exp()))
                .collect();
        }
    }
    DynamicsRow {
        title: format!("layer {}, {}", layer.layer, names::model(&layer.cell)),
        along: cloud(Slope::True),
        surrogate: cloud(Slope::Surrogate),
        at_rest: points.flat_map(|point| point.eigenvalues.clone()).collect(),
        measured,
        foretold,
        notes: notes(layer, dt_ms),
    }
}

/// The exponents and the fixed points, in one line each.
fn notes(layer: &LayerAnalysis, dt_ms: f64) -> Vec<String> {
    let exponents = |slope: Slope| {
        let own = layer.exponents.iter().filter(|m| m.slope == slope);
        let rates: Vec<String> = own
            .filter_map(|measured| {
                let leading = measured.spectrum.leading()?.per_step;
                let rate = leading.map_or("-∞".to_owned(), |r| short(r * 1e3 / dt_ms));
                Some(format!("{} {}", measured.label(), rate.replace('-', "−")))
            })
            .collect();
        rates.join("; ")
    };
    let mut notes = vec![format!(
        "largest Lyapunov exponent, 1/s: {}",
        exponents(Slope::True)
    )];
    if layer.spiking {
        notes.push(format!(
            "the same with the surrogate's slope: {}",
            exponents(Slope::Surrogate)
        ));
    }
    let theory: Vec<String> = (layer.theory.contraction.iter())
        .map(|c| {
            let holds = if c.holds { "contracts" } else { "no guarantee" };
            format!("{} = {} ({holds})", c.name, short(c.value))
        })
        .collect();
    let points = layer.fixed_points.as_ref().map(|quiet| {
        let stable = quiet.points.iter().filter(|point| point.stable).count();
        format!(
            "fixed points in silence: {}, stable: {stable}",
            quiet.points.len()
        )
    });
    let rest: Vec<String> = theory.into_iter().chain(points).collect();
    if !rest.is_empty() {
        notes.push(rest.join("; "));
    }
    notes
}
