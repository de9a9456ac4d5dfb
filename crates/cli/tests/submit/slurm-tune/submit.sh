#!/bin/bash
# Queues all tasks, and after them, however they end, collect.sh.
# Written by saturn 0.1.0 submit for "words, "never" reset".
set -u
scripts='/home/me/my work/runs/words-submit/1'
command -v sbatch >/dev/null || { echo "Slurm is not installed here: there is no sbatch" >&2; exit 2; }
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
# 2 tasks of up to 4 trials, about 15 minutes
queue 0 --array=1-2 --mem=256M --time=0-00:45:00
# 1 tasks of up to 3 trials, about 1000 minutes
queue 2 --array=1-1 --mem=4096M --time=2-02:00:00
sbatch --parsable --dependency="$after" --output="$scripts/collect.out" "$scripts/collect.sh" >/dev/null || exit 1
echo "queued; progress: squeue --me; at the end: $scripts/collect.out"
