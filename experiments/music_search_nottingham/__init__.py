"""The random search on `nottingham`."""

from experiments.music_search import page_text

__doc__ = page_text("nottingham")
