"""What the trials mean, as in every search."""

from experiments.music_search.results import REPEATED, claims, table

GROUP = "Music"

__all__ = ["REPEATED", "claims", "table"]
