"""The random search on `muse`."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("muse")
