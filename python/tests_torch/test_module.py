"""`saturn_snn.torch.Module`: PyTorch's gradients, and PyTorch's ways of use."""

import copy
import io
import pickle

import numpy as np
import pytest
import saturn_snn as saturn
import torch
from saturn_snn.torch import Module

T, B, I, H, C = 25, 6, 5, 7, 3
KINDS = {"GRU": saturn.GRU, "LSTM": saturn.LSTM, "RNN": saturn.RNN}


def random(*shape, dtype=torch.float64, seed=0):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


class Theirs(torch.nn.Module):
    """A recurrent layer and a linear readout of PyTorch's."""

    def __init__(self, kind, dtype=torch.float64):
        super().__init__()
        self.cell = getattr(torch.nn, kind)(I, H, dtype=dtype)
        self.fc = torch.nn.Linear(H, C, dtype=dtype)

    def forward(self, x):
        return self.fc(self.cell(x)[0])


def pair(kind, precision="float64"):
    """The same network of both, by `load_state_dict`."""
    torch.manual_seed(3)
    theirs = Theirs(kind, getattr(torch, precision))
    net = saturn.Network([KINDS[kind](H)], channels=I, classes=C, precision=precision)
    ours = Module(net)
    tensors = {f"0.{name}": value for name, value in theirs.cell.state_dict().items()}
    tensors |= {f"1.{name}": value for name, value in theirs.fc.state_dict().items()}
    if kind != "GRU":
        # Saturn has one bias, the sum of PyTorch's two.
        tensors["0.bias_ih_l0"] = tensors["0.bias_ih_l0"] + tensors.pop("0.bias_hh_l0")
    ours.load_state_dict(tensors)
    return ours, theirs


def lif(**settings):
    layer = saturn.LIF(16, recurrent=True)
    return Module(saturn.Network([layer], **{"channels": I, "classes": C, "seed": 4, **settings}))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_pytorchs(kind):
    ours, theirs = pair(kind)
    weight, inputs = random(T, B, C, seed=1), []
    for net in (ours, theirs):
        x = random(T, B, I).requires_grad_()
        y = net(x)
        (torch.nn.functional.log_softmax(y, -1) * weight).sum().backward()
        inputs.append((y.detach(), x.grad))
    for a, b in zip(*inputs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    for name, parameter in theirs.named_parameters():
        own = name.replace("cell.", "0.").replace("fc.", "1.")
        if kind != "GRU" and "bias_hh" in own:
            # The gradient by a sum is that by each part.
            own = "0.bias_ih_l0"
        found = ours.get_parameter(own).grad
        assert parameter.grad.abs().max() > 1e-3
        torch.testing.assert_close(found, parameter.grad, rtol=1e-10, atol=1e-10, msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_trained_by_the_same_optimizer_both_stay_the_same(kind):
    ours, theirs = pair(kind)
    x, labels = random(T, B, I), torch.arange(B) % C
    losses = []
    for net in (ours, theirs):
        # Where PyTorch has two biases for Saturn's one, one of them is kept: else their sum moves by twice as much.
        moved = [p for name, p in net.named_parameters() if kind == "GRU" or "bias_hh" not in name]
        optimizer = torch.optim.SGD(moved, lr=1.0)
        own = []
        for _ in range(30):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x).mean(dim=0), labels)
            loss.backward()
            optimizer.step()
            own.append(loss.item())
        losses.append(own)
    assert losses[0][-1] < losses[0][0] - 0.05
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-9)


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_a_spiking_network_is_trained(optimizer):
    net = lif()
    x, labels = (random(T, B, I) > 0.5).float(), torch.arange(B) % C
    steps = optimizer(net.parameters(), lr=2.0 if optimizer is torch.optim.SGD else 0.01)
    losses = []
    for _ in range(60):
        steps.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x).mean(dim=0), labels)
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert losses[-1] < 0.85 * losses[0]


def scale(p):
    with torch.no_grad():
        p.mul_(0.5)


def scale_data(p):
    p.data.mul_(0.5)


def replace_data(p):
    p.data = p.data * 0.5


def scale_through_numpy(p):
    p.detach().numpy()[:] *= 0.5


