"""Evaluation on endless streams, and analysis."""

from __future__ import annotations

import json
import math
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from . import _saturn
from ._command import command
from ._progress import Progress
from ._settings import Named, as_json, brief, whole
from .data import Dataset
from .network import Network
from .tables import frame, html, labelled

#: The readings of accuracy: probabilities summed over a sample, its last step, the detector that knows no boundaries.
READINGS = ("summed", "last", "detector")

#: Names of policies in figures.
NAMES = {"none": "never reset", "oracle": "reset at every sample"}


def rows_of(evaluation: Mapping[str, Any], head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a tidy table for one evaluation: a reading each, accuracies 0 to 1 with their 95 % interval."""
    rows = []
    for reading in READINGS:
        found = evaluation.get(reading)
        if found is not None:
            low, high = found.get("interval") or (None, None)
            rows.append({**head, "reading": reading, "value": found["value"], "low": low, "high": high})
    return rows


def windows_of(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Accuracy by position in the stream: start, end, value, low, high of each window."""
    windows = evaluation["positions"]

    def of(key: str) -> Any:
        return np.array([np.nan if w[key] is None else w[key] for w in windows], dtype=float)

    intervals = [w["interval"] or (np.nan, np.nan) for w in windows]
    return {
        "start": np.array([w["start"] for w in windows]),
        "end": np.array([w["end"] for w in windows]),
        "accuracy": of("accuracy"),
        "low": np.array([low for low, _ in intervals], dtype=float),
        "high": np.array([high for _, high in intervals], dtype=float),
    }


@dataclass(repr=False)
class Evaluation:
    """A network on an endless stream, under one state-reset policy or several.

    Of the three readings, `detector` is what a device would have: it is not told where samples begin and end. `summed` is
    what papers report, with probabilities summed between known ends. `last` is the output at a sample's last step, and
    is low where a network decides early and then forgets.

    Attributes
    ----------
    found : dict
        By policy, all figures, as in ``summary.json``.
    folder : pathlib.Path, optional
        Of an evaluation of files: figures, report and the answer to every segment.
    """

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    folder: Path | None = None
    dt_ms: float = 0.0

    def _first(self) -> dict[str, Any]:
        return self.found.get("none") or next(iter(self.found.values()))

    def _value(self, reading: str) -> float:
        found = self._first().get(reading)
        return math.nan if found is None else float(found["value"])

    @property
    def summed(self) -> float:
        """Accuracy by summed probabilities, 0 to 1, never reset if that was evaluated; NaN if no sample ended in the
        stream."""
        return self._value("summed")

    @property
    def last(self) -> float:
        """Accuracy at the last step of samples."""
        return self._value("last")

    @property
    def detector(self) -> float:
        """Accuracy of the detector that knows no boundaries."""
        return self._value("detector")

    def table(self) -> Any:
        """Accuracies, 0 to 1: columns policy, reading, value, low and high (95 % interval)."""
        return frame([row for policy, found in self.found.items() for row in rows_of(found, {"policy": policy})])

    def curves(self) -> Any:
        """Accuracy by position in the stream, ``[policy, window]``: an xarray Dataset with ``accuracy``, ``low`` and
        ``high``, and the steps of the windows."""
        each = [windows_of(found) for found in self.found.values()]
        axes = ("policy", "window")
        share = {"units": "1", "long_name": "accuracy by summed probabilities"}
        return labelled(
            {
                name: (axes, np.array([w[name] for w in each]), share if name == "accuracy" else {"units": "1"})
                for name in ("accuracy", "low", "high")
            },
            {
                "policy": (("policy",), list(self.found), {}),
                "start": (("window",), each[0]["start"], {"units": "steps"}),
                "end": (("window",), each[0]["end"], {"units": "steps"}),
            },
        )

    def figure(self) -> Figure:
        """Accuracy by position in the stream."""
        if self.folder is not None:
            return Figure.read(self.folder / "figures" / "accuracy.svg")
        with tempfile.TemporaryDirectory() as folder:
            stem = Path(folder) / "accuracy"
            lines = [(NAMES.get(policy, policy), json.dumps(found)) for policy, found in self.found.items()]
            _saturn.plot_accuracy(lines, os.fspath(stem))
            return Figure.read(stem.with_suffix(".svg"))

    def __repr__(self) -> str:
        parts = [
            f"{policy}: " + ", ".join(f"{r} {100 * found[r]['value']:.1f} %" for r in READINGS if found.get(r))
            for policy, found in self.found.items()
        ]
        return "Evaluation(" + "; ".join(parts) + ")"

    def _repr_html_(self) -> str:
        return html(self.table())


class Figure:
    """A figure as SVG, which Jupyter shows."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Figure:
        """The figure in a file."""
        return cls(Path(path).read_text(encoding="utf-8"))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the SVG to a file."""
        if Path(path).suffix.lower() not in ("", ".svg"):
            raise _saturn.InputError(f"{os.fspath(path)}: the figure is SVG; give a name that ends in .svg")
        Path(path).write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg


def evaluate(
    net: Network | str | os.PathLike[str],
    data: Dataset | str | os.PathLike[str],
    *,
    state_reset: Named | Sequence[Named] = "none",
    steps: int = 100_000,
    lanes: int = 16,
    windows: int = 20,
    instruments: Sequence[str] = (),
    seed: int = 1,
    test: bool = False,
    progress: bool = False,
    out: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Evaluation:
    """Run a network on an endless stream of samples and gaps, without training.

    Parameters
    ----------
    net : Network or path
        A network; or a run's network, a weights file or the folder of an import.
    data : Dataset or path
        Recordings; or a file or folder of them, as ``saturn evaluate --data`` takes it. With a path as network or data,
        both are files and the result has a folder with figures, report and the answer to every segment.
    state_reset : str, mapping or sequence of them
        When the state is reset: ``"none"`` (never), ``"oracle"`` (at every sample), ``{"periodic": 100}``, or another
        policy of ``evaluate.state_reset`` in a scenario; ``"periodic=100"`` is the same as a string.
    steps, lanes : int
        Steps over all lanes, and the lanes that share them. One lane is one long stream.
    windows : int
        Windows of accuracy by position.
    instruments : sequence of str
        Optional instruments, by their keys in a scenario.
    seed : int
        Of the stream.
    test : bool
        Whether to evaluate on the test samples: once, at the end. Else on the validation samples.
    progress : bool
        Whether to show a bar, with tqdm.
    out : path, optional
        Folder of the results of files.
    **options
        For files, further options of ``saturn evaluate``: ``gap="10..60"``, ``fill="noise"``, ``precision="f64"``.
    """
    policies = _policies(state_reset)
    steps, lanes, windows = whole("steps", steps), whole("lanes", lanes), whole("windows", windows)
    seed, instruments = whole("seed", seed, 0, 2**64 - 1), _names("instruments", instruments)
    if not policies:
        raise _saturn.InputError('state_reset: give a policy, such as "none"')
    if isinstance(net, Network) and isinstance(data, Dataset):
        if options or out is not None:
            known = ", ".join([*options, *(["out"] if out is not None else [])])
            raise _saturn.InputError(
                f"{known}: no setting of an evaluation of a Dataset; paths as network and data have further ones, of "
                "`saturn evaluate`"
            )
        _check_classes(net, data)
        found = {}
        for policy in policies:
            with Progress(progress) as shown:
                text = _saturn.evaluate(
                    net._net, data._data, policy, steps, lanes, windows, instruments, seed, bool(test), shown
                )
            found[policy] = json.loads(text)
        return _counted(Evaluation(found, dt_ms=net.dt_ms), steps, lanes)
    if not isinstance(net, (Network, str, bytes, os.PathLike)):
        raise _saturn.InputError(f"net: expected a Network or a path, not {brief(net)}")
    if not isinstance(data, (Dataset, str, bytes, os.PathLike)):
        raise _saturn.InputError(f"data: expected a Dataset or a path, not {brief(data)}")
    if isinstance(data, Dataset):
        raise _saturn.InputError("data: with a path as network, give a file or folder of recordings, too")
    return _of_files(net, data, policies, steps, lanes, instruments, seed, progress, out, options)


def _policies(value: Named | Sequence[Named]) -> list[str]:
    """Reset policies as the program reads them: ``periodic=100``."""
    each = [value] if isinstance(value, (str, Mapping)) else list(value) if isinstance(value, Iterable) else [value]
    policies = []
    for one in each:
        if isinstance(one, Mapping) and len(one) == 1:
            ((name, settings),) = one.items()
            policies.append(f"{name}={as_json(settings)}" if settings != {} else str(name))
        elif isinstance(one, str):
            policies.append(one)
        else:
            raise _saturn.InputError(
                f'state_reset: expected a policy, such as "none", "oracle" or {{"periodic": 100}}, not {one!r}'
            )
    return policies


def _names(place: str, value: str | Sequence[str]) -> list[str]:
    """One name or several."""
    if isinstance(value, str):
        return [value]
    names = list(value) if isinstance(value, Iterable) else [value]
    if not all(isinstance(one, str) for one in names):
        raise _saturn.InputError(f"{place}: expected a name or a list of names, not {value!r}")
    return names


def _check_classes(net: Network, data: Dataset) -> None:
    """Warn if the network has classes that the data do not have."""
    if len(net.classes) > len(data.classes):
        warnings.warn(
            f"the network has {len(net.classes)} classes and the data {len(data.classes)}: answers of the others are wrong",
            stacklevel=4,
        )


def inner_of(net: Network, data: Dataset) -> tuple[_saturn.Network, _saturn.Dataset]:
    """What the extension has of a network and a data set."""
    if not isinstance(net, Network):
        raise _saturn.InputError(f"net: expected a Network, not {net!r}")
    if not isinstance(data, Dataset):
        raise _saturn.InputError(f"data: expected a Dataset, not {data!r}")
    return net._net, data._data


def _of_files(
    net: Network | str | os.PathLike[str],
    data: str | os.PathLike[str],
    policies: Sequence[str],
    steps: int,
    lanes: int,
    instruments: Sequence[str],
    seed: int,
    progress: bool,
    out: str | os.PathLike[str] | None,
    options: Mapping[str, Any],
) -> Evaluation:
    with tempfile.TemporaryDirectory() as scratch:
        if isinstance(net, Network):
            model: str | os.PathLike[str] = Path(scratch) / "network.safetensors"
            net.save(model)
            out = Path("runs/network-evaluate") if out is None else out
        else:
            model = net
        arguments: list[str | os.PathLike[str]] = ["evaluate", model, "--data", data, "--json"]
        arguments += [f"--steps={steps}", f"--lanes={lanes}", f"--seed={seed}"]
        arguments += [f"--state-reset={policy}" for policy in policies]
        arguments += [f"--instrument={name}" for name in instruments]
        arguments += [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        if out is not None:
            arguments.append(f"--out={os.fsdecode(out)}")
        summary = json.loads(command(arguments, progress))
    name = os.fspath(summary["model"]["name"])
    folder = Path(os.fsdecode(out)) if out is not None else Path("runs") / f"{name}-evaluate"
    found = {finding["state_reset"]: finding for finding in summary["evaluations"]}
    return _counted(Evaluation(found, folder, summary["model"]["dt_ms"]), steps, lanes)


def _counted(evaluation: Evaluation, steps: int, lanes: int) -> Evaluation:
    """Warns if no sample ended in the stream, so that there is no accuracy."""
    if math.isnan(evaluation.summed):
        warnings.warn(
            f"no sample ended within {steps:,} steps over {lanes} lanes, so there is no accuracy: give more steps or fewer "
            "lanes",
            stacklevel=3,
        )
    return evaluation


@dataclass(repr=False)
class Analysis:
    """Does a network forget, can it saturate or diverge: theory and measurement.

    Attributes
    ----------
    found : dict
        All that was found: exponents, fixed points, bounds, where it settles in silence.
    verdict : list of dict
        In words: ``topic``, ``text`` and on which grounds.
    """

    found: dict[str, Any]
    _svg: str

    @property
    def verdict(self) -> list[dict[str, Any]]:
        """What was found, in words."""
        lines: list[dict[str, Any]] = self.found["verdict"]
        return lines

    def figure(self) -> Figure:
        """Exponents, spectra and forgetting."""
        return Figure(self._svg)

    def __repr__(self) -> str:
        lines = [" ".join(str(value) for value in line.values()) for line in self.verdict]
        return "Analysis:\n  " + "\n  ".join(lines)

    def _repr_html_(self) -> str:
        return html(frame(self.verdict))


def analyse(
    net: Network,
    data: Dataset | None = None,
    *,
    exponents: int = 8,
    steps: int = 2_000,
    starts: int = 4,
    seed: int = 1,
    progress: bool = False,
) -> Analysis:
    """Analyse a network in float64, on the validation samples of ``data`` or in silence alone.

    Parameters
    ----------
    net : Network
    data : Dataset, optional
    exponents : int
        Lyapunov exponents of each layer, 1 to 64.
    steps : int
        Steps of each input that they are measured over.
    starts : int
        States that each input is run from.
    seed : int
        Of the stream.
    progress : bool
        Whether to show a bar, with tqdm.
    """
    if not isinstance(net, Network) or not (data is None or isinstance(data, Dataset)):
        raise _saturn.InputError(f"expected a Network and a Dataset or None, not {net!r} and {data!r}")
    own, inner = net._net, None if data is None else data._data
    exponents, steps, starts = whole("exponents", exponents), whole("steps", steps), whole("starts", starts)
    seed = whole("seed", seed, 0, 2**64 - 1)
    with tempfile.TemporaryDirectory() as folder, Progress(progress) as shown:
        stem = Path(folder) / "analysis"
        text = _saturn.analyse(own, inner, exponents, steps, starts, seed, os.fspath(stem), shown)
        return Analysis(json.loads(text), stem.with_suffix(".svg").read_text(encoding="utf-8"))
