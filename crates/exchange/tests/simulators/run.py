"""Runs files of `examples/exported_files.rs` in a simulator and compares its spikes with Saturn's.

python run.py FOLDER snntorch|norse|spikingjelly: exits with 1 if one differs.
"""
import contextlib
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

import nir
import numpy as np
import torch

folder, simulator = Path(sys.argv[1]), sys.argv[2]


def snntorch(graph, dt):
    from snntorch.import_nir import import_from_nir

    return import_from_nir(graph)


def norse(graph, dt):
    import norse.torch

    return norse.torch.from_nir(graph, dt=dt)


def spikingjelly(graph, dt):
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return import_from_nir(graph, dt=dt)


def run(file, record):
    """The output in every step, [T, O]."""
    with contextlib.redirect_stdout(io.StringIO()):
        net = globals()[simulator](nir.read(file), record["dt_s"])
    state, outputs = None, []
    with torch.no_grad():
        for x in torch.tensor(record["input"]):
            y = net(x[None], state)
            y, state = y if isinstance(y, tuple) else (y, None)
            outputs.append(y.reshape(-1).numpy())
    return np.array(outputs)


bad = 0
for file in sorted(folder.glob(f"*.{simulator}.nir")):
    name = file.name.split(".")[0]
    record = json.loads((folder / f"{name}.json").read_text())
    expected = np.array(record["output"])
    try:
        found = run(file, record)
    except Exception as error:  # Which kind depends on the simulator.
        print(f"{simulator} {name}: {type(error).__name__}: {error}")
        bad += 1
        continue
    differ = found != expected
    steps = np.flatnonzero(differ.any(1))
    first = f", the first in step {steps[0]}" if len(steps) else ""
    print(
        f"{simulator} {version(simulator)} {name}: {differ.sum()} of {expected.size} outputs differ{first}; "
        f"{int(expected.sum())} spikes"
    )
    bad += len(steps) > 0
sys.exit(bad > 0)
