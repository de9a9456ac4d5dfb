"""Networks: calls, states, gradients, files, hostile arguments."""

import copy
import gc
import multiprocessing
import pickle
import threading

import numpy as np
import pytest

import saturn_snn as saturn
from conftest import net, resident

LAYERS = [saturn.LIF, saturn.ALIF, saturn.CubaLIF, saturn.AdLIF, saturn.ResonateAndFire, saturn.LI, saturn.Linear]
LAYERS += [saturn.RNN, saturn.GRU, saturn.LSTM, saturn.InputGatedRNN, saturn.SurprisalRNN, saturn.WindowedAttention]
LAYERS += [saturn.SSM, saturn.LRU, saturn.SelectiveSSM, saturn.SpikingSSM, saturn.SSMBlock]


def counts(rng, shape):
    return (rng.random(shape) < 0.2).astype(np.float32)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
def test_every_layer_builds_and_its_stream_has_the_scores_of_its_sequence(layer, rng):
    own = net([layer()])
    x = counts(rng, (15, 20))
    y, _ = own(x)
    p = np.exp(y - y.max(axis=1, keepdims=True))
    p = p[:, :2] / p[:, :2].sum(axis=1, keepdims=True)
    stream = own.stream()
    steps = np.stack([stream.step(row) for row in x])
    np.testing.assert_allclose(steps, p, atol=2e-5)


def test_a_sequence_in_parts_has_the_scores_of_the_whole(small, rng):
    x = counts(rng, (60, 11, 20))
    whole, end = small(x)
    first, state = small(x[:23])
    second, last = small(x[23:], state)
    np.testing.assert_allclose(np.concatenate([first, second]), whole, atol=1e-5)
    for a, b in zip(end, last, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_results_have_the_same_bits_at_any_number_of_threads(small, rng):
    x = counts(rng, (50, 40, 20))
    before = saturn.threads()
    results = []
    for n in (1, 3):
        saturn.set_threads(n)
        assert saturn.threads() == n
        y, _, tape = small.record(x)
        gradients, dx = small.backward(tape, np.ones_like(y))
        results.append((small(x)[0].tobytes(), y.tobytes(), dx.tobytes(), *(g.tobytes() for g in gradients.values())))
    saturn.set_threads(before)
    assert results[0] == results[1]


def test_events_have_the_scores_of_the_dense_array(small, rng):
    x = counts(rng, (30, 3, 20)) * 2
    rows = x.reshape(-1, 20)
    channels = [np.flatnonzero(row) for row in rows]
    indptr = np.cumsum([0, *(len(c) for c in channels)])
    events = saturn.Events(indptr, np.concatenate(channels).astype(np.int32), rows[rows > 0], x.shape)
    assert events.shape == x.shape
    np.testing.assert_allclose(small(events)[0], small(x)[0], atol=1e-5)
    y, _, tape = small.record(events)
    sparse, dx = small.backward(tape, np.ones_like(y))
    assert dx is None
    y, _, tape = small.record(x)
    dense, _ = small.backward(tape, np.ones_like(y))
    for name, value in dense.items():
        np.testing.assert_allclose(sparse[name], value, atol=1e-3, err_msg=name)


def test_gradients_are_those_of_finite_differences(rng):
    own = net([saturn.RNN(5), saturn.SSMBlock(4, states=4)], precision="float64", channels=4)
    x = rng.normal(size=(9, 10, 4))
    weight = rng.normal(size=(9, 10, 2))
    y, _, tape = own.record(x)
    gradients, dx = own.backward(tape, weight)
    h = 1e-6

    def value(at):
        return float((own(at)[0] * weight).sum())

    for place in [(0, 0, 0), (4, 9, 3), (8, 2, 1)]:
        step = np.zeros_like(x)
        step[place] = h
        slope = (value(x + step) - value(x - step)) / (2 * h)
        assert abs(slope - dx[place]) < 1e-6
    parameters = own.state_dict()
    for name, tensor in parameters.items():
        place = tuple(size // 2 for size in tensor.shape)
        slopes = []
        for sign in (1, -1):
            moved = {key: value.copy() for key, value in parameters.items()}
            moved[name][place] += sign * h
            own.load_state_dict(moved)
            slopes.append(value(x))
        slope = (slopes[0] - slopes[1]) / (2 * h)
        assert abs(slope - gradients[name][place]) < 1e-5, name


def test_a_tape_keeps_the_parameters_of_its_pass(small, rng):
    x = counts(rng, (10, 2, 20))
    y, _, tape = small.record(x)
    expected, _ = small.backward(tape, np.ones_like(y))
    y, _, tape = small.record(x)
    small.load_state_dict({name: value * 0.5 for name, value in small.state_dict().items()})
    found, _ = small.backward(tape, np.ones_like(y))
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)


def test_saved_pickled_and_copied_networks_are_the_same(small, rng, tmp_path):
    x = counts(rng, (20, 3, 20))
    y, _ = small(x)
    small.save(tmp_path / "net.safetensors")
    for same in (
        saturn.load(tmp_path / "net.safetensors"),
        pickle.loads(pickle.dumps(small)),
        copy.deepcopy(small),
        small.copy(),
    ):
        np.testing.assert_array_equal(same(x)[0], y)
        assert same.classes == small.classes
        assert same.config == small.config
    double = net(precision="float64")
    back = pickle.loads(pickle.dumps(double))
    assert back.precision == "float64"
    np.testing.assert_array_equal(back(x.astype(float))[0], double(x.astype(float))[0])


def test_a_copy_has_parameters_of_its_own(small):
    other = small.copy()
    other.load_state_dict({name: value + 1 for name, value in other.state_dict().items()})
    for name, value in small.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], value + 1)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.zeros((5, 2, 20)), "float64, and the network computes in float32"),
        (np.zeros((5, 2, 20), dtype=np.int32), "int32"),
        (np.zeros((5, 2, 19), dtype=np.float32), "19 channels where the network has 20"),
        (np.zeros((5, 0, 20), dtype=np.float32), "0 lanes"),
        (np.zeros(20, dtype=np.float32), "1 axes"),
        (np.zeros((1, 5, 2, 20), dtype=np.float32), "4 axes"),
        (np.full((5, 2, 20), np.nan, dtype=np.float32), "NaN"),
        (np.full((5, 2, 20), np.inf, dtype=np.float32), "infinite"),
        ("words", "<U5"),
        (None, "object"),
    ],
)
def test_wrong_inputs_are_errors_that_name_what_is_wrong(small, x, text):
    with pytest.raises(saturn.InputError, match=text.replace("(", r"\(")):
        small(x)


