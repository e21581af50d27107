"""The random search on `piano`."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("piano")
