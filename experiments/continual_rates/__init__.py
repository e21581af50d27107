r"""Continual streams: learning rates.

Which learning rate does a network need to learn a stream of strings? This pilot chooses a rate for
each network of [Continual streams](continual.md), with seeds that are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [Continual
streams](continual.md).

Protocol: streams, networks and training are those of [Continual streams](continual.md). The measure
is the cross-entropy on 10 new streams of 2,000 symbols, read in the same way as in the training:
with resets of the state at each string, or without any. For each network, the rate with the
smallest mean over the three seeds is chosen.

Deviations: no paper has this protocol. The streams of the tests are ten times as long as those on
which the rate is chosen.
"""