def test_strided_and_fortran_arrays_are_read_right(small, rng):
    x = counts(rng, (30, 4, 20))
    y, _ = small(x)
    np.testing.assert_array_equal(small(np.asfortranarray(x))[0], y)
    double = np.repeat(x, 2, axis=1)
    np.testing.assert_array_equal(small(double[:, ::2])[0], y)
    assert not double[:, ::2].flags.c_contiguous


def test_empty_sequences_leave_the_state(small):
    state = [value + 0.5 for value in small.initial_state(3)]
    y, same = small(np.zeros((0, 3, 20), dtype=np.float32), state)
    assert y.shape == (0, 3, 2)
    for a, b in zip(state, same, strict=True):
        np.testing.assert_array_equal(a, b)


def test_wrong_states_parameters_and_gradients_are_errors(small, rng):
    x = counts(rng, (5, 2, 20))
    with pytest.raises(saturn.InputError, match="states are not those"):
        small(x, small.initial_state(3))
    with pytest.raises(saturn.InputError, match="not finite"):
        small(x, [value * np.nan for value in small.initial_state(2)])
    with pytest.raises(saturn.InputError, match="no array of f32"):
        small(x, [value.astype(float) for value in small.initial_state(2)])
    tensors = small.state_dict()
    name = next(iter(tensors))
    with pytest.raises(saturn.InputError, match="is missing"):
        small.load_state_dict({key: value for key, value in tensors.items() if key != name})
    with pytest.raises(saturn.InputError, match="is no parameter"):
        small.load_state_dict({**tensors, "extra": np.zeros(1)})
    with pytest.raises(saturn.InputError, match="shape"):
        small.load_state_dict({**tensors, name: np.zeros((1, 1))})
    with pytest.raises(saturn.InputError, match="not finite"):
        small.load_state_dict({**tensors, name: tensors[name] * np.nan})
    y, _, tape = small.record(x)
    with pytest.raises(saturn.InputError, match="dy has shape"):
        small.backward(tape, y[:-1])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"layers": [{"liff": {}}]}, "unknown variant `liff`"),
        ({"layers": [{"lif": {"hiden": 3}}]}, "unknown field `hiden`"),
        ({"layers": [saturn.LIF(-1)]}, "invalid value"),
        ({"layers": [saturn.LIF(4, threshold=-1.0)]}, "threshold"),
        ({"layers": [saturn.LIF(10**12)]}, "memory|large|many"),
        ({"dt_ms": 0.0}, "dt_ms"),
        ({"dt_ms": float("nan")}, "dt_ms"),
        ({"classes": 0}, "at least one class"),
        ({"channels": 0}, "at least one input channel"),
        ({"precision": "float16"}, "float16"),
    ],
)
def test_wrong_settings_are_errors(settings, text):
    with pytest.raises((saturn.InputError, saturn.SaturnError), match=text):
        net(**settings)


