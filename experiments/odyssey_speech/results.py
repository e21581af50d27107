"""What the trials mean, as in every study."""

from experiments.odyssey.preface import preface
from experiments.odyssey.results import REPEATED, claims
from experiments.odyssey.tables import table

GROUP = "Variants and their gates"

__all__ = ["REPEATED", "claims", "preface", "table"]
