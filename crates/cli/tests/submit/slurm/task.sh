#!/bin/bash
# Task N, by default that of Slurm: does the trials of line N of tasks.txt.
# Written by saturn 0.1.0 submit for "words, "never" reset".
#SBATCH --job-name=saturn-words---never--reset
#SBATCH --cpus-per-task=2
#SBATCH --requeue --open-mode=append
#SBATCH --signal=B:USR1@120
#SBATCH --partition=long
#SBATCH --account=a b
set -u
scripts='/home/me/my work/runs/words-submit/1'
saturn=${SATURN:-'/opt/saturn'\''s/saturn'}
arguments=(compare '/home/me/my work/words.yaml' --set 'train.lr=$(touch x)' --out /home/me/runs/words)
task=${1:-$((${SATURN_BEFORE:-0} + ${SLURM_ARRAY_TASK_ID:?give the number of a task}))}
trials=$(sed -n "${task}p" "$scripts/tasks.txt")
[ -n "$trials" ] || { echo "$scripts/tasks.txt has no line $task" >&2; exit 2; }
cd '/home/me/my work' || exit 2
echo "task $task on $(hostname), restart ${SLURM_RESTART_COUNT:-0}, $(date)"
# Signals reach this shell alone, and are passed on. USR1: the time is nearly over.
out_of_time=
trap 'out_of_time=1; kill -TERM "$running"' USR1
trap 'kill -TERM "$running"' TERM INT HUP
"$saturn" "${arguments[@]}" --trial "$trials" --jobs 1 --wait --threads 2 &
running=$!
wait "$running"; code=$?
while kill -0 "$running" 2>/dev/null; do wait "$running"; code=$?; done
if [ "$code" -eq 75 ] && [ -n "$out_of_time" ]; then
    # One task of the array: the job's own number may be that of all.
    scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
fi
exit "$code"
