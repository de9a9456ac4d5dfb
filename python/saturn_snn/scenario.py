"""Scenarios: what ``saturn run`` and ``saturn compare`` do, and their results."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from . import _saturn
from ._command import command
from ._settings import encode
from .evaluation import Figure, rows_of, windows_of
from .tables import frame, html, labelled

Scenario = Mapping[str, Any] | str | os.PathLike[str]


class Result:
    """The folder of a run or comparison.

    Parameters
    ----------
    folder : path
        The run's folder.

    Attributes
    ----------
    folder : pathlib.Path
    summary : dict
        All figures: ``summary.json``.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(os.fsdecode(folder))
        path = self.folder / "summary.json"
        if not path.is_file():
            raise _saturn.InputError(f"{path} does not exist: run the scenario to its end first")
        self.summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    def table(self) -> Any:
        """Accuracies, 0 to 1, one row a reading: columns model, arm, seed, policy, stream, reading, value, low, high."""
        rows = []
        for trial in self.summary["cells"]:
            for found in trial["evaluations"]:
                head = {
                    "model": trial["model"],
                    "arm": trial["arm"],
                    "seed": trial["seed"],
                    "policy": found["state_reset"],
                    "stream": found["stream"],
                }
                rows += rows_of(found, head)
        return frame(rows)

    def curves(self) -> Any:
        """Accuracy by position in the stream, ``[trial, window]``: an xarray Dataset with ``accuracy``, ``low`` and
        ``high``; model, arm, seed, policy and stream are coordinates of ``trial``."""
        each = [(trial, found) for trial in self.summary["cells"] for found in trial["evaluations"]]
        windows = [windows_of(found) for _, found in each]
        axes, units = ("trial", "window"), {"units": "1"}
        heads = {
            "model": [trial["model"] for trial, _ in each],
            "arm": [trial["arm"] for trial, _ in each],
            "seed": [trial["seed"] for trial, _ in each],
            "policy": [found["state_reset"] for _, found in each],
            "stream": [found["stream"] for _, found in each],
        }
        most = max((len(w["start"]) for w in windows), default=0)

        def padded(name: str) -> Any:
            rows = np.full((len(windows), most), np.nan)
            for row, window in zip(rows, windows, strict=True):
                row[: len(window[name])] = window[name]
            return rows

        variables = {name: (axes, padded(name), units) for name in ("accuracy", "low", "high")}
        variables |= {name: (axes, padded(name), {"units": "steps"}) for name in ("start", "end")}
        return labelled(variables, {name: (("trial",), values, {}) for name, values in heads.items()})

    def figures(self) -> list[str]:
        """Names of the figures."""
        return sorted(path.stem for path in (self.folder / "figures").glob("*.svg"))

    def figure(self, name: str = "compare") -> Figure:
        """A figure by its name, such as ``"compare"``."""
        path = self.folder / "figures" / f"{name}.svg"
        if not path.is_file():
            raise _saturn.InputError(f"there is no figure {name!r}; there are {', '.join(self.figures())}")
        return Figure.read(path)

    def report(self) -> Report:
        """The report, one page of HTML."""
        return Report(self.folder / "report.html")

    def networks(self) -> list[str]:
        """Names of the trained networks, for `saturn.load`: ``result.folder / name``."""
        return sorted(path.stem for path in (self.folder / "weights").glob("*.safetensors"))

    def __repr__(self) -> str:
        trials = len(self.summary["cells"])
        return f"Result({str(self.folder)!r}, {self.summary['name']!r}, {trials} trials)"

    def _repr_html_(self) -> str:
        return html(self.table())


class Report:
    """A report, which Jupyter shows in a frame."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _repr_html_(self) -> str:
        page = escape(self.path.read_text(encoding="utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" width="100%" height="800" style="border: 0"></iframe>'


def _run(
    verb: str,
    scenario: Scenario,
    out: str | os.PathLike[str] | None,
    set: Mapping[str, Any] | None,
    final: bool,
    only: Sequence[str],
    progress: bool,
    extra: Sequence[str],
) -> Result:
    file: Path | None = None
    if isinstance(scenario, Mapping):
        text, stem = json.dumps(encode(scenario)), "scenario"
    elif isinstance(scenario, str) and ("\n" in scenario or scenario.lstrip().startswith("{")):
        text, stem = scenario, "scenario"
    else:
        file = Path(os.fsdecode(scenario))
        text, stem = "", file.stem
    folder = Path("runs") / stem if out is None else Path(os.fsdecode(out))
    with tempfile.TemporaryDirectory() as scratch:
        if file is None:
            file = Path(scratch) / "scenario.yaml"
            file.write_text(text, encoding="utf-8")
        arguments: list[str | os.PathLike[str]] = [verb, file, f"--out={os.fspath(folder)}", *extra]
        arguments += [f"--set={key}={json.dumps(encode(value))}" for key, value in (set or {}).items()]
        arguments += ["--final"] if final else []
        arguments += [f"--only={pattern}" for pattern in only]
        command(arguments, progress)
        if only:
            command([verb, file, f"--out={os.fspath(folder)}", "--collect"])
    return Result(folder)


def run(
    scenario: Scenario,
    *,
    out: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    final: bool = False,
    only: Sequence[str] = (),
    progress: bool = True,
) -> Result:
    """Train and evaluate all trials of a scenario with one seed, as ``saturn run`` does: to the same bits.

    Parameters
    ----------
    scenario : dict, path or str
        The scenario: its keys, its file, or its text in YAML, of several lines or within braces.
    out : path, optional
        The run's folder; by default ``runs/`` and the file's name. A run that exists there is resumed.
    set : mapping, optional
        Overrides: ``{"train.epochs": 2}``.
    final : bool
        Whether to evaluate on the test split: once, at the end.
    only : sequence of str
        Only matching trials: patterns of MODEL.ARM.SEED.
    progress : bool
        Whether to show a bar, with tqdm.
    """
    return _run("run", scenario, out, set, final, only, progress, ())


def compare(
    scenario: Scenario,
    *,
    out: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    final: bool = False,
    only: Sequence[str] = (),
    jobs: int | None = None,
    progress: bool = True,
) -> Result:
    """The same with every seed of the scenario, as ``saturn compare`` does.

    Parameters
    ----------
    scenario, out, set, final, only, progress
        As in `run`.
    jobs : int, optional
        Maximum concurrent trials, memory permitting; by default one a thread.
    """
    extra = () if jobs is None else (f"--jobs={jobs}",)
    return _run("compare", scenario, out, set, final, only, progress, extra)
