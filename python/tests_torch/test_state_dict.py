"""Networks of PyTorch and snnTorch as state dicts: there and back, and equal outputs in the module that loads them."""

import numpy as np
import pytest
import saturn_snn as saturn
import snntorch as snn
import torch
from safetensors.torch import save_file
from snntorch import utils
from torch import nn

T, B, I, H, C = 60, 3, 6, 8, 3


class Modules(nn.Module):
    """Modules under names of one's own, one after the other, in each step."""

    def __init__(self, **modules):
        super().__init__()
        self.inner = nn.ModuleDict(modules)

    def forward(self, x):
        for module in self.inner.values():
            x = module(x)
            x = x[0] if isinstance(x, tuple) else x
        return x


def of_pytorch():
    return {
        "gru": Modules(encoder=nn.GRU(I, H), fc=nn.Linear(H, C)),
        "lstm": Modules(rnn=nn.LSTM(I, H, num_layers=2), fc=nn.Linear(H, C)),
        "rnn": Modules(rnn=nn.RNN(I, H, bias=False), fc=nn.Linear(H, C, bias=False)),
    }


def of_snntorch():
    hidden, each = {"init_hidden": True}, torch.linspace(0.5, 0.95, H)
    all_to_all, one_to_one = {"linear_features": H}, {"all_to_all": False, "V": torch.linspace(-0.5, 0.5, H)}
    neurons = {
        "subtract": snn.Leaky(beta=0.9, **hidden),
        "zero": snn.Leaky(beta=each, threshold=torch.full((H,), 0.7), reset_mechanism="zero", **hidden),
        "none": snn.Leaky(beta=0.9, reset_mechanism="none", graded_spikes_factor=0.5, **hidden),
        "recurrent": snn.RLeaky(beta=0.9, **all_to_all, **hidden),
        "one_to_one": snn.RLeaky(beta=each, **one_to_one, **hidden),
        "synaptic": snn.Synaptic(alpha=0.6, beta=0.9, **hidden),
        "recurrent_synaptic": snn.RSynaptic(alpha=0.6, beta=each, **all_to_all, **hidden),
    }
    return {name: Modules(fc1=nn.Linear(I, H), lif=layer, fc2=nn.Linear(H, C)) for name, layer in neurons.items()}


def strong(net):
    with torch.no_grad():
        first = next(p for name, p in net.named_parameters() if name.endswith("fc1.weight"))
        first.mul_(3)
    return net


def spikes():
    return (np.random.default_rng(1).random((T, B, I)) < 0.4).astype(np.float32)


def run(net, x):
    """The outputs of a module, [T, B, C]."""
    x = torch.from_numpy(x)
    with torch.no_grad():
        if not any(isinstance(module, snn.SpikingNeuron) for module in net.modules()):
            return net(x).numpy()
        utils.reset(net)
        return torch.stack([net(step) for step in x]).numpy()


def loaded(net, path, **options):
    save_file({k: v.clone() for k, v in net.state_dict().items()}, path)
    return saturn.load(path, **options)


def load_back(again, arrays):
    """A fresh module with the arrays."""
    again.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()}, strict=True)
    return again


@pytest.mark.parametrize("name", of_pytorch())
def test_modules_of_pytorch_go_back(name, tmp_path):
    torch.manual_seed(1)
    theirs = of_pytorch()[name]
    net = loaded(theirs, tmp_path / "net.safetensors")
    x = spikes()
    expected = run(theirs, x)
    arrays = net.state_dict(reader="pytorch")
    np.testing.assert_allclose(run(load_back(of_pytorch()[name], arrays), x), expected, atol=1e-6)
    np.testing.assert_allclose(net(x)[0], expected, atol=1e-5)
    # Modules of PyTorch are in nets of snnTorch, too.
    assert net.state_dict(reader="snntorch").keys() == arrays.keys()


@pytest.mark.parametrize("name", of_snntorch())
def test_neurons_of_snntorch_go_back(name, tmp_path):
    torch.manual_seed(2)
    theirs = strong(of_snntorch()[name])
    options = {"neuron": "synaptic"} if name == "synaptic" else {}
    net = loaded(theirs, tmp_path / "net.safetensors", **options)
    x = spikes()
    expected = run(theirs, x)
    assert np.abs(np.diff(expected, axis=0)).max() > 0, "it spikes"
    arrays = net.state_dict(reader="snntorch")
    assert {k: v.shape for k, v in arrays.items()} == {k: tuple(v.shape) for k, v in theirs.state_dict().items()}
    np.testing.assert_allclose(run(load_back(of_snntorch()[name], arrays), x), expected, atol=1e-6)
    np.testing.assert_allclose(net(x)[0], expected, atol=1e-5)


