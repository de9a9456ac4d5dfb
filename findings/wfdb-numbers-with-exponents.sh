#!/usr/bin/env bash
# wfdb 4.3.1: a header's numbers with exponents are cut at the e, and the rest becomes a unit.
#
# Guess: the format's manual, header(5), takes sampling frequencies and gains "in any form legal for scanf %f", so 3.6e2
# is 360 Hz and 2E2/mV is 200 converter steps a millivolt.
# Seen: 3.6e2 is read as 3.6 Hz, and 2E2/mV as a gain of 2 in the unit "E2/mV": amplitudes are 100 times too large and a
# recording lasts 100 times too long, without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check wfdb==4.3.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
import numpy as np
import wfdb

np.array([0, 200, 400], "<i2").tofile("u.dat")


def read(rate, gain):
    with open("u.hea", "w") as f:
        f.write(f"u 1 {rate} 3\nu.dat 16 {gain} 16 0 0 0 0 I\n")
    record = wfdb.rdrecord("u")
    return record.fs, record.adc_gain[0], record.units[0], record.p_signal[:, 0].tolist()


plain, exponents = read("360", "200/mV"), read("3.6e2", "2E2/mV")
print("wfdb", wfdb.__version__)
print("360, 200/mV:", plain)
print("3.6e2, 2E2/mV:", exponents)
assert plain == (360, 200.0, "mV", [0.0, 1.0, 2.0])
assert exponents == (3.6, 2.0, "E2/mV", [0.0, 100.0, 200.0])
PY
