"""Experiments: one file each; results are written by machines into `experiments/results/`."""

from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
Record = dict[str, Any]
"""Something measured, ready for JSON."""
