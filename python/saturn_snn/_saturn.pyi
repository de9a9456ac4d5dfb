from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "Dataset",
    "Events",
    "InputError",
    "Network",
    "SaturnError",
    "Stream",
    "Tape",
    "__version__",
    "analyse",
    "command",
    "evaluate",
    "main",
    "plot_accuracy",
    "set_threads",
    "threads",
    "train",
]

__version__: str

_Array = npt.NDArray[Any]
_Progress = Callable[[int, int, str, list[tuple[bool, str]]], object]
_EventSplit = tuple[Sequence[tuple[_Array, _Array]], Sequence[int]]
_DenseSplit = tuple[Sequence[_Array], Sequence[int]]

class SaturnError(RuntimeError): ...
class InputError(ValueError): ...

@final
class Events:
    def __new__(
        cls, indptr: _Array, channels: _Array, counts: _Array, shape: tuple[int, int, int]
    ) -> Events: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def density(self) -> float: ...

@final
class Tape:
    def backward(self, dy: _Array, wants_dx: bool = True) -> tuple[dict[str, _Array], _Array | None]: ...

@final
class Stream:
    def detector(self, config: str, threshold: float) -> None: ...
    def push(self, t_us: int, channel: int) -> list[tuple[int, int, float, bool]]: ...
    def advance(self, t_us: int) -> list[tuple[int, int, float, bool]]: ...
    def step(self, x: _Array | Sequence[tuple[int, float]]) -> npt.NDArray[np.float32]: ...
    def reset(self) -> None: ...
    @property
    def steps(self) -> int: ...
    @property
    def late(self) -> int: ...
    @property
    def dt_ms(self) -> float: ...
    def state(self) -> tuple[int, list[_Array]]: ...
    def restore(self, state: tuple[int, list[_Array]]) -> None: ...

@final
class Network:
    def __new__(
        cls,
        config: str,
        channels: int,
        classes: Sequence[str],
        extra_outputs: int,
        dt_ms: float,
        seed: int,
        double: bool,
    ) -> Network: ...
    @staticmethod
    def load(path: str, double: bool) -> Network: ...
    def copy(self) -> Network: ...
    def save(self, path: str) -> None: ...
    @property
    def config(self) -> str: ...
    @property
    def double(self) -> bool: ...
    @property
    def channels(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def classes(self) -> list[str]: ...
    @property
    def dt_ms(self) -> float: ...
    @property
    def parameters(self) -> int: ...
    def state_dict(self) -> dict[str, _Array]: ...
    def load_state_dict(self, tensors: dict[str, _Array]) -> None: ...
    def fields(self) -> list[list[tuple[str, int, int]]]: ...
    def initial_state(self, lanes: int) -> list[_Array]: ...
    def infer(self, x: _Array | Events, state: list[_Array] | None = None) -> tuple[_Array, list[_Array]]: ...
    def record(self, x: _Array | Events, state: list[_Array] | None = None) -> tuple[_Array, list[_Array], Tape]: ...
    def stream(self) -> Stream: ...

@final
class Dataset:
    @staticmethod
    def of_events(
        train: _EventSplit,
        valid: _EventSplit,
        test: _EventSplit | None,
        channels: int,
        dt_ms: float,
        classes: Sequence[str] | None,
        gap: str,
    ) -> Dataset: ...
    @staticmethod
    def of_dense(
        train: _DenseSplit,
        valid: _DenseSplit,
        dt_ms: float,
        classes: Sequence[str] | None,
        gap: str,
        standardise: bool,
    ) -> Dataset: ...
    @staticmethod
    def of_folder(folder: str, channels: int, dt_ms: float, gap: str) -> Dataset: ...
    @staticmethod
    def of_synthetic(spec: str, gap: str) -> Dataset: ...
    @property
    def channels(self) -> int: ...
    @property
    def dt_ms(self) -> float: ...
    @property
    def classes(self) -> list[str]: ...
    @property
    def samples(self) -> tuple[int, int, int]: ...

def train(
    net: Network,
    data: Dataset,
    arm: str,
    samples: int,
    seed: int,
    progress: _Progress | None = None,
    callback: Callable[[str], bool | None] | None = None,
) -> tuple[int, float, list[str]]: ...
def evaluate(
    net: Network,
    data: Dataset,
    policy: str,
    steps: int,
    lanes: int,
    windows: int,
    instruments: Sequence[str],
    seed: int,
    test: bool,
    progress: _Progress | None = None,
) -> str: ...
def plot_accuracy(evaluations: Sequence[tuple[str, str]], stem: str) -> None: ...
def analyse(
    net: Network,
    data: Dataset | None,
    exponents: int,
    steps: int,
    starts: int,
    seed: int,
    figure: str | None = None,
    progress: _Progress | None = None,
) -> str: ...
def command(arguments: Sequence[str], progress: _Progress | None = None) -> str: ...
def main(arguments: Sequence[str]) -> int: ...
def set_threads(n: int) -> None: ...
def threads() -> int: ...
