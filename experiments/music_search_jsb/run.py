"""The random search on JSB Chorales."""

from experiments.music_search.search import experiment

EXPERIMENT = experiment("jsb")
