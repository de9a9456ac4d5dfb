"""Wrong and odd arguments: each is an error that names its place, or has the result of the plain one; none crashes."""

import copy
import gc
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

import saturn_snn as saturn
from conftest import net, resident
from saturn_snn._command import command

PAIRS = [(np.array([1_000]), np.array([0]))] * 4
CLASSES = [0, 0, 1, 1]
HUGE = 2**62


def of_pair(first, **settings):
    return saturn.Dataset.from_events([first, *PAIRS[1:]], CLASSES, **{"channels": 2, **settings})


def of_events(**settings):
    return of_pair(PAIRS[0], **settings)


def of_dense(first, **settings):
    return saturn.Dataset.from_dense([first, *[np.zeros((5, 3))] * 3], CLASSES, **settings)


def lif(**settings):
    return saturn.Network([saturn.LIF(4)], **{"channels": 4, "classes": 2, **settings})


def events(indptr, shape, channels=()):
    channels = np.array(channels, dtype=np.int32)
    return saturn.Events(np.array(indptr), channels, np.ones(len(channels), np.float32), shape)


@pytest.fixture(scope="module")
def own():
    return net()


@pytest.fixture(scope="module")
def x():
    return (np.random.default_rng(4).random((5, 2, 20)) < 0.2).astype(np.float32)


