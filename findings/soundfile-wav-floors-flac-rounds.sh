#!/usr/bin/env bash
# soundfile 0.14.0 (libsndfile 1.2.2): the same samples, written as 16-bit WAV and 16-bit FLAC, are different numbers.
#
# Guess: both are lossless with 16 bits, and floats are rounded to the nearest step in both: the files hold the same.
# Seen: FLAC rounds, WAV takes the next lower step. A WAV is half a step too low on average, with 24 bits as well, and a
# sample that is below zero by as little as 1e-9 becomes -1 in WAV: silence that swings around zero by less than a step
# is a signal of 0 and -1. An encoder that makes an event of each change sees events there, and none in FLAC.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check soundfile==0.14.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PY'
import numpy as np
import soundfile


def written(x, kind, bits):
    soundfile.write(f"x.{kind}", x, 16_000, subtype=f"PCM_{bits}")
    return soundfile.read(f"x.{kind}", dtype="int32")[0] >> 32 - bits


print("soundfile", soundfile.__version__, "libsndfile", soundfile.__libsndfile_version__)
noise = np.random.default_rng(0).normal(size=100_000) / 10
mean = {}
for bits in (16, 24):
    for kind in ("wav", "flac"):
        mean[kind, bits] = float((written(noise, kind, bits) - noise * 2 ** (bits - 1)).mean())
        print(f"{kind}, {bits} bits: mean error {mean[kind, bits]:+.3f} steps")
quiet = 1e-9 * np.sin(np.arange(16_000) * 0.3)
changes = {kind: int((np.diff(written(quiet, kind, 16)) != 0).sum()) for kind in ("wav", "flac")}
print("a second of 1e-9 sin(...), changes from sample to sample:", changes)
assert all(abs(mean["wav", b] + 0.5) < 0.05 and abs(mean["flac", b]) < 0.05 for b in (16, 24))
assert changes["wav"] > 1_000 and changes["flac"] == 0
PY
