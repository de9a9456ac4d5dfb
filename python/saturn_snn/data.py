"""Labelled recordings: events or dense arrays, in memory or in files."""

from __future__ import annotations

import math
import numbers
import os
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _saturn
from ._settings import Gap, as_json, brief, gap_settings, plain, real, whole

Samples = tuple[Sequence[Any] | npt.NDArray[Any], Sequence[int] | npt.NDArray[Any]]

#: Seconds in a unit of time.
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
DEFAULT_GAP: Gap = ((10, 60), ("silence", "noise"))


class Dataset:
    """Labelled recordings for training, validation and test, and the gaps between them in a stream.

    Make one with `from_events`, `from_dense`, `from_hdf5` or `synthetic`. All take ``gap``: what is between two
    samples of a stream, ``((shortest, longest), fill)`` in steps with one or several of ``"silence"``, ``"noise"`` and
    ``"shuffled"``, or None.
    """

    def __init__(self, inner: _saturn.Dataset) -> None:
        self._data = inner

    @classmethod
    def from_events(
        cls,
        samples: Sequence[Any],
        labels: Sequence[int] | npt.NDArray[Any],
        *,
        channels: int | None = None,
        valid: float | Samples = 0.2,
        test: Samples | None = None,
        dt_ms: float = 10.0,
        unit: str = "us",
        sensor_size: tuple[int, int, int] | None = None,
        classes: Sequence[str] | None = None,
        gap: Gap = DEFAULT_GAP,
        seed: int = 1,
    ) -> Dataset:
        """Events in time. Times count from the start of a recording: of pieces of a long one, subtract where they begin.

        Parameters
        ----------
        samples : sequence
            One item a recording: a pair ``(t, channel)`` of arrays, or a structured array with fields ``t`` and ``x``,
            and optionally ``y`` and ``p``, as Tonic has them.
        labels : sequence of int
            Class of each.
        channels : int, optional
            I, input channels; by default the product of ``sensor_size``.
        valid : float or (samples, labels)
            Validation samples, or the share of samples to draw for them; each class is drawn from alike.
        test : (samples, labels), optional
            Samples for the end, which nothing is chosen on.
        dt_ms : float
            Milliseconds a step.
        unit : {"us", "ms", "s", "ns"}
            Unit of times.
        sensor_size : (width, height, polarities), optional
            Of structured arrays with ``y`` or several polarities: channel is ``(p * height + y) * width + x``.
        classes : sequence of str, optional
            Names of the classes.
        gap : ((int, int), fill) or None
            See the class.
        seed : int
            Of the draw of validation samples.
        """
        channels, dt_ms = _channels(channels, sensor_size), real("dt_ms", dt_ms)
        if unit not in UNITS:
            raise _saturn.InputError(f"unit: expected one of {', '.join(UNITS)}, not {unit!r}")

        def read(name: str, split: Samples) -> tuple[list[Any], list[int]]:
            each = [_events(f"{name}[{i}]", one, unit, sensor_size) for i, one in enumerate(split[0])]
            return each, _labels(name, split[1])

        train, held = _split("samples", (samples, labels), valid, seed)
        tested = None if test is None else read("test", _pair("test", test))
        names = None if classes is None else [str(one) for one in classes]
        gaps = as_json(gap_settings(gap))
        read_train, read_valid = read("samples", train), read("valid", held)
        made = cls(_saturn.Dataset.of_events(read_train, read_valid, tested, channels, dt_ms, names, gaps))
        _check_durations(read_train[0], made.dt_ms, unit)
        _check_classes(read_train[1], made.classes)
        return made

    @classmethod
    def from_dense(
        cls,
        samples: Sequence[npt.NDArray[Any]] | npt.NDArray[Any],
        labels: Sequence[int] | npt.NDArray[Any],
        *,
        valid: float | Samples = 0.2,
        dt_ms: float = 10.0,
        classes: Sequence[str] | None = None,
        gap: Gap = DEFAULT_GAP,
        standardise: bool = False,
        seed: int = 1,
    ) -> Dataset:
        """Dense arrays ``[T, I]``, one a recording, or one array ``[N, T, I]`` as a loader of PyTorch has them batch first;
        a network, in contrast, runs on ``[T, B, I]``.

        The parameters are those of `from_events`, and

        Parameters
        ----------
        standardise : bool
            Whether to put each channel on mean 0 and deviation 1 of the training samples. Without it, values are as they
            are, which a network that was trained elsewhere expects. Silence in gaps is 0 in either case.
        """

        def read(name: str, split: Samples) -> tuple[list[Any], list[int]]:
            each = [_frames(f"{name}[{i}]", one) for i, one in enumerate(split[0])]
            return each, _labels(name, split[1])

        train, held = _split("samples", (samples, labels), valid, seed)
        names = None if classes is None else [str(one) for one in classes]
        gaps, dt_ms = as_json(gap_settings(gap)), real("dt_ms", dt_ms)
        splits = read("samples", train), read("valid", held)
        made = cls(_saturn.Dataset.of_dense(*splits, dt_ms, names, gaps, bool(standardise)))
        _check_classes(splits[0][1], made.classes)
        return made

    @classmethod
    def from_hdf5(
        cls, folder: str | os.PathLike[str], *, channels: int, dt_ms: float = 10.0, gap: Gap = DEFAULT_GAP
    ) -> Dataset:
        """Events in ``train.h5``, ``valid.h5`` and, where it exists, ``test.h5`` of a folder, laid out as the Heidelberg
        data sets are."""
        channels, dt_ms = whole("channels", channels), real("dt_ms", dt_ms)
        return cls(_saturn.Dataset.of_folder(os.fsdecode(folder), channels, dt_ms, as_json(gap_settings(gap))))

    @classmethod
    def synthetic(cls, *, gap: Gap = DEFAULT_GAP, **settings: Any) -> Dataset:
        """Made-up words of any size and difficulty; the settings are those of ``data.synthetic`` in a scenario, such as
        ``classes``, ``channels``, ``train``, ``difficulty`` and ``seed``."""
        return cls(_saturn.Dataset.of_synthetic(as_json(settings), as_json(gap_settings(gap))))

    @property
    def channels(self) -> int:
        """I, input channels."""
        return self._data.channels

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return self._data.classes

    @property
    def dt_ms(self) -> float:
        """Milliseconds a step."""
        return self._data.dt_ms

    @property
    def samples(self) -> dict[str, int]:
        """Numbers of samples by split."""
        train, valid, test = self._data.samples
        return {"train": train, "valid": valid, "test": test}

    def __deepcopy__(self, memo: dict[int, Any]) -> Dataset:
        # It never changes.
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a Dataset is not pickled: make it in each process, from the same samples or files")

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {split}" for split, count in self.samples.items() if count)
        return f"Dataset({counts} samples, {self.channels} channels, {len(self.classes)} classes, {self.dt_ms} ms a step)"


