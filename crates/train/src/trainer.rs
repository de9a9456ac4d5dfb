//! Training of one net.

use saturn_cell::compiled_once;

use super::job::{EpochRecord, Job, TrainError, Watch};
use super::training_loop::TrainingLoop;
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

compiled_once! {
    /// Trains `net` in place, from the last checkpoint of `stage` if there is one.
    pub fn train<R>(
        net: &mut Network<R>,
        job: &Job,
        stage: Option<Stage>,
        watch: &mut dyn Watch,
    ) -> Result<Trained, TrainError> {
        let mut keeper = stage.map(|stage| Keeper::new(stage, ""));
        let mut training = TrainingLoop::new(net, job);
        if let Some(keeper) = &mut keeper
            && let Some(saved) = keeper.load(&|line| watch.say(line))?
        {
            let fresh = net.clone();
            if !training.resume(net, saved) {
                watch.say("a checkpoint does not fit its network, which is trained from the start");
                net.copy_from(&fresh);
                training = TrainingLoop::new(net, job);
            }
        }
        watch.begins(&training.history);
        while !training.is_over() {
            training.epoch(net, keeper.as_mut(), watch)?;
        }
        let seconds = training.seconds();
        let kept_epoch = match training.best {
            Some((_, at, kept)) => {
                net.copy_from(&kept);
                at
            }
            None => training.history.len(),
        };
        if let Some(fake) = training.fake {
            fake.finish(net);
        }
        Ok(Trained {
            history: training.history,
            kept_epoch,
            weight_steps: training.update.steps(),
            seconds,
        })
    }
}
