mod described;

use std::fs;

use safetensors::tensor::serialize;

use super::*;
use saturn_network::{NetworkConfig, build};

/// A recurrent layer of 2 units on 3 channels, and a linear readout to 2 classes.
const RNN: &str = "rnn: {hidden: 2}";

fn config(layer: &str) -> NetworkConfig {
    NetworkConfig::new(serde_saphyr::from_str(&format!("[{{{layer}}}]")).expect("layers"))
}

fn net_of<R: Real>(config: &NetworkConfig, dt_ms: f64) -> Network<R> {
    build("net", config, 3, 2, dt_ms, 1).expect("a net")
}

fn net<R: Real>() -> Network<R> {
    net_of(&config(RNN), 10.0)
}

fn classes() -> Vec<String> {
    ["yes", "no"].map(String::from).to_vec()
}

fn belonging<'a>(model: &'a NetworkConfig, dt_ms: f64, classes: &'a [String]) -> Belonging<'a> {
    Belonging {
        network: "net.classic.1",
        model,
        channels: 3,
        classes,
        dt_ms,
        training: "key",
        modules: &[],
    }
}

/// A tensor of a file: name, shape, type, bytes.
type Raw = (String, Vec<usize>, Dtype, Vec<u8>);

fn raw<R: Real>(net: &Network<R>, dtype: Dtype, bytes: impl Fn(f64) -> Vec<u8>) -> Vec<Raw> {
    each(net)
        .map(|(name, kind, value)| {
            let numbers = value.transpose();
            let bytes = numbers.iter().flat_map(|x| bytes(x.wide())).collect();
            (name, shape(kind, value), dtype, bytes)
        })
        .collect()
}

fn f32s(x: f64) -> Vec<u8> {
    (x as f32).to_le_bytes().to_vec()
}

fn bytes_of(tensors: &[Raw]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, shape, dtype, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes).expect("a view");
        (name.clone(), view)
    });
    serialize(views, None).expect("a file")
}

struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.0.path().join("net.safetensors");
        fs::write(&path, bytes).expect("written");
        path
    }

    /// The message about a file of `tensors` that is read into the recurrent network.
    fn refused(&self, tensors: &[Raw]) -> String {
        let path = self.file(&bytes_of(tensors));
        load(&mut net::<f32>(), &path)
            .expect_err("refused")
            .to_string()
    }
}

