"""The study of random search on the data set `music`."""

from experiments.odyssey.study import experiment

EXPERIMENT = experiment("music")