def test_wrong_events_are_errors():
    def events(indptr, channels, shape=(2, 1, 5), count=1.0):
        return saturn.Events(
            np.array(indptr), np.array(channels, dtype=np.int32), np.full(len(channels), count, np.float32), shape
        )

    events([0, 1, 2], [4, 0])
    for indptr, channels, text in [
        ([0, 1], [0], "T \\* B"),
        ([0, 2, 1], [0, 1], "row 1|ends at"),
        ([0, 1, 3], [0, 1], "2 events"),
        ([1, 1, 2], [0, 1], "row 0"),
        ([0, 2, 2], [1, 0], "out of order"),
        ([0, 2, 2], [1, 1], "out of order"),
        ([0, 1, 2], [5, 0], "out of range"),
        ([0, 1, 2], [-1, 0], "out of range"),
        ([0, 0, 1], [0, 1], "ends at"),
    ]:
        with pytest.raises(saturn.InputError, match=text):
            events(indptr, channels)
    with pytest.raises(saturn.InputError, match="not finite"):
        events([0, 1, 2], [0, 0], count=np.inf)
    with pytest.raises(saturn.InputError, match="at most"):
        events([0, 1, 2], [0, 0], shape=(2**40, 2**40, 5))


def test_pushed_events_have_the_decisions_of_their_steps(small):
    events = [(3_000, 4), (3_500, 4), (9_999, 1), (10_000, 7), (41_000, 2), (41_000, 0), (95_000, 3)]
    stream, plain = small.stream(threshold=0.5, window=1, hold=1), small.stream()
    pushed = [decision for event in events for decision in stream.push(*event)]
    assert [decision.step for decision in pushed] == list(range(9))
    steps = {0: [(1, 1.0), (4, 2.0)], 1: [(7, 1.0)], 4: [(0, 1.0), (2, 1.0)]}
    for decision in pushed:
        p = plain.step(steps.get(decision.step, []))
        assert decision.label == small.classes[int(np.argmax(p))]
        assert decision.score == pytest.approx(float(p.max()))
    assert stream.push(1_000, 3) == [] and stream.late == 1
    for bad in [(-1, 0), (2**62, 0), (100_000, 20)]:
        with pytest.raises(saturn.InputError):
            stream.push(*bad)


def test_a_stream_resumes_to_the_same_bits(small, rng):
    x = counts(rng, (40, 20))
    whole = small.stream()
    expected = [whole.step(row) for row in x]
    first, second = small.stream(), small.stream()
    for row in x[:17]:
        first.step(row)
    second.restore(first.state())
    np.testing.assert_array_equal([second.step(row) for row in x[17:]], expected[17:])
    with pytest.raises(saturn.InputError, match="another network"):
        net([saturn.RNN(3)]).stream().restore(first.state())


def test_threads_may_call_one_network(small, rng):
    x = counts(rng, (200, 16, 20))
    expected = small(x)[0].tobytes()
    wrong = []

    def work():
        for _ in range(20):
            if small(x)[0].tobytes() != expected:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def _call(own, x, results):
    results.put(own(x)[0].tobytes())


def test_a_forked_process_computes(small, rng):
    x = counts(rng, (50, 24, 20))
    expected = small(x)[0].tobytes()
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_call, args=(small, x, results))
    child.start()
    assert results.get(timeout=60) == expected
    child.join(timeout=60)
    assert child.exitcode == 0


def test_memory_does_not_grow_with_calls(small, rng):
    x = counts(rng, (2, 1, 20))
    dy = np.ones((2, 1, 2), dtype=np.float32)

    def calls(n):
        stream = small.stream()
        for i in range(n):
            small(x)
            _, _, tape = small.record(x)
            small.backward(tape, dy)
            stream.push(1000 * i, i % 20)
        gc.collect()

    calls(2_000)
    before = resident()
    calls(25_000)  # 100,000 calls
    assert resident() - before < 8 << 20


def test_a_surrogate_without_its_width_is_an_error():
    with pytest.raises(saturn.InputError, match=r"layers\[0\]\.lif: give the surrogate with its width: .\"atan\": 2"):
        net([saturn.LIF(4, surrogate="atan")])
    assert net([saturn.LIF(4, surrogate={"atan": 2})]).config["layers"][0]["lif"]["surrogate"] == {"atan": 2.0}


def test_time_passes_without_events(small):
    one, two = small.stream(), small.stream()
    for stream in (one, two):
        assert stream.push(1_000, 3) == []
    later = two.push(95_000, 4)
    passed = one.advance(45_000) + one.advance(95_000)
    assert [(d.step, d.label, d.score) for d in passed] == [(d.step, d.label, d.score) for d in later]
    assert [d.step for d in passed] == list(range(9))
    assert one.advance(20_000) == [] and one.late == 0
    with pytest.raises(saturn.InputError, match="at most 1000000 are run at once"):
        one.push(10**12, 3)
    with pytest.raises(saturn.InputError, match="expected one event"):
        one.push(np.arange(10_000), np.arange(10_000))