def _events(name: str, sample: Any, unit: str, sensor: tuple[int, int, int] | None) -> tuple[Any, Any]:
    """Times in seconds, ascending, and channels."""
    fields = getattr(getattr(sample, "dtype", None), "names", None)
    if fields:
        time, channel = _structured(name, sample, fields, sensor)
    else:
        try:
            time, channel = sample
        except (TypeError, ValueError):
            raise _saturn.InputError(
                f"{name}: expected a pair (t, channel) of arrays, or a structured array with fields t and x"
            ) from None
    time, channel = plain(f"{name}: times", time), plain(f"{name}: channels", channel)
    if time.ndim != 1 or channel.shape != time.shape:
        raise _saturn.InputError(f"{name}: times of shape {time.shape} and channels of shape {channel.shape}")
    if channel.size and not np.issubdtype(channel.dtype, np.integer):
        raise _saturn.InputError(f"{name}: channels are of {channel.dtype}; expected integers")
    if time.size and time.dtype.kind not in "iuf":
        raise _saturn.InputError(f"{name}: times are of {time.dtype}; expected numbers")
    # Whole units are scaled by a division, which rounds once: 30,000 us are 0.03 s exactly.
    per_second = round(1.0 / UNITS[unit])
    seconds = time.astype(np.float64) / per_second
    return np.ascontiguousarray(seconds), np.ascontiguousarray(channel, dtype=np.int64)


def _check_durations(samples: Sequence[tuple[Any, Any]], dt_ms: float, unit: str) -> None:
    """Warn if times seem to be in another unit: samples of one step, or of very many."""
    empty = sum(times.size == 0 for times, _ in samples)
    if empty == len(samples):
        raise _saturn.InputError("samples: no training sample has an event")
    if empty:
        warnings.warn(f"{empty} of {len(samples)} training samples have no events", stacklevel=3)
    first = [1e3 * float(times[0]) / dt_ms for times, _ in samples if times.size]
    lengths = [1e3 * float(times[-1] - times[0]) / dt_ms for times, _ in samples if times.size]
    begins, lasts = float(np.median(first)), float(np.median(lengths))
    if begins > max(50, 3 * lasts):
        warnings.warn(
            f"half of the samples begin with {begins:,.0f} steps of silence, and then last {lasts:,.0f}: times count from the "
            "start of a sample, and the silence is a part of it; subtract the first time",
            stacklevel=3,
        )
        return
    steps = [1e3 * float(times[-1]) / dt_ms for times, _ in samples if times.size]
    median = float(np.median(steps))
    if not 2 <= median <= 20_000:
        length = "less than two steps" if median < 2 else f"{median:,.0f} steps"
        warnings.warn(
            f"half of the samples last {length} of {dt_ms:g} ms; are their times in {unit}? Give unit and dt_ms",
            stacklevel=3,
        )


