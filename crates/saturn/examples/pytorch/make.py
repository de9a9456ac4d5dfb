"""Makes gru.safetensors, which pytorch_weights.rs loads, and prints the probabilities that it compares.

    pip install torch==2.15.0 safetensors==0.8.0
    python make.py
"""

import torch
from safetensors.torch import save_file


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(2, 8, batch_first=True)
        self.fc = torch.nn.Linear(8, 3)

    def forward(self, x):
        return self.fc(self.gru(x)[0]).softmax(-1)


torch.manual_seed(3)
net = Net()
save_file(net.state_dict(), "gru.safetensors")
x = torch.tensor([[[1.0, 0.0], [0.5, -1.0], [0.0, 0.0], [-2.0, 1.5]]])
with torch.no_grad():
    for step in net(x)[0]:
        print([round(float(p), 6) for p in step])
