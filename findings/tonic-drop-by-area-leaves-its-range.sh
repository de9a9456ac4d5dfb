#!/usr/bin/env bash
# tonic 1.7.0: DropEventByArea with a range (a, b) draws from b to 1.
#
# Guess: area_ratio is a share of the sensor's area, and (0.05, 0.1) draws it anew between 0.05 and 0.1 for each recording,
# as the documentation says; so 5 to 10 % of evenly spread events are dropped.
# Seen: the lower end is not used at all, and the upper one is taken for the lower: the ratio lies between 0.1 and 1. It
# scales the sides of the box, not its area, so a single number 0.1 drops less than 1 %. With the range a third of all
# events is dropped on average, and up to nearly all of them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tonic==1.7.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import tonic
from tonic.transforms import DropEventByArea

size = (128, 128, 2)
e = np.zeros(128 * 128, dtype=[("t", int), ("x", int), ("y", int), ("p", int)])
e["t"], e["x"], e["y"] = np.arange(len(e)), np.arange(len(e)) % 128, np.arange(len(e)) // 128


def dropped(ratio):
    np.random.seed(0)
    shares = [1 - len(DropEventByArea(size, ratio)(e)) / len(e) for _ in range(2000)]
    return [round(float(f(shares)), 4) for f in (np.min, np.mean, np.max)]


print("tonic", tonic.__version__, "- one event a pixel; share that is dropped: least, mean, most")
single, two = dropped(0.1), dropped((0.05, 0.1))
print("0.1:", single)
print("(0.05, 0.1):", two)
assert single[0] == single[2] and abs(single[0] - (12 / 128) ** 2) < 1e-4
assert 0.3 < two[1] < 0.45 and two[2] > 0.9
PY
