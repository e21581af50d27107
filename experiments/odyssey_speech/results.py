"""What the trials mean, as in every study."""

from experiments.odyssey.preface import preface
from experiments.odyssey.results import (
    REPEATED,
    choices,
    claims,
    good_settings,
    limits,
)
from experiments.odyssey.tables import table

GROUP = "Variants and their gates"

__all__ = ["REPEATED", "choices", "claims", "good_settings", "limits", "preface", "table"]
