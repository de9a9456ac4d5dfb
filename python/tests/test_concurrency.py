"""Threads, processes and interrupts."""

import fcntl
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import termios
import threading
import time

import numpy as np
import pytest

import saturn_snn as saturn
from conftest import net
from saturn_snn import _saturn
from saturn_snn._settings import as_json

ENDLESS = {"steps": 10**12, "lanes": 4}


@pytest.fixture
def x(rng):
    return (rng.random((40, 16, 20)) < 0.2).astype(np.float32)


def bits(own):
    return {name: value.tobytes() for name, value in own.state_dict().items()}


def together(*calls):
    """Their results, or errors, each from a thread of its own."""
    results = [None] * len(calls)

    def work(i):
        try:
            results[i] = calls[i]()
        except BaseException as e:
            results[i] = e

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


LONG = {
    "training": lambda own, words: saturn.train(own, words, epochs=10**6),
    "evaluation": lambda own, words: saturn.evaluate(own, words, **ENDLESS),
    "analysis": lambda own, words: saturn.analyse(own, words, steps=40_000, exponents=24),
    "repair": lambda own, words: saturn.retrofit(own, words, steps=10**6, evaluate_steps=2_000),
}


@pytest.mark.parametrize("name", LONG)
def test_an_interrupt_is_raised_within_a_second_or_two_and_leaves_the_network(name, words):
    own = net([saturn.GRU(24)])
    before, sent = bits(own), []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.4, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        LONG[name](own, words)
    assert sent and time.monotonic() - sent[0] < 2
    assert bits(own) == before
    timer.join()


def test_an_error_of_the_progress_is_raised(words):
    own = net()
    before = bits(own)

    def fail(*_):
        raise ZeroDivisionError("mine")

    arm = as_json({"streams": "concatenated", "loss": {"adaptive": {}}, "train": {"epochs": 10**6}})
    for call in (
        lambda: _saturn.train(own._net, words._data, arm, 2, 1, fail),
        lambda: _saturn.evaluate(own._net, words._data, "none", 10**12, 4, 20, [], 1, False, fail),
        lambda: _saturn.analyse(own._net, words._data, 4, 20_000, 2, 1, None, fail),
        lambda: _saturn.command(["schema"], fail),
    ):
        with pytest.raises(ZeroDivisionError, match="mine"):
            call()
    assert bits(own) == before


def test_threads_train_networks_of_their_own(words):
    def train(seed):
        own = net(seed=seed)
        saturn.train(own, words, epochs=3, seed=seed)
        return bits(own)

    expected = [train(1), train(2)]
    assert together(lambda: train(1), lambda: train(2)) == expected


def test_a_network_is_called_saved_and_set_while_it_is_trained(words, x, tmp_path):
    own = net()
    old = own(x)[0].tobytes()
    ended, seen = threading.Event(), set()

    def train():
        saturn.train(own, words, epochs=4)
        ended.set()

    def call():
        while not ended.is_set():
            seen.add(own(x)[0].tobytes())
            own.save(tmp_path / "net.safetensors")
            assert saturn.load(tmp_path / "net.safetensors").classes == own.classes

    together(train, call, call)
    seen.add(own(x)[0].tobytes())
    assert old in seen and len(seen) == 2

    sets = [own.state_dict(), {name: value * 0.5 for name, value in own.state_dict().items()}]

    def change():
        for i in range(100):
            own.load_state_dict(sets[i % 2])

    def check():
        for _ in range(50):
            y, _, tape = own.record(x)
            own.backward(tape, y)

    together(change, change, check, check)
    assert bits(own) in [{name: value.tobytes() for name, value in one.items()} for one in sets]


def test_any_thread_may_use_a_stream_or_a_tape(x):
    own = net()
    stream, plain = own.stream(), own.stream()
    expected = [plain.step(row) for row in x[:8, 0]]
    found = [together(lambda row=row: stream.step(row))[0] for row in x[:8, 0]]
    np.testing.assert_array_equal(found, expected)
    shared = own.stream()
    together(*[lambda: [shared.step([]) for _ in range(500)] for _ in range(4)])
    assert shared.steps == 2_000
    # The last thread that has it may be another than the one that made it.
    together(lambda taken=[own.stream()]: taken.clear())

    y, _, tape = own.record(x)
    expected = own.backward(tape, y)[1]

    def back():
        refused = 0
        for _ in range(20):
            try:
                np.testing.assert_array_equal(own.backward(tape, y)[1], expected)
            except saturn.InputError as e:
                assert "another thread" in str(e)
                refused += 1
        return refused

    assert sum(together(back, back, back)) < 60


def _job(job, own, x, results):
    if job == "call":
        results.put(own(x)[0].tobytes())
    else:
        words = saturn.Dataset.synthetic(classes=2, channels=20, train=20, valid=20, test=20, seed=3)
        saturn.train(own, words, epochs=1)
        results.put(bits(own))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_compute_however_they_are_started(method, x):
    # As the process receives it; a fresh network keeps time constants to more digits than its parameters have.
    own = pickle.loads(pickle.dumps(net()))
    expected = own(x)[0].tobytes()
    trained = own.copy()
    words = saturn.Dataset.synthetic(classes=2, channels=20, train=20, valid=20, test=20, seed=3)
    saturn.train(trained, words, epochs=1)
    context = multiprocessing.get_context(method)
    results = context.Queue()
    busy = threading.Event()

    def compute():
        while not busy.is_set():
            own(x)

    # A thread that computes while the process is forked.
    thread = threading.Thread(target=compute)
    thread.start()
    try:
        for job, result in (("call", expected), ("train", bits(trained))):
            child = context.Process(target=_job, args=(job, own, x, results))
            child.start()
            assert results.get(timeout=60) == result
            child.join(timeout=60)
            assert child.exitcode == 0
    finally:
        busy.set()
        thread.join()


SCENARIO = """
name: long
seeds: [1]
data: {synthetic: {classes: 2, channels: 20, train: 20, valid: 20, test: 20}, dt_ms: 10}
models: {gru: {layers: [{gru: {hidden: 6}}]}}
arms: {adaptive: {loss: adaptive}}
train: {epochs: 100000}
evaluate: {steps: 2000, lanes: 4}
"""


def test_ctrl_c_in_a_terminal_stops_the_program(tmp_path):
    (tmp_path / "long.yaml").write_text(SCENARIO)
    ours, theirs = os.openpty()

    def take_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    program = subprocess.Popen(
        [sys.executable, "-m", "saturn_snn", "run", "long.yaml", "--out", "out"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    printed = []

    def read():
        try:
            while text := os.read(ours, 4096):
                printed.append(text)
        except OSError:
            pass

    reader = threading.Thread(target=read)
    reader.start()
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("out/**/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    os.write(ours, b"\x03")
    assert program.wait(timeout=30) == 75
    reader.join()
    os.close(ours)
    text = b"".join(printed).decode()
    assert "stopping after this step" in text and "run the same command again to resume" in text
    assert "Traceback" not in text
