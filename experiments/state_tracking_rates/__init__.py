r"""State tracking: learning rates.

Which learning rate does a network need to track a state? This pilot chooses a rate for each network
of [State tracking](state-tracking.md), with seeds that are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [State
tracking](state-tracking.md).

Protocol: the three tasks, the networks and the training are those of [State
tracking](state-tracking.md). The measure is the cross-entropy on 1,000 new sequences with the
length of those of the training, T = 16, over all time steps; longer sequences are not tested. For
each network, the rate with the smallest loss is chosen: the median over the three seeds, averaged
over the tasks.

Deviations: no paper has this protocol. One rate is chosen for all tasks of a network, which may not
be the best one for each of them.
"""