#: Calls with the network `own`, the input `x` and the data set `words`, and the text of their error.
WRONG = {
    # Sizes that have no room.
    "data of 2**62 channels": (lambda own, x, words: of_events(channels=HUGE), "channels: .*out of range"),
    "data of 2**64 channels": (lambda own, x, words: of_events(channels=2**64), "channels: .*out of range"),
    "data of -1 channels": (lambda own, x, words: of_events(channels=-1), "channels: .*out of range"),
    "frames of no channels": (lambda own, x, words: saturn.Dataset.from_dense(np.zeros((4, 5, 0)), CLASSES), "channels"),
    "a folder of 2**62 channels": (lambda own, x, words: saturn.Dataset.from_hdf5(".", channels=HUGE), "channels"),
    "a class 2**62": (
        lambda own, x, words: saturn.Dataset.from_events(PAIRS, [0, 0, HUGE, HUGE], channels=2),
        "out of range",
    ),
    "a sample of years": (lambda own, x, words: of_pair((np.array([1e18]), np.array([0]))), "time"),
    "steps of 1e-12 ms": (lambda own, x, words: of_events(dt_ms=1e-12), "dt_ms"),
    "a gap of 2**62 steps": (lambda own, x, words: of_events(gap=((1, HUGE), "noise")), "gap"),
    "a network of 2**62 channels": (lambda own, x, words: lif(channels=HUGE), "memory"),
    "2**40 units": (lambda own, x, words: net([saturn.GRU(2**40)]), "memory"),
    "2**64 units": (lambda own, x, words: net([saturn.LRU(2**64)]), "invalid type"),
    "2**62 classes": (lambda own, x, words: lif(classes=HUGE), "classes: .*out of range"),
    "2**62 extra outputs": (lambda own, x, words: lif(extra_outputs=HUGE), "extra_outputs"),
    "2**64 - 1 extra outputs": (lambda own, x, words: lif(extra_outputs=2**64 - 1), "extra_outputs"),
    "no lanes": (lambda own, x, words: own(np.zeros((5, 0, 20), np.float32)), "at least one lane"),
    "no channels": (lambda own, x, words: own(np.zeros((5, 2, 0), np.float32)), "0 channels"),
    "2**50 lanes of no steps": (lambda own, x, words: own(np.zeros((0, 2**50, 20), np.float32)), "memory"),
    "a record of no steps": (lambda own, x, words: own.record(np.zeros((0, 2, 20), np.float32)), "no steps"),
    "events of 2**62 lanes": (lambda own, x, words: events([0], (0, HUGE, 20)), "at most"),
    "events of 2**63 channels": (lambda own, x, words: events([0, 0], (1, 1, 2**63)), "at most"),
    "events of -1 steps": (lambda own, x, words: events([0, 0], (-1, 1, 5)), "shape"),
    "scores without room": (
        lambda own, x, words: lif(extra_outputs=1_000_000)(np.zeros((10_000, 4_000, 4), np.float32)),
        "memory",
    ),
    "initial states of 2**62 lanes": (lambda own, x, words: own.initial_state(HUGE), "memory"),
    "initial states of 2**40 lanes": (lambda own, x, words: own.initial_state(2**40), "memory"),
    "initial states of -1 lanes": (lambda own, x, words: own.initial_state(-1), "lanes"),
    "training of 2**62 lanes": (lambda own, x, words: saturn.train(own, words, lanes=HUGE), "lanes"),
    "training of 2**40 samples": (lambda own, x, words: saturn.train(own, words, samples=2**40), "samples"),
    "an evaluation of 2**64 steps": (lambda own, x, words: saturn.evaluate(own, words, steps=2**64), "steps"),
    "an evaluation of 2**62 windows": (lambda own, x, words: saturn.evaluate(own, words, windows=HUGE), "windows"),
    "an analysis of 2**62 steps": (lambda own, x, words: saturn.analyse(own, words, steps=HUGE), "steps"),
    "a detector of 2**62 steps": (lambda own, x, words: own.stream(window=HUGE), "window"),
    "2**70 threads": (lambda own, x, words: saturn.set_threads(2**70), "out of range"),
    # Arrays.
    "bytes in the other order": (lambda own, x, words: own(x.astype(">f4")), ">f4"),
    "a number": (lambda own, x, words: own(np.float32(3)), "0 axes"),
    "objects": (lambda own, x, words: own(x.astype(object)), "object"),
    "a list": (lambda own, x, words: own(x.tolist()), "float64"),
    "a ragged list": (lambda own, x, words: own([[1.0], [1.0, 2.0]]), "x: is no array"),
    "masked values": (lambda own, x, words: own(np.ma.masked_array(x, mask=x > 0)), "masked"),
    "masked frames": (lambda own, x, words: of_dense(np.ma.masked_array(np.ones((5, 3)), mask=np.eye(5, 3))), "masked"),
    "masked times": (lambda own, x, words: of_pair((np.ma.masked_array([1], mask=[True]), [0])), "masked"),
    "states that are a number": (lambda own, x, words: own(x, 5), "state"),
    "states that are None": (lambda own, x, words: own(x, [None] * 3), "state"),
    "states in the other order": (lambda own, x, words: own(x, [s.astype(">f4") for s in own.initial_state(2)]), "state"),
    "too few states": (lambda own, x, words: own(x, own.initial_state(2)[:1]), "states are not those"),
    "parameters that are None": (lambda own, x, words: own.load_state_dict(None), "mapping"),
    "parameters of text": (lambda own, x, words: own.load_state_dict(dict.fromkeys(own.state_dict(), "a")), "<U1"),
    "complex parameters": (lambda own, x, words: own.load_state_dict(dict.fromkeys(own.state_dict(), 1j)), "complex"),
    "parameters above float32": (
        lambda own, x, words: own.load_state_dict({k: v * 0 + 1e300 for k, v in wide(own).items()}),
        "not finite",
    ),
    "a gradient of text": (lambda own, x, words: own.backward(own.record(x)[2], "a"), "dy"),
    "a gradient of NaN": (lambda own, x, words: own.backward(own.record(x)[2], np.full((5, 2, 2), np.nan)), "NaN"),
    "no tape": (lambda own, x, words: own.backward(None, x), "tape"),
    "events in lists": (lambda own, x, words: saturn.Events([0, 1], [1], [1.0], (1, 1, 5)), "indptr: .*int64"),
    "complex times": (lambda own, x, words: of_pair((np.array([1j]), np.array([0]))), "complex"),
    "dates": (lambda own, x, words: of_pair((np.array(["2020-01-01"], dtype="M8[s]"), np.array([0]))), "datetime"),
    "times of text": (lambda own, x, words: of_pair((np.array(["a"]), np.array([0]))), "<U1"),
    "NaN in frames": (lambda own, x, words: of_dense(np.full((5, 3), np.nan)), "NaN"),
    "frames above float32": (lambda own, x, words: of_dense(np.full((5, 3), 1e300)), "inf"),
    "complex frames": (lambda own, x, words: of_dense(np.full((5, 3), 1j)), "complex"),
    "frames of objects": (lambda own, x, words: of_dense(np.full((5, 3), None)), "object"),
    "no samples": (lambda own, x, words: saturn.Dataset.from_dense([], []), "no samples"),
    # Settings.
    "samples that are a number": (lambda own, x, words: saturn.Dataset.from_events(3, [0], channels=2), "list"),
    "labels that are None": (lambda own, x, words: saturn.Dataset.from_events(PAIRS, None, channels=2), "labels"),
    "valid of three": (lambda own, x, words: of_events(valid=(1, 2, 3)), "valid"),
    "channels 1.5": (lambda own, x, words: of_events(channels=1.5), "channels: .*whole"),
    "channels of text": (lambda own, x, words: of_events(channels="3"), "channels: .*whole"),
    "dt_ms of text": (lambda own, x, words: of_events(dt_ms="10"), "dt_ms"),
    "a gap that is a number": (lambda own, x, words: of_events(gap=5), "gap"),
    "noise of NaN": (lambda own, x, words: of_events(gap=((1, 2), {"noise": float("nan")})), "not finite"),
    "a set": (lambda own, x, words: saturn.Dataset.synthetic(classes={1}), "classes"),
    "layers that are None": (lambda own, x, words: lif_of(None), "layers"),
    "a layer that is a number": (lambda own, x, words: lif_of([5]), r"layers\[0\]"),
    "a layer that was not called": (lambda own, x, words: lif_of([saturn.LIF]), "call it"),
    "layers that are a name": (lambda own, x, words: lif_of("lif"), "layers"),
    "NaN in a layer": (lambda own, x, words: lif_of([saturn.LIF(4, threshold=float("nan"))]), "threshold.*not finite"),
    "a seed of -1": (lambda own, x, words: lif(seed=-1), "seed"),
    "lr of NaN": (lambda own, x, words: saturn.train(own, words, lr=float("nan")), "train.lr.*not finite"),
    "lr of text": (lambda own, x, words: saturn.train(own, words, lr="a"), "f64"),
    "a loss that is a number": (lambda own, x, words: saturn.train(own, words, loss=5), "loss"),
    "a regime that is a number": (lambda own, x, words: saturn.train(own, words, regime=5), "regime"),
    "a callback that is a number": (lambda own, x, words: saturn.train(own, words, callback=5), "callback"),
    "training of None": (lambda own, x, words: saturn.train(None, words), "net"),
    "training on None": (lambda own, x, words: saturn.train(own, None), "data"),
    "an evaluation of None": (lambda own, x, words: saturn.evaluate(None, words), "path|Network"),
    "an analysis of None": (lambda own, x, words: saturn.analyse(None, words), "Network"),
    "a repair of None": (lambda own, x, words: saturn.retrofit(None, words), "net"),
    "an instrument that is a number": (lambda own, x, words: saturn.evaluate(own, words, instruments=[5]), "instruments"),
    "a policy that is a number": (lambda own, x, words: saturn.evaluate(own, words, state_reset=5), "state_reset"),
    "an unknown option": (lambda own, x, words: own.export("n.c", "c", colour="red"), "argument 'colour' found$"),
    "no command": (lambda own, x, words: command([]), "Usage"),
    # Streams.
    "a step of too few": (lambda own, x, words: own.stream().step(np.zeros(3, np.float32)), "3 values"),
    "a step of strides": (lambda own, x, words: own.stream().step(np.zeros(40, np.float32)[::2]), "contiguous"),
    "a channel of -1": (lambda own, x, words: own.stream().step([(-1, 1.0)]), "x"),
    "a count of NaN": (lambda own, x, words: own.stream().step([(1, float("nan"))]), "not finite"),
    "a time of 2**63": (lambda own, x, words: own.stream().push(2**63, 1), "t_us"),
    "a time of text": (lambda own, x, words: own.stream().push("a", 1), "t_us"),
    "a pushed channel of -1": (lambda own, x, words: own.stream().push(1, -1), "channel"),
    "no state": (lambda own, x, words: own.stream().restore(None), "state"),
    "a state of -1 steps": (lambda own, x, words: own.stream().restore((-1, [])), "state"),
    "a state of NaN": (lambda own, x, words: own.stream().restore(spoilt(own, np.nan)), "NaN"),
    "a state above float32": (lambda own, x, words: own.stream().restore(spoilt(own, 1e300)), "NaN|infinite"),
}


