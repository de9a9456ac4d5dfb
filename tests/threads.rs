//! The same bits at any number of threads.

use serde_json::Value;

use crate::main_job::numbers;
use crate::saturn::{Bench, SCENARIO, files, succeeds};

#[test]
fn results_are_the_same_bits_at_any_number_of_threads() {
    let bench = Bench::new();
    let run = |threads: usize| {
        let out = format!("out{threads}");
        succeeds(&bench.saturn_on(threads, &["run", "tiny.yaml", "--out", &out]));
        let weights = files(&bench.path(&out).join("weights"), ".safetensors");
        (numbers(&bench, &out), weights)
    };
    let (one, weights) = run(1);
    assert_eq!(weights.len(), 4);
    for threads in [2, 7] {
        let (other, others) = run(threads);
        assert!(weights == others, "weights at {threads} threads");
        assert_eq!(one, other, "summary at {threads} threads");
    }
}

/// Every training regime, its last weights and all results.
#[test]
fn every_arm_has_the_same_bits_at_any_number_of_threads() {
    let bench = Bench::new();
    let arms = "\
arms:
  nothing: {loss: nothing}
  entropy: {loss: entropy}
  learned_weight: {loss: {adaptive: {kl_weight: learned}}}
  ramp: {loss: {adaptive: {kl_weight: {linear: {to: 2, over: 0.5}}, direction: to_uniform}}}
  energy: {loss: {adaptive: {mask: energy}}}
  learned_mask: {loss: {adaptive: {mask: {learned: {epochs: 2}}}}}
  flipped: {loss: {adaptive: {mask_error: {flip: 0.2}}}}
  passed: {streams: single, initial_state: passed}
  random: {initial_state: {passed: {probability: 0.5}}}
  noise: {initial_state: {noise: {std: 0.1}}}
  fitted: {initial_state: fitted_noise, train: {recompute: true}}
  tbptt: {grad_detach: 10}
  fptt: {fptt: {every: 15}}
train: ";
    let scenario = SCENARIO.replace("gru: {layers: [{gru: {hidden: 8}}]}\n", "");
    let (head, rest) = scenario.split_once("arms:").unwrap();
    let (_, tail) = rest.split_once("train: ").unwrap();
    // A policy on the output works for a network with an output for "nothing", too.
    let tail = tail.replace("{periodic: 50}", "{output: entropy}");
    let text = format!("{}\n{arms}{tail}", head.trim_end());
    std::fs::write(bench.path("arms.yaml"), text).unwrap();
    let run = |threads: usize| {
        let out = format!("out{threads}");
        succeeds(&bench.saturn_on(threads, &["run", "arms.yaml", "--out", &out]));
        let weights = files(&bench.path(&out).join("weights"), ".safetensors");
        (numbers(&bench, &out), weights)
    };
    let (one, weights) = run(1);
    let (other, others) = run(3);
    assert!(weights == others, "weights");
    assert_eq!(one, other, "summary");
    let cells = one["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 13);
    let of = |arm: &str, at: &str| {
        let cell = cells.iter().find(|cell| cell["arm"] == arm).unwrap();
        cell.pointer(at).cloned()
    };
    // No two arms train to the same net.
    let losses: Vec<_> = (cells.iter())
        .map(|cell| cell["training"]["history"][1]["gradient_norm"].to_string())
        .collect();
    for (i, loss) in losses.iter().enumerate() {
        assert!(!losses[..i].contains(loss), "{}: {loss}", cells[i]["arm"]);
    }
    let size = |arm| of(arm, "/training/parameters").unwrap().as_u64().unwrap();
    let steps = |arm| of(arm, "/training/weight_steps").unwrap().as_u64().unwrap();
    // 24 samples in lanes of two, four lanes an update, two epochs; parts of 15 steps in streams of more.
    assert_eq!(steps("tbptt"), 6);
    assert!(steps("fptt") >= 4 * 6, "{}", steps("fptt"));
    assert_eq!(size("nothing"), size("entropy") + 8 + 2, "one leaky output");
    let weight = |arm| of(arm, "/training/history/1/kl_weight");
    assert_eq!(weight("ramp"), Some(Value::from(2.0)));
    assert_ne!(weight("learned_weight"), Some(Value::from(1.0)));
    assert_eq!(weight("flipped"), None, "a fixed weight is in the scenario");
    assert!(of("learned_mask", "/training/mask/valid/agreement").is_some());
}
