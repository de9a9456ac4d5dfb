"""What the scripts of this folder share: weights, input and the record.

Each script runs nets 4 -> 8 -> 3 before they are exported, with the simulator's own step, and writes NAME_CASE.nir.gz and
NAME.json: versions, the input and, by case, the file, dt, the reset and the steps in which each neuron of the last
layer spikes (as often as it does). Nets whose files are equal share one. The files are as nir writes them, but for gzip,
which makes them ten times smaller. Python 3.11; one environment for each simulator.

    python NAME.py
"""
import gzip
import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import h5py
import nir
import numpy as np

HERE = Path(__file__).parent
STEPS, SIZES = 200, (4, 8, 3)


def weights(seed, rows, columns, low, high):
    """Multiples of 1/256, which every float holds."""
    rng = np.random.RandomState(seed)
    return (np.round(rng.uniform(low, high, (rows, columns)) * 256) / 256).astype(np.float32)


def w1(gain=1.0):
    return gain * weights(1, 8, 4, -0.25, 0.75)


def w2(gain=1.0):
    return gain * weights(2, 3, 8, -0.25, 0.75)


def w_rec(gain=1.0):
    return gain * weights(3, 8, 8, -0.5, 0.25)


def drive():
    """Spikes of 1, [200, 4], with silence in steps 80 to 99."""
    x = (np.random.RandomState(4).uniform(size=(STEPS, 4)) < 0.4).astype(np.float32)
    x[80:100] = 0
    return x


def times(s):
    """For each neuron the steps of its spikes; several in a step are repeated."""
    s = np.asarray(s).reshape(STEPS, -1)
    return [[t for t in range(STEPS) for _ in range(int(s[t, j]))] for j in range(s.shape[1])]


def contents(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda key, item: found.update({key: item[()]} if isinstance(item, h5py.Dataset) else {key: None}))
    if "node/edges" in found:  # in the order of a set
        found["node/edges"] = sorted(map(tuple, found["node/edges"].tolist()))
    return found


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


class Record:
    def __init__(self, name, *packages):
        self.name, self.files = name, {}
        self.record = {"versions": {p: version(p) for p in (name, "nir", *packages)},
                       "input": times(drive()), "cases": {}}

    def add(self, case, graph, spikes, dt_s, reset=None):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.nir"
            nir.write(path, graph)
            found, written = contents(path), path.read_bytes()
        name = next((name for name, known in self.files.items() if equal(known, found)), f"{self.name}_{case}.nir.gz")
        if name not in self.files:
            self.files[name] = found
            (HERE / name).write_bytes(gzip.compress(written, mtime=0))
        out = times(spikes)
        print(self.name, case, name, [len(t) for t in out])
        assert all(out), "a silent neuron"
        self.record["cases"][case] = {"file": name, "dt_s": dt_s, "reset": reset, "output": out}

    def write(self):
        (HERE / f"{self.name}.json").write_text(json.dumps(self.record, separators=(",", ":")) + "\n")
