"""The study of random search on the data set `speech`."""

from experiments.odyssey.study import experiment

EXPERIMENT = experiment("speech")
