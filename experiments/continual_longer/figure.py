"""The figure of the record, drawn as that of the shorter training."""

from __future__ import annotations

from experiments.continual.figure import ALT, figure

__all__ = ["ALT", "figure"]
