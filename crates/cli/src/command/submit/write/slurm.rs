//! What is Slurm's in scripts.

use std::fmt::Write as _;

use super::{Plan, Work};

/// Seconds before the end of a task's time at which it is stopped.
const NOTICE: u64 = 120;

/// Tasks of an array, at most: what Slurm takes unless it is configured otherwise.
const LARGEST: usize = 1_000;

/// Minutes as `D-HH:MM:00`.
fn time(minutes: u64) -> String {
    let (days, minutes) = (minutes / 1_440, minutes % 1_440);
    format!("{days}-{:02}:{:02}:00", minutes / 60, minutes % 60)
}

/// A name of a job: short and plain.
fn job(plan: &Plan, suffix: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = plan.name.chars().take(40).map(plain).collect();
    format!("saturn-{name}{suffix}")
}

fn own(plan: &Plan) -> String {
    let lines = plan
        .sbatch
        .iter()
        .map(|option| format!("#SBATCH --{option}\n"));
    lines.collect()
}

/// The options of task.sh that all arrays share.
pub fn head(plan: &Plan) -> String {
    let mut text = format!(
        "#SBATCH --job-name={}\n#SBATCH --cpus-per-task={}\n#SBATCH --requeue --open-mode=append\n\
         #SBATCH --signal=B:USR1@{NOTICE}\n",
        job(plan, ""),
        plan.cpus
    );
    text += &own(plan);
    text
}

/// The end of task.sh, where `run` is the command: it is stopped in time, and queued again.
pub fn body(run: &str) -> String {
    format!(
        r#"echo "task $task on $(hostname), restart ${{SLURM_RESTART_COUNT:-0}}, $(date)"
# Signals reach this shell alone, and are passed on. USR1: the time is nearly over.
out_of_time=
trap 'out_of_time=1; kill -TERM "$running"' USR1
trap 'kill -TERM "$running"' TERM INT HUP
{run} &
running=$!
wait "$running"; code=$?
while kill -0 "$running" 2>/dev/null; do wait "$running"; code=$?; done
if [ "$code" -eq 75 ] && [ -n "$out_of_time" ]; then
    # One task of the array: the job's own number may be that of all.
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
"#
    )
}

/// The options of collect.sh.
pub fn collect_head(plan: &Plan) -> String {
    let (mib, minutes) = match plan.work {
        Work::Compare {
            collect_mib,
            collect_minutes,
            ..
        } => (collect_mib, collect_minutes),
        Work::Tune { .. } => (256, 10),
    };
    let mut text = format!(
        "#SBATCH --job-name={}\n#SBATCH --cpus-per-task={} --mem={mib}M --time={}\n\
         #SBATCH --requeue --open-mode=append\n",
        job(plan, "-collect"),
        plan.cpus,
        time(minutes)
    );
    text += &own(plan);
    text
}

/// In collect.sh, where something is left.
pub const RESUBMIT: &str = r#"# What is left may have been on a node that was lost: it is queued again, twice at most.
round=${SATURN_ROUND:-1}
if [ "$round" -lt 3 ]; then
    SATURN_ROUND=$((round + 1)) bash "$scripts/submit.sh" && { echo "queued again"; exit 75; }
fi
"#;

/// submit.sh.
pub fn submit(plan: &Plan) -> String {
    let mut text = plan.head("Queues all tasks, and after them, however they end, collect.sh.");
    text += "set -u\n";
    text += &plan.place();
    text += r#"command -v sbatch >/dev/null || { echo "Slurm is not installed here: there is no sbatch" >&2; exit 2; }
after=afterany
# Tasks before those of the array, and options.
queue() {
    local id before=$1
    shift
    id=$(SATURN_BEFORE=$before sbatch --parsable --output="$scripts/%A_%a.out" "$@" "$scripts/task.sh") || {
        echo "not all tasks are queued; those that are: squeue --me" >&2
        exit 1
    }
    after+=:${id%%;*}
}
"#;
    for (first, last, array) in plan.numbered() {
        let longest = array.tasks.first().map_or(0.0, |task| task.seconds);
        let _ = writeln!(
            text,
            "# {} tasks of up to {} trials, about {:.0} minutes",
            array.tasks.len(),
            array
                .tasks
                .iter()
                .map(|t| t.numbers.len())
                .max()
                .unwrap_or(0),
            (longest / 60.0).ceil(),
        );
        for before in (first - 1..last).step_by(LARGEST) {
            let _ = writeln!(
                text,
                "queue {before} --array=1-{} --mem={}M --time={}",
                LARGEST.min(last - before),
                array.memory_mib,
                time(array.minutes)
            );
        }
    }
    text += r#"sbatch --parsable --dependency="$after" --output="$scripts/collect.out" "$scripts/collect.sh" >/dev/null || exit 1
echo "queued; progress: squeue --me; at the end: $scripts/collect.out"
"#;
    text
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_slurms() {
        assert_eq!(time(10), "0-00:10:00");
        assert_eq!(time(1_440 * 3 + 61), "3-01:01:00");
    }
}
