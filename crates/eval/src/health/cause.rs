//! The likely cause of an out-of-range figure, from the figures only.
//!
//! Ranges are learnt on the validation stream with its gaps. Another input, above all silence instead of
//! noise, changes the input rate first, and through it all figures of the network. So the rate is checked
//! first, and a figure of the network is its own cause only if the input is unchanged.

use super::figures::Common;

/// The data available when a figure leaves its range.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The figure.
    pub figure: &'a str,
    /// Its value.
    pub value: f64,
    /// Its limits.
    pub limits: Option<[f64; 2]>,
    /// The rate of the input in the same window, Hz a channel.
    pub rate_hz: f64,
    /// The limits of that rate, if they are known.
    pub rate_limits: Option<[f64; 2]>,
    /// Description of the gaps of the stream on which the ranges were learnt.
    pub learnt_in: &'a str,
}

/// The likely cause, and what can be done.
pub fn cause(scene: &Scene) -> String {
    let Scene {
        rate_hz, learnt_in, ..
    } = *scene;
    if !scene.value.is_finite() || scene.figure == Common::NotFinite.name() {
        return "infinite or NaN values: from NaN weights, or a state that has grown without bound; see \
            `saturn analyse`, and --fallback reset".to_owned();
    }
    let input = scene.figure == Common::InputRate.name();
    let which = if input { "" } else { "the input has changed: " };
    match scene.rate_limits {
        Some([low, _]) if rate_hz < low => {
            let what = if rate_hz == 0.0 {
                "silence".to_owned()
            } else {
                format!("{rate_hz:.3} Hz a channel")
            };
            format!(
                "{which}{what} where ranges were learnt with {learnt_in}; `saturn send --gaps-of` sends a \
                recording with such gaps; or a sensor may be dead or late"
            )
        }
        Some([_, high]) if rate_hz > high => format!(
            "{which}{rate_hz:.3} Hz a channel, more than ranges were learnt with ({learnt_in}): another gain or sensor, or events sent twice (--repeats once)"
        ),
        Some(_) => "the rate of the input is in its range: the input has another structure than the validation data, or the net has drifted since (--fallback)".to_owned(),
        None => "the healthy range of the input's rate is unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_is_looked_at_first() {
        let scene = Scene {
            figure: "0.s.rate_hz",
            value: 0.1,
            limits: Some([1.0, 2.0]),
            rate_hz: 5.0,
            rate_limits: Some([4.0, 6.0]),
            learnt_in: "noise gaps",
        };
        let rate = |rate_hz| cause(&Scene { rate_hz, ..scene });
        let own = |rate_hz| {
            cause(&Scene {
                figure: "input.rate_hz",
                rate_hz,
                ..scene
            })
        };
        let broken = cause(&Scene {
            value: f64::NAN,
            ..scene
        });
        for (found, parts) in [
            (rate(5.0), ["in its range", "structure"]),
            (
                rate(0.0),
                [
                    "the input has changed: silence where ranges were learnt with noise gaps",
                    "--gaps-of",
                ],
            ),
            (own(0.0), ["silence where", "dead"]),
            (own(3.0), ["3.000 Hz", "noise gaps"]),
            (rate(9.0), ["9.000 Hz", "--repeats once"]),
            (broken, ["NaN values", "--fallback reset"]),
        ] {
            assert!(parts.iter().all(|part| found.contains(part)), "{found}");
        }
    }
}
