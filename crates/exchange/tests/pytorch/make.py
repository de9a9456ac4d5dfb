"""State dicts for tests/pytorch.rs: torch 2.15.0, safetensors 0.8.0, numpy 2.4.6. Writes NAME.safetensors and NAME.json
with ten steps of input and PyTorch's outputs, for every network below."""
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

HERE = Path(__file__).parent
torch.manual_seed(1)


class Stack(nn.Module):
    def __init__(self, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x):
        for layer in self.children():
            x = layer(x)
            x = x[0] if isinstance(x, tuple) else x
        return x


def write(name, net, inputs, dtype=torch.float32):
    net = net.to(dtype)
    save_file({k: v.contiguous() for k, v in net.state_dict().items()}, HERE / f"{name}.safetensors")
    x = torch.randn(10, inputs).to(dtype).double()
    with torch.no_grad():
        y = net.double()(x)
    record = {"input": x.tolist(), "output": y.tolist()}
    (HERE / f"{name}.json").write_text(json.dumps(record))


write("gru", Stack(gru=nn.GRU(3, 5, num_layers=2), fc=nn.Linear(5, 4)), 3)
write("lstm", Stack(rnn=nn.LSTM(3, 5, bias=False), readout=nn.Linear(5, 4, bias=False)), 3)
write("rnn", Stack(encoder=nn.Linear(3, 6), rnn=nn.RNN(6, 4)), 3)
write("half", Stack(gru=nn.GRU(3, 5), fc=nn.Linear(5, 4)), 3, torch.float16)
write("bfloat", Stack(gru=nn.GRU(3, 5), fc=nn.Linear(5, 4)), 3, torch.bfloat16)
write("lstm_biases", Stack(rnn=nn.LSTM(3, 5, num_layers=2), readout=nn.Linear(5, 4)), 3)
