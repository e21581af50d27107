"""What the trials mean, as in every study."""

from experiments.odyssey.results import REPEATED, claims, table

__all__ = ["REPEATED", "claims", "table"]