def _check_classes(labels: Sequence[int], classes: Sequence[str]) -> None:
    """Warn of classes without a training sample, which labels that count from 1 leave, and of a single class."""
    used = set(labels)
    missing = [name for i, name in enumerate(classes) if i not in used]
    text = None
    if len(classes) == 1:
        text = "all samples are of one class: every answer is right"
    elif len(classes) > 2 and used == set(range(1, len(classes))):
        text = (
            "no training sample is of class 0, and all others have some: labels count from 0; are these 1 to "
            f"{len(classes) - 1}? Subtract 1, or the network has an output too many"
        )
    elif missing:
        named = ", ".join(missing[:5]) + (", .." if len(missing) > 5 else "")
        text = f"no training sample is of class {named}: labels are places of classes, from 0"
    if text is not None:
        warnings.warn(text, stacklevel=3)


def _channels(channels: int | None, sensor: tuple[int, int, int] | None) -> int:
    """I, by number or by the sensor's size."""
    if sensor is None:
        if channels is None:
            raise _saturn.InputError("channels: give the number of input channels, or sensor_size")
        return whole("channels", channels)
    if not isinstance(sensor, Sequence) or len(sensor) != 3:
        raise _saturn.InputError(f"sensor_size: expected (width, height, polarities), not {sensor!r}")
    of_sensor = math.prod(whole("sensor_size", size, 1, 1_000_000) for size in sensor)
    if channels is not None and whole("channels", channels) != of_sensor:
        raise _saturn.InputError(f"channels: {channels}, and sensor_size {sensor} has {of_sensor}")
    return of_sensor


def _structured(name: str, sample: Any, fields: Sequence[str], sensor: tuple[int, int, int] | None) -> tuple[Any, Any]:
    if "t" not in fields or "x" not in fields:
        raise _saturn.InputError(f"{name}: has fields {', '.join(fields)}; t and x are needed")
    x = sample["x"].astype(np.int64)
    if sensor is not None:
        width, height, polarities = sensor
        y = sample["y"].astype(np.int64) if "y" in fields else np.zeros_like(x)
        p = sample["p"].astype(np.int64) if "p" in fields and polarities > 1 else np.zeros_like(x)
        for axis, values, size in (("x", x, width), ("y", y, height), ("p", p, polarities)):
            if values.size and (values.min() < 0 or values.max() >= size):
                raise _saturn.InputError(
                    f"{name}: {axis} is {values.min()} to {values.max()}, and sensor_size has 0 to {size - 1}"
                )
        return sample["t"], (p * height + y) * width + x
    if "y" in fields or ("p" in fields and np.unique(sample["p"]).size > 1):
        raise _saturn.InputError(
            f"{name}: has positions or polarities; give sensor_size=(width, height, polarities), as Tonic has it"
        )
    return sample["t"], x


def _frames(name: str, sample: Any) -> Any:
    array = plain(name, sample, np.float32)
    if array.ndim != 2:
        raise _saturn.InputError(f"{name}: has {array.ndim} axes; expected [T, I]")
    return array


def _labels(name: str, labels: Iterable[Any]) -> list[int]:
    if not isinstance(labels, Iterable):
        raise _saturn.InputError(f"labels of {name}: expected a list or an array, not {labels!r}")
    array = plain(f"labels of {name}", labels if isinstance(labels, np.ndarray) else list(labels))
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise _saturn.InputError(f"labels of {name} are of {array.dtype}; expected integers")
    return [int(label) for label in array.ravel()]


def _pair(name: str, value: Any) -> Samples:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise _saturn.InputError(f"{name}: expected (samples, labels), not {brief(value)}")
    return value[0], value[1]


def _split(name: str, all_of: Samples, valid: float | Samples, seed: int) -> tuple[Samples, Samples]:
    """Training and validation samples."""
    samples, labels = all_of
    if isinstance(samples, str) or not (hasattr(samples, "__len__") and hasattr(samples, "__getitem__")):
        raise _saturn.InputError(f"{name}: expected a list of recordings, not {brief(samples)}")
    if not isinstance(valid, numbers.Real):
        return all_of, _pair("valid", valid)
    share = float(valid)
    if not 0 < share < 1:
        raise _saturn.InputError(f"valid: {valid} is no share between 0 and 1; or give (samples, labels)")
    classes = np.asarray(_labels(name, labels))
    if len(classes) != len(samples):
        raise _saturn.InputError(f"{name}: {len(samples)} samples and {len(classes)} labels")
    random = np.random.default_rng(whole("seed", seed))
    chosen: list[int] = []
    for label in np.unique(classes):
        own = np.flatnonzero(classes == label)
        if own.size < 2:
            raise _saturn.InputError(f"{name}: class {label} has one sample; two are needed to set one apart")
        count = min(max(1, round(share * own.size)), own.size - 1)
        chosen.extend(random.permutation(own)[:count].tolist())
    held = set(chosen)
    kept = [i for i in range(len(samples)) if i not in held]
    part = sorted(held)

    def take(which: list[int]) -> Samples:
        return [samples[i] for i in which], [int(classes[i]) for i in which]

    return take(kept), take(part)
