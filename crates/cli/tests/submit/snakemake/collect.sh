#!/bin/bash
# Collects the results. Exit code 75: something is left to do.
# Written by saturn 0.1.0 submit for "words, "never" reset".
set -u
scripts='/home/me/my work/runs/words-submit/1'
saturn=${SATURN:-'/opt/saturn'\''s/saturn'}
arguments=(compare '/home/me/my work/words.yaml' --set 'train.lr=$(touch x)' --out /home/me/runs/words)
cd '/home/me/my work' || exit 2
"$saturn" "${arguments[@]}" --collect
code=$?
# No exit code of a scheduler is relied on: what is left are trials without a result.
left=$("$saturn" "${arguments[@]}" --only 'lif.*' --only 'gru.*.1' --list --todo) || exit
[ -n "$left" ] || exit "$code"
echo "left to do:"; echo "$left"
echo "run bash $scripts/run.sh again; failed trials have their reasons in the output of their tasks"
exit 75
