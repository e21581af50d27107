"""What the CPU kernels are meant to reach, and where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# The largest ratio to torch.nn that is meant to be, at each size of the suite in its order.
GOALS: dict[tuple[str, str], tuple[float, ...]] = {
    ("PeepholeLSTM", "forward"): (0.6, 0.95, 1.0, 1.0, 0.9),
    ("PeepholeLSTM", "training"): (0.6, 0.95, 0.9, 0.95, 0.85),
    ("GRU", "forward"): (0.4, 0.8, 0.85, 0.85, 0.5),
    ("GRU", "training"): (0.3, 0.6, 0.9, 0.9, 0.3),
    ("LSTM", "forward"): (1.0, 1.0, 1.0, 1.0, 1.0),
    ("LSTM", "training"): (1.0, 1.0, 1.0, 1.0, 1.0),
}

# The largest ratio to another layer of this package, in training.
OWN_GOALS = {"SLSTM": 1.3, "MinGRU": 0.6, "MinLSTM": 0.6, "IndRNN": 0.6}

# The largest ratio to the layer of torch.nn for one time step.
STEP_GOAL = 1.0

# The largest ratio of bfloat16 to the layer of torch.nn in bfloat16, at each size of the suite in
# its order; they were set for processors with matrix units (AMX). And of float16 to float32.
BFLOAT16_GOALS = {
    ("LSTM", "forward"): (1.0, 0.6, 0.5, 0.65, 0.8),
    ("LSTM", "training"): (0.9, 0.55, 0.4, 0.45, 0.4),
}
BFLOAT16_GOALS |= {
    ("PeepholeLSTM", mode): BFLOAT16_GOALS["LSTM", mode] for mode in ("forward", "training")
}
BFLOAT16_GOALS |= {("GRU", mode): (0.5,) * 5 for mode in ("forward", "training")}
FLOAT16_GOAL = 1.1


def compare(records: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], float]]:
    """The records that have a goal, each with its goal."""
    sizes: list[dict[str, int]] = []
    for record in records:
        if record["size"] not in sizes:
            sizes.append(record["size"])
    return [
        (record, GOALS[goal][sizes.index(record["size"])])
        for record in records
        if (goal := (record["variant"], record["mode"])) in GOALS
    ]
