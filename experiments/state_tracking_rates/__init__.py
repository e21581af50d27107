r"""State tracking: learning rates.

Which learning rate does a network need to track a state? This pilot chooses a rate for each network
of [State tracking](state-tracking.md), with seeds that are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [State
tracking](state-tracking.md).

Protocol: networks and training are those of [State tracking](state-tracking.md), on one of its
three tasks, S3, which has the most states. The measure is the cross-entropy on 1,000 new sequences
with the length of those of the training, T = 16, over all time steps; longer sequences are not
tested. For each network, the rate with the smallest loss is chosen, the mean over the three seeds.

Deviations: no paper has this protocol. The median over the seeds had been planned; it takes no
notice of a seed that fails. When this pilot was known, and before any run of State tracking, it was
replaced by the mean: for the GRU, the median would choose the largest rate, with which one of three
seeds does not learn the task, and for the IndRNN the next larger one. The rate that is chosen on S3
is used for all three tasks; it may not be the best one for the others.
"""
