//! Unsupported input of a live run is rejected with a message that names the remedy.

use std::fs;

use super::bench;
use crate::saturn::fails;

#[test]
fn nets_that_are_not_there_are_named() {
    let bench = bench();
    for (net, parts) in [
        (
            "nowhere/lif.adaptive.1",
            &["nowhere", "is not a finished net", "hint:"][..],
        ),
        (
            "out/lif.nothing.1",
            &[
                "no trained net `lif.nothing.1`",
                "lif.adaptive.1",
                "gru.classic.1",
            ],
        ),
        (
            "out",
            &["several nets", "name one of them", "lif.classic.1"],
        ),
        ("data/test.h5", &["data/test.h5", "hint:"]),
    ] {
        fails(&bench.saturn(&["stream", net]), 2, parts);
    }
    let weights = "out/weights/gru.adaptive.1.safetensors";
    let output = bench.saturn(&["stream", weights, "--no-health"]);
    assert!(output.status.success());
}

#[test]
fn options_that_cannot_be_are_named() {
    let bench = bench();
    fs::write(bench.path("live.txt"), "1000 3\n").unwrap();
    let same = [
        "stream",
        "out/lif.adaptive.1",
        "--from",
        "live.txt",
        "--out",
        "./live.txt",
    ];
    fails(
        &bench.saturn(&same),
        2,
        &["--out", "is the input file", "hint:"],
    );
    assert_eq!(fs::read(bench.path("live.txt")).unwrap(), b"1000 3\n");
    let net = "out/lif.adaptive.1";
    for (options, part) in [
        (&["--reorder-ms", "1e8"][..], "--reorder-ms"),
        (&["--reorder-ms=-1"], "a number from 0"),
        (&["--fallback", "hope"], "expected none, reset"),
        (&["--fallback", "model=nowhere/x"], "is not a finished net"),
        (&["--from", "udp:nowhere"], "is not HOST:PORT"),
        (&["--from", "gone.txt"], "gone.txt: cannot open"),
        (
            &["--from", "unix:no/such/folder/s"],
            "no/such/folder/s: cannot make a socket",
        ),
        (&["--out", "no/such/folder/x"], "cannot write"),
        (&["--metrics", "999999"], "is not HOST:PORT"),
        (&["--queue", "0"], "a whole number from 16"),
    ] {
        let output = bench.saturn(&[&["stream", net], options].concat());
        let code = output.status.code();
        assert!(matches!(code, Some(1 | 2)), "{options:?}");
        fails(&output, code.unwrap(), &[part]);
    }
    let output = bench.saturn(&[
        "send",
        "data/test.h5",
        "--channels",
        "16",
        "--to",
        "unix:nobody",
    ]);
    fails(
        &output,
        2,
        &["nobody: cannot connect", "start `saturn stream` first"],
    );
}
