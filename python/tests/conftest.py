"""Shared nets and data: small, made up, the same in every run."""

import os

import numpy as np
import pytest

import saturn_snn as saturn


@pytest.fixture(scope="session", autouse=True)
def away(tmp_path_factory):
    """Files that examples and made sets leave are not among the sources."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("work"))
    yield
    os.chdir(before)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def words():
    """Twenty made-up words a split."""
    return saturn.Dataset.synthetic(classes=2, channels=20, train=20, valid=20, test=20, seed=3, gap=((5, 10), "noise"))


def net(layers=None, **settings):
    """A small recurrent network."""
    layers = layers or [saturn.LIF(12, recurrent=True), saturn.GRU(8)]
    return saturn.Network(layers, **{"channels": 20, "classes": 2, "seed": 5, **settings})


def resident():
    """Memory of this process, bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


@pytest.fixture
def small():
    return net()
