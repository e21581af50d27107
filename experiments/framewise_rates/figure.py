"""The figure of the record: the loss against the rate, a panel for each network."""

from __future__ import annotations

from experiments.state_tracking_rates.figure import figure

__all__ = ["ALT", "figure"]

ALT = "Loss on the validation set against the learning rate, for each network"
