"""Tries the CPU kernels of an installed package, without the test suite: a script.

`backend="cpu"` raises an error if they are missing. The reference gives the same result without
them.
"""

import torch

import lstm_variants
from lstm_variants import VARIANTS


def main() -> None:
    """Compare the kernels of every variant with the reference."""
    torch.manual_seed(0)
    for name, variant in VARIANTS.items():
        layer = variant.layer(8, 16, backend="cpu")
        x = torch.randn(5, 3, 8)
        output, _ = layer(x)
        layer.backend = "reference"
        torch.testing.assert_close(output, layer(x)[0])
        print(f"{name}: the kernels agree with the reference")
    print(f"lstm_variants {lstm_variants.__version__}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
