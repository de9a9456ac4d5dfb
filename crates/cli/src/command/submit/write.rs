//! From a plan to scripts.
//!
//! ```text
//! tasks.txt      the trials of a task, a line each
//! task.sh N      does line N
//! collect.sh     collects what is done, and fails with 75 while something is left
//! submit.sh      Slurm: queues the arrays, and collect.sh after them
//! run.sh         GNU parallel and Snakemake: runs the tasks and collects
//! Snakefile
//! ```

mod slurm;
mod snakemake;

use std::fmt::Write as _;

use saturn_sim::run::tasks::Array;

/// What runs the scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Job arrays.
    Slurm,
    /// GNU parallel.
    Parallel,
    /// Snakemake.
    Snakemake,
}

impl Scheduler {
    /// The script that starts all.
    pub fn start(self) -> &'static str {
        match self {
            Self::Slurm => "submit.sh",
            Self::Parallel | Self::Snakemake => "run.sh",
        }
    }
}

/// What tasks do.
pub enum Work {
    /// Trials of `saturn compare`.
    Compare {
        /// Memory to request for collecting, MiB.
        collect_mib: u64,
        /// Time to request for it, minutes.
        collect_minutes: u64,
        /// Patterns of the trials.
        only: Vec<String>,
    },
    /// All tasks search together.
    Tune {
        /// The folder of candidates.
        folder: String,
        /// The file for the best scenario.
        found: String,
    },
}

/// All that scripts are made of; paths are absolute.
pub struct Plan {
    /// What runs them.
    pub to: Scheduler,
    /// The scenario's name.
    pub name: String,
    /// This program.
    pub program: String,
    /// Its version.
    pub version: &'static str,
    /// The folder that relative paths of the scenario are from.
    pub from: String,
    /// The folder of the scripts.
    pub scripts: String,
    /// The scenario and options of `compare` or `tune`.
    pub arguments: Vec<String>,
    /// What is done.
    pub work: Work,
    /// Cores of a task.
    pub cpus: usize,
    /// The tasks.
    pub arrays: Vec<Array>,
    /// Options of sbatch.
    pub sbatch: Vec<String>,
}

impl Plan {
    /// How many tasks there are.
    pub fn tasks(&self) -> usize {
        self.arrays.iter().map(|array| array.tasks.len()).sum()
    }

    /// Each array with the numbers of its first and last task.
    fn numbered(&self) -> Vec<(usize, usize, &Array)> {
        let mut first = 1;
        let arrays = self.arrays.iter().map(|array| {
            let last = first + array.tasks.len() - 1;
            let found = (first, last, array);
            first = last + 1;
            found
        });
        arrays.collect()
    }

    /// The most memory of a task, MiB.
    fn largest_mib(&self) -> u64 {
        let all = self.arrays.iter().map(|array| array.memory_mib);
        all.max().unwrap_or_default()
    }

    /// The first lines of a script, with what it is.
    fn head(&self, what: &str) -> String {
        let name: String = self.name.chars().filter(|c| !c.is_control()).collect();
        format!(
            "#!/bin/bash\n# {what}\n# Written by saturn {} submit for \"{name}\".\n",
            self.version
        )
    }

    /// Where the scripts are, as a setting.
    fn place(&self) -> String {
        format!("scripts={}\n", quoted(&self.scripts))
    }

