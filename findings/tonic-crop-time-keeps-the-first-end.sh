#!/usr/bin/env bash
# tonic 1.7.0: CropTime(min=...) cuts every recording at the end of the first one that it has seen.
#
# Guess: without max the end is open, so CropTime(min=1000) leaves out what comes before 1 ms and nothing else, and a
# transform gives the same for the same recording.
# Seen: the first call stores the time of its recording's last event as max. All later recordings are cut there: a short
# recording first, and 90 % of the next one is gone; the other way round nothing is. What a data set holds then depends
# on which sample was loaded first, by each worker of a loader for itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tonic
from tonic.transforms import CropTime


def recording(n):
    e = np.zeros(n, dtype=[("t", int), ("x", int), ("y", int), ("p", int)])
    e["t"] = 1000 + np.arange(n) * 10
    return e


def kept(order):
    crop = CropTime(min=1000)
    return [len(crop(recording(n))) for n in order]


print("tonic", tonic.__version__, "- no event before min")
for order in ([100, 1000], [1000, 100]):
    print("events of the recordings:", order, "kept:", kept(order))
assert kept([100, 1000]) == [100, 100]
assert kept([1000, 100]) == [1000, 100]
PY
