#!/bin/bash
# Runs the Snakefile, by default on this machine. Arguments go to snakemake: run.sh --profile slurm. A job that was
# killed is run again, twice at most; so is everything, if this script is run again.
# Written by saturn 0.1.0 submit for "words, "never" reset".
set -u
scripts='/home/me/my work/runs/words-submit/1'
command -v snakemake >/dev/null || { echo "Snakemake is not installed: apt-get install snakemake" >&2; exit 2; }
cores=$(nproc)
free_mib=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
by_cores=$((cores / 2)); by_memory=$((free_mib / 4096))
at_once=${JOBS:-$((by_cores < by_memory ? by_cores : by_memory))}
[ "$at_once" -gt 0 ] || at_once=1
# One at a time: a lock that snakemake has left is then of a killed one.
exec 9>"$scripts/run.lock"
flock --nonblock 9 || { echo "$scripts/run.sh is running already" >&2; exit 75; }
cd "$scripts" || exit 2
snakemake --unlock --cores 1 --quiet || exit
# In a group of its own, so that a signal reaches snakemake, which starts no more tasks, and the tasks, which stop and can
# resume.
set -m
running=; stopped=
stop() {
    stopped=1
    [ -z "$running" ] || kill -TERM -- "-$running"
}
trap stop INT TERM HUP
snakemake --cores "$((at_once * 2))" --resources "mem_mb=$((at_once * 4096))" --rerun-incomplete --keep-going \
    --retries 2 "$@" </dev/null &
running=$!
wait "$running"; code=$?
while kill -0 "$running" 2>/dev/null; do wait "$running"; code=$?; done
[ -z "$stopped" ] || { echo "interrupted: run bash $scripts/run.sh again to resume" >&2; exit 75; }
# After a failed task snakemake does not collect the others.
[ "$code" -eq 0 ] || { bash collect.sh 9>&-; exit; }
