#!/bin/bash
# Task N, by default that of Slurm: does the trials of line N of tasks.txt.
# Written by saturn 0.1.0 submit for "words, "never" reset".
set -u
scripts='/home/me/my work/runs/words-submit/1'
saturn=${SATURN:-'/opt/saturn'\''s/saturn'}
arguments=(compare '/home/me/my work/words.yaml' --set 'train.lr=$(touch x)' --out /home/me/runs/words)
task=${1:?give the number of a task}
trials=$(sed -n "${task}p" "$scripts/tasks.txt")
[ -n "$trials" ] || { echo "$scripts/tasks.txt has no line $task" >&2; exit 2; }
cd '/home/me/my work' || exit 2
exec "$saturn" "${arguments[@]}" --trial "$trials" --jobs 1 --wait --threads 2
