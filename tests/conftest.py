from pathlib import Path

import pytest
import torch

from lstm_variants.kernels.cpu import native


def pytest_addoption(parser):
    parser.addoption("--kernels", type=Path, help="another build of the library of the CPU kernels")


def pytest_configure(config):
    if config.getoption("--kernels"):
        loaded = native.Kernels(config.getoption("--kernels"))
        native.load = lambda: loaded


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def pytest_make_parametrize_id(config, val, argname):
    """Readable ids: `float64`, `B2-T63-H37`, a class by its name."""
    if isinstance(val, torch.dtype):
        return str(val).removeprefix("torch.")
    if isinstance(val, type):
        return val.__name__
    if isinstance(val, dict) and val and all(isinstance(v, int) for v in val.values()):
        return "-".join(f"{k}{v}" for k, v in val.items())
    return None
