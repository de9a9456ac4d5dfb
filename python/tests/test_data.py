"""Data sets, training, evaluation, analysis, repair."""

import builtins
import json
import sys

import numpy as np
import pytest

import saturn_snn as saturn
from conftest import net


def recordings(rng, n=12, channels=6):
    """Two classes: events on low channels first, or on high ones."""
    samples, labels = [], []
    for i in range(n):
        label = i % 2
        t = np.sort(rng.integers(0, 300_000, 40))
        low = (t < 150_000) == (label == 0)
        samples.append((t, rng.integers(0, 3, 40) + np.where(low, 0, 3)))
        labels.append(label)
    return samples, labels


def test_events_structured_arrays_and_units_give_the_same_results(rng):
    samples, labels = recordings(rng)
    structured = []
    for t, channel in samples:
        one = np.zeros(len(t), dtype=[("t", "<i8"), ("x", "<i2"), ("p", "?")])
        one["t"], one["x"], one["p"] = t, channel, True
        structured.append(one)
    planar = []
    for t, channel in samples:
        one = np.zeros(len(t), dtype=[("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "i1")])
        one["t"], one["x"], one["y"] = t, channel % 3, channel // 3
        planar.append(one)
    seconds = [(t / 1e6, channel) for t, channel in samples]
    keys = {"labels": labels, "channels": 6, "valid": 0.5, "gap": ((2, 4), "silence")}
    made = [
        saturn.Dataset.from_events(samples, **keys),
        saturn.Dataset.from_events(structured, **keys),
        saturn.Dataset.from_events(planar, **keys, sensor_size=(3, 2, 1)),
        saturn.Dataset.from_events(seconds, **keys, unit="s"),
    ]
    own = net(channels=6)
    found = [saturn.evaluate(own, data, steps=2_000, lanes=4).found["none"]["summed"] for data in made]
    assert all(one == found[0] for one in found)
    assert made[0].samples == {"train": 6, "valid": 6, "test": 0}


def test_wrong_recordings_are_errors(rng):
    samples, labels = recordings(rng)
    make = saturn.Dataset.from_events
    t, channel = samples[0]
    planar = np.zeros(3, dtype=[("t", "<i8"), ("x", "<i2"), ("y", "<i2")])
    for first, text in [
        ((t[::-1], channel), "order|ascending|before"),
        ((t, channel + 10), "channel|unit"),
        ((t, channel[:-1]), "shape"),
        ((t, channel.astype(float)), "float64"),
        ((t - 10**6, channel), "negative|before|time"),
        ((np.where(t == t[3], np.nan, t), channel), "NaN|finite|time"),
        (planar, "sensor_size"),
        (7, "pair"),
    ]:
        with pytest.raises(saturn.InputError, match=text):
            make([first, *samples[1:]], labels, channels=6, valid=0.5)
    for keys, text in [
        ({"labels": labels[:-1]}, "12 samples and 11 labels"),
        ({"labels": [-1, *labels[1:]]}, "negative|one sample"),
        ({"labels": [float(label) for label in labels]}, "float64"),
        ({"valid": 1.5}, "share"),
        ({"unit": "hours"}, "hours"),
        ({"dt_ms": 0}, "dt_ms"),
        ({"gap": ((5, 2), "noise")}, "shortest"),
        ({"gap": ((2, 5), "music")}, "music"),
        ({"classes": ["one"]}, "1 names for 2 classes"),
        ({"sensor_size": (2, 2, 2)}, "sensor_size"),
    ]:
        with pytest.raises(saturn.InputError, match=text):
            make(samples, **{"labels": labels, "channels": 6, "valid": 0.5, **keys})


def test_dense_arrays_train(rng):
    labels = np.arange(24) % 2
    x = rng.normal(size=(24, 15, 3)).astype(np.float32) + labels[:, None, None] * 2
    data = saturn.Dataset.from_dense(x, labels, valid=0.25, gap=None, classes=["low", "high"])
    own = saturn.Network([saturn.GRU(8)], channels=3, classes=data.classes)
    history = saturn.train(own, data, epochs=15, loss="cross_entropy", streams="single")
    assert history.epochs[history.kept_epoch - 1]["validation"]["summed"] == 1.0
    with pytest.raises(saturn.InputError, match="axes"):
        saturn.Dataset.from_dense([np.zeros(4)] * 4, [0, 0, 1, 1])
    with pytest.raises(saturn.InputError, match="channels"):
        saturn.Dataset.from_dense([np.zeros((4, 2)), np.zeros((4, 3))] * 4, [0, 1] * 4, gap=None)


def test_training_is_the_same_at_any_number_of_threads_and_can_be_stopped(words):
    before = saturn.threads()
    tensors = []
    for n in (1, 2):
        saturn.set_threads(n)
        own = net()
        saturn.train(own, words, epochs=2, seed=4)
        tensors.append({name: value.tobytes() for name, value in own.state_dict().items()})
    saturn.set_threads(before)
    assert tensors[0] == tensors[1]
    seen = []

    def stop(record):
        seen.append(record["epoch"])
        return record["epoch"] < 2

    history = saturn.train(net(), words, epochs=9, callback=stop)
    assert seen == [1, 2] and history.kept_epoch == 2
    assert list(history.table()["epoch"]) == [1, 2]


def test_an_error_in_a_callback_is_raised_and_leaves_the_network(words):
    own = net()
    before = own.state_dict()

    def fail(record):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        saturn.train(own, words, epochs=3, callback=fail)
    for name, value in own.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"lr": -1.0}, "lr"),
        ({"epochs": 0}, "epochs"),
        ({"lanes": 0}, "lanes"),
        ({"samples": 0}, "samples"),
        ({"loss": "hinge"}, "hinge"),
        ({"streams": "endless"}, "endless"),
        ({"momentum": 0.9}, "momentum"),
        ({"loss": "nothing"}, "extra_outputs"),
    ],
)
def test_wrong_settings_of_training_are_errors(words, settings, text):
    with pytest.raises(saturn.InputError, match=text):
        saturn.train(net(), words, **settings)
    with pytest.raises(saturn.InputError, match="channels"):
        saturn.train(net(channels=7), words)


