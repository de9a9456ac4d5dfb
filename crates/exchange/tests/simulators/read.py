"""Reads files of `examples/exported_files.rs` by the installed nir and compares nodes and edges with those of h5py.

python read.py FOLDER [REWRITTEN]: with a second folder, every file is written there again.
"""
import sys
from importlib.metadata import version
from pathlib import Path

import h5py
import nir
import numpy as np

folder = Path(sys.argv[1])
rewritten = Path(sys.argv[2]) if len(sys.argv) > 2 else None
files = sorted(folder.glob("*.nir"))
assert files, folder


def compare(group, graph, place):
    names = set(group["nodes"])
    assert names == set(graph.nodes), (place, names, set(graph.nodes))
    edges = {(a.decode(), b.decode()) for a, b in group["edges"][()]}
    assert edges == set(graph.edges) and len(graph.edges) == len(edges), (place, edges, graph.edges)
    for name, node in graph.nodes.items():
        inside = group["nodes"][name]
        assert inside["type"][()].decode() == type(node).__name__, place
        if isinstance(node, nir.NIRGraph):
            compare(inside, node, f"{place}.{name}")
            continue
        for key in inside:
            if key not in ("type", "shape", "metadata", "input_type"):
                assert np.array_equal(getattr(node, key), inside[key][()]), (place, name, key)


for file in files:
    graph = nir.read(file)
    with h5py.File(file) as f:
        compare(f["node"], graph, file.name)
    if rewritten:
        nir.write(rewritten / file.name, graph)
print(f"nir {version('nir')} reads {len(files)} files" + (" and writes them again" if rewritten else ""))