@pytest.mark.parametrize("make", [lambda: of_pytorch()["lstm"], lambda: strong(of_snntorch()["recurrent"])])
def test_a_repaired_network_goes_back_under_its_names(make, tmp_path):
    torch.manual_seed(3)
    theirs = make()
    path = tmp_path / "net.safetensors"
    save_file({k: v.clone() for k, v in theirs.state_dict().items()}, path)
    net = saturn.load(path, dt_ms=10)
    rng = np.random.default_rng(1)
    words = [(rng.random((20, I)) < 0.1 * (1 + word)).astype(np.float32) for word in (0, 1, 2) for _ in range(4)]
    data = saturn.Dataset.from_dense(words, [i // 4 for i in range(12)], valid=(words, [i // 4 for i in range(12)]), dt_ms=10)
    repaired = saturn.retrofit(net, data, steps=3, evaluate_steps=200).network
    reader = "snntorch" if "inner.lif.beta" in theirs.state_dict() else "pytorch"
    arrays = repaired.state_dict(reader=reader)
    back = load_back(make(), arrays)
    x = spikes()
    np.testing.assert_allclose(run(back, x), repaired(x)[0], atol=1e-5)
    assert any(not np.array_equal(v, theirs.state_dict()[k]) for k, v in arrays.items() if "weight" in k)
    # And from a file of Saturn's.
    repaired.save(tmp_path / "repaired.safetensors")
    again = saturn.load(tmp_path / "repaired.safetensors").state_dict(reader=reader)
    assert again.keys() == arrays.keys() and all(np.array_equal(again[k], arrays[k]) for k in arrays)


def numbered(*modules):
    return nn.Sequential(*modules)


@pytest.mark.parametrize(
    ("layer", "neurons"),
    [
        (saturn.LIF(H), lambda: snn.Leaky(beta=torch.ones(H), init_hidden=True)),
        (
            saturn.LIF(H, spike_reset="zero", input_scale="decay", input_gain=3),
            lambda: snn.Leaky(beta=torch.ones(H), reset_mechanism="zero", init_hidden=True),
        ),
        (saturn.LIF(H, recurrent=True), lambda: snn.RLeaky(beta=torch.ones(H), linear_features=H, init_hidden=True)),
        (
            saturn.LIF(H, recurrent=True, spike_reset="zero"),
            lambda: snn.RLeaky(
                beta=torch.ones(H), linear_features=H, init_hidden=True, reset_mechanism="zero", reset_delay=False
            ),
        ),
        (
            saturn.CubaLIF(H, synapse_scale="decay", input_gain=2),
            lambda: snn.Synaptic(alpha=torch.ones(H), beta=torch.ones(H), init_hidden=True),
        ),
        (
            saturn.CubaLIF(H, spike_reset="zero"),
            lambda: snn.Synaptic(
                alpha=torch.ones(H), beta=torch.ones(H), init_hidden=True, reset_mechanism="zero", reset_delay=False
            ),
        ),
    ],
)
def test_own_neurons_become_those_of_snntorch(layer, neurons):
    net = saturn.Network([layer], channels=I, classes=C, readout="linear", seed=3)
    theirs = numbered(nn.Linear(I, H), neurons(), nn.Linear(H, C))
    arrays = net.state_dict(reader="snntorch")
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()}, strict=True)
    x = np.repeat(spikes(), 4, axis=0)
    y, state = net(x)
    assert np.abs(np.diff(y, axis=0)).max() > 0, "it spikes"
    np.testing.assert_allclose(run(theirs, x), y, atol=1e-5)


def test_a_leaky_readout_is_membranes(caplog):
    net = saturn.Network([saturn.LIF(H)], channels=I, classes=C)
    theirs = numbered(
        nn.Linear(I, H),
        snn.Leaky(beta=torch.ones(H), init_hidden=True),
        nn.Linear(H, C),
        snn.Leaky(beta=0.5, reset_mechanism="none", init_hidden=True, output=True),
    )
    with caplog.at_level("INFO", "saturn_snn"):
        arrays = net.state_dict(reader="snntorch")
    assert "`3`: its membranes are used, not its spikes" in caplog.text and "/tmp" not in caplog.text
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()}, strict=True)
    x = np.repeat(spikes(), 4, axis=0)
    utils.reset(theirs)
    with torch.no_grad():
        membranes = torch.stack([theirs(step)[1] for step in torch.from_numpy(x)]).numpy()
    np.testing.assert_allclose(membranes, net(x)[0], atol=1e-5)


def test_what_is_no_network_of_theirs_is_named():
    net = saturn.Network([saturn.ALIF(H)], channels=I, classes=C)
    with pytest.raises(saturn.InputError, match=r"layer 0 \(`alif`\): neither PyTorch nor snnTorch has such a module"):
        net.state_dict(reader="snntorch")
    net = saturn.Network([saturn.LIF(H)], channels=I, classes=C)
    with pytest.raises(saturn.InputError, match="PyTorch has no such module; snnTorch has, its Leaky"):
        net.state_dict(reader="pytorch")
    with pytest.raises(saturn.InputError, match="reader: expected pytorch or snntorch"):
        net.state_dict(reader="norse")
    with pytest.raises(saturn.InputError, match="layers: names of modules are for a `reader`"):
        net.state_dict(layers=["a"])
    named = net.state_dict(reader="snntorch", layers=["fc1", "lif1", "fc2", "lif2"])
    assert {name.split(".")[0] for name in named} == {"fc1", "lif1", "fc2", "lif2"}


def test_an_existing_file_is_replaced_on_request(tmp_path):
    net = saturn.Network([saturn.LIF(H, spike_reset="zero")], channels=I, classes=C)
    path = tmp_path / "net.nir"
    net.export(path, "nir")
    with pytest.raises(saturn.InputError, match="or overwrite=True to replace it"):
        net.export(path, "nir", overwrite=False)
    net.export(path, "nir", overwrite=True)