def test_an_evaluation_has_table_curves_and_figure(words):
    found = saturn.evaluate(net(), words, state_reset=["none", "oracle"], steps=3_000, lanes=4, windows=5)
    table = found.table()
    assert list(table.columns) == ["policy", "reading", "value", "low", "high"]
    assert len(table) == 6
    assert ((table.low <= table.value) & (table.value <= table.high)).all()
    assert found.summed == table.value[0]
    curves = found.curves()
    assert curves.accuracy.dims == ("policy", "window") and curves.accuracy.shape == (2, 5)
    assert curves.start.attrs["units"] == "steps"
    assert found.figure()._repr_svg_().startswith("<svg")
    assert "<table" in found._repr_html_()
    for bad, text in [
        ({"state_reset": "sometimes"}, "sometimes"),
        ({"state_reset": []}, "give a policy"),
        ({"steps": 0}, "steps"),
        ({"lanes": 0}, "lanes"),
        ({"instruments": ["thermometer"]}, "thermometer"),
        ({"fill": "noise"}, "no setting of an evaluation of a Dataset"),
    ]:
        with pytest.raises(saturn.InputError, match=text):
            saturn.evaluate(net(), words, **bad)


def test_an_analysis_has_a_verdict_and_a_figure(words):
    for data in (words, None):
        found = saturn.analyse(net([saturn.GRU(4)]), data, steps=300, starts=2, exponents=2)
        assert found.verdict and "topic" in found.verdict[0]
        assert found.figure()._repr_svg_().startswith("<svg")
    with pytest.raises(saturn.InputError, match="exponents"):
        saturn.analyse(net(), words, exponents=0)


def test_a_repair_leaves_the_network_and_trains_its_copy(words):
    own = net()
    before = own.state_dict()
    repair = saturn.retrofit(own, words, steps=3, evaluate_steps=2_000)
    assert repair.history.epochs and repair.before.found.keys() == {"none"}
    for name, value in own.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert any((repair.network.state_dict()[name] != value).any() for name, value in before.items())
    with pytest.raises(saturn.InputError, match="regime"):
        saturn.retrofit(own, words, regime="magic")


