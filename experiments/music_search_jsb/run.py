"""The random search on `jsb`."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("jsb")
