"""Run every experiment: `python -m experiments [--smoke]`."""

import sys

from experiments import shapes

EXPERIMENTS = (shapes.EXPERIMENT,)

if __name__ == "__main__":
    for experiment in EXPERIMENTS:
        experiment.main(sys.argv[1:])
