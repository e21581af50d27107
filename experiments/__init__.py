"""Experiments: one file each; results are written by machines into `experiments/results/`."""

from pathlib import Path

RESULTS = Path(__file__).parent / "results"
