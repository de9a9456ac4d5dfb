"""Networks from files and from other programs."""

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _saturn
from ._command import command, in_python
from .network import Network, Precision, is_double

if TYPE_CHECKING:
    import nir


def load(path: str | os.PathLike[str], *, precision: Precision = "float32", **options: Any) -> Network:
    """Load a network.

    Parameters
    ----------
    path : path
        A weights file that describes itself, the folder of an import, a network of a run
        (``runs/quickstart/lif.adaptive.1``), a ``.nir`` file, or a state dict of PyTorch or snnTorch in
        ``.safetensors``.
    precision : {"float32", "float64"}
        Number type to compute in.
    **options
        Options of ``saturn import`` for files of other programs: ``dialect="snntorch"``, ``dt_ms=1``,
        ``reset="subtract"``, ``layers="gru,fc"``. With ``dialect="snntorch"``, ``dt_ms`` is the step that a network was
        trained with: snnTorch writes every NIR file as if a step were 0.1 ms, and its time constants are scaled to the
        step, so that the network computes what it does in snnTorch.

    Returns
    -------
    Network
        Its attribute ``verdicts`` has what the import says of each part.
    """
    source, double = Path(os.fsdecode(path)), is_double(precision)
    if not source.exists() and not source.parent.exists():
        raise _saturn.InputError(f"{source}: there is no such file or folder")
    if source.suffix != ".nir" and not options:
        inside = source / "weights.safetensors"
        if inside.is_file():
            return Network._of(_saturn.Network.load(os.fsdecode(inside), double))
        if source.suffix == ".safetensors" and _describes_itself(source):
            return Network._of(_saturn.Network.load(os.fsdecode(source), double))
        if source.suffix != ".safetensors":
            with tempfile.TemporaryDirectory() as folder:
                own = Path(folder) / "network.safetensors"
                command(["export", source, "--to", "safetensors", "--out", own])
                return Network._of(_saturn.Network.load(os.fsdecode(own), double))
    of_nir = [key for key in ("dialect", "reset", "decay") if key in options]
    if of_nir and source.suffix == ".safetensors":
        raise _saturn.InputError(f"{of_nir[0]}: only for NIR files; a state dict of snnTorch contains its resets")
    return _import(source, precision, options)


def _import(source: Path, precision: Precision, options: Mapping[str, Any], called: str | None = None) -> Network:
    arguments: list[str | os.PathLike[str]] = []
    for key, value in options.items():
        text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        arguments.append(f"--{key.replace('_', '-')}={text}")
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "network"
        double = is_double(precision)
        number = "f64" if double else "f32"
        names = {source: called} if called is not None else {}
        said = command(["import", source, "--out", own, f"--precision={number}", *arguments], called=names)
        net = Network._of(_saturn.Network.load(os.fsdecode(own / "weights.safetensors"), double))
    # The last line names a folder that no longer exists.
    net.verdicts = said.replace(f"{own}: ", "")
    for line in net.verdicts.splitlines():
        # What the file does not determine, and what was taken instead.
        if line.startswith("note: ") and re.search(r"taken to (be|have)|the outputs are the spikes|or spikes differ", line):
            warnings.warn(in_python(line.removeprefix("note: ")), stacklevel=3)
    return net


def _describes_itself(path: Path) -> bool:
    """Whether a file is of Saturn's."""
    with path.open("rb") as file:
        return b'"saturn"' in file.read(1 << 20)


def from_nir(graph: nir.NIRGraph, *, precision: Precision = "float32", **options: Any) -> Network:
    """The network of a NIR graph in memory; needs the package ``nir``.

    Parameters
    ----------
    graph : nir.NIRGraph
    precision : {"float32", "float64"}
        Number type to compute in.
    **options
        As in `load`.
    """
    if isinstance(graph, (str, bytes, os.PathLike)):
        raise _saturn.InputError("graph: expected a graph in memory; a file is read by saturn.load")
    try:
        import nir
    except ImportError as e:
        raise ImportError("from_nir needs the package nir: pip install nir") from e
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nir"
        nir.write(path, graph)
        return _import(path, precision, options, "the graph")
