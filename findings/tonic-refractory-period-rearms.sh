#!/usr/bin/env bash
# tonic 1.7.0: RefractoryPeriod is re-armed by the events that it removes.
#
# Guess: one pixel, events at 1000, 1010 and 1030 us, a refractory period of 20 us. The event at 1010 is removed, the one
# at 1030 comes 30 us after the last event that was kept, and stays.
# Seen: only 1000 stays. The period counts from the last event, kept or not (a "paralysable" dead time), and the
# comparison is strict. A pixel that fires every 10 us is silent for ever after its first event, where a sensor with a
# dead time of 20 us would still give an event every 30 us. An event at t = 0 is removed as well: the memory begins at
# minus the period.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tonic
from tonic.transforms import RefractoryPeriod

kind = [("t", int), ("x", int), ("y", int), ("p", int)]


def events(times):
    e = np.zeros(len(times), dtype=kind)
    e["t"] = times
    return e


three = RefractoryPeriod(20)(events([1000, 1010, 1030]))["t"].tolist()
steady = RefractoryPeriod(20)(events(range(1000, 2000, 10)))["t"].tolist()
zero = RefractoryPeriod(20)(events([0, 100, 200]))["t"].tolist()
print("tonic", tonic.__version__)
print("1000, 1010, 1030:", three)
print("every 10 us from 1000 to 1990:", steady)
print("0, 100, 200:", zero)
assert three == [1000]
assert steady == [1000]
assert zero == [100, 200]
PY
