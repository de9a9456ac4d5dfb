"""Layers: one function a kind, with its settings as keyword arguments.

Written by ``tools/layers.py`` from the schema of scenarios; do not edit it by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

__all__ = [
    "Layer",
    "LIF",
    "ALIF",
    "CubaLIF",
    "AdLIF",
    "ResonateAndFire",
    "LI",
    "Linear",
    "RNN",
    "GRU",
    "LSTM",
    "InputGatedRNN",
    "SurprisalRNN",
    "WindowedAttention",
    "SSM",
    "LRU",
    "SelectiveSSM",
    "SpikingSSM",
    "SSMBlock",
]


class Layer(NamedTuple):
    """A layer: its kind and its settings, as in a scenario.

    Attributes
    ----------
    kind : str
        Key of the kind, such as ``"lif"``.
    settings : mapping
        Its settings; those that are left out have their defaults.
    """

    kind: str
    settings: Mapping[str, Any]


def _layer(function: Callable[..., Layer], kind: str, **settings: Any) -> Layer:
    usual = function.__kwdefaults__ or {}
    return Layer(kind, {key: value for key, value in settings.items() if value != usual.get(key)})


def LIF(
    hidden: int = 128,
    *,
    recurrent: bool = False,
    tau_mem_ms: float | Sequence[float] = (30.0, 200.0),
    learn_tau: bool = True,
    threshold: float = 1.0,
    spike_reset: Literal["subtract", "zero", "none"] = 'subtract',
    reset_gradient: Literal["full", "detached"] = 'detached',
    input_scale: Literal["one", "decay"] = 'one',
    surrogate: Mapping[str, Any] | None = None,
    surrogate_cutoff: float | None = None,
    bias: bool = True,
    input_gain: float = 1.0,
    recurrent_scale: float = 0.5,
    density: float | None = None,
    connection_seed: int | None = None,
) -> Layer:
    """Leaky integrate-and-fire neurons.

    Parameters
    ----------
    hidden : int, default 128
        Number of neurons H; at least 1, default 128.
    recurrent : bool, default False
        Whether the neurons hear each other's spikes one step later, default false.
    tau_mem_ms : float | Sequence[float], default (30.0, 200.0)
        Membrane time constant in ms, one number or a range to draw from; greater than 0, default ``[30,
        200]``. Larger remembers longer.
    learn_tau : bool, default True
        Whether time constants are learnt, one a neuron, default true.
    threshold : float, default 1.0
        Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    spike_reset : Literal['subtract', 'zero', 'none'], default 'subtract'
        What a spike does to the membrane, default ``subtract``.
    reset_gradient : Literal['full', 'detached'], default 'detached'
        Whether the gradient passes through the reset, default ``detached``.
    input_scale : Literal['one', 'decay'], default 'one'
        What the input is multiplied by: 1 or 1 - a, default ``one``.
    surrogate : Mapping[str, Any], optional
        The stand-in for the derivative of a spike, default ``{fast_sigmoid: 10}``.
    surrogate_cutoff : float, optional
        Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the
        reverse pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves
        out more.
    bias : bool, default True
        Whether each neuron has a constant input, which starts at 0, default true.
    input_gain : float, default 1.0
        Initial effective input weights g W are normal with standard deviation ``input_gain / sqrt(I)``; at
        least 0, default 1. On spoken digits as events (700 channels, steps of 10 ms) a layer then starts at
        about 0.1 spikes a neuron and step, and the next one at half of that. Larger is livelier.
    recurrent_scale : float, default 0.5
        Initial effective recurrent weights g W_r are normal with standard deviation ``recurrent_scale /
        sqrt(K)``, where a neuron has K recurrent connections, all H or fewer; at least 0, default 0.5.
        Larger keeps activity going for longer.
    density : float, optional
        Share of the recurrent connections that exist: each neuron reaches K = ``density`` H neurons, one or
        more, drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    connection_seed : int, optional
        Seed of that draw where ``density`` is below 1, a whole number, default 0. The seed of a trial draws
        weights, not connections.
    """
    return _layer(
        LIF,
        "lif",
        hidden=hidden, recurrent=recurrent, tau_mem_ms=tau_mem_ms, learn_tau=learn_tau, threshold=threshold,
        spike_reset=spike_reset, reset_gradient=reset_gradient, input_scale=input_scale, surrogate=surrogate,
        surrogate_cutoff=surrogate_cutoff, bias=bias, input_gain=input_gain, recurrent_scale=recurrent_scale,
        density=density, connection_seed=connection_seed
    )


def ALIF(
    hidden: int = 128,
    *,
    recurrent: bool = False,
    tau_mem_ms: float | Sequence[float] = (30.0, 200.0),
    tau_adapt_ms: float | Sequence[float] = (100.0, 500.0),
    learn_tau: bool = True,
    threshold: float = 1.0,
    beta: float = 1.8,
    normalise: bool = True,
    spike_reset: Literal["subtract", "zero", "none"] = 'subtract',
    reset_gradient: Literal["full", "detached"] = 'detached',
    input_scale: Literal["one", "decay"] = 'one',
    surrogate: Mapping[str, Any] | None = None,
    surrogate_cutoff: float | None = None,
    bias: bool = True,
    input_gain: float = 1.0,
    recurrent_scale: float = 0.5,
    density: float | None = None,
    connection_seed: int | None = None,
) -> Layer:
    """Adaptive leaky integrate-and-fire neurons: the threshold rises with every spike.

    Parameters
    ----------
    hidden : int, default 128
        Number of neurons H; at least 1, default 128.
    recurrent : bool, default False
        Whether the neurons hear each other's spikes one step later, default false.
    tau_mem_ms : float | Sequence[float], default (30.0, 200.0)
        Membrane time constant in ms, one number or a range to draw from; greater than 0, default ``[30,
        200]``. Larger remembers longer.
    tau_adapt_ms : float | Sequence[float], default (100.0, 500.0)
        Time constant of the threshold in ms, one number or a range to draw from; greater than 0, default
        ``[100, 500]``. Larger stays quiet for longer after spikes.
    learn_tau : bool, default True
        Whether both time constants are learnt, one each a neuron, default true.
    threshold : float, default 1.0
        Membrane potential above which a rested neuron spikes; greater than 0, default 1. Larger is quieter.
    beta : float, default 1.8
        How far adaptation lifts the threshold, in units of the membrane; at least 0, default 1.8. Larger is
        quieter after spikes; at 0 the neurons are LIF.
    normalise : bool, default True
        Whether a spike adds 1 - rho to the adaptation, default true, so that this is a mean rate. Without it
        a spike adds 1, and beta should be smaller by about the steps in ``tau_adapt_ms``.
    spike_reset : Literal['subtract', 'zero', 'none'], default 'subtract'
        What a spike does to the membrane, default ``subtract``.
    reset_gradient : Literal['full', 'detached'], default 'detached'
        Whether the gradient passes through the reset, default ``detached``. It always passes through the
        adaptation.
    input_scale : Literal['one', 'decay'], default 'one'
        What the input is multiplied by: 1 or 1 - a, default ``one``.
    surrogate : Mapping[str, Any], optional
        The stand-in for the derivative of a spike, default ``{fast_sigmoid: 10}``.
    surrogate_cutoff : float, optional
        Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the
        reverse pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves
        out more.
    bias : bool, default True
        Whether each neuron has a constant input, which starts at 0, default true.
    input_gain : float, default 1.0
        Initial effective input weights g W are normal with standard deviation ``input_gain / sqrt(I)``; at
        least 0, default 1. Larger is livelier.
    recurrent_scale : float, default 0.5
        Initial effective recurrent weights g W_r are normal with standard deviation ``recurrent_scale /
        sqrt(K)``, where a neuron has K recurrent connections, all H or fewer; at least 0, default 0.5.
        Larger keeps activity going for longer.
    density : float, optional
        Share of the recurrent connections that exist: each neuron reaches K = ``density`` H neurons, one or
        more, drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    connection_seed : int, optional
        Seed of that draw where ``density`` is below 1, a whole number, default 0. The seed of a trial draws
        weights, not connections.
    """
    return _layer(
        ALIF,
        "alif",
        hidden=hidden, recurrent=recurrent, tau_mem_ms=tau_mem_ms, tau_adapt_ms=tau_adapt_ms, learn_tau=learn_tau,
        threshold=threshold, beta=beta, normalise=normalise, spike_reset=spike_reset, reset_gradient=reset_gradient,
        input_scale=input_scale, surrogate=surrogate, surrogate_cutoff=surrogate_cutoff, bias=bias,
        input_gain=input_gain, recurrent_scale=recurrent_scale, density=density, connection_seed=connection_seed
    )


def CubaLIF(
    hidden: int = 128,
    *,
    recurrent: bool = False,
    tau_mem_ms: float | Sequence[float] = (30.0, 200.0),
    tau_syn_ms: float | Sequence[float] = (10.0, 40.0),
    learn_tau: bool = True,
    threshold: float = 1.0,
    spike_reset: Literal["subtract", "zero", "none"] = 'subtract',
    reset_gradient: Literal["full", "detached"] = 'detached',
    synapse_scale: Literal["one", "decay"] = 'one',
    input_scale: Literal["one", "decay"] = 'one',
    surrogate: Mapping[str, Any] | None = None,
    surrogate_cutoff: float | None = None,
    bias: bool = True,
    input_gain: float = 1.0,
    recurrent_scale: float = 0.5,
    density: float | None = None,
    connection_seed: int | None = None,
) -> Layer:
    """Current-based leaky integrate-and-fire neurons: input fades in a synapse first.

    Parameters
    ----------
    hidden : int, default 128
        Number of neurons H; at least 1, default 128.
    recurrent : bool, default False
        Whether the neurons hear each other's spikes one step later, default false.
    tau_mem_ms : float | Sequence[float], default (30.0, 200.0)
        Membrane time constant in ms, one number or a range to draw from; greater than 0, default ``[30,
        200]``. Larger remembers longer.
    tau_syn_ms : float | Sequence[float], default (10.0, 40.0)
        Time constant of the synapses in ms, one number or a range to draw from; greater than 0, default
        ``[10, 40]``. Larger smooths the input over a longer time.
    learn_tau : bool, default True
        Whether both time constants are learnt, one each a neuron, default true.
    threshold : float, default 1.0
        Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    spike_reset : Literal['subtract', 'zero', 'none'], default 'subtract'
        What a spike does to the membrane, default ``subtract``.
    reset_gradient : Literal['full', 'detached'], default 'detached'
        Whether the gradient passes through the reset, default ``detached``.
    synapse_scale : Literal['one', 'decay'], default 'one'
        What the input of the synapse is multiplied by: 1 or 1 - alpha, default ``one``.
    input_scale : Literal['one', 'decay'], default 'one'
        What the current is multiplied by on its way into the membrane: 1 or 1 - a, default ``one``.
    surrogate : Mapping[str, Any], optional
        The stand-in for the derivative of a spike, default ``{fast_sigmoid: 10}``.
    surrogate_cutoff : float, optional
        Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the
        reverse pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves
        out more.
    bias : bool, default True
        Whether each neuron has a constant input, which starts at 0, default true.
    input_gain : float, default 1.0
        Initial effective input weights g h W are normal with standard deviation ``input_gain / sqrt(I)``; at
        least 0, default 1. Larger is livelier.
    recurrent_scale : float, default 0.5
        Initial effective recurrent weights g h W_r are normal with standard deviation ``recurrent_scale /
        sqrt(K)``, where a neuron has K recurrent connections, all H or fewer; at least 0, default 0.5.
        Larger keeps activity going for longer.
    density : float, optional
        Share of the recurrent connections that exist: each neuron reaches K = ``density`` H neurons, one or
        more, drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    connection_seed : int, optional
        Seed of that draw where ``density`` is below 1, a whole number, default 0. The seed of a trial draws
        weights, not connections.
    """
    return _layer(
        CubaLIF,
        "cuba_lif",
        hidden=hidden, recurrent=recurrent, tau_mem_ms=tau_mem_ms, tau_syn_ms=tau_syn_ms, learn_tau=learn_tau,
        threshold=threshold, spike_reset=spike_reset, reset_gradient=reset_gradient, synapse_scale=synapse_scale,
        input_scale=input_scale, surrogate=surrogate, surrogate_cutoff=surrogate_cutoff, bias=bias,
        input_gain=input_gain, recurrent_scale=recurrent_scale, density=density, connection_seed=connection_seed
    )


def AdLIF(
    hidden: int = 128,
    *,
    recurrent: bool = False,
    tau_mem_ms: float | Sequence[float] = (30.0, 150.0),
    tau_adapt_ms: float | Sequence[float] = (100.0, 500.0),
    learn_tau: bool = True,
    a_max: float = 10.0,
    b_max: float = 20.0,
    learn_adaptation: bool = True,
    threshold: float = 1.0,
    spike_reset: Literal["subtract", "zero", "none"] = 'zero',
    reset_gradient: Literal["full", "detached"] = 'detached',
    surrogate: Mapping[str, Any] | None = None,
    surrogate_cutoff: float | None = None,
    bias: bool = True,
    input_gain: float = 1.5,
    recurrent_scale: float = 0.5,
    density: float | None = None,
    connection_seed: int | None = None,
) -> Layer:
    """Adaptive leaky integrate-and-fire neurons whose membrane resonates.

    Parameters
    ----------
    hidden : int, default 128
        Number of neurons H; at least 1, default 128.
    recurrent : bool, default False
        Whether the neurons hear each other's spikes one step later, default false.
    tau_mem_ms : float | Sequence[float], default (30.0, 150.0)
        Membrane time constant in ms, one number or a range to draw from; greater than 0, default ``[30,
        150]``. Larger remembers longer.
    tau_adapt_ms : float | Sequence[float], default (100.0, 500.0)
        Time constant of the adaptation in ms, one number or a range to draw from; greater than 0, default
        ``[100, 500]``. Larger oscillates more slowly.
    learn_tau : bool, default True
        Whether both time constants are learnt, one each a neuron, default true.
    a_max : float, default 10.0
        The largest a, no unit; initial ones are uniform in 0..``a_max``. At least 0, default 10, and below
        the limit (7) of the module. Larger oscillates faster, and answers steady input less.
    b_max : float, default 20.0
        The largest b, in units of the membrane; initial ones are uniform in 0..``b_max``. At least 0,
        default 20. Larger pauses longer after spikes.
    learn_adaptation : bool, default True
        Whether a and b are learnt, one each a neuron, default true.
    threshold : float, default 1.0
        Membrane potential above which a neuron spikes; greater than 0, default 1. Larger is quieter.
    spike_reset : Literal['subtract', 'zero', 'none'], default 'zero'
        What a spike does to the membrane, default ``zero``.
    reset_gradient : Literal['full', 'detached'], default 'detached'
        Whether the gradient passes through the reset, default ``detached``.
    surrogate : Mapping[str, Any], optional
        The stand-in for the derivative of a spike, default ``{fast_sigmoid: 10}``.
    surrogate_cutoff : float, optional
        Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the
        reverse pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves
        out more.
    bias : bool, default True
        Whether each neuron has a constant input, which starts at 0, default true.
    input_gain : float, default 1.5
        Initial effective input weights (1 - alpha) W are normal with standard deviation ``input_gain /
        sqrt(I)``; at least 0, default 1.5. Larger is livelier.
    recurrent_scale : float, default 0.5
        Initial effective recurrent weights (1 - alpha) W_r are normal with standard deviation
        ``recurrent_scale / sqrt(K)``, where a neuron has K recurrent connections, all H or fewer; at least
        0, default 0.5. Larger keeps activity going for longer.
    density : float, optional
        Share of the recurrent connections that exist: each neuron reaches K = ``density`` H neurons, one or
        more, drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    connection_seed : int, optional
        Seed of that draw where ``density`` is below 1, a whole number, default 0. The seed of a trial draws
        weights, not connections.
    """
    return _layer(
        AdLIF,
        "adlif",
        hidden=hidden, recurrent=recurrent, tau_mem_ms=tau_mem_ms, tau_adapt_ms=tau_adapt_ms, learn_tau=learn_tau,
        a_max=a_max, b_max=b_max, learn_adaptation=learn_adaptation, threshold=threshold, spike_reset=spike_reset,
        reset_gradient=reset_gradient, surrogate=surrogate, surrogate_cutoff=surrogate_cutoff, bias=bias,
        input_gain=input_gain, recurrent_scale=recurrent_scale, density=density, connection_seed=connection_seed
    )


def ResonateAndFire(
    hidden: int = 128,
    *,
    recurrent: bool = False,
    period_ms: float | Sequence[float] = (400.0, 2000.0),
    tau_mem_ms: float | Sequence[float] = (200.0, 1000.0),
    learn_dynamics: bool = True,
    step: Literal["euler", "exponential"] = 'euler',
    spike_reset: Literal["balanced", "izhikevich", "zero", "none"] = 'balanced',
    refractory_decay: float = 0.9,
    reset_gradient: Literal["full", "detached"] = 'full',
    threshold: float = 1.0,
    surrogate: Mapping[str, Any] | None = None,
    surrogate_cutoff: float | None = None,
    bias: bool = True,
    input_gain: float = 0.8,
    recurrent_scale: float = 0.5,
    density: float | None = None,
    connection_seed: int | None = None,
) -> Layer:
    """Resonate-and-fire neurons, plain or balanced: the membrane is a damped oscillator.

    Parameters
    ----------
    hidden : int, default 128
        Number of neurons H; at least 1, default 128.
    recurrent : bool, default False
        Whether the neurons hear each other's spikes one step later, default false.
    period_ms : float | Sequence[float], default (400.0, 2000.0)
        Period of the oscillation in ms, one number or a range to draw from; greater than 0, default ``[400,
        2000]``. Larger resonates with slower rhythms. With ``step: euler`` a third of it must stay above 2
        pi dt (all of it where ``learn_dynamics`` is false).
    tau_mem_ms : float | Sequence[float], default (200.0, 1000.0)
        Time constant of the damping in ms, one number or a range to draw from; greater than 0, default
        ``[200, 1000]``. Larger remembers longer and is tuned more sharply.
    learn_dynamics : bool, default True
        Whether periods and time constants are learnt, one each a neuron, default true.
    step : Literal['euler', 'exponential'], default 'euler'
        How the oscillation becomes steps: ``euler`` (default), as in the balanced neuron, or
        ``exponential``.
    spike_reset : Literal['balanced', 'izhikevich', 'zero', 'none'], default 'balanced'
        What a spike does: ``balanced`` (default), ``izhikevich``, ``zero`` or ``none``.
    refractory_decay : float, default 0.9
        gamma, the share of the refractoriness that is left after one step, no unit; at least 0 and below 1,
        default 0.9. Larger is refractory for longer. For ``spike_reset: balanced`` alone.
    reset_gradient : Literal['full', 'detached'], default 'full'
        Whether the gradient passes through what a spike does to its own neuron, default ``full``, as the
        balanced neuron's authors have it.
    threshold : float, default 1.0
        Membrane potential above which a neuron spikes from its initial state; greater than 0, default 1.
        Larger is quieter.
    surrogate : Mapping[str, Any], optional
        The stand-in for the derivative of a spike, default ``{fast_sigmoid: 10}``.
    surrogate_cutoff : float, optional
        Distance to the threshold from which on the surrogate is 0, so that other neurons take no part in the
        reverse pass; greater than 0, in units of the membrane, default none. Smaller is faster and leaves
        out more.
    bias : bool, default True
        Whether each neuron has a constant input, which starts at 0, default true.
    input_gain : float, default 0.8
        Initial input weights are normal with standard deviation ``input_gain / sqrt(I)``; at least 0,
        default 0.8. Larger is livelier.
    recurrent_scale : float, default 0.5
        Initial recurrent weights are normal with standard deviation ``recurrent_scale / sqrt(K)``, where a
        neuron has K recurrent connections, all H or fewer; at least 0, default 0.5. Larger keeps activity
        going for longer.
    density : float, optional
        Share of the recurrent connections that exist: each neuron reaches K = ``density`` H neurons, one or
        more, drawn from all H; greater than 0, at most 1, default 1. Time and memory are in proportion.
    connection_seed : int, optional
        Seed of that draw where ``density`` is below 1, a whole number, default 0. The seed of a trial draws
        weights, not connections.
    """
    return _layer(
        ResonateAndFire,
        "resonate_and_fire",
        hidden=hidden, recurrent=recurrent, period_ms=period_ms, tau_mem_ms=tau_mem_ms,
        learn_dynamics=learn_dynamics, step=step, spike_reset=spike_reset, refractory_decay=refractory_decay,
        reset_gradient=reset_gradient, threshold=threshold, surrogate=surrogate, surrogate_cutoff=surrogate_cutoff,
        bias=bias, input_gain=input_gain, recurrent_scale=recurrent_scale, density=density,
        connection_seed=connection_seed
    )


def LI(
    outputs: int = 1,
    *,
    tau_mem_ms: float | Sequence[float] = 50.0,
    learn_tau: bool = True,
    input_scale: Literal["one", "decay"] = 'decay',
    bias: bool = True,
    input_gain: float = 1.0,
) -> Layer:
    """Leaky integrators, which do not spike.

    Parameters
    ----------
    outputs : int, default 1
        Number of outputs O; at least 1, default 1. A readout of classes has one output a class.
    tau_mem_ms : float | Sequence[float], default 50.0
        Time constant in ms, one number or a range to draw from; greater than 0, default 50. Larger averages
        over a longer time and answers later.
    learn_tau : bool, default True
        Whether time constants are learnt, one an output, default true.
    input_scale : Literal['one', 'decay'], default 'decay'
        What the input is multiplied by: 1 or 1 - a, default ``decay``, which is an average over time.
    bias : bool, default True
        Whether each output has a constant input, which starts at 0, default true.
    input_gain : float, default 1.0
        Initial weights are normal with standard deviation ``input_gain / sqrt(I)``; at least 0, default 1.
        Larger starts with scores further apart.
    """
    return _layer(
        LI,
        "li",
        outputs=outputs, tau_mem_ms=tau_mem_ms, learn_tau=learn_tau, input_scale=input_scale, bias=bias,
        input_gain=input_gain
    )


def Linear(
    out: int = 1,
    *,
    bias: bool = True,
) -> Layer:
    """A linear map, with no state.

    Parameters
    ----------
    out : int, default 1
        Number of outputs O; at least 1, default 1. A readout of classes has one output a class.
    bias : bool, default True
        Whether each output has an offset, default true.
    """
    return _layer(
        Linear,
        "linear",
        out=out, bias=bias
    )


def RNN(
    hidden: int = 128,
    *,
    recurrent_gain: float = 0.9,
    bias: bool = True,
) -> Layer:
    """A vanilla recurrent layer of tanh units.

    Parameters
    ----------
    hidden : int, default 128
        Number of units H; at least 1, default 128.
    recurrent_gain : float, default 0.9
        What the orthogonal recurrent weights are multiplied by at the start; at least 0, default 0.9. Below
        1 the layer starts by forgetting, in about 1 / (1 - gain) steps; larger remembers longer, and above 1
        the layer may never forget.
    bias : bool, default True
        Whether each unit has an offset, default true.
    """
    return _layer(
        RNN,
        "rnn",
        hidden=hidden, recurrent_gain=recurrent_gain, bias=bias
    )


def GRU(
    hidden: int = 128,
) -> Layer:
    """Gated recurrent units, in PyTorch's form.

    Parameters
    ----------
    hidden : int, default 128
        Number of units H; at least 1, default 128.
    """
    return _layer(
        GRU,
        "gru",
        hidden=hidden
    )


def LSTM(
    hidden: int = 128,
    *,
    forget_bias: float = 1.0,
) -> Layer:
    """Long short-term memory, in PyTorch's form.

    Parameters
    ----------
    hidden : int, default 128
        Number of units H; at least 1, default 128.
    forget_bias : float, default 1.0
        Added to the forget gates' offsets at the start; any finite number, default 1. Larger starts with a
        longer memory: of what a unit holds, sigmoid(``forget_bias``) is left after a step of silence, 0.5
        for 0, 0.73 for 1, 0.95 for 3.
    """
    return _layer(
        LSTM,
        "lstm",
        hidden=hidden, forget_bias=forget_bias
    )


def InputGatedRNN(
    hidden: int = 128,
    *,
    recurrent_gain: float = 0.9,
    gate_bias: float = -1.0,
) -> Layer:
    """A vanilla recurrent layer whose state update is gated only by its input.

    Parameters
    ----------
    hidden : int, default 128
        Number of units H; at least 1, default 128.
    recurrent_gain : float, default 0.9
        What the orthogonal recurrent weights are multiplied by at the start; at least 0, default 0.9. Below
        1 the layer starts by forgetting as its gates open; larger remembers longer, and above 1 the layer
        may never forget.
    gate_bias : float, default -1.0
        The gates' offset at the start, which is learnt from there; any finite number, default -1. In silence
        the state moves by the share sigmoid(``gate_bias``) at each step: 0.0025 for -6 (it stays), 0.27 for
        -1, 0.5 for 0, 0.95 for 3 (a plain recurrent layer). Far below 0 the gates learn slowly.
    """
    return _layer(
        InputGatedRNN,
        "input_gated_rnn",
        hidden=hidden, recurrent_gain=recurrent_gain, gate_bias=gate_bias
    )


def SurprisalRNN(
    hidden: int = 128,
    *,
    recurrent_gain: float = 0.9,
    surprisal_gain: float = 1.0,
    start_rate: float = 0.03,
    detach_surprisal: bool = False,
) -> Layer:
    """A vanilla recurrent layer with the error of its last input prediction as a further input.

    Parameters
    ----------
    hidden : int, default 128
        Number of units H; at least 1, default 128.
    recurrent_gain : float, default 0.9
        What the orthogonal recurrent weights are multiplied by at the start; at least 0, default 0.9. Below
        1 the layer starts by forgetting, in about 1 / (1 - gain) steps; larger remembers longer, and above 1
        the layer may never forget.
    surprisal_gain : float, default 1.0
        What units take from the surprisal starts uniform within this and its negative; at least 0, default
        1. Larger starts with units that heed the surprisal more; 0 starts as a plain recurrent layer.
    start_rate : float, default 0.03
        What every channel is expected to count in a step at the start; above 0, default 0.03. Best near the
        mean of the data: larger finds silence surprising, smaller any event.
    detach_surprisal : bool, default False
        Whether the gradient through the surprisal ends at the head, default false: the head still learns,
        but activity and input are then not shaped by what they do to the surprisal.
    """
    return _layer(
        SurprisalRNN,
        "surprisal_rnn",
        hidden=hidden, recurrent_gain=recurrent_gain, surprisal_gain=surprisal_gain, start_rate=start_rate,
        detach_surprisal=detach_surprisal
    )


def WindowedAttention(
    width: int = 32,
    *,
    heads: int = 4,
    window: int = 32,
) -> Layer:
    """Causal self-attention over a window of steps, which is its longest memory.

    Parameters
    ----------
    width : int, default 32
        D, rows of queries, keys, values and of the output; at least 1 and a multiple of ``heads``, default
        32. Larger tells more inputs apart, at the price of more state.
    heads : int, default 4
        M, heads; at least 1, default 4. More look back in more ways at once, each on fewer rows.
    window : int, default 32
        L, how many steps are seen, the present one included; at least 1, default 32. Larger remembers for
        longer, at the price of more state; what is older is forgotten entirely.
    """
    return _layer(
        WindowedAttention,
        "windowed_attention",
        width=width, heads=heads, window=window
    )


def SSM(
    width: int = 96,
    *,
    states: int = 64,
    discretization: Literal["zoh", "bilinear", "dirac", "async"] = 'zoh',
    init: Literal["s4d_lin", "s4d_inv", "s4d_real", "s5"] = 's4d_lin',
    frequencies: int = 16,
    dt_min: float = 0.002,
    dt_max: float = 0.4,
    conjugate: bool = True,
    normalise: bool = True,
    skip: bool = True,
) -> Layer:
    """A diagonal complex state-space model.

    Parameters
    ----------
    width : int, default 96
        O, outputs; at least 1; default 96. More outputs read the same states in more ways.
    states : int, default 64
        P, complex states; at least 1; default 64. More states remember more at once.
    discretization : Literal['zoh', 'bilinear', 'dirac', 'async'], default 'zoh'
        How continuous dynamics become steps: ``zoh`` (default), ``bilinear``, ``dirac`` or ``async``.
    init : Literal['s4d_lin', 's4d_inv', 's4d_real', 's5'], default 's4d_lin'
        The initial eigenvalues: ``s4d_lin`` (default), ``s4d_inv``, ``s4d_real`` or ``s5``.
    frequencies : int, default 16
        How many different eigenvalues the states start from, at least 1; default 16. More reach higher
        frequencies, up to where bins fold them back; with ``s4d_real``, faster decays.
    dt_min : float, default 0.002
        The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory is
        1/(|Re λ| Δ) steps, 2/Δ but for ``s4d_real``: less means longer.
    dt_max : float, default 0.4
        The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least ``dt_min``; default 0.4.
        The shortest memory is 2/Δ steps: more means shorter.
    conjugate : bool, default True
        Whether only one of each conjugate pair of eigenvalues is kept; default true. Without it, half of the
        states start as mirror images of the others.
    normalise : bool, default True
        Whether gains start so that every state has variance 1 under white input; default true. Without it
        they start at 1, which leaves all states small and slow ones smallest.
    skip : bool, default True
        Whether the output also reads the input directly; default true.
    """
    return _layer(
        SSM,
        "ssm",
        width=width, states=states, discretization=discretization, init=init, frequencies=frequencies,
        dt_min=dt_min, dt_max=dt_max, conjugate=conjugate, normalise=normalise, skip=skip
    )


def LRU(
    width: int = 96,
    *,
    states: int = 64,
    r_min: float = 0.8,
    r_max: float = 0.999,
    max_phase: float = 6.283185307179586,
    normalise: bool = True,
    skip: bool = True,
) -> Layer:
    """Linear recurrent units.

    Parameters
    ----------
    width : int, default 96
        O, outputs; at least 1; default 96. More outputs read the same states in more ways.
    states : int, default 64
        P, complex states; at least 1; default 64. More states remember more at once.
    r_min : float, default 0.8
        The smallest initial modulus |L| at bins of 10 ms; at least 0 and below 1; default 0.8. Larger leaves
        out short memories.
    r_max : float, default 0.999
        The largest initial modulus |L| at bins of 10 ms; above 0 and at most 1, no less than ``r_min``;
        default 0.999. Larger remembers longer.
    max_phase : float, default 6.283185307179586
        The largest initial phase θ in radians a bin of 10 ms; above 0 and at most 2π, which is the default.
        Smaller starts with slower oscillations.
    normalise : bool, default True
        Whether γ starts as √(1 - |L|²), so that every state has variance 1 under white input; default true.
        Without it γ starts at 1, which leaves slow states largest.
    skip : bool, default True
        Whether the output also reads the input directly; default true.
    """
    return _layer(
        LRU,
        "lru",
        width=width, states=states, r_min=r_min, r_max=r_max, max_phase=max_phase, normalise=normalise, skip=skip
    )


def SelectiveSSM(
    width: int = 96,
    *,
    states: int = 8,
    complex: bool = False,
    discretization: Literal["zoh", "euler"] = 'zoh',
    gate: bool = True,
    dt_min: float = 0.002,
    dt_max: float = 0.2,
    input_gain: float = 1.5,
) -> Layer:
    """A gated diagonal state-space model whose input decides what is forgotten, written and read.

    Parameters
    ----------
    width : int, default 96
        H, units and outputs; at least 1; default 96.
    states : int, default 8
        N, states of each unit; at least 1; default 8. More remember over more lengths of time at once.
    complex : bool, default False
        Whether states are complex, so that they also turn; default false.
    discretization : Literal['zoh', 'euler'], default 'zoh'
        How the input becomes steps: ``zoh`` (default) or ``euler``.
    gate : bool, default True
        Whether the output is gated by the input; default true.
    dt_min : float, default 0.002
        The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory is
        1/Δ steps (2/Δ where complex): less means longer.
    dt_max : float, default 0.2
        The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least ``dt_min``; default 0.2.
        More means shorter memories.
    input_gain : float, default 1.5
        Initial input weights are normal with standard deviation ``input_gain / sqrt(I)``; at least 0,
        default 1.5. Larger selects more strongly.
    """
    return _layer(
        SelectiveSSM,
        "selective_ssm",
        width=width, states=states, complex=complex, discretization=discretization, gate=gate, dt_min=dt_min,
        dt_max=dt_max, input_gain=input_gain
    )


def SpikingSSM(
    width: int = 96,
    *,
    states: int = 64,
    discretization: Literal["zoh", "bilinear", "dirac", "async"] = 'zoh',
    init: Literal["s4d_lin", "s4d_inv", "s4d_real", "s5"] = 's4d_lin',
    frequencies: int = 16,
    dt_min: float = 0.002,
    dt_max: float = 0.4,
    conjugate: bool = True,
    normalise: bool = True,
    skip: bool = True,
    readout_gain: float = 1.5,
    tau_mem_ms: float | Sequence[float] = 20.0,
    learn_tau: bool = True,
    threshold: float = 1.0,
    learn_threshold: bool = True,
    spike_reset: Literal["subtract", "zero", "none"] = 'subtract',
    reset_gradient: Literal["full", "detached"] = 'detached',
    surrogate: Mapping[str, Any] | None = None,
) -> Layer:
    """A diagonal state-space model whose outputs go through leaky integrate-and-fire neurons.

    Parameters
    ----------
    width : int, default 96
        O, neurons and outputs; at least 1; default 96. More neurons read the same states in more ways.
    states : int, default 64
        P, complex states; at least 1; default 64. More states remember more at once.
    discretization : Literal['zoh', 'bilinear', 'dirac', 'async'], default 'zoh'
        How continuous dynamics become steps: ``zoh`` (default), ``bilinear``, ``dirac`` or ``async``.
    init : Literal['s4d_lin', 's4d_inv', 's4d_real', 's5'], default 's4d_lin'
        The initial eigenvalues: ``s4d_lin`` (default), ``s4d_inv``, ``s4d_real`` or ``s5``.
    frequencies : int, default 16
        How many different eigenvalues the states start from, at least 1; default 16. More reach higher
        frequencies, up to where bins fold them back; with ``s4d_real``, faster decays.
    dt_min : float, default 0.002
        The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory is
        1/(|Re λ| Δ) steps, 2/Δ but for ``s4d_real``: less means longer.
    dt_max : float, default 0.4
        The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least ``dt_min``; default 0.4.
        The shortest memory is 2/Δ steps: more means shorter.
    conjugate : bool, default True
        Whether only one of each conjugate pair of eigenvalues is kept; default true. Without it, half of the
        states start as mirror images of the others.
    normalise : bool, default True
        Whether gains start so that every state has variance 1 under white input; default true. Without it
        they start at 1, which leaves all states small and slow ones smallest.
    skip : bool, default True
        Whether the neurons also read the input directly; default true.
    readout_gain : float, default 1.5
        Initial readouts C and D are multiplied by this, no unit; at least 0; default 1.5. Larger is
        livelier.
    tau_mem_ms : float | Sequence[float], default 20.0
        Membrane time constant in ms, one number or a range to draw from; greater than 0; default 20. Larger
        adds up current for longer.
    learn_tau : bool, default True
        Whether membrane time constants are learnt, one a neuron; default true.
    threshold : float, default 1.0
        Initial threshold, in units of the current; greater than 0; default 1. Larger is quieter.
    learn_threshold : bool, default True
        Whether thresholds are learnt, one a neuron; default true.
    spike_reset : Literal['subtract', 'zero', 'none'], default 'subtract'
        What a spike does to the membrane, default ``subtract``.
    reset_gradient : Literal['full', 'detached'], default 'detached'
        Whether the gradient passes through the reset, default ``detached``.
    surrogate : Mapping[str, Any], optional
        The stand-in for the derivative of a spike, default ``{fast_sigmoid: 10}``.
    """
    return _layer(
        SpikingSSM,
        "spiking_ssm",
        width=width, states=states, discretization=discretization, init=init, frequencies=frequencies,
        dt_min=dt_min, dt_max=dt_max, conjugate=conjugate, normalise=normalise, skip=skip,
        readout_gain=readout_gain, tau_mem_ms=tau_mem_ms, learn_tau=learn_tau, threshold=threshold,
        learn_threshold=learn_threshold, spike_reset=spike_reset, reset_gradient=reset_gradient, surrogate=surrogate
    )


def SSMBlock(
    width: int = 96,
    *,
    states: int = 64,
    dynamics: Literal["continuous", "lru"] | Mapping[str, Any] = 'continuous',
    discretization: Literal["zoh", "bilinear", "dirac", "async"] = 'zoh',
    init: Literal["s4d_lin", "s4d_inv", "s4d_real", "s5"] = 's4d_lin',
    frequencies: int = 16,
    dt_min: float = 0.002,
    dt_max: float = 0.4,
    conjugate: bool = True,
    norm: Literal["layer", "rms", "none"] = 'layer',
    glu: bool = True,
    residual: bool = True,
    normalise: bool = True,
) -> Layer:
    """Norm, state-space model, GELU, GLU and residual.

    Parameters
    ----------
    width : int, default 96
        H, units; at least 1, default 96. As many as the input has rows.
    states : int, default 64
        P, complex states; at least 1; default 64. More states remember more at once.
    dynamics : Literal['continuous', 'lru'] | Mapping[str, Any], default 'continuous'
        What the dynamics are learnt as: ``continuous`` (default), as S4D's and S5's, or ``lru``, with the
        keys ``r_min``, ``r_max`` and ``max_phase``. The six keys below, up to ``conjugate``, are for the
        former alone.
    discretization : Literal['zoh', 'bilinear', 'dirac', 'async'], default 'zoh'
        How continuous dynamics become steps: ``zoh`` (default), ``bilinear``, ``dirac`` or ``async``.
    init : Literal['s4d_lin', 's4d_inv', 's4d_real', 's5'], default 's4d_lin'
        The initial eigenvalues: ``s4d_lin`` (default), ``s4d_inv``, ``s4d_real`` or ``s5``.
    frequencies : int, default 16
        How many different eigenvalues the states start from, at least 1; default 16. More reach higher
        frequencies, up to where bins fold them back; with ``s4d_real``, faster decays.
    dt_min : float, default 0.002
        The shortest initial step Δ at bins of 10 ms, no unit; above 0; default 0.002. The longest memory is
        1/(|Re λ| Δ) steps, 2/Δ but for ``s4d_real``: less means longer.
    dt_max : float, default 0.4
        The longest initial step Δ at bins of 10 ms, no unit; above 0 and at least ``dt_min``; default 0.4.
        The shortest memory is 2/Δ steps: more means shorter.
    conjugate : bool, default True
        Whether only one of each conjugate pair of eigenvalues is kept; default true. Without it, half of the
        states start as mirror images of the others.
    norm : Literal['layer', 'rms', 'none'], default 'layer'
        How the input is normalised: ``layer`` (default), ``rms`` or ``none``.
    glu : bool, default True
        Whether the output is gated (GLU); default true. Without it, it is a linear map.
    residual : bool, default True
        Whether the input is added to the output; default true.
    normalise : bool, default True
        Whether gains start so that every state has variance 1 under white input; default true. Without it
        they start at 1, which leaves all states small and slow ones smallest.
    """
    return _layer(
        SSMBlock,
        "ssm_block",
        width=width, states=states, dynamics=dynamics, discretization=discretization, init=init,
        frequencies=frequencies, dt_min=dt_min, dt_max=dt_max, conjugate=conjugate, norm=norm, glu=glu,
        residual=residual, normalise=normalise
    )
