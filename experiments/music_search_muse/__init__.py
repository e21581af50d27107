"""The random search on MuseData."""

from experiments.music_search.text import page_text

__doc__ = page_text("muse")
