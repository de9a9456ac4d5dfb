//! The scripts of a plan, against committed ones, and against the shell.

use std::path::{Path, PathBuf};
use std::process::Command;

use saturn_sim::run::tasks::Task;

use super::*;

fn plan(to: Scheduler, work: Work) -> Plan {
    let task = |numbers: &[usize], seconds| Task {
        numbers: numbers.to_vec(),
        seconds,
    };
    Plan {
        to,
        name: "words, \"never\" reset".to_owned(),
        program: "/opt/saturn's/saturn".to_owned(),
        version: "0.1.0",
        from: "/home/me/my work".to_owned(),
        scripts: "/home/me/my work/runs/words-submit/1".to_owned(),
        arguments: [
            "/home/me/my work/words.yaml",
            "--set",
            "train.lr=$(touch x)",
            "--out",
            "/home/me/runs/words",
        ]
        .map(str::to_owned)
        .to_vec(),
        work,
        cpus: 2,
        arrays: vec![
            Array {
                memory_mib: 256,
                minutes: 45,
                tasks: vec![task(&[1, 2, 3, 7], 900.0), task(&[8], 60.0)],
            },
            Array {
                memory_mib: 4_096,
                minutes: 3_000,
                tasks: vec![task(&[4, 5, 6], 60_000.0)],
            },
        ],
        sbatch: vec!["partition=long".to_owned(), "account=a b".to_owned()],
    }
}

fn compare() -> Work {
    Work::Compare {
        collect_mib: 512,
        collect_minutes: 95,
        only: vec!["lif.*".to_owned(), "gru.*.1".to_owned()],
    }
}

fn tune() -> Work {
    Work::Tune {
        folder: "/home/me/runs/words-tune".to_owned(),
        found: "/home/me/words.tuned.yaml".to_owned(),
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/submit")
}

/// `SATURN_GOLDEN=write cargo test -p saturn-cli submit` writes them again.
#[test]
fn scripts_are_the_committed_ones() {
    let write = std::env::var("SATURN_GOLDEN").is_ok_and(|v| v == "write");
    for (name, plan) in [
        ("slurm", plan(Scheduler::Slurm, compare())),
        ("parallel", plan(Scheduler::Parallel, compare())),
        ("snakemake", plan(Scheduler::Snakemake, compare())),
        ("slurm-tune", plan(Scheduler::Slurm, tune())),
    ] {
        let folder = golden().join(name);
        let mut names = Vec::new();
        for (file, text) in scripts(&plan) {
            let path = folder.join(file);
            if write {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let known = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(known == text, "{} differs from:\n{text}", path.display());
            names.push(file.to_owned());
        }
        let mut known: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        known.sort();
        names.sort();
        assert_eq!(known, names, "{name}");
    }
}

#[test]
fn a_shell_can_read_them() {
    let has_shellcheck = Command::new("shellcheck").arg("--version").output().is_ok();
    for folder in std::fs::read_dir(golden()).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "sh") {
                continue;
            }
            let mut checks = vec![Command::new("bash")];
            checks[0].arg("-n");
            if has_shellcheck {
                // SC2046: numbers are to be split into words.
                let mut check = Command::new("shellcheck");
                check.args(["--exclude=SC2046", "--severity=warning"]);
                checks.push(check);
            }
            for mut check in checks {
                let output = check.arg(&path).output().unwrap();
                let text = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(output.status.success(), "{}: {text}", path.display());
            }
        }
    }
}

/// What a shell makes of a quoted word is the word.
#[test]
fn words_survive_the_shell() {
    for word in [
        "plain",
        "",
        "a b",
        "it's",
        "$(touch x)",
        "`x`;&|<>\"\\",
        "--set=ü*?",
        "[a]{b}~",
    ] {
        let script = format!("printf %s {}", quoted(word));
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
    }
}

#[test]
fn options_that_the_scripts_set_are_refused() {
    for fine in ["partition=long", "exclusive", "account=a b", "gres=x:1"] {
        assert!(is_option(fine), "{fine}");
    }
    for wrong in [
        "--partition=long",
        "array=1-3",
        "mem=9G",
        "",
        "=x",
        "a\n#SBATCH --x",
        "comment=a\nb",
    ] {
        assert!(!is_option(wrong), "{wrong}");
    }
}