@pytest.mark.parametrize("change", [scale, scale_data, replace_data, scale_through_numpy])
def test_every_change_of_a_parameter_is_in_the_next_pass(change):
    net = lif()
    x = (random(T, B, I) > 0.5).float()
    before = net(x)
    for parameter in net.parameters():
        change(parameter)
    expected = saturn.Network([saturn.LIF(16, recurrent=True)], channels=I, classes=C, seed=4)
    expected.load_state_dict({name: 0.5 * value for name, value in expected.state_dict().items()})
    assert not torch.equal(net(x), before)
    with torch.no_grad():
        np.testing.assert_array_equal(net(x).numpy(), expected(x.numpy())[0])


def test_the_network_has_the_parameters_of_the_last_step():
    net = lif()
    x = (random(T, B, I) > 0.5).float()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net(x).square().sum().backward()
    optimizer.step()
    for name, value in net.network.state_dict().items():
        np.testing.assert_array_equal(value, net.get_parameter(name).detach().numpy())


def test_between_layers_of_pytorch():
    def build(inner):
        torch.manual_seed(5)
        before, after = torch.nn.Linear(4, I, dtype=torch.float64), torch.nn.Linear(C, 2, dtype=torch.float64)
        return torch.nn.Sequential(before, torch.nn.Tanh(), inner, torch.nn.ReLU(), after)

    gradients = []
    for inner in pair("GRU"):
        net = build(inner)
        net(random(T, B, 4)).square().sum().backward()
        gradients.append((net[0].weight.grad, net[4].weight.grad))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_two_passes_before_one_reverse_pass():
    ours, theirs = pair("GRU")
    for net in (ours, theirs):
        first, second = net(random(T, B, I, seed=1)), net(random(2 * T, B + 1, I, seed=2))
        (first.square().sum() + second.sum()).backward()
    torch.testing.assert_close(ours.get_parameter("0.weight_hh_l0").grad, theirs.cell.weight_hh_l0.grad, rtol=1e-10, atol=1e-10)


def test_a_step_between_two_passes_leaves_the_gradients_of_the_first():
    net = lif()
    x = (random(T, B, I) > 0.5).float()
    net(x).sum().backward()
    expected = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    y = net(x)
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(0.1)
    net(x)
    # The record has the parameters of its pass.
    y.sum().backward()
    for p, gradient in zip(net.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient)


def test_a_reverse_pass_may_be_repeated():
    net = lif()
    y = net((random(T, B, I) > 0.5).float())
    y.sum().backward(retain_graph=True)
    once = [p.grad.clone() for p in net.parameters()]
    y.sum().backward()
    for p, gradient in zip(net.parameters(), once, strict=True):
        torch.testing.assert_close(p.grad, 2 * gradient)


