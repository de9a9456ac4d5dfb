//! Training of one net.

use saturn_cell::Real;

use super::course::Course;
use super::job::{EpochRecord, Job, TrainError, Watch};
use saturn_network::Network;
use saturn_store::checkpoint::{Keeper, Stage};

/// What training leaves.
pub struct Trained {
    /// One record an epoch.
    pub history: Vec<EpochRecord>,
    /// The epoch whose parameters were kept, from 1 on.
    pub kept_epoch: usize,
    /// Steps that the weights took.
    pub weight_steps: u64,
    /// Wall time, seconds.
    pub seconds: f64,
}

/// Trains `net` in place, from the last checkpoint of `stage` on, if there is one.
pub fn train<R: Real>(
    net: &mut Network<R>,
    job: &Job,
    stage: Option<Stage>,
    watch: &mut dyn Watch,
) -> Result<Trained, TrainError> {
    let mut keeper = stage.map(|stage| Keeper::new(stage, ""));
    let mut course = Course::new(net, job);
    if let Some(keeper) = &mut keeper
        && let Some(saved) = keeper.load(&|line| watch.say(line))?
    {
        let fresh = net.clone();
        if !course.resume(net, saved) {
            watch.say("a checkpoint does not fit its net, which is trained anew");
            net.copy_from(&fresh);
            course = Course::new(net, job);
        }
    }
    watch.begins(&course.history);
    while !course.is_over() {
        course.epoch(net, keeper.as_mut(), watch)?;
    }
    let seconds = course.seconds();
    let kept_epoch = match course.best {
        Some((_, at, kept)) => {
            net.copy_from(&kept);
            at
        }
        None => course.history.len(),
    };
    if let Some(fake) = course.fake {
        fake.finish(net);
    }
    Ok(Trained {
        history: course.history,
        kept_epoch,
        weight_steps: course.update.steps(),
        seconds,
    })
}
