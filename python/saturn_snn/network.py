"""Networks."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _saturn
from ._command import command
from ._progress import LOG
from ._saturn import Events
from ._settings import Named, as_json, brief, named, plain, real, whole
from .layers import Layer

if TYPE_CHECKING:
    import nir

Array = npt.NDArray[Any]
State = list[Array]
Precision = Literal["float32", "float64"]
#: The most classes, as in a data set.
MOST_CLASSES = 1_000_000


def is_double(precision: Precision) -> bool:
    """Whether a network computes in float64."""
    if precision not in ("float32", "float64"):
        raise _saturn.InputError(f"precision: expected float32 or float64, not {precision!r}")
    return precision == "float64"


class Network:
    """A network: layers from input to output, then a readout to the classes.

    Parameters
    ----------
    layers : sequence
        Layers, such as ``saturn.LIF(128, recurrent=True)``; or as in a scenario, ``{"lif": {"hidden": 128}}``.
    channels : int
        I, input channels.
    classes : int or sequence of str
        C classes, by number or by name.
    readout : str or mapping, optional
        ``"leaky"``, ``"linear"`` or ``"none"`` (the last layer has one output a class); by default leaky integrators
        after a layer that spikes, else a linear map.
    dt_ms : float
        Milliseconds a step.
    seed : int
        Seed of the initial weights.
    precision : {"float32", "float64"}
        Number type.
    extra_outputs : int
        Outputs that are no classes; the loss ``"nothing"`` needs one.

    Examples
    --------
    >>> net = saturn.Network([saturn.LIF(64, recurrent=True)], channels=700, classes=20)
    >>> y, state = net(np.zeros((100, 8, 700), dtype=np.float32))
    >>> y.shape
    (100, 8, 20)
    """

    #: What the import printed, of a network that was made elsewhere: a verdict on each part.
    verdicts: str | None = None
    #: How often its parameters were set.
    _changes: int = 0

    def __init__(
        self,
        layers: Sequence[Layer | Named],
        *,
        channels: int,
        classes: int | Sequence[str],
        readout: Named | None = None,
        dt_ms: float = 10.0,
        seed: int = 1,
        precision: Precision = "float32",
        extra_outputs: int = 0,
    ) -> None:
        if isinstance(layers, (str, Layer)) or not isinstance(layers, Sequence):
            raise _saturn.InputError(f"layers: expected a list of layers, not {layers!r}")
        each = [
            {layer.kind: layer.settings} if isinstance(layer, Layer) else named(f"layers[{i}]", layer)
            for i, layer in enumerate(layers)
        ]
        for i, layer in enumerate(each):
            for kind, settings in layer.items():
                if isinstance(settings, Mapping) and isinstance(settings.get("surrogate"), str):
                    name = settings["surrogate"]
                    raise _saturn.InputError(f'layers[{i}].{kind}: give the surrogate with its width: {{"{name}": 2}}')
        config: dict[str, Any] = {"layers": each}
        if readout is not None:
            config["readout"] = {"leaky": {}} if readout == "leaky" else readout
        if isinstance(classes, Iterable) and not isinstance(classes, str):
            names = [str(c) for c in classes]
        else:
            names = [str(c) for c in range(whole("classes", classes, 0, MOST_CLASSES))]
        double = is_double(precision)
        channels, extra_outputs = whole("channels", channels), whole("extra_outputs", extra_outputs)
        dt_ms, seed = real("dt_ms", dt_ms), whole("seed", seed, 0, 2**64 - 1)
        self._net = _saturn.Network(as_json(config), channels, names, extra_outputs, dt_ms, seed, double)

    @classmethod
    def _of(cls, net: _saturn.Network) -> Network:
        made = cls.__new__(cls)
        made._net = net
        return made

    @property
    def channels(self) -> int:
        """I, input channels."""
        return self._net.channels

    @property
    def classes(self) -> list[str]:
        """Names of the classes."""
        return self._net.classes

    @property
    def outputs(self) -> int:
        """O, outputs: the classes first."""
        return self._net.outputs

    @property
    def dt_ms(self) -> float:
        """Milliseconds a step."""
        return self._net.dt_ms

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return self._net.parameters

    @property
    def precision(self) -> Precision:
        """Number type."""
        return "float64" if self._net.double else "float32"

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's number type of inputs, states and scores."""
        return np.dtype(self.precision)

    @property
    def config(self) -> dict[str, Any]:
        """Layers and readout, as in a scenario."""
        found: dict[str, Any] = json.loads(self._net.config)
        return found

    def __call__(self, x: Array | Events, state: State | None = None) -> tuple[Array, State]:
        """Run sequences.

        Parameters
        ----------
        x : numpy.ndarray of shape (T, B, I) or (T, I), or Events
            The input, steps first, of the network's number type; a C-contiguous array is not copied. An array that is
            batch first, ``[B, T, I]``, is ``x.transpose(1, 0, 2)`` here.
        state : list of numpy.ndarray, optional
            States to begin from, one ``[B, S]`` a cell; by default the initial state.

        Returns
        -------
        y : numpy.ndarray of shape (T, B, O) or (T, O)
            Scores (logits), the classes first.
        state : list of numpy.ndarray
            States after the last step: give them to the next call to continue the stream.
        """
        if isinstance(x, Events):
            y, state = self._net.infer(x, state)
            return y, state
        x, single = self._sequences(x)
        y, state = self._net.infer(x, state)
        return (y[:, 0] if single else y), state

    def _sequences(self, x: Array) -> tuple[Array, bool]:
        x = plain("x", x)
        if x.dtype != self.dtype:
            raise _saturn.InputError(
                f"x is of {x.dtype}, and the network computes in {self.precision}; convert it with "
                f'x.astype("{self.precision}")'
            )
        single = x.ndim == 2
        if single:
            x = x[:, None]
        if x.ndim != 3:
            raise _saturn.InputError(f"x has {x.ndim} axes; expected [T, B, I] or [T, I]")
        return np.ascontiguousarray(x), single

    def record(self, x: Array | Events, state: State | None = None) -> tuple[Array, State, _saturn.Tape]:
        """Run sequences ``[T, B, I]`` and record them for `backward`.

        Returns
        -------
        y, state
            As a call does.
        tape : Tape
            The record. It refers to ``x``, which must not be changed before `backward`.
        """
        if not isinstance(x, Events):
            x, single = self._sequences(x)
            if single:
                raise _saturn.InputError("x has 2 axes; a record needs [T, B, I]")
        return self._net.record(x, state)

    def backward(
        self, tape: _saturn.Tape, dy: Array, wants_dx: bool = True
    ) -> tuple[dict[str, Array], Array | None]:
        """Gradients of a loss of one's own.

        Parameters
        ----------
        tape : Tape
            The record of a forward pass.
        dy : numpy.ndarray of shape (T, B, O)
            The gradient of the loss by the scores.
        wants_dx : bool
            Whether to compute the gradient by the input.

        Returns
        -------
        gradients : dict of numpy.ndarray
            By parameter, with the names of `state_dict`. They are exact; those of spikes are surrogate gradients. The
            initial states are constants.
        dx : numpy.ndarray of shape (T, B, I), or None
            By the input, if it is dense.
        """
        if not isinstance(tape, _saturn.Tape):
            raise _saturn.InputError(f"tape: expected what `record` returns, not {tape!r}")
        return tape.backward(plain("dy", dy, self.dtype), bool(wants_dx))

    def initial_state(self, lanes: int = 1) -> State:
        """The initial states of so many lanes, one array ``[B, S]`` a cell."""
        return self._net.initial_state(whole("lanes", lanes))

    def fields(self) -> list[dict[str, slice]]:
        """Names of the parts of each cell's state, with their place on the last axis: ``{"v": slice(0, 64)}``."""
        return [{name: slice(start, end) for name, start, end in cell} for cell in self._net.fields()]

    def state_dict(
        self, *, reader: Literal["pytorch", "snntorch"] | None = None, layers: Sequence[str] | None = None
    ) -> dict[str, Array]:
        """Copies of the parameters by name, ``LAYER.TENSOR``, in PyTorch's shapes ``[outputs, inputs]``; or the state dict of
        another program.

        Parameters
        ----------
        reader : {"pytorch", "snntorch"}, optional
            The program whose modules load it, with ``strict=True``:
            ``module.load_state_dict({k: torch.from_numpy(v) for k, v in found.items()})``. Modules have the names and
            tensors the shapes that they had when the network was loaded from a state dict; others are numbered, as in
            ``nn.Sequential``. How they are made is logged (`logging`, ``saturn_snn``).
        layers : sequence of str, optional
            Other names of the modules, from input to output.
        """
        if reader is None:
            if layers is not None:
                raise _saturn.InputError("layers: names of modules are for a `reader`, such as reader=\"pytorch\"")
            return self._net.state_dict()
        if reader not in ("pytorch", "snntorch"):
            raise _saturn.InputError(f"reader: expected pytorch or snntorch, not {reader!r}")
        options: dict[str, Any] = {} if layers is None else {"layers": ",".join(layers)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "state_dict.safetensors"
            said = self.export(path, "safetensors", reader=reader, **options)
            LOG.info(said.replace(f"{path}: ", ""))
            return _arrays(path.read_bytes())

    def load_state_dict(self, tensors: Mapping[str, Array]) -> None:
        """Set all parameters, from arrays with the names and shapes of `state_dict`."""
        if not isinstance(tensors, Mapping):
            raise _saturn.InputError(f"tensors: expected a mapping of names to arrays, not {type(tensors).__name__}")
        self._net.load_state_dict({str(name): plain(str(name), value, self.dtype) for name, value in tensors.items()})
        self._changes += 1

    def stream(self, *, threshold: float = 0.5, window: int = 5, hold: int = 3) -> Stream:
        """The network on one endless input, from its initial state.

        Parameters
        ----------
        threshold : float
            Mean probability from which a class is detected, 0 to 1.
        window : int
            Steps over which probabilities are averaged.
        hold : int
            Steps for which it must last.
        """
        inner = self._net.stream()
        inner.detector(as_json({"window": window, "hold": hold}), real("threshold", threshold))
        return Stream(inner, self)

    def copy(self) -> Network:
        """A copy with parameters of its own."""
        return self._of(self._net.copy())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights and a description: safetensors, which `saturn.load` and the program read."""
        self._net.save(os.fsdecode(path))

    def export(self, path: str | os.PathLike[str], format: str, **options: Any) -> str:
        """Write it for other programs, as ``saturn export`` does.

        Parameters
        ----------
        path : path
            The file.
        format : {"nir", "safetensors", "onnx", "c"}
            Its format.
        **options
            Options of the command: ``approximate=True``, ``weights="int8"``, ``overwrite=True``; ``reader="snntorch"``
            is ``--for``.

        Returns
        -------
        str
            What the command prints: a verdict on each part.
        """
        arguments: list[str] = []
        for key, value in options.items():
            option = "--for" if key == "reader" else f"--{key.replace('_', '-')}"
            if value is not None and value is not False:
                arguments += [option] if value is True else [option, str(value)]
        with tempfile.TemporaryDirectory() as folder:
            own = Path(folder) / "network.safetensors"
            self.save(own)
            return command(["export", own, "--to", format, "--out", path, *arguments], called={own: "the network"})

    def to_nir(self, *, approximate: bool = False, reader: str | None = None) -> nir.NIRGraph:
        """The network as a graph of the Neuromorphic Intermediate Representation; needs the package ``nir``.

        Parameters
        ----------
        approximate : bool
            Whether to replace what NIR cannot express by what is similar; else it is an error.
        reader : {"snntorch", "norse", "spikingjelly"}, optional
            The simulator that is to read it.
        """
        try:
            import nir
        except ImportError as e:
            raise ImportError("to_nir needs the package nir: pip install nir") from e
        options: dict[str, Any] = {"approximate": True} if approximate else {}
        if reader is not None:
            options["reader"] = reader
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.nir"
            said = self.export(path, "nir", **options)
            for line in said.splitlines():
                if "approximate" in line:
                    warnings.warn(line, stacklevel=2)
            return nir.read(path)

    def __repr__(self) -> str:
        kinds = ", ".join(next(iter(layer)) if isinstance(layer, dict) else layer for layer in self.config["layers"])
        return (
            f"Network([{kinds}], {self.channels} channels, {len(self.classes)} classes, {self.dt_ms} ms a step, "
            f"{self.parameters:,} parameters, {self.precision})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.safetensors"
            self.save(path)
            return _unpickled, (path.read_bytes(), self.precision)


def _arrays(data: bytes) -> dict[str, Array]:
    """The tensors of a safetensors file."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    types = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}
    found = {}
    for name, tensor in header.items():
        if name != "__metadata__":
            start, end = (8 + size + at for at in tensor["data_offsets"])
            numbers = np.frombuffer(data[start:end], types[tensor["dtype"]])
            found[name] = numbers.reshape(tensor["shape"]).copy()
    return found


def _unpickled(data: bytes, precision: Precision) -> Network:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.safetensors"
        path.write_bytes(data)
        return Network._of(_saturn.Network.load(os.fspath(path), precision == "float64"))


class Decision:
    """What the detector found at the end of a step.

    Attributes
    ----------
    step : int
        The step, counted from time 0.
    label : str
        The class with the largest mean probability.
    score : float
        That probability.
    detected : bool
        Whether it is detected: at or above the threshold for long enough.
    """

    __slots__ = ("detected", "label", "score", "step")

    def __init__(self, step: int, label: str, score: float, detected: bool) -> None:
        self.step, self.label, self.score, self.detected = step, label, score, detected

    def __repr__(self) -> str:
        return f"Decision(step={self.step}, label={self.label!r}, score={self.score:.3f}, detected={self.detected})"


class Stream:
    """A network on one endless input: by events in time (`push`) or step by step (`step`).

    Any thread may use it, one at a time.
    """

    def __init__(self, inner: _saturn.Stream, net: Network) -> None:
        self._inner = inner
        self._push = inner.push
        self._classes = net.classes

    def push(self, t_us: int, channel: int) -> list[Decision]:
        """Add one event; return a decision for each step that ended before it.

        After an hour without events, in steps of 10 ms, these are 360,000 decisions: a detector decides in silence, too.
        Steps that change no state are not computed. More than a million steps between two events are an error; let such a
        silence pass in parts, with `advance`.

        Parameters
        ----------
        t_us : int
            Time in microseconds, at or after that of the events before. An event of a step that has ended is dropped
            and counted in `late`.
        channel : int
            Channel, from 0.
        """
        try:
            closed = self._push(t_us, channel)
        except (OverflowError, TypeError) as e:
            raise _saturn.InputError(f"expected one event, not t_us {brief(t_us)}, channel {brief(channel)}: {e}") from None
        return self._decisions(closed) if closed else []

    def advance(self, t_us: int) -> list[Decision]:
        """Let time pass without an event; return a decision for each step that ended before ``t_us``, in microseconds.

        A stream of events says nothing of silence: after the last event of a word this gives the decisions that follow.
        """
        try:
            return self._decisions(self._inner.advance(t_us))
        except (OverflowError, TypeError) as e:
            raise _saturn.InputError(f"t_us: {brief(t_us)}: {e}") from None

    def _decisions(self, closed: Sequence[tuple[int, int, float, bool]]) -> list[Decision]:
        return [Decision(step, self._classes[label], score, detected) for step, label, score, detected in closed]

    def step(self, x: Array | Sequence[tuple[int, float]]) -> Array:
        """Run one step and return the probabilities of the classes.

        Parameters
        ----------
        x : numpy.ndarray of shape (I,), or sequence of (channel, count)
            A value a channel, of the network's number type; or the active channels in ascending order, of which those
            that are not listed are 0.

        Returns
        -------
        numpy.ndarray of shape (C,)
            In float32, in either precision of the network.
        """
        return self._inner.step(x)

    def reset(self) -> None:
        """Reset the state to the initial state."""
        self._inner.reset()

    @property
    def steps(self) -> int:
        """Steps that were computed; a silent step that cannot change a state is not."""
        return self._inner.steps

    @property
    def late(self) -> int:
        """Events that were dropped since their step had ended."""
        return self._inner.late

    def state(self) -> tuple[int, list[Array]]:
        """The state, from which `restore` resumes to the same bits."""
        return self._inner.state()

    def restore(self, state: tuple[int, list[Array]]) -> None:
        """Resume from a state of a stream of the same network."""
        try:
            self._inner.restore(state)
        except (OverflowError, TypeError) as e:
            raise _saturn.InputError(f"state: expected what `state` returned: {e}") from None

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a Stream is not pickled: send its network and `state`, and restore it there")
