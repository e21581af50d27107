r"""Framewise classification of speech: learning rates.

Which learning rate does a network need to classify frames of speech? This pilot chooses a rate for
each network of [Framewise classification of speech](framewise.md), with seeds that are used
nowhere else.

Claims: none. The networks are compared, each with its own rate, in [Framewise classification of
speech](framewise.md).

Protocol: networks and training are those of [Framewise classification of speech](framewise.md),
without those that answer later. The measure is the cross-entropy on the validation set after the
last epoch. For each network, the rate with the smallest mean over the three seeds is chosen. If
that rate is the smallest or the largest one, a further rate is added at this end before the
networks are compared.

Deviations: no paper has this protocol. The rate 0.3 was added by this rule, since three of the
networks had the smallest loss at 0.1, the largest rate that was planned.
"""
