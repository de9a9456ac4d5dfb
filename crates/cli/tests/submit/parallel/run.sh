#!/bin/bash
# Runs all tasks with GNU parallel, as many at once as cores and memory allow, or $JOBS; then collects. Options for
# parallel, such as --sshloginfile, can be put into the variable PARALLEL.
# Written by saturn 0.1.0 submit for "words, "never" reset".
set -u
scripts='/home/me/my work/runs/words-submit/1'
command -v parallel >/dev/null || { echo "GNU parallel is not installed: apt-get install parallel" >&2; exit 2; }
cores=$(nproc)
free_mib=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
by_cores=$((cores / 2)); by_memory=$((free_mib / 4096))
at_once=${JOBS:-$((by_cores < by_memory ? by_cores : by_memory))}
[ "$at_once" -gt 0 ] || at_once=1
# The first signal to parallel starts no more tasks, the second one is passed on to tasks, which stop and can resume.
running=; stopped=
stop() {
    stopped=1
    [ -z "$running" ] || { kill -TERM "$running"; sleep 1; kill -TERM "$running"; } 2>/dev/null
}
trap stop INT TERM HUP
for round in 1 2 3; do
    log=$(mktemp "$scripts/joblog.XXXXXX") || exit
    parallel --jobs "$at_once" --joblog "$log" --termseq TERM,60000,KILL,25 --line-buffer \
        bash "$scripts/task.sh" ::: $(seq 3) </dev/null &
    running=$!
    wait "$running"
    while kill -0 "$running" 2>/dev/null; do wait "$running"; done
    running=
    [ -z "$stopped" ] || { echo "interrupted: run bash $scripts/run.sh again to resume" >&2; exit 75; }
    bash "$scripts/collect.sh"
    code=$?
    [ "$code" -eq 75 ] || exit "$code"
    echo "round $round of 3 is over" >&2
done
exit 75
