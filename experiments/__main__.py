"""Run every experiment: `python -m experiments [--smoke]`."""

import sys

from experiments import (
    adding,
    chunking,
    counting,
    future_context,
    gates,
    music,
    power,
    scaling,
    shapes,
    timing,
)

MODULES = (shapes, scaling, timing, counting, music, future_context, chunking, adding, gates, power)
EXPERIMENTS = tuple(module.EXPERIMENT for module in MODULES)

if __name__ == "__main__":
    for experiment in EXPERIMENTS:
        experiment.main(sys.argv[1:])
