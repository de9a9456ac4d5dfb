//! What is Snakemake's in scripts.

use std::fmt::Write as _;

use super::{Plan, at_once};

/// A string of Python.
fn python(text: &str) -> String {
    // Without control characters, which paths and names do not have here, JSON's form is Python's.
    serde_json::Value::from(text).to_string()
}

/// The Snakefile.
pub fn snakefile(plan: &Plan) -> String {
    let head =
        plan.head("One job a task. Start it by run.sh, which can be interrupted and run again.");
    let mut text = head.replacen("#!/bin/bash\n", "", 1);
    let _ = write!(
        text,
        "import os\n\nSATURN = os.environ.get(\"SATURN\", {})\nTASKS = {}\n# First and last task, MiB, minutes.\nARRAYS = [",
        python(&plan.program),
        plan.tasks()
    );
    for (k, (first, last, array)) in plan.numbered().into_iter().enumerate() {
        let comma = if k > 0 { ", " } else { "" };
        let _ = write!(
            text,
            "{comma}({first}, {last}, {}, {})",
            array.memory_mib, array.minutes
        );
    }
    let _ = write!(
        text,
        r#"]


def request(task, which):
    return next(array[which] for array in ARRAYS if array[0] <= int(task) <= array[1])


rule all:
    input:
        "collected",


rule task:
    # Another program gives other bits.
    input:
        SATURN,
    output:
        touch("done/{{task}}"),
    wildcard_constraints:
        task="[0-9]+",
    threads: {cpus}
    resources:
        mem_mb=lambda wildcards: request(wildcards.task, 2),
        runtime=lambda wildcards: request(wildcards.task, 3),
    shell:
        "exec bash task.sh {{wildcards.task}} 9>&-"


rule collect:
    input:
        expand("done/{{task}}", task=range(1, TASKS + 1)),
    output:
        touch("collected"),
    shell:
        "exec bash collect.sh 9>&-"
"#,
        cpus = plan.cpus
    );
    text
}

/// run.sh.
pub fn run(plan: &Plan) -> String {
    let mut text = plan.head(
        "Runs the Snakefile, by default on this machine. Arguments go to snakemake: run.sh --profile slurm. A job that was\n\
         # killed is run again, twice at most; so is everything, if this script is run again.",
    );
    text += "set -u\n";
    text += &plan.place();
    text += "command -v snakemake >/dev/null || { echo \"Snakemake is not installed: apt-get install snakemake\" >&2; exit 2; }\n";
    text += &at_once(plan);
    let _ = write!(
        text,
        r#"# One at a time: a lock that snakemake has left is then of a killed one.
exec 9>"$scripts/run.lock"
flock --nonblock 9 || {{ echo "$scripts/run.sh is running already" >&2; exit 75; }}
cd "$scripts" || exit 2
snakemake --unlock --cores 1 --quiet || exit
# In a group of its own, so that a signal reaches snakemake, which starts no more tasks, and the tasks, which stop and can
# resume.
set -m
running=; stopped=
stop() {{
    stopped=1
    [ -z "$running" ] || kill -TERM -- "-$running"
}}
trap stop INT TERM HUP
snakemake --cores "$((at_once * {cpus}))" --resources "mem_mb=$((at_once * {mib}))" --rerun-incomplete --keep-going \
    --retries 2 "$@" </dev/null &
running=$!
wait "$running"; code=$?
while kill -0 "$running" 2>/dev/null; do wait "$running"; code=$?; done
[ -z "$stopped" ] || {{ echo "interrupted: run bash $scripts/run.sh again to resume" >&2; exit 75; }}
# After a failed task snakemake does not collect the others.
[ "$code" -eq 0 ] || {{ bash collect.sh 9>&-; exit; }}
"#,
        cpus = plan.cpus,
        mib = plan.largest_mib()
    );
    text
}
