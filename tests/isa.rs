//! Instruction sets: the same bits on AVX2 and AVX-512, and no comparison of those that round differently.

use std::fs;
use std::process::Output;

use saturn_cell::kernel::Isa;
use serde_json::Value;

use crate::main_job::numbers;
use crate::saturn::{Bench, fails, files, succeeds};

/// Inner indices of products above 512, where their blocks are more than one, and all kinds of kernels.
const WIDE: [&str; 3] = [
    "models={lif: {layers: [{lif: {hidden: 530, recurrent: true}}, {lif: {hidden: 20}}]}, \
     gru: {layers: [{gru: {hidden: 520}}]}, ssm: {layers: [{ssm_block: {width: 40, states: 540}}]}}",
    "evaluate.steps=200",
    "train.epochs=1",
];

fn run(bench: &Bench, isa: &str, out: &str, set: &[&str], more: &[&str]) -> Output {
    let mut arguments = vec!["compare", "tiny.yaml", "--isa", isa, "--out", out];
    arguments.extend(set.iter().flat_map(|set| ["--set", set]));
    arguments.extend(more);
    bench.saturn(&arguments)
}

/// A summary without the names of sets.
fn without_sets(bench: &Bench, out: &str, isa: &str) -> Value {
    let mut summary = numbers(bench, out);
    for trial in summary["cells"].as_array_mut().unwrap() {
        let trained = trial["training"].as_object_mut().unwrap().remove("isa");
        let evaluated = trial.as_object_mut().unwrap().remove("isa");
        assert_eq!((trained, evaluated), (Some(isa.into()), Some(isa.into())));
    }
    summary
}

#[test]
fn avx2_and_avx512_train_to_the_same_bits() {
    if !Isa::Avx2.is_supported() {
        eprintln!("skipped: this machine lacks AVX2");
        return;
    }
    let bench = Bench::new();
    let weights_on = |isa: &str, only: &str| {
        succeeds(&run(&bench, isa, isa, &WIDE, &["--only", only]));
        succeeds(&run(&bench, isa, isa, &WIDE, &["--collect"]));
        files(&bench.path(isa).join("weights"), ".safetensors")
    };
    let avx2 = weights_on("avx2", "*.adaptive.1");
    assert_eq!(avx2.len(), 3);
    let summary = without_sets(&bench, "avx2", "avx2");
    if Isa::Avx512.is_supported() {
        assert!(avx2 == weights_on("avx512", "*.adaptive.1"), "weights");
        assert_eq!(summary, without_sets(&bench, "avx512", "avx512"));
    } else {
        eprintln!("skipped: this machine lacks AVX-512");
    }
    // In these weights, other rounding would show.
    let plain = weights_on("plain", "lif.adaptive.1");
    assert_eq!(avx2[1].0, plain[0].0);
    assert!(avx2[1].1 != plain[0].1);
}

#[test]
fn a_set_that_is_missing_is_refused() {
    let bench = Bench::new();
    let missing = Isa::ALL.into_iter().find(|isa| !isa.is_supported());
    let missing = missing.expect("no machine has NEON and AVX2");
    let has = format!(
        "it has {}",
        Isa::ALL.into_iter().find(|isa| isa.is_supported()).unwrap()
    );
    let lacks = format!("--isa: this machine lacks the instruction set `{missing}`");
    for command in [&["run", "tiny.yaml"][..], &["analyse", "out"], &["bench"]] {
        let output = bench.saturn(&[command, &["--isa", missing.name()]].concat());
        fails(&output, 2, &[&lacks, &has]);
    }
    fails(
        &bench.saturn(&["run", "tiny.yaml", "--isa", "sse"]),
        2,
        &["--isa", "sse", "avx512"],
    );
    assert!(!bench.path("runs").exists(), "nothing is run");
    // The machines that run scripts may have it.
    let arguments = [
        "submit",
        "tiny.yaml",
        "--to",
        "parallel",
        "--isa",
        missing.name(),
    ];
    succeeds(&bench.saturn(&arguments));
    let task = fs::read_to_string(bench.path("runs/tiny-submit/1/task.sh")).unwrap();
    assert!(task.contains(&format!("--isa {missing} ")), "{task}");
}

/// Folders, collected trials and `--trials`, with the remedy; a trial without a set goes with any.
#[test]
fn sets_that_round_differently_are_not_compared() {
    if !Isa::Avx2.is_supported() {
        eprintln!("skipped: this machine has one set");
        return;
    }
    let bench = Bench::new();
    let short = ["train.epochs=1", "evaluate.steps=200"];
    let with = |isa, out, more: &[&str]| run(&bench, isa, out, &short, more);
    succeeds(&with("avx2", "wide", &["--only", "lif.*"]));
    succeeds(&with("plain", "plain", &["--only", "gru.*"]));
    // A run that began on one set does not go on with another.
    let output = with("plain", "wide", &[]);
    fails(
        &output,
        2,
        &[
            "wide: contains results of the instruction set `avx2`",
            "runs on `plain`",
            "--isa avx2",
        ],
    );
    let mixture = "avx2 (lif.classic.1 and 3 more), plain (gru.classic.1 and 3 more)";
    let output = with("avx2", "wide", &["--collect", "plain"]);
    fails(
        &output,
        2,
        &["round differently", mixture, "--allow-mixed-isa"],
    );
    // Known before the other trials are computed.
    let output = with("avx2", "new", &["--trials", "plain"]);
    fails(
        &output,
        2,
        &["avx2 (this process), plain (gru.classic.1 and 3 more)"],
    );
    assert!(files(&bench.path("new/weights"), ".safetensors").is_empty());
    succeeds(&with(
        "avx2",
        "both",
        &["--collect", "wide", "plain", "--allow-mixed-isa"],
    ));
    // As in files of earlier versions.
    for (name, bytes) in files(&bench.path("plain/cells"), ".json") {
        let text = String::from_utf8(bytes).unwrap();
        let without = text
            .replace("\"isa\":\"plain\",", "")
            .replace(",\"isa\":\"plain\"", "");
        assert!(
            without.len() < text.len() && !without.contains("isa\""),
            "{text}"
        );
        fs::write(bench.path("plain/cells").join(name), without).unwrap();
    }
    succeeds(&with("avx2", "old", &["--collect", "wide", "plain"]));
}
