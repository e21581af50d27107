r"""Continual streams, longer training.

After 1,500 updates, hardly any LSTM of [Continual streams](continual.md) reads the stream without
an error, with a forget gate or without. Does the forget gate decide after 6,000 updates?

Claims: with a forget gate an LSTM learns a continual stream, without it it does not (Gers,
Schmidhuber & Cummins 2000).

Protocol: streams, networks, training and tests are those of [Continual streams](continual.md), but
with 6,000 updates of Adam instead of 1,500. Two networks are compared, both without resets from
outside: the LSTM of 1997, which has no forget gate, and the LSTM. A
[pilot](continual-longer-rates.md) with other seeds chose the learning rates anew. Weights and
streams are drawn with seeds that no other experiment uses. Fifteen seeds decide with a probability
above 0.99 if the shares of networks without an error are those of the paper, 62 % and 0 %.

Deviations: those of [Continual streams](continual.md), except for the number of updates. This
experiment was planned when the record of [Continual streams](continual.md) was known. Claim and
comparisons are the first ones there; the number of seeds was set before the runs. Single runs with
4,000 updates on 40 symbols had been seen before, in which an LSTM of 1997 learned the stream with
few or no errors. Training ends after 6,000 updates on 16 streams, 5,760,000 symbols; in the paper
it ends after 30,000 streams of up to 1,000,000 symbols.
"""
