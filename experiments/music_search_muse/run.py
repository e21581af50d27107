"""The random search on MuseData."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("muse")
