"""Training, and the repair of finished networks."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import _saturn
from ._progress import Progress
from ._settings import Named, as_json, named, whole
from .data import Dataset
from .evaluation import Evaluation, evaluate, inner_of
from .network import Network

#: The training regimes of a repair.
REGIMES: Mapping[str, dict[str, Any]] = {
    "carry": {"streams": "concatenated", "loss": {"cross_entropy": {}}},
    "passed": {"streams": "single", "initial_state": {"passed": {}}, "loss": {"cross_entropy": {}}},
    "adaptive": {"streams": "concatenated", "loss": {"adaptive": {}}},
}


@dataclass
class History:
    """What training leaves in addition to the weights.

    Attributes
    ----------
    epochs : list of dict
        A record of each epoch: ``epoch``, ``loss``, ``cross_entropy``, ``kl``, ``gradient_norm``, ``lr``,
        ``validation`` (accuracies, 0 to 1) and ``seconds``; ``active`` is the share of neurons that take part in the
        reverse pass, where a surrogate is 0 outside a window.
    kept_epoch : int
        The epoch whose weights the network has, from 1.
    seconds : float
        Wall time.
    """

    epochs: list[dict[str, Any]] = field(repr=False)
    kept_epoch: int
    seconds: float

    def table(self) -> Any:
        """The epochs as a pandas DataFrame, or a list of dicts without pandas."""
        from .tables import frame

        rows = []
        for epoch in self.epochs:
            row = {key: value for key, value in epoch.items() if key != "validation"}
            row |= {f"valid_{key}": value for key, value in epoch.get("validation", {}).items()}
            rows.append(row)
        return frame(rows)

    def _repr_html_(self) -> str:
        from .tables import html

        return html(self.table())


def train(
    net: Network,
    data: Dataset,
    *,
    loss: Named = "adaptive",
    streams: str = "concatenated",
    epochs: int = 20,
    steps: int | None = None,
    lr: float = 0.003,
    lanes: int = 16,
    samples: int = 2,
    seed: int = 1,
    callback: Callable[[dict[str, Any]], bool | None] | None = None,
    progress: bool = False,
    regime: Mapping[str, Any] | None = None,
    **settings: Any,
) -> History:
    """Train a network in place.

    The same data, settings and seed give the same bits at any number of threads, and the same as the library in Rust.

    Parameters
    ----------
    net : Network
        The network. It is unchanged if training is interrupted or fails.
    data : Dataset
        Its training samples are trained on; its validation samples choose the epoch that is kept.
    loss : str or mapping
        ``"adaptive"`` (cross-entropy where the input is informative, divergence from uniform in gaps),
        ``"cross_entropy"``, ``"nothing"`` or ``"entropy"``, or one with settings, as in a scenario.
    streams : {"concatenated", "lead", "single"}
        Input of an update: ``samples`` samples with their gaps, one sample after a gap, or a sample alone.
    epochs : int
        Passes over the training samples.
    steps : int, optional
        Updates, in place of epochs.
    lr : float
        Learning rate at its peak.
    lanes : int
        Sequences of an update.
    samples : int
        Samples of a sequence.
    seed : int
        Seed of order, gaps and noise.
    callback : callable, optional
        Receives the record of each epoch; training stops if it returns False.
    progress : bool
        Whether to show a bar, with tqdm.
    regime : mapping, optional
        Further settings of the regime, as of an arm in a scenario: ``{"grad_detach": 50}``.
    **settings
        Further settings of training, as under ``train`` in a scenario: ``clip_norm``, ``early_stopping``, ``keep``.

    Returns
    -------
    History
    """
    regime = {} if regime is None else named("regime", regime)
    if callback is not None and not callable(callback):
        raise _saturn.InputError(f"callback: expected a function, not {callback!r}")
    train_keys: dict[str, Any] = {"lr": lr, "lanes": lanes, **settings}
    train_keys |= {"epochs": epochs} if steps is None else {"steps": steps}
    arm = {"streams": streams, "loss": named("loss", loss), **regime, "train": train_keys}

    def each(text: str) -> bool | None:
        assert callback is not None
        return callback(json.loads(text))

    own, recordings = inner_of(net, data)
    samples, seed = whole("samples", samples), whole("seed", seed, 0, 2**64 - 1)
    with Progress(progress) as shown:
        kept, seconds, records = _saturn.train(
            own, recordings, as_json(arm), samples, seed, shown, None if callback is None else each
        )
    net._changes += 1
    return History([json.loads(record) for record in records], kept, seconds)


@dataclass
class Repair:
    """A repaired network and what the repair did.

    Attributes
    ----------
    network : Network
        The repaired network; the one that was given is unchanged.
    before, after : Evaluation
        Without resets, on the validation samples.
    history : History
        Of the updates.
    """

    network: Network
    before: Evaluation
    after: Evaluation
    history: History

    def _repr_html_(self) -> str:
        before, after = self.before.summed, self.after.summed
        return f"<p>Never reset: {100 * before:.1f} % before, {100 * after:.1f} % after the repair.</p>"


def retrofit(
    net: Network,
    data: Dataset,
    *,
    steps: int = 100,
    regime: str = "carry",
    lr: float = 0.001,
    samples: int = 4,
    seed: int = 1,
    evaluate_steps: int = 100_000,
    progress: bool = False,
    **settings: Any,
) -> Repair:
    """Train a finished network on, for a few updates, so that it no longer needs resets.

    Parameters
    ----------
    net : Network
        The network, trained anywhere. It is not changed.
    data : Dataset
        Samples of the kind that it was trained on.
    steps : int
        Updates; on spoken digits 100 repaired six kinds of networks.
    regime : {"carry", "passed", "adaptive"}
        Samples in a row with cross-entropy; single samples from the state before; samples in a row with the adaptive
        loss.
    lr, samples, seed, progress, **settings
        As in `train`.
    evaluate_steps : int
        Steps of the evaluations before and after.
    """
    if regime not in REGIMES:
        raise _saturn.InputError(f"regime: expected one of {', '.join(REGIMES)}, not {regime!r}")
    inner_of(net, data)
    if "epochs" in settings:
        raise _saturn.InputError("epochs: a repair is counted in updates; give steps")
    own = dict(REGIMES[regime])
    loss, streams = own.pop("loss"), own.pop("streams")
    repaired = net.copy()
    before = evaluate(net, data, steps=evaluate_steps, seed=seed, progress=progress)
    keep = {"keep": "last", **settings}
    history = train(
        repaired,
        data,
        loss=loss,
        streams=streams,
        steps=steps,
        lr=lr,
        samples=samples,
        seed=seed,
        progress=progress,
        regime=own,
        **keep,
    )
    after = evaluate(repaired, data, steps=evaluate_steps, seed=seed, progress=progress)
    if after.summed < before.summed:
        warnings.warn(
            f"the repair made it worse, {100 * before.summed:.1f} % before and {100 * after.summed:.1f} % after: try "
            "other numbers of steps and a smaller lr; if its outputs are spikes, give it the membranes as outputs",
            stacklevel=2,
        )
    return Repair(repaired, before, after, history)
