"""What the trials mean, as in every study."""

from experiments.odyssey.results import claims, table

__all__ = ["claims", "table"]
