"""What the trials mean, as in every search."""

from experiments.music_search.results import (
    REPEATED,
    choices,
    claims,
    good_settings,
    limits,
    table,
)

GROUP = "Music"

__all__ = ["REPEATED", "choices", "claims", "good_settings", "limits", "table"]