def lif_of(layers):
    return saturn.Network(layers, channels=4, classes=2)


def wide(own):
    return {name: value.astype(float) for name, value in own.state_dict().items()}


def spoilt(own, value):
    steps, cells = own.stream().state()
    return steps, [np.full_like(cell, value) for cell in cells]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_an_error_that_names_it(name, own, x, words, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    call, text = WRONG[name]
    with pytest.raises(saturn.InputError, match=text):
        call(own, x, words)
    # Neither a panic nor a warning was printed.
    assert capfd.readouterr().err == ""


def test_odd_arrays_have_the_scores_of_plain_ones(own, x, tmp_path):
    class Sub(np.ndarray):
        pass

    y, state = own(x)
    frozen = x.copy()
    frozen.setflags(write=False)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = np.asmatrix(x[:, 0])
    for same in (frozen, mapped, x.view(Sub), np.ma.masked_array(x), memoryview(x), x[::1]):
        np.testing.assert_array_equal(own(same)[0], y)
        _, _, tape = own.record(same)
        np.testing.assert_array_equal(own.backward(tape, y)[1], own.backward(own.record(x)[2], y)[1])
    np.testing.assert_allclose(own(matrix)[0], y[:, 0], atol=1e-6)
    for value in state:
        value.setflags(write=False)
    assert own(x, state)[0].shape == y.shape
    swapped = {name: value.astype(">f8") for name, value in own.state_dict().items()}
    other = own.copy()
    other.load_state_dict(swapped)
    np.testing.assert_array_equal(other(x)[0], y)
    assert saturn.Network([saturn.LIF(np.int64(4))], channels=np.int64(4), classes=np.int64(2)).channels == 4


def test_paths_may_be_bytes_relative_and_not_utf8_but_have_no_nul(own, x, words, tmp_path, monkeypatch):
    y, _ = own(x)
    names = [b"n\xff\xfe", "netz", Path("path")]
    for name in names:
        path = os.fsencode(tmp_path / os.fsdecode(name)) + b".safetensors"
        own.save(path)
        np.testing.assert_array_equal(saturn.load(path)(x)[0], y)
        np.testing.assert_array_equal(saturn.load(os.fsdecode(path))(x)[0], y)
        out = path.replace(b".safetensors", b".onnx")
        own.export(out, "onnx")
        assert os.path.isfile(out)
    scenario = os.fsencode(tmp_path) + b"/s\xff.yaml"
    with pytest.raises(saturn.InputError, match="does not exist|cannot be read|no such"):
        saturn.run(scenario)
    folder = tmp_path / "a"
    folder.mkdir()
    monkeypatch.chdir(folder)
    own.save("here.safetensors")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(saturn.load("a/here.safetensors")(x)[0], y)
    calls = [own.save, saturn.load, saturn.run, saturn.Result, lambda p: own.export(p, "onnx")]
    calls += [lambda p: saturn.Dataset.from_hdf5(p, channels=4), lambda p: saturn.evaluate(own, p)]
    for call in calls:
        for path in ("a\0b", ""):
            with pytest.raises((saturn.InputError, saturn.SaturnError)):
                call(path)


def test_a_tape_serves_twice_and_keeps_its_network_and_input(x):
    own = net()
    y, state, tape = own.record(x.copy())
    first = own.backward(tape, y)
    del own, state
    gc.collect()
    again = tape.backward(y)
    np.testing.assert_array_equal(again[1], first[1])
    for name, value in first[0].items():
        np.testing.assert_array_equal(again[0][name], value)
    own, given = net(), x.copy()
    tape = own.record(given)[2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given.shape = (2, 5, 20)
    with pytest.raises(saturn.InputError, match="shape of x"):
        own.backward(tape, y)


def test_a_stream_outlives_its_network(x):
    own = net()
    stream = own.stream()
    expected = [own.stream().step(row) for row in x[:1, 0]]
    del own
    gc.collect()
    np.testing.assert_array_equal([stream.step(row) for row in x[:1, 0]], expected)


def test_training_that_diverges_is_an_error_and_leaves_the_network(words):
    own = net()
    before = own.state_dict()
    for epochs in (1, 2):
        with pytest.raises(saturn.SaturnError, match="lower `lr`"):
            saturn.train(own, words, epochs=epochs, lr=1e300)
    for name, value in own.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_results_are_pickled_and_what_cannot_be_says_so(own, x, words):
    repair = saturn.retrofit(own, words, steps=2, evaluate_steps=2_000)
    analysis = saturn.analyse(net([saturn.GRU(3)]), steps=100, starts=1, exponents=1)
    for one in (repair.history, repair.after, analysis, saturn.LIF(3), saturn.InputError("a")):
        assert repr(pickle.loads(pickle.dumps(one))) == repr(one)
    back = pickle.loads(pickle.dumps(repair))
    np.testing.assert_array_equal(back.network(x)[0], repair.network(x)[0])
    assert back.after.found == repair.after.found
    for one, text in [
        (words, "make it in each process"),
        (own.stream(), "restore it there"),
        (own.record(x)[2], "cannot pickle"),
        (events([0, 0], (1, 1, 5)), "cannot pickle"),
    ]:
        with pytest.raises(TypeError, match=text):
            pickle.dumps(one)
    assert copy.deepcopy(words) is words
    assert np.isnan(saturn.evaluate(own, words, steps=100, lanes=16).summed)


def test_errors_leave_no_memory(own, x):
    bad = np.full((5, 2, 20), np.nan, np.float32)
    states, tensors = own.initial_state(3), {"extra": np.zeros(1)}
    stream = own.stream()
    _, _, tape = own.record(x)

    def calls(n):
        for _ in range(n):
            for call in (
                lambda: own(bad),
                lambda: own(x, states),
                lambda: own.record(bad),
                lambda: own.backward(tape, x),
                lambda: own.load_state_dict(tensors),
                lambda: stream.step([(99, 1.0)]),
                lambda: stream.push(-1, 0),
                lambda: lif(dt_ms=0.0),
                lambda: events([0, 1, 2], (2, 1, 5), [5, 0]),
                lambda: of_events(channels=0),
            ):
                with pytest.raises(saturn.InputError):
                    call()
        gc.collect()

    calls(300)
    before = resident()
    calls(1_000)  # 10,000 errors
    assert resident() - before < 8 << 20
