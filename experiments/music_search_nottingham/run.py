"""The random search on Nottingham."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("nottingham")
