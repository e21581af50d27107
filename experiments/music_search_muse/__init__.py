"""The random search on MuseData."""

from experiments.music_search import page_text

__doc__ = page_text("muse")