    /// The program and its arguments, as settings.
    fn command(&self) -> String {
        let command = match self.work {
            Work::Compare { .. } => "compare",
            Work::Tune { .. } => "tune",
        };
        let mut text = format!("saturn=${{SATURN:-{}}}\n", quoted(&self.program));
        let mut line = format!("arguments=({command}");
        for argument in &self.arguments {
            let word = quoted(argument);
            if line.len() + word.len() > 110 {
                text += &line;
                text += "\n";
                line.clear();
                line += "   ";
            }
            line += " ";
            line += &word;
        }
        text + &line + ")\n"
    }
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,=@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Options that the scripts set themselves.
const OWN: [&str; 12] = [
    "array",
    "cpus-per-task",
    "dependency",
    "job-name",
    "mem",
    "open-mode",
    "output",
    "parsable",
    "requeue",
    "signal",
    "time",
    "wait",
];

/// Whether `option` may be given to sbatch: `name` or `name=value`.
pub fn is_option(option: &str) -> bool {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let fits = |c: char| c.is_ascii_lowercase() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(fits)
        && !OWN.contains(&name)
        && !value.contains(|c: char| c.is_control())
}

/// The files, by name.
pub fn scripts(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut files = vec![
        ("tasks.txt", tasks(plan)),
        ("task.sh", task(plan)),
        ("collect.sh", collect(plan)),
    ];
    match plan.to {
        Scheduler::Slurm => files.push(("submit.sh", slurm::submit(plan))),
        Scheduler::Parallel => files.push(("run.sh", parallel(plan))),
        Scheduler::Snakemake => {
            files.push(("Snakefile", snakemake::snakefile(plan)));
            files.push(("run.sh", snakemake::run(plan)));
        }
    }
    files
}

fn tasks(plan: &Plan) -> String {
    let mut text = String::new();
    let tasks = plan.arrays.iter().flat_map(|array| &array.tasks);
    for task in tasks {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", task.trials());
    }
    text
}

fn task(plan: &Plan) -> String {
    let what = match plan.work {
        Work::Compare { .. } => {
            "Task N, by default that of Slurm: does the trials of line N of tasks.txt."
        }
        Work::Tune { .. } => "Task N, by default that of Slurm: takes part in the search.",
    };
    let mut text = plan.head(what);
    if plan.to == Scheduler::Slurm {
        text += &slurm::head(plan);
    }
    text += "set -u\n";
    if let Work::Compare { .. } = plan.work {
        text += &plan.place();
    }
    text += &plan.command();
    text += if plan.to == Scheduler::Slurm {
        "task=${1:-$((${SATURN_BEFORE:-0} + ${SLURM_ARRAY_TASK_ID:?give the number of a task}))}\n"
    } else {
        "task=${1:?give the number of a task}\n"
    };
    let own = match &plan.work {
        Work::Compare { .. } => {
            text += "trials=$(sed -n \"${task}p\" \"$scripts/tasks.txt\")\n\
                     [ -n \"$trials\" ] || { echo \"$scripts/tasks.txt has no line $task\" >&2; exit 2; }\n";
            "--trial \"$trials\" --jobs 1 --wait".to_owned()
        }
        Work::Tune { folder, found } => {
            format!("--folder {} --out {}", quoted(folder), quoted(found))
        }
    };
    let _ = writeln!(text, "cd {} || exit 2", quoted(&plan.from));
    let run = format!(
        "\"$saturn\" \"${{arguments[@]}}\" {own} --threads {}",
        plan.cpus
    );
    if plan.to == Scheduler::Slurm {
        text += &slurm::body(&run);
    } else {
        // In place of this shell, so that signals reach it.
        let _ = writeln!(text, "exec {run}");
    }
    text
}

fn collect(plan: &Plan) -> String {
    let what = "Collects the results. Exit code 75: something is left to do.";
    let mut text = plan.head(what);
    if plan.to == Scheduler::Slurm {
        text += &slurm::collect_head(plan);
    }
    text += "set -u\n";
    text += &plan.place();
    if let Work::Compare { .. } = plan.work {
        text += &plan.command();
    }
    let _ = writeln!(text, "cd {} || exit 2", quoted(&plan.from));
    match &plan.work {
        Work::Compare { only, .. } => {
            text += "\"$saturn\" \"${arguments[@]}\" --collect\ncode=$?\n";
            text += "# No exit code of a scheduler is relied on: what is left are trials without a result.\n";
            let only: Vec<String> = (only.iter())
                .flat_map(|p| [" --only ".to_owned(), quoted(p)])
                .collect();
            let only = only.concat();
            let _ = writeln!(
                text,
                "left=$(\"$saturn\" \"${{arguments[@]}}\"{only} --list --todo) || exit\n\
                 [ -n \"$left\" ] || exit \"$code\"\n\
                 echo \"left to do:\"; echo \"$left\""
            );
        }
        Work::Tune { found, .. } => {
            let found = quoted(found);
            let _ = writeln!(
                text,
                "[ ! -s {found} ] || {{ echo \"the scenario found is\" {found}; exit 0; }}\n\
                 echo \"the search has not ended\""
            );
        }
    }
    if plan.to == Scheduler::Slurm {
        text += slurm::RESUBMIT;
    }
    let _ = writeln!(
        text,
        "echo \"run bash $scripts/{} again; failed trials have their reasons in the output of their tasks\"\nexit 75",
        plan.to.start()
    );
    text
}

/// How many tasks run on one machine at once, as a shell expression: by cores and by memory.
fn at_once(plan: &Plan) -> String {
    format!(
        "cores=$(nproc)\n\
         free_mib=$(awk '/^MemAvailable:/ {{ print int($2 / 1024) }}' /proc/meminfo)\n\
         by_cores=$((cores / {})); by_memory=$((free_mib / {}))\n\
         at_once=${{JOBS:-$((by_cores < by_memory ? by_cores : by_memory))}}\n\
         [ \"$at_once\" -gt 0 ] || at_once=1\n",
        plan.cpus,
        plan.largest_mib()
    )
}

fn parallel(plan: &Plan) -> String {
    let mut text = plan.head(
        "Runs all tasks with GNU parallel, as many at once as cores and memory allow, or $JOBS; then collects. Options for\n\
         # parallel, such as --sshloginfile, can be put into the variable PARALLEL.",
    );
    text += "set -u\n";
    text += &plan.place();
    text += "command -v parallel >/dev/null || { echo \"GNU parallel is not installed: apt-get install parallel\" >&2; exit 2; }\n";
    text += &at_once(plan);
    let _ = write!(
        text,
        r#"# The first signal to parallel starts no more tasks, the second one is passed on to tasks, which stop and can resume.
running=; stopped=
stop() {{
    stopped=1
    [ -z "$running" ] || {{ kill -TERM "$running"; sleep 1; kill -TERM "$running"; }} 2>/dev/null
}}
trap stop INT TERM HUP
for round in 1 2 3; do
    log=$(mktemp "$scripts/joblog.XXXXXX") || exit
    parallel --jobs "$at_once" --joblog "$log" --termseq TERM,60000,KILL,25 --line-buffer \
        bash "$scripts/task.sh" ::: $(seq {tasks}) </dev/null &
    running=$!
    wait "$running"
    while kill -0 "$running" 2>/dev/null; do wait "$running"; done
    running=
    [ -z "$stopped" ] || {{ echo "interrupted: run bash $scripts/run.sh again to resume" >&2; exit 75; }}
    bash "$scripts/collect.sh"
    code=$?
    [ "$code" -eq 75 ] || exit "$code"
    echo "round $round of 3 is over" >&2
done
exit 75
"#,
        tasks = plan.tasks()
    );
    text
}

#[cfg(test)]
mod tests;
