"""The random search on Piano-midi."""

from experiments.music_search.text import page_text

__doc__ = page_text("piano")
