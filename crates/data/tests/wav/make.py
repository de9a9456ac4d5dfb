"""Small WAV files of every container, and the values that soundfile reads in them: values.txt.

pip install soundfile==0.14.0 numpy   (libsndfile 1.2.2)
"""

import struct

import numpy as np
import soundfile

GUID = bytes.fromhex("000000001000800000aa00389b71")
RATE = 16000
x = 0.4 * np.sin(0.3 * np.arange(24)) * np.hanning(24)


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def integers(bits, container, values=x, channels=1):
    """Numbers of `bits` bits at the top of `container` bytes; the channels differ."""
    values = values[:, None] * np.array([1, -0.5, 0.25, 0.75, -0.125, 0.3])[:channels]
    v = np.round(values * (2 ** (bits - 1) - 1)).astype(np.int64) << (8 * container - bits)
    if container == 1:
        return (v + 128).astype("u1").tobytes()
    return b"".join(int(a).to_bytes(container, "little", signed=True) for a in v.ravel())


def put(name, data, code=1, bits=16, channels=1, valid=None, before=b"", after=b"", riff=None, size=None, kind=b"RIFF"):
    frame = channels * -(-bits // 8)
    fmt = struct.pack("<HHIIHH", code if valid is None else 0xFFFE, channels, RATE, RATE * frame, frame, bits)
    if valid is not None:
        fmt += struct.pack("<HHIH", 22, valid, 0, code) + GUID
    elif code == 3:
        fmt += struct.pack("<H", 0)
    body = b"WAVE" + before + chunk(b"fmt ", fmt)
    sound = chunk(b"data", data)
    if size is not None:
        sound = b"data" + struct.pack("<I", size) + data
    body += sound + after
    riff = len(body) if riff is None else riff
    with open(name + ".wav", "wb") as file:
        file.write(kind + struct.pack("<I", riff) + body)


d16 = integers(16, 2)
put("u8", integers(8, 1), bits=8)
put("u8_odd", integers(8, 1, x[:23]), bits=8)
put("i16", d16)
put("i24", integers(24, 3), bits=24)
put("i32", integers(32, 4), bits=32)
put("f32", x.astype("<f4").tobytes(), code=3, bits=32)
put("f64", x.astype("<f8").tobytes(), code=3, bits=64)
put("plain_12_in_16", integers(12, 2), bits=12)
put("plain_20_in_24", integers(20, 3), bits=20)
put("ext_7_in_8", integers(7, 1), bits=8, valid=7)
put("ext_12_in_16", integers(12, 2), valid=12)
put("ext_16", d16, valid=16)
put("ext_20_in_24", integers(20, 3), bits=24, valid=20)
put("ext_20_in_32", integers(20, 4), bits=32, valid=20)
put("ext_24", integers(24, 3), bits=24, valid=24)
put("ext_24_in_32", integers(24, 4), bits=32, valid=24)
put("ext_24_in_32_low_bits", integers(32, 4), bits=32, valid=24)
put("ext_valid_0", integers(24, 4), bits=32, valid=0)
put("ext_f32", x.astype("<f4").tobytes(), code=3, bits=32, valid=32)
put("ext_f64", x.astype("<f8").tobytes(), code=3, bits=64, valid=64)
put("stereo", integers(16, 2, channels=2), channels=2)
put("six", integers(24, 4, channels=6), bits=32, channels=6, valid=24)
put("list_odd", d16, before=chunk(b"LIST", b"INFO" + b"ICMT" + struct.pack("<I", 5) + b"hello"))
put("list_longer_inside", d16, before=chunk(b"LIST", b"INFOISFT\x0d\0\0\0Lavf58.29"))
put("bext_odd", d16, before=chunk(b"bext", b"\1" * 603))
put("chunks_after", d16, after=chunk(b"LIST", b"INFO!") + chunk(b"id3 ", b"ID3"))
put("pipe_ffmpeg", d16, riff=0xFFFFFFFF, size=0xFFFFFFFF)
put("pipe_sox", d16, riff=0x7FFFF024, size=0x7FFFF000)
put("pipe_arecord", d16 + b"\1", riff=0x80000024, size=0x80000000)
put("rf64", d16, kind=b"RF64", riff=0xFFFFFFFF, size=0xFFFFFFFF, after=chunk(b"LIST", b"INFO"),
    before=chunk(b"ds64", struct.pack("<QQQI", 84 + len(d16), len(d16), len(x), 0)))

# Files of which soundfile 0.14.0 reads nothing, or refuses, with the values of `i16`.
put("pipe_zero", d16, riff=0, size=0)
put("interrupted", d16, riff=36, size=0)
put("no_pad", d16, before=b"LIST" + struct.pack("<I", 5) + b"INFO!")
put("bw64", d16, kind=b"BW64", riff=0xFFFFFFFF, size=0xFFFFFFFF,
    before=chunk(b"ds64", struct.pack("<QQQI", 72 + len(d16), len(d16), len(x), 0)))

others = {"pipe_zero", "interrupted", "no_pad", "bw64"}
read = "u8 u8_odd i16 i24 i32 f32 f64 plain_12_in_16 plain_20_in_24 ext_7_in_8 ext_12_in_16 ext_16 ext_20_in_24 ext_20_in_32 ext_24 ext_24_in_32 ext_24_in_32_low_bits ext_valid_0 ext_f32 ext_f64 stereo six list_odd list_longer_inside bext_odd chunks_after pipe_ffmpeg pipe_sox pipe_arecord rf64".split()
with open("values.txt", "w") as file:
    for name in read + sorted(others):
        values, rate = soundfile.read(("i16" if name in others else name) + ".wav", always_2d=True)
        assert rate == RATE
        file.write(" ".join([name] + [repr(float(v)) for v in values.mean(1)]) + "\n")
for name in others:
    try:
        print(name, len(soundfile.read(name + ".wav")[0]))
    except soundfile.LibsndfileError as error:
        print(name, error)
