"""The study of random search on the data set `strokes`."""

from experiments.odyssey.study import experiment

EXPERIMENT = experiment("strokes")
