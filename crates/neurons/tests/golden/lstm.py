"""Makes lstm.json: numbers of PyTorch's LSTM that Saturn's reproduces.

    python lstm.py > lstm.json          (PyTorch 2.15.0, float64)

T steps, B lanes, I inputs, H units. Arrays are nested lists: x [T][B][I], y [T][B][H]; states are h, then c,
[B][2H]. The two biases are given as their sum, with the gradient of one of them. The gradients are those of
sum(c * y) + sum(e * state), where state is the one after the last step.
"""

import json

import torch

T, B, I, H = 8, 2, 3, 4

torch.set_default_dtype(torch.float64)
torch.manual_seed(12)
layer = torch.nn.LSTM(I, H)
x = torch.randn(T, B, I, requires_grad=True)
state0 = (0.5 * torch.randn(B, 2 * H)).requires_grad_()
c = torch.randn(T, B, H)
e = torch.randn(B, 2 * H)

h0, c0 = state0[None, :, :H].contiguous(), state0[None, :, H:].contiguous()
y, (h, memory) = layer(x, (h0, c0))
state = torch.cat([h[0], memory[0]], dim=1)
((c * y).sum() + (e * state).sum()).backward()

parameters = dict(layer.named_parameters())
gradients = {name: p.grad for name, p in parameters.items()}
assert torch.allclose(gradients.pop("bias_hh_l0"), gradients["bias_ih_l0"], rtol=1e-14)
values = {name: p.detach() for name, p in parameters.items()}
values["bias_ih_l0"] = values["bias_ih_l0"] + values.pop("bias_hh_l0")


def lists(**tensors):
    return {name: t.detach().tolist() for name, t in tensors.items()}


print(
    json.dumps(
        {
            **lists(x=x, state0=state0, c=c, e=e, y=y, state=state),
            "parameters": lists(**values),
            "gradients": lists(**gradients),
            **lists(d_x=x.grad, d_state0=state0.grad),
        }
    )
)
