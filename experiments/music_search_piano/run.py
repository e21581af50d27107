"""The random search on Piano-midi."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("piano")
