"""A random search over the LSTM and its ablations, in the manner of Greff et al. 2017."""
