"""The random search on `nottingham`."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("nottingham")
