//! A file's description of itself, and of the results it belongs to.

use super::*;

#[test]
fn a_file_describes_the_network_and_its_training() {
    let (scratch, config, classes) = (Scratch::new(), config("lif: {hidden: 3}"), classes());
    let net = net_of::<f32>(&config, 10.0);
    let path = scratch.0.path().join("net.safetensors");
    let of = belonging(&config, 10.0, &classes);
    let sum = save(&net, &path, &of).expect("written");
    let bytes = fs::read(&path).expect("read");
    save(&net, &path, &of).expect("written");
    assert!(
        fs::read(&path).expect("read") == bytes,
        "the same training, the same bytes"
    );

    let mut file = WeightsFile::open(&path).expect("open");
    assert_eq!(file.checksum().expect("a sum"), sum);
    let found = file.description().expect("sound").expect("a description");
    assert_eq!(
        (found.dt_ms, found.channels, &found.classes[..]),
        (10.0, 3, &classes[..])
    );
    assert_eq!(
        (&found.network[..], &found.training[..]),
        ("net.classic.1", "key")
    );
    assert_eq!((&found.tensors_sha256, &found.precision[..]), (&sum, "f32"));
    let kinds: Vec<&str> = found.cells.iter().map(|cell| cell.cell.as_str()).collect();
    assert_eq!(kinds, ["lif", "li"]);
    // Every default is written out, and what has been learnt.
    assert_eq!(found.cells[0].settings["lif"]["hidden"], 3);
    assert_eq!(found.cells[0].settings["lif"]["threshold"], 1.0);
    let tau = &found.cells[1].time_constants_ms["tau_mem_ms"];
    assert!(
        (tau.median - 20.0).abs() < 1e-3 && tau.min <= tau.median && tau.median <= tau.max,
        "{tau:?}"
    );
    // It reads back, and is the run's.
    let mut again = net_of::<f32>(&config, 10.0);
    assert!(load(&mut again, &path).expect("read").is_empty());
    assert_eq!(values(&again), values(&net));
    assert!(file.refuse_another(&of).expect("the same").is_empty());
    // One of a later version is not guessed at.
    let text = found_text(&bytes).replace("\"format\":1,", "\"format\":9,");
    let said = Description::read(&text).expect_err("later");
    assert!(
        said.contains("version 9") && said.contains("up to version 1"),
        "{said}"
    );
    assert!(
        Description::read("{}")
            .expect_err("damaged")
            .contains("damaged")
    );
}

fn found_text(bytes: &[u8]) -> String {
    let (_, metadata) = safetensors::SafeTensors::read_metadata(bytes).expect("a header");
    metadata.metadata().clone().expect("metadata")[description::KEY].clone()
}

#[test]
fn weights_of_another_network_are_refused_with_both_values() {
    let (scratch, classes) = (Scratch::new(), classes());
    let path = scratch.0.path().join("net.safetensors");
    let own = config(RNN);
    save(
        &net_of::<f32>(&own, 5.0),
        &path,
        &belonging(&own, 5.0, &classes),
    )
    .expect("written");
    let file = WeightsFile::open(&path).expect("open");
    let refused = |config: &NetworkConfig, dt_ms, classes: &[String]| {
        let e = file
            .refuse_another(&belonging(config, dt_ms, classes))
            .expect_err("another");
        e.to_string()
    };
    let said = refused(&own, 10.0, &classes);
    assert!(
        said.contains("dt_ms is 5 in the file and 10 in the run"),
        "{said}"
    );
    let said = refused(&config("rnn: {hidden: 7}"), 5.0, &classes);
    assert!(
        said.contains("layer 0, rnn.hidden is 2 in the file and 7 in the run"),
        "{said}"
    );
    let said = refused(&config("gru: {hidden: 2}"), 5.0, &classes);
    assert!(
        said.contains("layer 0 is rnn in the file and gru in the run"),
        "{said}"
    );
    let said = refused(
        &config("rnn: {hidden: 2}}, {rnn: {hidden: 2}"),
        5.0,
        &classes,
    );
    assert!(
        said.contains(
            "the list of layers is rnn, readout in the file and rnn, rnn, readout in the run"
        ),
        "{said}"
    );
    let three = ["a", "b", "c"].map(String::from);
    let said = refused(&own, 5.0, &three);
    assert!(
        said.contains("the number of classes is 2 in the file and 3 in the run"),
        "{said}"
    );
    // Other names do not make another network, but are reported.
    let renamed = ["ja", "nein"].map(String::from);
    let notices = file
        .refuse_another(&belonging(&own, 5.0, &renamed))
        .expect("the same");
    assert!(
        notices[0].contains("yes, no in the file and ja, nein in the run"),
        "{notices:?}"
    );
}

