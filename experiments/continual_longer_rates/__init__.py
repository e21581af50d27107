r"""Continual streams, longer training: learning rates.

Which learning rate does a network need to learn a stream of strings in 6,000 updates? This pilot
chooses a rate for each network of [Continual streams, longer training](continual-longer.md), with
seeds that are used nowhere else.

Claims: none. The networks are compared, each with its own rate, in [Continual streams, longer
training](continual-longer.md).

Protocol: streams, networks and training are those of [Continual streams, longer
training](continual-longer.md). The measure is the cross-entropy on 10 new streams of 2,000 symbols,
read without resets. For each network, the rate with the smallest mean over the three seeds is
chosen. If that rate is the smallest or the largest one, a further rate is added at this end before
the networks are compared.

Deviations: no paper has this protocol. Three rates, from 0.01 to 0.1, were tried first; the LSTM of
1997 had the smallest loss with the smallest of them and the LSTM with the largest one, so that
0.003 and 0.3 were added. The streams of the tests are ten times as long as those on which the rate
is chosen.
"""