def test_without_pandas_and_xarray_results_are_plain(words, monkeypatch):
    found = saturn.evaluate(net(), words, steps=1_000, lanes=2, windows=3)
    plain = builtins.__import__

    def absent(name, *rest, **more):
        if name in ("pandas", "xarray"):
            raise ImportError(name)
        return plain(name, *rest, **more)

    for name in list(sys.modules):
        if name.split(".")[0] in ("pandas", "xarray"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    monkeypatch.setattr("saturn_snn.tables._HINTED", set())
    with pytest.warns(UserWarning, match="pip install pandas"):
        table = found.table()
    assert [row["reading"] for row in table] == ["summed", "last", "detector"]
    with pytest.warns(UserWarning, match="pip install xarray"):
        curves = found.curves()
    assert curves["accuracy"].shape == (1, 3)
    assert "<table" in found._repr_html_()
    json.dumps(table)


def test_dense_values_are_as_given_unless_standardised(rng):
    labels = np.arange(40) % 2
    x = (rng.normal(size=(40, 12, 3)) + 100 + labels[:, None, None]).astype(np.float32)
    own = saturn.Network([saturn.Linear(2)], channels=3, classes=2, readout="none")
    weight = np.array([[-1, -1, -1], [1, 1, 1]], np.float32)
    own.load_state_dict({"0.weight": weight, "0.bias": np.array([301.5, -301.5], np.float32)})
    keys = {"valid": 0.5, "gap": None}
    raw = saturn.evaluate(own, saturn.Dataset.from_dense(x, labels, **keys), steps=2_000, lanes=2)
    scaled = saturn.evaluate(own, saturn.Dataset.from_dense(x, labels, standardise=True, **keys), steps=2_000, lanes=2)
    assert raw.summed == 1.0 and scaled.summed < 0.7


def test_times_in_another_unit_are_warned_of(rng):
    samples, labels = recordings(rng)
    with pytest.warns(UserWarning, match="less than two steps of 10 ms; are their times in us"):
        saturn.Dataset.from_events([(t // 1000, c) for t, c in samples], labels, channels=6, valid=0.5)
    with pytest.warns(UserWarning, match="30,|29,|28,|27,"):
        saturn.Dataset.from_events(samples, labels, channels=6, valid=0.5, unit="ms")


def test_a_figure_is_saved_as_svg_alone(words, tmp_path):
    figure = saturn.evaluate(net(), words, steps=1_000, lanes=2).figure()
    figure.save(tmp_path / "a.svg")
    with pytest.raises(saturn.InputError, match="ends in .svg"):
        figure.save(tmp_path / "a.png")


def test_options_of_nir_are_refused_for_state_dicts(tmp_path):
    own = saturn.Network([saturn.GRU(4)], channels=3, classes=2)
    own.export(tmp_path / "torch.safetensors", "safetensors", reader="pytorch")
    with pytest.raises(saturn.InputError, match="reset: only for NIR"):
        saturn.load(tmp_path / "torch.safetensors", reset="zero")


def test_the_sensor_gives_the_channels_and_labels_from_1_are_warned_of(rng):
    kind = np.dtype([("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "<i2")])
    samples = []
    for _ in range(12):
        one = np.zeros(30, kind)
        one["t"], one["x"], one["y"] = np.sort(rng.integers(0, 300_000, 30)), rng.integers(0, 4, 30), rng.integers(0, 3, 30)
        samples.append(one)
    labels = [0, 1, 2] * 4
    assert saturn.Dataset.from_events(samples, labels, sensor_size=(4, 3, 2)).channels == 24
    with pytest.raises(saturn.InputError, match=r"channels: 7, and sensor_size \(4, 3, 2\) has 24"):
        saturn.Dataset.from_events(samples, labels, channels=7, sensor_size=(4, 3, 2))
    with pytest.raises(saturn.InputError, match="give the number of input channels, or sensor_size"):
        saturn.Dataset.from_events(samples, labels)
    with pytest.warns(UserWarning, match="labels count from 0; are these 1 to 3"):
        saturn.Dataset.from_events(samples, [label + 1 for label in labels], sensor_size=(4, 3, 2))


def test_a_policy_is_a_name_or_a_mapping_and_a_stream_too_short_is_warned_of(words, small):
    found = saturn.evaluate(small, words, state_reset=["none", {"periodic": 100}, "periodic=100"], steps=2000, lanes=2)
    assert list(found.found) == ["none", "periodic=100"]
    assert saturn.evaluate(small, words, state_reset={"oracle": {}}, steps=2000, lanes=2).found.keys() == {"oracle"}
    for wrong in (7, ["none", 7], {"a": 1, "b": 2}):
        with pytest.raises(saturn.InputError, match="state_reset: expected a policy"):
            saturn.evaluate(small, words, state_reset=wrong)
    with pytest.warns(UserWarning, match="no sample ended within 8 steps over 4 lanes"):
        saturn.evaluate(small, words, steps=8, lanes=4)


def test_a_repair_that_makes_it_worse_is_warned_of(words):
    net = saturn.Network([saturn.GRU(8)], channels=20, classes=2, seed=5)
    saturn.train(net, words, epochs=60, seed=1, lr=0.02)
    with pytest.warns(UserWarning, match="the repair made it worse"):
        saturn.retrofit(net, words, steps=3, lr=100.0, evaluate_steps=4000)


def test_absolute_times_empty_samples_and_missing_classes_are_warned_of(rng):
    def samples(start=0, empty=0):
        full = [(start * i + np.sort(rng.integers(0, 300_000, 40)), rng.integers(0, 8, 40)) for i in range(40 - empty)]
        return full + [(np.array([], np.int64), np.array([], np.int64))] * empty

    labels = [i % 2 for i in range(40)]
    with pytest.warns(UserWarning, match="begin with .* steps of silence"):
        saturn.Dataset.from_events(samples(start=300_000), labels, channels=8)
    with pytest.warns(UserWarning, match="training samples have no events"):
        saturn.Dataset.from_events(samples(empty=10), labels, channels=8)
    with pytest.raises(saturn.InputError, match="no training sample has an event"):
        saturn.Dataset.from_events(samples(empty=40), labels, channels=8)
    with pytest.warns(UserWarning, match="no training sample is of class 1, 2, 3, 4, 6"):
        saturn.Dataset.from_events(samples(), [5 * label for label in labels][:38] + [7, 7], channels=8)
    with pytest.warns(UserWarning, match="all samples are of one class"):
        one = saturn.Dataset.from_events(samples(), [0] * 40, channels=8)
    net = saturn.Network([saturn.GRU(4)], channels=8, classes=3)
    with pytest.warns(UserWarning, match="the network has 3 classes and the data 1"):
        saturn.evaluate(net, one, steps=4000, lanes=2)


def test_options_of_a_load_are_lists_and_checked(tmp_path):
    net = saturn.Network([saturn.GRU(4)], channels=3, classes=2, readout="linear")
    path = tmp_path / "gru.safetensors"
    net.export(path, "safetensors", reader="pytorch", layers="rnn,head")
    back = saturn.load(path, dt_ms=10, layers=["rnn", "head"], classes=["a", "b"])
    assert back.classes == ["a", "b"]
    for precision in ("f64", np.float64):
        with pytest.raises(saturn.InputError, match="expected float32 or float64"):
            saturn.load(path, dt_ms=10, precision=precision)
    with pytest.raises(saturn.InputError, match="expected a graph in memory"):
        saturn.from_nir("net.nir")
    with pytest.raises(saturn.InputError, match="the network: layer 0 .*NIR"):
        net.to_nir()
    with pytest.raises(saturn.InputError, match="updates; give steps"):
        saturn.retrofit(net, saturn.Dataset.synthetic(channels=8, classes=2), epochs=3)
    with pytest.raises(saturn.InputError, match=r"expected \(samples, labels\), not .{1,90}$"):
        saturn.Dataset.from_dense([np.zeros((5, 3))] * 9, [0] * 9, valid=[np.zeros((500, 3))] * 50)
