"""The random search on Nottingham."""

from experiments.music_search.text import page_text

__doc__ = page_text("nottingham")
