"""Makes the NIR files of this folder (Python 3.11, h5py 3.16), with the version of nir that is installed.

    python make.py        # with nir 1.0.8: compressed chunks; 1.0.7: contiguous arrays; 1.0.4: no v_reset

Numbers are whole or dyadic, so that every width of float holds them.
"""

import inspect
from importlib.metadata import version

import nir
import numpy as np

V = version("nir")
N = 3


def full(value, shape=(N,), dtype=np.float32):
    return np.full(shape, value, dtype=dtype)


def ramp(shape, dtype=np.float32):
    size = int(np.prod(shape))
    return ((np.arange(size) % 7 - 3) / 4).astype(dtype).reshape(shape)


def known(cls, **kwargs):
    """Without the parameters that this version of nir does not know."""
    names = inspect.signature(cls.__init__).parameters
    return cls(**{k: v for k, v in kwargs.items() if k in names})


def chain(nodes):
    names = [name for name, _ in nodes]
    return nir.NIRGraph(dict(nodes), list(zip(names[:-1], names[1:])))


def primitives():
    """Every primitive in one chain, but for Conv1d and subgraphs."""
    lif = dict(r=full(2.0), v_leak=full(0.25), v_threshold=full(0.5), v_reset=full(0.125))
    return chain(
        [
            ("in", nir.Input(np.array([2, 7, 9]))),
            (
                "conv",
                nir.Conv2d((7, 9), ramp((2, 2, 3, 3)), (2, 1), (1, 2), (1, 1), 1, ramp((2,))),
            ),
            ("sum", nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))),
            ("mean", nir.AvgPool2d(np.array([2, 2]), np.array([1, 1]), np.array([1, 1]))),
            ("flat", nir.Flatten({"input": np.array([2, 3, 6])}, 0, -1)),
            ("affine", nir.Affine(ramp((N, 36)), ramp((N,)))),
            ("linear", nir.Linear(ramp((N, N), np.float64))),
            ("scale", nir.Scale(np.array([0.5, 1.0, 2.0]))),
            ("i", nir.I(full(4.0))),
            ("if", known(nir.IF, r=full(4.0), v_threshold=full(0.5), v_reset=full(0.125))),
            ("li", nir.LI(full(0.5), full(2.0), full(0.25))),
            ("lif", known(nir.LIF, tau=np.array([0.5, 0.25, 1.0]), **lif)),
            ("cubali", nir.CubaLI(full(0.25), full(0.5), full(2.0), full(0.25), full(3.0))),
            ("cubalif", known(nir.CubaLIF, tau_syn=full(0.25), tau_mem=full(0.5), w_in=full(3.0), **lif)),
            ("threshold", nir.Threshold(full(0.5))),
            ("delay", nir.Delay(np.array([0.0, 0.25, 0.5]))),
            ("out", nir.Output(np.array([N]))),
        ]
    )


def lif(**changes):
    parameters = dict(tau=full(0.02, (1,)), r=full(1.0, (1,)), v_leak=full(0.0, (1,)), v_threshold=full(1.0, (1,)))
    return nir.LIF(**{**parameters, **changes})


def nested():
    """A recurrent subgraph, and notes of every kind."""
    inner = nir.NIRGraph(
        {
            "input": nir.Input(np.array([1])),
            "lif": lif(),
            "w_rec": nir.Linear(np.array([[-0.5]])),
            "output": nir.Output(np.array([1])),
        },
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    )
    graph = nir.NIRGraph(
        {"input": nir.Input(np.array([1])), "rec": inner, "output": nir.Output(np.array([1]))},
        [("input", "rec"), ("rec", "output")],
    )
    graph.metadata = {"dt_s": 1e-3, "writer": "make.py", "sizes": np.array([1, 2]), "deep": {"on": True}}
    inner.nodes["lif"].metadata = {"note": "a neuron"}
    return graph


def recurrent():
    """The same without a subgraph; names that a file sorts otherwise than people do."""
    return nir.NIRGraph(
        {
            "10": nir.Output(np.array([1])),
            "2": nir.Affine(np.array([[-0.5]]), np.array([0.0])),
            "1": lif(),
            "0": nir.Input(np.array([1])),
        },
        [("2", "1"), ("1", "10"), ("0", "1"), ("1", "2")],
    )


def bare():
    """A node without edges."""
    conv = nir.Conv1d(8, ramp((4, 2, 3)), 1, "same", 2, 1, ramp((4,)))
    return nir.NIRGraph({"only": conv}, [], type_check=False)


def doubled():
    """An edge that occurs twice."""
    nodes = {"in": nir.Input(np.array([1])), "lif": lif(), "out": nir.Output(np.array([1]))}
    return nir.NIRGraph(nodes, [("in", "lif"), ("lif", "out"), ("in", "lif")])


files = {
    "1.0.8": {"nested": nested, "bare": bare},
    "1.0.7": {"primitives": primitives, "doubled": doubled},
    "1.0.4": {"recurrent": recurrent},
}
for name, make in files[V].items():
    nir.write(f"{name}_{V}.nir", make())
