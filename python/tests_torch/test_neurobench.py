"""Counts of NeuroBench and of Saturn next to each other."""

import numpy as np
import pytest
import saturn_snn as saturn
import torch

pytest.importorskip("neurobench")
import snntorch as snn
from neurobench.benchmarks import Benchmark
from neurobench.metrics import static, workload
from neurobench.models import SNNTorchModel, TorchModel
from saturn_snn import neurobench as ours
from torch.utils.data import DataLoader, TensorDataset

N, T, I, H, C = 6, 20, 10, 8, 3


def last(scores):
    return scores[:, -1].argmax(dim=-1)


def benchmark(model, x, counts, statics, lanes=1):
    labels = torch.arange(len(x)) % C
    loader = DataLoader(TensorDataset(x, labels), batch_size=lanes)
    metrics = [statics, [workload.ClassificationAccuracy, *counts]]
    return Benchmark(model, loader, [], [last], metrics).run(quiet=True)


def theirs_of(model, x, lanes=1):
    statics = [static.ParameterCount, static.Footprint, static.ConnectionSparsity]
    return benchmark(model, x, [workload.SynapticOperations, workload.ActivationSparsity], statics, lanes)


def ours_of(net, x, lanes=1):
    statics = [static.ParameterCount, ours.Footprint, ours.ConnectionSparsity]
    return benchmark(ours.Model(net), x, [ours.SynapticOperations, ours.ActivationSparsity], statics, lanes)


def events(seed=1):
    return (torch.rand(N, T, I, generator=torch.Generator().manual_seed(seed)) < 0.3).float()


class Spiking(torch.nn.Module):
    """Leaky neurons between two dense layers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(2)
        self.fc1 = torch.nn.Linear(I, H)
        self.lif = snn.Leaky(beta=0.9, reset_mechanism="subtract", init_hidden=True)
        self.fc2 = torch.nn.Linear(H, C)

    def forward(self, x):
        return self.fc2(self.lif(self.fc1(x))), None


def test_feed_forward_spikes_are_counted_alike():
    theirs = Spiking()
    with torch.no_grad():
        theirs.fc1.weight[:, :3] = 0
        theirs.fc1.weight.mul_(3)
    layer = saturn.LIF(H, spike_reset="subtract", tau_mem_ms=float(-10 / np.log(0.9)), learn_tau=False)
    net = saturn.Network([layer], channels=I, classes=C, readout="linear")
    own = net.state_dict()
    own |= {f"0.{name}": value.detach().numpy() for name, value in theirs.fc1.named_parameters()}
    own |= {f"1.{name}": value.detach().numpy() for name, value in theirs.fc2.named_parameters()}
    net.load_state_dict(own)
    a, b = theirs_of(SNNTorchModel(theirs), events()), ours_of(net, events())
    assert a["SynapticOperations"] == b["SynapticOperations"]
    assert a["SynapticOperations"]["Effective_ACs"] > 0
    assert a["ActivationSparsity"] == pytest.approx(b["ActivationSparsity"])
    assert a["ClassificationAccuracy"] == b["ClassificationAccuracy"]
    assert a["ParameterCount"] == b["ParameterCount"]
    # NeuroBench counts zero weights, rounded to four decimals.
    assert a["ConnectionSparsity"] == pytest.approx(b["ConnectionSparsity"], abs=1e-4)
    assert b["ConnectionSparsity"] == pytest.approx(3 * H / (H * I + C * H))


@pytest.mark.parametrize("kind", ["GRU", "LSTM", "RNN"])
def test_neurobench_counts_no_operation_of_recurrent_layers_of_sequences(kind):
    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.fc = getattr(torch.nn, kind)(I, H, batch_first=True), torch.nn.Linear(H, C)

        def forward(self, x):
            return self.fc(self.cell(x)[0])

    net = saturn.Network([getattr(saturn, kind)(H)], channels=I, classes=C)
    a, b = theirs_of(TorchModel(Theirs()), events()), ours_of(net, events())
    gates = {"GRU": 3, "LSTM": 4, "RNN": 1}[kind]
    readout = C * H * T
    assert a["SynapticOperations"]["Dense"] == readout
    assert a["SynapticOperations"]["Effective_ACs"] == 0
    found = b["SynapticOperations"]
    assert found["Dense"] == T * gates * H * (I + H) + readout
    # Events are added; the state, which is zero in the first step alone, is multiplied.
    assert found["Effective_ACs"] == gates * H * events().sum().item() / N
    assert found["Effective_MACs"] == gates * H * H * (T - 1) + readout


def test_an_event_with_count_2_makes_a_batch_macs_in_neurobench():
    x = events()
    x[0, 0, 0] = 2
    theirs = Spiking()
    net = saturn.Network([saturn.LIF(H)], channels=I, classes=C, readout="linear")
    for lanes, shares in ((1, 1), (N, N)):
        a, b = theirs_of(SNNTorchModel(theirs), x, lanes), ours_of(net, x, lanes)
        # Of the first step's call.
        assert a["SynapticOperations"]["Effective_MACs"] == H * (x[:shares, 0] != 0).sum().item() / N
        assert b["SynapticOperations"]["Effective_MACs"] == 0


def test_recurrent_spikes_are_counted_in_the_step_after_and_dense_input_is_multiplied():
    net = saturn.Network([saturn.LIF(H, recurrent=True), saturn.LIF(4)], channels=I, classes=C, seed=3)
    x = events()
    model = ours.Model(net)
    np.testing.assert_allclose(
        model(x).numpy(), net(np.ascontiguousarray(x.numpy().transpose(1, 0, 2)))[0].transpose(1, 0, 2), atol=1e-5
    )
    spikes = [layer.outputs for layer in model.layers[:2]]
    assert spikes[0].sum() > 0 and set(np.unique(spikes[0])) <= {0, 1}
    metric = ours.SynapticOperations()
    expected = H * x.sum().item() + H * spikes[0][:-1].sum() + 4 * spikes[0].sum() + C * spikes[1].sum()
    assert metric(model, None, (x,)) == {
        "Effective_MACs": 0, "Effective_ACs": expected / N, "Dense": T * (H * I + H * H + 4 * H + C * 4),
    }
    metric.reset()
    model(x + 0.5)
    assert metric(model, None, (x,))["Effective_MACs"] == T * H * I
    assert ours.Footprint()(model) == 4 * (net.parameters + sum(state.size for state in net.initial_state()))


def test_layers_without_a_count_are_an_error():
    net = saturn.Network([saturn.SSMBlock(4)], channels=I, classes=C)
    with pytest.raises(saturn.InputError, match="layer 1: operations are counted of lif"):
        ours.Model(net)(events())


@pytest.mark.parametrize("all_to_all", [True, False])
def test_neurobench_does_not_count_one_to_one_recurrence(all_to_all):
    class Recurrent(Spiking):
        def __init__(self):
            super().__init__()
            size = {"linear_features": H} if all_to_all else {"V": 0.5}
            self.lif = snn.RLeaky(beta=0.9, all_to_all=all_to_all, init_hidden=True, **size)

    found = theirs_of(SNNTorchModel(Recurrent()), events())["SynapticOperations"]["Dense"]
    assert found == T * (H * I + C * H + (H * H if all_to_all else 0))
