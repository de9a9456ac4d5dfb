#!/usr/bin/env bash
# wfdb 4.3.1: a signal with several samples a frame comes back averaged, and the average is cut to a whole number.
#
# Guess: rdrecord's default averages the samples of a frame (smooth_frames), in physical units: 0 and 1 give 0.5.
# Seen: the average is taken of the digital samples and loses its fraction before it is converted, also where physical
# units are asked for: it is cut towards zero, so a signal around its baseline comes back too small by up to (n - 1) / n of
# a converter step for n samples a frame, half of the time for n = 2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check wfdb==4.3.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import os
import tempfile

import numpy as np
import wfdb

os.chdir(tempfile.mkdtemp())
#        A   A   B   (one frame)
frames = [0, 1, 7, -1, 0, 7, -3, -2, 7, 3, 4, 7]
np.array(frames, "<i2").tofile("m.dat")
with open("m.hea", "w") as f:
    f.write("m 2 100 4\nm.dat 16x2 1/mV 16 0 0 0 0 A\nm.dat 16 1/mV 16 0 0 0 0 B\n")
smooth = wfdb.rdrecord("m").p_signal[:, 0].tolist()
exact = wfdb.rdrecord("m", smooth_frames=False).e_p_signal[0].reshape(-1, 2).mean(axis=1).tolist()
print("wfdb", wfdb.__version__)
print("averaged by wfdb:", smooth)
print("averages of the samples:", exact)
assert exact == [0.5, -0.5, -2.5, 3.5]
assert smooth == [0.0, 0.0, -2.0, 3.0]
print("differences:", (np.array(smooth) - exact).tolist())
PY
