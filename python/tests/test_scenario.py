"""Scenarios and files: the same bits as the command, errors, interrupts."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import saturn_snn as saturn
from conftest import net
from saturn_snn._command import command, in_python

SCENARIO = {
    "name": "small",
    "seeds": [1, 2],
    "data": {"synthetic": {"classes": 2, "channels": 20, "train": 20, "valid": 20, "test": 20}, "dt_ms": 10},
    "stream": {"samples": 2, "gap": {"steps": [5, 10], "fill": "noise"}},
    "models": {"lif": {"layers": [{"lif": {"hidden": 8}}]}, "gru": {"layers": [{"gru": {"hidden": 6}}]}},
    "arms": {"classic": {"streams": "single"}, "adaptive": {"loss": "adaptive"}},
    "train": {"epochs": 2},
    "evaluate": {"steps": 2000, "lanes": 4, "state_reset": ["none", "oracle"]},
}
#: What may differ between two runs: clocks and memory.
CLOCKS = {"seconds", "steps_per_second", "resident_mib", "memory_by_step", "speed_by_step"}


def still(value):
    """A summary without clocks."""
    if isinstance(value, dict):
        return {key: still(item) for key, item in value.items() if key not in CLOCKS}
    return [still(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return saturn.run(SCENARIO, out=tmp_path_factory.mktemp("run") / "small")


def test_a_run_has_the_bits_of_the_command(result, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(SCENARIO))
    out = tmp_path / "out"
    subprocess.run([sys.executable, "-m", "saturn_snn", "run", file, "--out", out], check=True, capture_output=True)
    command = saturn.Result(out)
    assert still(command.summary) == still(result.summary)
    for name in result.networks():
        a, b = (saturn.load(folder / name).state_dict() for folder in (result.folder, out))
        for key, value in a.items():
            np.testing.assert_array_equal(b[key], value)


def test_a_result_has_tables_curves_figures_and_a_report(result):
    table = result.table()
    columns = ["model", "arm", "seed", "policy", "stream", "reading", "value", "low", "high"]
    assert list(table.columns) == columns
    assert len(table) == 2 * 2 * 2 * 3
    curves = result.curves()
    assert curves.accuracy.dims == ("trial", "window")
    assert set(np.unique(curves.model)) == {"lif", "gru"}
    assert result.figure()._repr_svg_().startswith("<svg")
    assert "iframe" in result.report()._repr_html_()
    assert "<table" in result._repr_html_()
    with pytest.raises(saturn.InputError, match="compare"):
        result.figure("no such")


def test_a_comparison_has_every_seed_and_overrides_hold(tmp_path):
    text = json.dumps(SCENARIO)
    found = saturn.compare(text, out=tmp_path / "all", set={"train.epochs": 1, "models.lif.layers.0.lif.hidden": 4})
    assert sorted(found.table().seed.unique()) == [1, 2]
    assert all(trial["training"]["history"][-1]["epoch"] == 1 for trial in found.summary["cells"])
    one = saturn.run(text, out=tmp_path / "one", only=["gru.classic.1"])
    assert set(one.table().model) == {"gru"}


def test_a_trained_network_is_evaluated_on_files(result, tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(json.dumps(SCENARIO))
    command(["data", "make", file, "--out", tmp_path / "words"])
    name = result.folder / "gru.classic.1"
    keys = {"steps": 2000, "lanes": 4, "state_reset": ["none", "oracle"]}
    found = saturn.evaluate(name, tmp_path / "words" / "valid.h5", out=tmp_path / "a", **keys)
    trial = next(t for t in result.summary["cells"] if (t["model"], t["arm"]) == ("gru", "classic"))
    assert found.summed == trial["evaluations"][0]["summed"]["value"]
    assert (found.folder / "report.html").is_file() and found.figure()._repr_svg_().startswith("<svg")
    silent = {"fill": "silence", "gap": "5..10", **keys}
    quiet = saturn.evaluate(name, tmp_path / "words" / "valid.h5", out=tmp_path / "b", **silent)
    same = saturn.evaluate(saturn.load(name), tmp_path / "words" / "valid.h5", out=tmp_path / "d", **silent)
    assert same.summed == quiet.summed
    with pytest.raises(saturn.InputError, match="none.h5"):
        saturn.evaluate(name, tmp_path / "none.h5", out=tmp_path / "c")
    with pytest.raises(saturn.InputError, match="other"):
        saturn.evaluate(name, tmp_path / "words" / "test.h5", out=tmp_path / "a", **keys)


def test_networks_are_exported_for_other_programs(result, tmp_path):
    own = saturn.load(result.folder / "gru.classic.1")
    assert "ONNX" in own.export(tmp_path / "net.onnx", "onnx", weights="int8")
    assert "C99" in own.export(tmp_path / "net.c", "c")
    own.export(tmp_path / "torch.safetensors", "safetensors", reader="pytorch")
    back = saturn.load(tmp_path / "torch.safetensors")
    x = np.random.default_rng(1).random((20, 2, 20)).astype(np.float32)
    np.testing.assert_allclose(back(x)[0], own(x)[0], atol=1e-5)
    with pytest.raises(saturn.InputError, match="exists"):
        own.export(tmp_path / "net.onnx", "onnx")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"train": {"epochs": 0}}, "train.epochs"),
        ({"training": {}}, "training"),
        ({"models": {"lif": {"layers": [{"lif": {"hiden": 8}}]}}}, "hiden"),
    ],
)
def test_errors_of_a_scenario_name_the_place(change, text, tmp_path):
    with pytest.raises(saturn.InputError, match=text):
        saturn.run({**SCENARIO, **change}, out=tmp_path / "out")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(saturn.InputError, match="none.yaml"):
        saturn.run(tmp_path / "none.yaml")
    with pytest.raises(saturn.InputError, match="no such file"):
        saturn.load(tmp_path / "none" / "net.safetensors")


def test_an_interrupt_stops_a_run_and_it_resumes(tmp_path):
    long = {**SCENARIO, "train": {"epochs": 100_000}}
    main = threading.get_ident()
    timer = threading.Timer(2.0, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        saturn.run(long, out=tmp_path / "long")
    assert time.monotonic() - began < 30
    found = saturn.run(SCENARIO, out=tmp_path / "short")
    assert len(found.summary["cells"]) == 4


def _forked(pipe):
    try:
        saturn.run(SCENARIO, out="never")
    except saturn.SaturnError as e:
        pipe.send(str(e))


def test_a_scenario_in_a_forked_process_is_a_clear_error(tmp_path, monkeypatch):
    import multiprocessing

    monkeypatch.chdir(tmp_path)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_forked, args=(theirs,))
    child.start()
    assert ours.poll(60)
    assert "spawn" in ours.recv()
    child.join(60)
    assert not Path("never").exists()


def test_networks_pass_through_nir(tmp_path):
    nir = pytest.importorskip("nir")
    own = net([saturn.LIF(8, spike_reset="zero", bias=False)], readout="leaky")
    graph = own.to_nir()
    assert isinstance(graph, nir.NIRGraph)
    back = saturn.from_nir(graph)
    x = (np.random.default_rng(2).random((60, 3, 20)) < 0.3).astype(np.float32)
    np.testing.assert_allclose(back(x)[0], own(x)[0], atol=1e-5)
    assert "exact" in (back.verdicts or "")
    with pytest.raises(saturn.InputError, match="subtract"):
        net([saturn.LIF(8)]).to_nir()


def test_a_program_of_the_package_has_the_version():
    found = subprocess.run([sys.executable, "-m", "saturn_snn", "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.split()[-1] == saturn.__version__
    wrong = subprocess.run([sys.executable, "-m", "saturn_snn", "run", os.devnull], capture_output=True, text=True)
    assert wrong.returncode == 2 and "error" in wrong.stderr


@pytest.mark.parametrize(
    ("said", "here"),
    [
        ("give it as `--dt-ms 10`", "give it as `dt_ms=10`"),
        ("say which: `--reset subtract`, `--reset zero`", 'say which: `reset="subtract"`, `reset="zero"`'),
        ("refused without `--approximate`; --dt-ms is missing", "refused without `approximate=True`; dt_ms is missing"),
        ("for its reader, `--for snntorch`; a -- b, x--y", 'for its reader, `reader="snntorch"`; a -- b, x--y'),
    ],
)
def test_messages_have_the_names_of_python(said, here):
    assert in_python(said) == here


def test_a_graph_with_the_time_constants_of_snntorch_is_named():
    nir = pytest.importorskip("nir")
    ones = np.ones(4, np.float32)
    lif = nir.LIF(tau=1e-3 * ones, r=10 * ones, v_leak=0 * ones, v_threshold=ones, v_reset=0 * ones)
    nodes = {"input": nir.Input({"input": np.array([4])}), "lif": lif, "output": nir.Output({"output": np.array([4])})}
    graph = nir.NIRGraph(nodes, [("input", "lif"), ("lif", "output")])
    with pytest.warns(UserWarning, match='read it with `dialect="snntorch"`, or spikes differ'):
        saturn.from_nir(graph, dt_ms=1, reset="subtract")