/// ```python
/// import hashlib, numpy as np
/// h = hashlib.sha256()
/// for name, t in sorted({"0.bias": np.array([1, -2], "f4"), "0.weight": np.array([[0.5, 3]], "f4")}.items()):
///     h.update(f"{name} {list(t.shape)}\n".encode() + t.astype("<f8").tobytes())
/// print(h.hexdigest())
/// ```
#[test]
fn the_checksum_is_of_the_numbers_however_they_are_stored() {
    let golden = "db3fd7d75c1482cca11f334376ba70cbe5a980045ac72cdd27d15e603d9fa436";
    let bias = ("0.bias".to_owned(), vec![2], vec![1.0, -2.0]);
    let weight = ("0.weight".to_owned(), vec![1, 2], vec![0.5, 3.0]);
    assert_eq!(checksum(&[bias.clone(), weight.clone()]), golden);
    let scratch = Scratch::new();
    let store = |dtype, bytes: &dyn Fn(f64) -> Vec<u8>| {
        // In any order.
        let raw: Vec<Raw> = [&weight, &bias]
            .map(|(name, shape, numbers)| {
                let bytes = numbers.iter().flat_map(|x| bytes(*x)).collect();
                (name.clone(), shape.clone(), dtype, bytes)
            })
            .to_vec();
        let path = scratch.file(&bytes_of(&raw));
        WeightsFile::open(&path)
            .and_then(|mut file| file.checksum())
            .expect("a sum")
    };
    assert_eq!(store(Dtype::F32, &f32s), golden);
    assert_eq!(store(Dtype::F64, &|x| x.to_le_bytes().to_vec()), golden);
    assert_eq!(
        store(Dtype::F16, &|x| half::f16::from_f64(x)
            .to_le_bytes()
            .to_vec()),
        golden
    );
    assert_ne!(store(Dtype::F32, &|x| f32s(x + 1e-6)), golden);
}

#[test]
fn weights_belong_to_results_by_their_checksum() {
    let (scratch, config, classes) = (Scratch::new(), config(RNN), classes());
    let (net, of) = (
        net_of::<f32>(&config, 10.0),
        belonging(&config, 10.0, &classes),
    );
    let path = scratch.0.path().join("net.safetensors");
    assert_eq!(tie(&path, Some("x")).expect("no file"), Tie::Absent);
    let sum = save(&net, &path, &of).expect("written");
    assert_eq!(tie(&path, Some(&sum)).expect("own"), Tie::Same);
    let said = tie(&path, Some("0123456789abcdef"))
        .expect_err("others")
        .to_string();
    for part in [
        "not the weights that this run trained",
        &sum[..12],
        "0123456789ab",
        "do not apply to them",
    ] {
        assert!(said.contains(part), "{said}");
    }
    // Results of an earlier version have no checksum, and its weights no description.
    let said = tie(&path, None).expect_err("newer").to_string();
    assert!(said.contains("none, since they are older"), "{said}");
    let plain = scratch.file(&bytes_of(&raw(&net, Dtype::F32, f32s)));
    assert_eq!(tie(&plain, None).expect("old"), Tie::Unknown);

    // Training overwrites only its own files.
    let in_the_way = |training, recorded| refuse_in_the_way(&path, training, recorded).is_err();
    assert!(in_the_way("key", None), "put there by hand");
    assert!(!in_the_way("key", Some(None)), "of an earlier version");
    assert!(in_the_way("key", Some(Some("0123456789abcdef"))));
    save(&net, &path, &of).expect("written");
    assert!(
        !in_the_way("key", None),
        "the same training, ended before its record"
    );
    assert!(in_the_way("another", None));
    assert!(
        !in_the_way("another", Some(Some(&sum))),
        "trained here with other settings"
    );
}

#[test]
fn time_constants_that_no_tensor_has_are_refused() {
    let (scratch, classes) = (Scratch::new(), classes());
    let path = scratch.0.path().join("net.safetensors");
    for (learnt, same) in [(false, false), (true, true)] {
        let config = config(&format!(
            "lif: {{hidden: 3, tau_mem_ms: [10, 100], learn_tau: {learnt}}}"
        ));
        let net = net_of::<f32>(&config, 10.0);
        save(&net, &path, &belonging(&config, 10.0, &classes)).expect("written");
        let description = WeightsFile::open(&path).expect("open").description();
        let description = description.expect("sound").expect("a description");
        let loaded = |seed| {
            let mut other = build::<f32>("net", &config, 3, 2, 10.0, seed).expect("a net");
            load(&mut other, &path).expect("the tensors fit");
            description.refuse_drawn(&other, &path)
        };
        loaded(1).expect("the seed of the training");
        let other = loaded(2);
        assert_eq!(other.is_ok(), same, "{learnt}");
        if let Err(e) = other {
            let said = e.to_string();
            assert!(said.contains("layer 0: `tau_mem_ms`"), "{said}");
        }
    }
}
