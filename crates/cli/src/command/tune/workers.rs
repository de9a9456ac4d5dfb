//! A search by several processes: what each of them takes.

use anyhow::Result;

use super::nets;
use super::space::rounds;
use crate::command::run::Listed;
use saturn_sim::run::tasks::{Array, Need, Task, arrays};
use saturn_sim::scenario::Scenario;

/// The requests of `tasks` processes that search together, `listed` being all trials of the scenario's seed. A candidate
/// that is larger than the scenario's own settings may take more than is estimated.
pub fn workers(
    s: &Scenario,
    only: &[String],
    listed: &[Listed],
    tasks: usize,
    limit_minutes: Option<u64>,
) -> Result<Array> {
    let nets = nets(s, only)?;
    let own = listed.iter().filter(|trial| {
        nets.iter()
            .any(|net| net.place.model == trial.model && net.place.arm == trial.arm)
    });
    let (mut seconds, mut memory_mib) = (0.0, 0.0f64);
    for trial in own {
        seconds += trial.demand.seconds.unwrap_or_default();
        memory_mib = memory_mib.max(trial.demand.memory_mib);
    }
    // In each round, the process that has most candidates.
    let each = rounds(s.tune.candidates, s.tune.halving)
        .into_iter()
        .map(|(size, share)| size.div_ceil(tasks) as f64 * share * seconds)
        .sum();
    let need = Need {
        number: 1,
        memory_mib,
        seconds: each,
    };
    let Array {
        memory_mib,
        minutes,
        ..
    } = arrays(&[need], 0.0, 1, limit_minutes).remove(0);
    let tasks = (1..=tasks).map(|number| Task {
        numbers: vec![number],
        seconds: each,
    });
    Ok(Array {
        memory_mib,
        minutes,
        tasks: tasks.collect(),
    })
}
