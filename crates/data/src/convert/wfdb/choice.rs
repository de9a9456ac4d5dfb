//! Which leads of a record are converted: those that the user names, else all that are in volts.

use super::header::Header;
use super::signal_line::Signal;
use super::unusable;
use super::{Form, WfdbOptions};
use crate::error::DataError;

/// Which of the leads of `layout` are converted.
pub(super) fn choose(
    header: &Header,
    layout: &[Signal],
    options: &WfdbOptions,
) -> Result<Vec<usize>, DataError> {
    let described = |signal: &Signal| format!("{} ({})", signal.name, signal.units);
    let all = || layout.iter().map(described).collect::<Vec<_>>().join(", ");
    if options.leads.is_empty() {
        let volts: Vec<usize> = (0..layout.len())
            .filter(|lead| layout[*lead].volts)
            .collect();
        if volts.is_empty() {
            let detail = format!("none of its leads is in volts: it has {}", all());
            let hint = "name the leads to convert with --leads, as --as frames";
            return Err(unusable(&header.path, detail, hint));
        }
        return Ok(volts);
    }
    let mut chosen = Vec::new();
    for word in &options.leads {
        let named: Vec<usize> = (0..layout.len())
            .filter(|lead| layout[*lead].name == *word)
            .collect();
        let number: Option<usize> = word.parse().ok();
        let number = number.filter(|number| *number < layout.len());
        let lead = match (&named[..], number) {
            ([lead], _) => *lead,
            ([], Some(lead)) => lead,
            ([], None) => {
                let detail = format!("it has no lead `{word}`: it has {}", all());
                let hint = "name leads that it has with --leads, or number them from 0";
                return Err(unusable(&header.path, detail, hint));
            }
            _ => {
                let detail = format!("it has {} leads `{word}`", named.len());
                let hint = "number the leads from 0 with --leads";
                return Err(unusable(&header.path, detail, hint));
            }
        };
        if matches!(options.form, Form::Events { .. }) && !layout[lead].volts {
            let signal = described(&layout[lead]);
            let detail =
                format!("its lead {signal} is not in volts, as the threshold of events is");
            let hint = "convert it with --as frames, which keeps its unit";
            return Err(unusable(&header.path, detail, hint));
        }
        chosen.push(lead);
    }
    Ok(chosen)
}
