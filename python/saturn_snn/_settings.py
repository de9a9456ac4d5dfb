"""Settings as a scenario has them, from what a user writes in Python."""

from __future__ import annotations

import json
import math
import numbers
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._saturn import InputError

Named = str | Mapping[str, Any]


def brief(value: Any) -> str:
    """A value in an error, however large it is."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:60]}.. ({type(value).__name__})"


def whole(name: str, value: Any, least: int = 0, most: int = 2**63 - 1) -> int:
    """A whole number in its range."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name}: expected a whole number, not {value!r}") from None
    if not least <= number <= most:
        raise InputError(f"{name}: `{number}` is out of range: it must be {least} to {most}")
    return number


def real(name: str, value: Any) -> float:
    """A number."""
    if not isinstance(value, numbers.Real):
        raise InputError(f"{name}: expected a number, not {value!r}")
    return float(value)


def plain(name: str, value: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """A C-contiguous array of numbers, converted to ``dtype`` if that loses no kind of number."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InputError(f"{name}: values are masked; fill them, with numpy.ma.filled")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as e:
        raise InputError(f"{name}: is no array: {e}") from None
    if dtype is None:
        return array
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name}: values are of {array.dtype}; expected numbers")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=dtype)


def encode(value: Any, place: str = "") -> Any:
    """A value that JSON has; errors name its place."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): encode(item, f"{place}.{key}" if place else str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item, f"{place}.{i}" if place else str(i)) for i, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{place}: `{value}` is not finite")
    if not (value is None or isinstance(value, (str, int, float))):
        raise InputError(f"{place}: {value!r} is of a type that settings do not have")
    return value


def as_json(value: Any) -> str:
    """The JSON text of settings."""
    return json.dumps(encode(value))


def named(place: str, value: Named) -> dict[str, Any]:
    """``"adaptive"`` as ``{"adaptive": {}}``: a name alone means its defaults."""
    if isinstance(value, str):
        return {value: {}}
    if not isinstance(value, Mapping):
        hint = "; call it" if callable(value) else ""
        raise InputError(f"{place}: expected a name or a mapping, not {value!r}{hint}")
    return dict(value)


def gap_settings(gap: Gap) -> dict[str, Any] | None:
    """Gaps as the library reads them."""
    if gap is None:
        return None
    try:
        (shortest, longest), fill = gap
        fills = [fill] if isinstance(fill, (str, Mapping)) else list(fill)
    except (TypeError, ValueError):
        raise InputError(f"gap: expected ((shortest, longest), fill) or None, not {gap!r}") from None
    # Noise has a factor; the others are names.
    return {"steps": [shortest, longest], "fill": [{"noise": 1.0} if one == "noise" else one for one in fills]}


Gap = tuple[tuple[int, int], Named | Sequence[Named]] | None
