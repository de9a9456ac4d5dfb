#!/usr/bin/env bash
# wfdb 4.3.1: a missing sample among several a frame becomes a spike of -41 mV.
#
# Guess: a sample that is marked as missing (-32768 in format 16) is left out of its frame's average, or makes it NaN, as
# it does where a frame has one sample.
# Seen: by default the samples of a frame are averaged before missing ones are looked for, so -32768 is averaged with its
# neighbours like any value. Four samples a frame of 0.5, 0.5, 0.5 mV and one missing become -40.585 mV. With
# smooth_frames=False the missing sample is NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check wfdb==4.3.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
import numpy as np
import wfdb

np.array([100, 100, 100, -32768, 100, 100, 100, 100], "<i2").tofile("m.dat")
with open("m.hea", "w") as f:
    f.write("m 1 100 2\nm.dat 16x4 200(0)/mV 16 0 0 0 0 I\n")
averaged = wfdb.rdrecord("m").p_signal[:, 0].tolist()
expanded = wfdb.rdrecord("m", smooth_frames=False).e_p_signal[0].tolist()
np.array([100, -32768], "<i2").tofile("o.dat")
with open("o.hea", "w") as f:
    f.write("o 1 100 2\no.dat 16 200(0)/mV 16 0 0 0 0 I\n")
one = wfdb.rdrecord("o").p_signal[:, 0].tolist()
print("wfdb", wfdb.__version__)
print("four samples a frame, averaged:", averaged)
print("the same, one by one:", expanded)
print("one sample a frame:", one)
assert averaged == [-40.585, 0.5]
assert np.isnan(expanded[3]) and np.isnan(one[1])
PY
