"""The random search on `jsb`."""

from experiments.music_search import page_text

__doc__ = page_text("jsb")
