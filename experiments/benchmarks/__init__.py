"""Speed of every variant against `torch.nn`, as a pytest-benchmark suite."""
