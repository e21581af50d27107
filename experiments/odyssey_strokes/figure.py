"""The figure of the trials, as in every study."""

from experiments.odyssey.figure import ALT, figure

__all__ = ["ALT", "figure"]