fn values<R: Real>(net: &Network<R>) -> Vec<f64> {
    each(net)
        .flat_map(|(_, _, value)| value.iter().map(|x| x.wide()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn weights_of_every_width_are_converted() {
    let (scratch, source) = (Scratch::new(), net::<f64>());
    let exact = values(&source);
    let mut narrow = net::<f32>();
    let path = scratch.file(&bytes_of(&raw(&source, Dtype::F64, |x| {
        x.to_le_bytes().to_vec()
    })));
    // f64 into f32: to the nearest, with a notice.
    let notices = load(&mut narrow, &path).expect("read");
    assert_eq!(
        values(&narrow),
        exact
            .iter()
            .map(|x| f64::from(*x as f32))
            .collect::<Vec<_>>()
    );
    let [notice] = &notices[..] else {
        panic!("{notices:?}")
    };
    for part in ["net.safetensors", "f64", "rounded to f32", "and 4 more"] {
        assert!(notice.contains(part), "{notice}");
    }
    let mut wide = net::<f64>();
    assert!(load(&mut wide, &path).expect("read").is_empty());
    assert_eq!(values(&wide), exact);
    // Narrow types are exact in a wide one.
    let halves = |x: f64| half::f16::from_f64(x).to_le_bytes().to_vec();
    let brains = |x: f64| half::bf16::from_f64(x).to_le_bytes().to_vec();
    let path = scratch.file(&bytes_of(&raw(&source, Dtype::F16, halves)));
    assert!(load(&mut narrow, &path).expect("read").is_empty());
    let rounded: Vec<f64> = exact
        .iter()
        .map(|x| half::f16::from_f64(*x).to_f64())
        .collect();
    assert_eq!(values(&narrow), rounded);
    let path = scratch.file(&bytes_of(&raw(&source, Dtype::BF16, brains)));
    assert!(load(&mut narrow, &path).expect("read").is_empty());
    let rounded: Vec<f64> = exact
        .iter()
        .map(|x| half::bf16::from_f64(*x).to_f64())
        .collect();
    assert_eq!(values(&narrow), rounded);
}

#[test]
fn a_wrong_type_is_named_beside_those_that_are_read() {
    let mut tensors = raw(&net::<f32>(), Dtype::F32, f32s);
    tensors[0].2 = Dtype::I32;
    let said = Scratch::new().refused(&tensors);
    assert!(
        said.contains("`0.weight_ih_l0` is of type I32, and F32, F64, F16 or BF16 is expected"),
        "{said}"
    );
}

#[test]
fn a_wrong_name_is_named_beside_the_nearest() {
    let mut tensors = raw(&net::<f32>(), Dtype::F32, f32s);
    for (name, ..) in &mut tensors {
        *name = name.replace("0.", "rnn.").replace("1.", "readout.");
    }
    let said = Scratch::new().refused(&tensors);
    for part in [
        "`0.weight_ih_l0` of shape [2, 3] is missing; is it `rnn.weight_ih_l0`, [2, 3]?",
        "`0.weight_hh_l0` of shape [2, 2] is missing; is it `rnn.weight_hh_l0`, [2, 2]?",
        "`1.weight` of shape [2, 2] is missing; is it `readout.weight`, [2, 2]?",
        "`rnn.bias_ih_l0`, F32 [2], is not a tensor of this network",
    ] {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
}

#[test]
fn one_tensor_too_many_is_named() {
    let mut tensors = raw(&net::<f32>(), Dtype::F32, f32s);
    tensors.push(("optimizer.m".to_owned(), vec![3], Dtype::F32, vec![0; 12]));
    let said = Scratch::new().refused(&tensors);
    assert!(
        said.contains("`optimizer.m`, F32 [3], is not a tensor of this network"),
        "{said}"
    );
    assert!(!said.contains("missing"), "{said}");
}

/// PyTorch's `RNN` has two biases where only their sum counts, and this cell one.
#[test]
fn the_second_bias_of_pytorch_is_not_left_out() {
    let mut tensors = raw(&net::<f32>(), Dtype::F32, f32s);
    tensors.push(("0.bias_hh_l0".to_owned(), vec![2], Dtype::F32, vec![0; 8]));
    let said = Scratch::new().refused(&tensors);
    let part = "`0.bias_hh_l0`, F32 [2], is not a tensor of this network, which has one bias: store the sum \
        of both as `0.bias_ih_l0`";
    assert!(said.contains(part), "{said}");
}

#[test]
fn a_transposed_weight_is_taken_for_one() {
    let mut tensors = raw(&net::<f32>(), Dtype::F32, f32s);
    tensors[0].1.reverse();
    let said = Scratch::new().refused(&tensors);
    let part = "`0.weight_ih_l0` has shape [3, 2], and [2, 3] is expected: is it transposed?";
    assert!(said.contains(part), "{said}");
    tensors[0].1 = vec![6];
    let said = Scratch::new().refused(&tensors);
    assert!(
        said.contains("shape [6], and [2, 3]") && !said.contains("transposed"),
        "{said}"
    );
}

#[test]
fn numbers_that_are_not_finite_are_counted_and_the_first_is_named() {
    let scratch = Scratch::new();
    let mut tensors = raw(&net::<f32>(), Dtype::F32, f32s);
    tensors[0].3[4 * 4..4 * 5].copy_from_slice(&f32::NAN.to_le_bytes());
    tensors[1].3[..4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    let said = scratch.refused(&tensors);
    let part = "tensor `0.weight_ih_l0` is NaN at index [1, 1], the first of 2 values that are not finite in f32";
    assert!(said.contains(part), "{said}");
    // What f32 cannot hold is infinite there.
    let mut tensors = raw(&net::<f64>(), Dtype::F64, |x| x.to_le_bytes().to_vec());
    tensors[2].3[8..16].copy_from_slice(&1e300f64.to_le_bytes());
    let said = scratch.refused(&tensors);
    assert!(
        said.contains("1000000000000000") && said.contains("at index [1]"),
        "{said}"
    );
    let path = scratch.file(&bytes_of(&tensors));
    assert!(load(&mut net::<f64>(), &path).is_ok());
    // Nor are they written.
    let mut bad = net::<f32>();
    bad.cells_mut()[0].update(&mut |params| params.tensors_mut()[0].value[(0, 0)] = f32::INFINITY);
    let (config, classes) = (config(RNN), classes());
    let e = save(&bad, &path, &belonging(&config, 10.0, &classes)).expect_err("refused");
    assert!(
        e.to_string()
            .contains("`0.weight_ih_l0` is inf at index [0, 0]"),
        "{e}"
    );
}

#[test]
fn what_is_no_safetensors_is_named_and_its_sizes_are_checked_first() {
    let scratch = Scratch::new();
    let whole = bytes_of(&raw(&net::<f32>(), Dtype::F32, f32s));
    let long = |length: u64, rest: &[u8]| [&length.to_le_bytes()[..], rest].concat();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "it is empty"),
        (
            b"PK\x03\x04".iter().chain(&[0; 400]).copied().collect(),
            "zip archive, as `torch.save`",
        ),
        (
            b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9".to_vec(),
            "Python pickle",
        ),
        (b"\x89HDF\r\n\x1a\n----".to_vec(), "HDF5"),
        (
            b"version https://git-lfs.github.com/spec/v1\n".to_vec(),
            "Git LFS",
        ),
        (b"abc".to_vec(), "of 3 bytes"),
        (
            long(u64::MAX, b"{}"),
            "the header would take 18446744073709551615",
        ),
        (long(1 << 40, b"{}"), "the header would take 1099511627776"),
        (long(2, b"[]"), "is not a safetensors file"),
        (whole[..whole.len() - 1].to_vec(), "is truncated or corrupt"),
        ([&whole[..], b"!"].concat(), "is truncated or corrupt"),
        // A header that promises more than there is.
        (
            long(
                70,
                br#"{"0.bias":{"dtype":"F32","shape":[9000000000000000000],"data_offsets":[0,4]}}"#,
            ),
            "is not a safetensors file",
        ),
    ];
    for (bytes, part) in cases {
        let path = scratch.file(&bytes);
        let said = load(&mut net::<f32>(), &path).expect_err(part).to_string();
        assert!(
            said.contains(part) && said.contains("hint: "),
            "`{part}` is not in: {said}"
        );
        assert!(
            !said.contains("remove") && !said.contains("delete"),
            "{said}"
        );
    }
    let said = load(&mut net::<f32>(), scratch.0.path())
        .expect_err("a folder")
        .to_string();
    assert!(said.contains("is not a plain file"), "{said}");
    #[cfg(unix)]
    {
        let said = load(&mut net::<f32>(), Path::new("/dev/zero"))
            .expect_err("a device")
            .to_string();
        assert!(said.contains("is not a plain file"), "{said}");
    }
}
