"""The figure of the trials, as in every search."""

from experiments.music_search.figure import ALT, figure

__all__ = ["ALT", "figure"]