def test_an_input_that_was_changed_in_place_is_an_error():
    net = lif()
    x = (random(T, B, I) > 0.5).float()
    y = net(x)
    x.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_second_derivatives_are_an_error():
    net, _ = pair("GRU")
    x = random(T, B, I).requires_grad_()
    (dx,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad|once_differentiable"):
        dx.sum().backward()


def test_frozen_parameters_have_no_gradient():
    net = lif()
    net.get_parameter("0.weight").requires_grad_(False)
    net((random(T, B, I) > 0.5).float()).sum().backward()
    assert net.get_parameter("0.weight").grad is None
    assert net.get_parameter("0.recurrent").grad.abs().max() > 0
    net.requires_grad_(False)
    assert not net(torch.zeros(T, B, I)).requires_grad


def test_without_gradients_scores_are_the_same():
    net = lif()
    x = (random(T, B, I) > 0.5).float()
    y = net(x)
    with torch.no_grad():
        z = net(x)
    assert not z.requires_grad
    torch.testing.assert_close(z, y, rtol=1e-5, atol=1e-5)
    with torch.inference_mode():
        torch.testing.assert_close(net(x), y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("grad", [True, False])
def test_a_stream_in_parts(grad):
    net, _ = pair("GRU")
    x = random(T, B, I)
    with torch.set_grad_enabled(grad):
        whole = net(x).detach()
        first = net(x[:10])
        second = net(x[10:], net.last_state)
        third = net(x[10:], [torch.from_numpy(s) for s in _state(net, x[:10])])
    torch.testing.assert_close(torch.cat([first, second]).detach(), whole)
    torch.testing.assert_close(third, second)


def _state(net, x):
    net(x)
    return net.last_state


@pytest.mark.parametrize("change", [torch.t, lambda x: x[::2], lambda x: x.transpose(0, 1)])
def test_views_are_read_as_they_are(change):
    net, _ = pair("GRU")
    if change is torch.t:
        x = random(I * B, T).t().reshape(T, B, I)
    else:
        x = change(random(T, B, I))
    torch.testing.assert_close(net(x), net(x.contiguous()))


def test_float64():
    net = lif(precision="float64")
    assert {p.dtype for p in net.parameters()} == {torch.float64}
    x = (random(T, B, I) > 0.5).double()
    y = net(x)
    y.sum().backward()
    assert y.dtype == torch.float64
    with pytest.raises(saturn.InputError, match=r"x is of float32, .* x\.to\(torch\.float64\)$"):
        net(x.float())


def test_errors_have_a_remedy():
    net = lif()
    x = torch.zeros(T, B, I)
    with pytest.raises(ValueError, match=r"x is on meta; Saturn computes on the CPU: use x\.cpu\(\)"):
        net(x.to("meta"))
    with pytest.raises(saturn.InputError, match=r'x is of float64, .*float32; use x.to.*, or .*precision="float64"'):
        net(x.double())
    with pytest.raises(saturn.InputError, match=r"x has 2 axes; expected \[T, B, I\]"):
        net(x[0])
    with pytest.raises(saturn.InputError, match="NaN"):
        net(x * float("nan"))
    with pytest.raises(saturn.InputError, match="channels|columns|rows"):
        net(torch.zeros(T, B, I + 1))
    with pytest.raises(saturn.InputError, match=r'parameter 0\.weight is of float64.*precision="float64"'):
        copy.deepcopy(net).double()(x)
    with pytest.raises(saturn.InputError, match=r"parameter 0\.weight is on meta.*\.cpu\(\)"):
        copy.deepcopy(net).to("meta")(x)
    with pytest.raises(saturn.InputError, match="not finite"):
        torch.nn.init.constant_(net.get_parameter("0.bias"), float("inf"))
        net(x)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_on_a_gpu_the_error_is_the_same():
    net = lif()
    with pytest.raises(saturn.InputError, match=r"x is on cuda:0; Saturn computes on the CPU: use x\.cpu\(\)"):
        net(torch.zeros(T, B, I, device="cuda"))


def test_the_state_dict_has_the_networks_names(tmp_path):
    net = Module(saturn.Network([saturn.SSMBlock(4, states=4), saturn.LSTM(3)], channels=I, classes=C))
    tensors = net.state_dict()
    assert sorted(tensors) == sorted(net.network.state_dict())
    other = Module(saturn.Network([saturn.SSMBlock(4, states=4), saturn.LSTM(3)], channels=I, classes=C, seed=9))
    x = random(T, B, I, dtype=torch.float32)
    assert not torch.equal(net(x), other(x))
    file = io.BytesIO()
    torch.save(tensors, file)
    file.seek(0)
    other.load_state_dict(torch.load(file))
    torch.testing.assert_close(net(x), other(x), rtol=0, atol=0)
    # And back into a network without PyTorch.
    plain = other.network.copy()
    plain.load_state_dict({name: value.numpy() for name, value in tensors.items()})
    plain.save(tmp_path / "net.safetensors")
    with torch.no_grad():
        np.testing.assert_array_equal(saturn.load(tmp_path / "net.safetensors")(x.numpy())[0], net(x).numpy())


@pytest.mark.parametrize("same", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
@pytest.mark.parametrize("passes", [0, 1])
def test_copies_are_the_same_and_their_own(same, passes):
    net = lif()
    x = (random(T, B, I) > 0.5).float()
    for _ in range(passes):
        net(x)
    scale(net.get_parameter("0.weight"))
    other = same(net)
    torch.testing.assert_close(other(x), net(x), rtol=0, atol=0)
    y = net(x)
    scale(other.get_parameter("0.weight"))
    torch.testing.assert_close(net(x), y, rtol=0, atol=0)
    assert not torch.equal(other(x), y)
    assert [name for name, _ in other.named_parameters()] == [name for name, _ in net.named_parameters()]


def test_what_it_prints_names_the_network():
    assert "Network([lif], 5 channels, 3 classes" in repr(lif())


def test_a_network_trained_outside_of_its_module_is_an_error():
    net = saturn.Network([saturn.GRU(4)], channels=6, classes=2)
    module = Module(net)
    data = saturn.Dataset.synthetic(classes=2, channels=8, train=8, valid=4, test=4)
    other = saturn.Network([saturn.GRU(4)], channels=8, classes=2)
    inner = Module(other)
    saturn.train(other, data, epochs=1)
    with pytest.raises(saturn.InputError, match="make a new Module"):
        inner(torch.zeros(3, 1, 8))
    module(torch.zeros(3, 1, 6))
