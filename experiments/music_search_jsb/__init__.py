"""The random search on JSB Chorales."""

from experiments.music_search.text import page_text

__doc__ = page_text("jsb")
