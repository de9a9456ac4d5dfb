"""A GRU of PyTorch that learns ten spoken digits as single words from a fresh state.

    pip install torch==2.15.0 h5py==3.16.0 safetensors==0.8.0
    python scenarios/pytorch_gru.py $SATURN_DATA/digits/train.h5 gru.safetensors
    saturn import gru.safetensors --out models/pytorch-gru --dt-ms 10

The file has spikes/times (s), spikes/units and labels, as the Spiking Heidelberg Digits have.
"""

import sys

import h5py
import numpy as np
import torch
from safetensors.torch import save_file

CHANNELS, HIDDEN, CLASSES, STEP_S = 700, 128, 10, 0.010
EPOCHS, BATCH, LR = 12, 64, 0.003


class Net(torch.nn.Module):
    """Counts of events per step, [T, B, 700], to scores, [T, B, 10]."""

    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(CHANNELS, HIDDEN)
        self.fc = torch.nn.Linear(HIDDEN, CLASSES)

    def forward(self, x):
        h, _ = self.gru(x)
        return self.fc(h)


def words(path):
    """The words of a file: steps and units of their events, and labels."""
    with h5py.File(path) as file:
        times, units = file["spikes/times"][:], file["spikes/units"][:]
        steps = [np.floor(t.astype(np.float64) / STEP_S + 1e-6).astype(int) for t in times]
        return list(zip(steps, [u.astype(int) for u in units])), file["labels"][:].astype(int)


def batch(samples, labels):
    """Counts [T, B, 700], targets [T, B], with -100 after the end of a word."""
    steps = 1 + max(s.max() for s, _ in samples)
    x = np.zeros((steps, len(samples), CHANNELS), np.float32)
    y = np.full((steps, len(samples)), -100)
    for i, (s, u) in enumerate(samples):
        np.add.at(x, (s, i, u), 1)
        y[: 1 + s.max(), i] = labels[i]
    return torch.from_numpy(x), torch.from_numpy(y)


def main(source, target):
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    samples, labels = words(source)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=LR)
    updates = EPOCHS * -(-len(samples) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    for epoch in range(EPOCHS):
        order, total = rng.permutation(len(samples)), 0.0
        for k in range(0, len(order), BATCH):
            chosen = order[k : k + BATCH]
            x, y = batch([samples[i] for i in chosen], labels[chosen])
            loss = torch.nn.functional.cross_entropy(net(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        print(f"epoch {epoch + 1}: loss {total / len(samples):.3f}", flush=True)
    save_file(net.state_dict(), target)


if __name__ == "__main__":
    main(*sys.argv[1:])
