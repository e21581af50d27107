"""A random search over the LSTM and its ablations, in the manner of Greff et al. 2017."""

VANILLA = "vanilla"
"""The name of the LSTM with peepholes that all others are compared with."""
ABLATIONS = ("NIG", "NFG", "NOG", "NIAF", "NOAF", "NP", "CIFG", "FGR")
"""The names of its variants in the paper."""
