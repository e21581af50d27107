"""How much Python a call of a layer passes through on its way to the library."""

import sys
from pathlib import Path

import pytest
import torch

import lstm_variants
from lstm_variants import VARIANTS
from lstm_variants.torch_internals import DLPACK_EXCHANGE_API
from tests.cpu_kernels import needs_kernels

PACKAGE = str(Path(lstm_variants.__file__).parent)
HAS_MODULE = DLPACK_EXCHANGE_API is not None  # torch 2.9 is without it


def files_of(call):
    """The files of the package whose functions run, and how many functions run."""
    found = []

    def note(frame, event, _):
        if event == "call":
            found.append(frame.f_code.co_filename)

    call()  # what is made once is there
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    own = [name for name in found if name.startswith(PACKAGE)]
    return {name.removeprefix(PACKAGE) for name in own}, len(own)


@needs_kernels
@pytest.mark.parametrize("name", ["LSTM", "PeepholeLSTM", "MGU", "SLSTM"])
def test_a_warm_call_passes_few_files(name):
    layer, x = VARIANTS[name].layer(3, 4), torch.randn(5, 2, 3)
    with torch.no_grad():
        files, calls = files_of(lambda: layer(x))
    assert len(files) <= (11 if HAS_MODULE else 12), sorted(files)
    assert calls <= (55 if HAS_MODULE else 90)


@needs_kernels
def test_a_call_that_is_recorded_passes_the_same_files():
    layer, x = VARIANTS["PeepholeLSTM"].layer(3, 4), torch.randn(5, 2, 3)
    files, calls = files_of(lambda: layer(x))
    assert len(files) <= (11 if HAS_MODULE else 13), sorted(files)
    assert calls <= (70 if HAS_MODULE else 115)
