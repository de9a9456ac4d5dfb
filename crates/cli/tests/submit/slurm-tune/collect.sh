#!/bin/bash
# Collects the results. Exit code 75: something is left to do.
# Written by saturn 0.1.0 submit for "words, "never" reset".
#SBATCH --job-name=saturn-words---never--reset-collect
#SBATCH --cpus-per-task=2 --mem=256M --time=0-00:10:00
#SBATCH --requeue --open-mode=append
#SBATCH --partition=long
#SBATCH --account=a b
set -u
scripts='/home/me/my work/runs/words-submit/1'
cd '/home/me/my work' || exit 2
[ ! -s /home/me/words.tuned.yaml ] || { echo "the scenario found is" /home/me/words.tuned.yaml; exit 0; }
echo "the search has not ended"
# What is left may have been on a node that was lost: it is queued again, twice at most.
round=${SATURN_ROUND:-1}
if [ "$round" -lt 3 ]; then
    SATURN_ROUND=$((round + 1)) bash "$scripts/submit.sh" && { echo "queued again"; exit 75; }
fi
echo "run bash $scripts/submit.sh again; failed trials have their reasons in the output of their tasks"
exit 75
