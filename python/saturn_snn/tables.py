"""Tables and labelled arrays: pandas and xarray where they are installed, plain Python and NumPy else."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

_HINTED: set[str] = set()


def _hint(package: str, instead: str) -> None:
    if package not in _HINTED:
        _HINTED.add(package)
        warnings.warn(f"{package} is not installed, so this is {instead}: pip install {package}", stacklevel=4)


def frame(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Rows as a pandas DataFrame, or as a list of dicts without pandas."""
    try:
        import pandas
    except ImportError:
        _hint("pandas", "a list of dicts")
        return [dict(row) for row in rows]
    return pandas.DataFrame(list(rows))


def html(table: Any) -> str:
    """A table for Jupyter."""
    if hasattr(table, "to_html"):
        text: str = table.to_html(index=False, float_format=lambda x: f"{x:.4g}")
        return text
    if not table:
        return "<p>No rows.</p>"
    head = "".join(f"<th>{escape(str(key))}</th>" for key in table[0])
    body = "".join("<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row.values()) + "</tr>" for row in table)
    return f"<table><tr>{head}</tr>{body}</table>"


def labelled(
    variables: Mapping[str, tuple[tuple[str, ...], Any, Mapping[str, str]]],
    coordinates: Mapping[str, tuple[tuple[str, ...], Any, Mapping[str, str]]],
) -> Any:
    """Named arrays as an xarray Dataset, or as a dict of NumPy arrays without xarray."""
    try:
        import xarray
    except ImportError:
        _hint("xarray", "a dict of NumPy arrays")
        return {name: np.asarray(values) for name, (_, values, _) in {**coordinates, **variables}.items()}
    return xarray.Dataset(dict(variables), coords=dict(coordinates))
