"""Networks from snnTorch and back: spikes, time constants, both ways to give a graph."""

import contextlib
import io

import nir
import numpy as np
import pytest
import saturn_snn as saturn
import snntorch as snn
import torch
from snntorch import utils
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir

T, B, I, H, C = 50, 4, 6, 8, 3


def sequential(reset):
    torch.manual_seed(2)
    leaky = snn.Leaky(beta=torch.full((H,), 0.9), threshold=torch.ones(H), reset_mechanism=reset, init_hidden=True)
    net = torch.nn.Sequential(torch.nn.Linear(I, H), leaky, torch.nn.Linear(H, C))
    with torch.no_grad():
        net[0].weight.mul_(4)
    return net


def run(net, x):
    utils.reset(net)
    with torch.no_grad():
        return torch.stack([net(step) for step in x]).numpy()


def graph_of(net, x):
    utils.reset(net)
    with torch.no_grad():
        return export_to_nir(net, x[0, 0])


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("dt_ms", [None, 1, 10.0])
@pytest.mark.parametrize("by_file", [False, True])
def test_at_any_step_the_scores_are_those_of_snntorch(reset, dt_ms, by_file, tmp_path):
    theirs = sequential(reset)
    x = torch.from_numpy((np.random.default_rng(1).random((T, B, I)) < 0.4).astype(np.float32))
    expected, graph = run(theirs, x), graph_of(theirs, x)
    kept = graph.nodes["1"].tau.copy()
    options = {"dialect": "snntorch", "reset": reset} | ({} if dt_ms is None else {"dt_ms": dt_ms})
    if by_file:
        nir.write(tmp_path / "net.nir", graph)
        net = saturn.load(tmp_path / "net.nir", **options)
    else:
        net = saturn.from_nir(graph, **options)
    assert net.dt_ms == (0.1 if dt_ms is None else dt_ms)
    assert "exact" in net.verdicts and "/tmp" not in net.verdicts
    assert ("scaled" in net.verdicts) == (dt_ms is not None)
    np.testing.assert_allclose(net(x.numpy())[0], expected, atol=1e-5)
    np.testing.assert_array_equal(graph.nodes["1"].tau, kept)
    if reset == "zero":
        with contextlib.redirect_stdout(io.StringIO()):
            back = import_from_nir(net.to_nir(reader="snntorch"))
        outputs, state = [], None
        with torch.no_grad():
            for step in x:
                output, state = back(step, state)
                outputs.append(output.numpy())
        np.testing.assert_allclose(np.stack(outputs), expected, atol=1e-4)
    else:
        with pytest.raises(saturn.InputError, match="no reset by subtraction"):
            net.to_nir(reader="snntorch")


def test_a_recurrent_layer_by_the_table_of_the_page():
    """`snn.RLeaky` by `saturn.LIF(recurrent=True)`, by hand."""
    theirs = snn.RLeaky(beta=0.9, linear_features=H, reset_mechanism="subtract")
    fc = torch.nn.Linear(I, H)
    with torch.no_grad():
        fc.weight.mul_(4)
        theirs.recurrent.bias.zero_()
    layer = saturn.LIF(H, recurrent=True, tau_mem_ms=float(-10 / np.log(0.9)), learn_tau=False)
    net = saturn.Network([layer], channels=I, classes=C)
    own = net.state_dict()
    own |= {"0.weight": fc.weight.detach().numpy(), "0.bias": fc.bias.detach().numpy()}
    own["0.recurrent"] = theirs.recurrent.weight.detach().numpy()
    net.load_state_dict(own)
    x = torch.from_numpy((np.random.default_rng(1).random((T, B, I)) < 0.4).astype(np.float32))
    spikes, membrane = theirs.init_rleaky()
    state, place, total = None, net.fields()[0]["s"], 0
    for step in x:
        with torch.no_grad():
            spikes, membrane = theirs(fc(step), spikes, membrane)
        _, state = net(step.numpy()[None], state)
        np.testing.assert_array_equal(state[0][:, place], spikes.numpy())
        total += int(spikes.sum())
    assert total > 100
