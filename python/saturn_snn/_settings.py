"""Settings as a scenario has them, from what a user writes in Python."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Named = str | Mapping[str, Any]


def encode(value: Any) -> Any:
    """A value that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return encode(value.tolist())
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def as_json(value: Any) -> str:
    """The JSON text of settings."""
    return json.dumps(encode(value))


def named(value: Named) -> dict[str, Any]:
    """``"adaptive"`` as ``{"adaptive": {}}``: a name alone means its defaults."""
    if isinstance(value, str):
        return {value: {}}
    return dict(value)


def gap_settings(gap: Gap) -> dict[str, Any] | None:
    """Gaps as the library reads them."""
    if gap is None:
        return None
    steps, fill = gap
    fills = [fill] if isinstance(fill, (str, Mapping)) else list(fill)
    # Noise has a factor; the others are names.
    return {"steps": list(steps), "fill": [{"noise": 1.0} if one == "noise" else one for one in fills]}


Gap = tuple[tuple[int, int], Named | Sequence[Named]] | None
