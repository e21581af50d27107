"""Run every experiment: `python -m experiments [--smoke]`."""

import sys

from experiments import scaling, shapes

EXPERIMENTS = (shapes.EXPERIMENT, scaling.EXPERIMENT)

if __name__ == "__main__":
    for experiment in EXPERIMENTS:
        experiment.main(sys.argv[1:])
